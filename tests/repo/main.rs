//! Checks of the repository itself: its README, its lock files.

mod readme;
mod supply_chain;
