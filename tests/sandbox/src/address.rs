//! Bans and blocks of client addresses.

use crate::codes::{self, Code};
use std::collections::VecDeque;
use std::time::Duration;

/// How long an address is banned or blocked.
pub const BAN: Duration = Duration::from_secs(10 * 60);
/// How many wrong keys from one address lead to a ban.
pub const WRONG_KEY_LIMIT: u32 = 5;
/// How many misuse errors within [`BAN`] lead to a block.
pub const MISUSE_LIMIT: usize = 20;

/// The mistakes made from an address, and its ban or block, if any.
#[derive(Debug, Default)]
pub struct AddressRecord {
    wrong_keys: u32,
    misuses: VecDeque<Duration>,
    banned: Option<(Code, Duration)>,
}

impl AddressRecord {
    /// Fails while the address is banned or blocked. Once that is over, all its mistakes are forgotten.
    pub fn check(&mut self, now: Duration) -> Result<(), Code> {
        match self.banned {
            Some((code, until)) if now < until => Err(code),
            Some(_) => {
                *self = Self::default();
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Counts a wrong key.
    pub fn record_wrong_key(&mut self, now: Duration) {
        self.wrong_keys += 1;
        if self.wrong_keys >= WRONG_KEY_LIMIT {
            self.banned = Some((codes::ERROR_IP_BANNED, now + BAN));
        }
    }

    /// Counts a request that the services treat as misuse.
    pub fn record_misuse(&mut self, now: Duration) {
        self.misuses.push_back(now);
        self.misuses.retain(|&at| now.saturating_sub(at) < BAN);
        if self.misuses.len() >= MISUSE_LIMIT {
            self.banned = Some((codes::ERROR_IP_BLOCKED, now + BAN));
        }
    }
}
