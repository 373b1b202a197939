//! Checks of the repository itself: its README, its lock files, its guides.

mod paths;
mod readme;
mod supply_chain;
