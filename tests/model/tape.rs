//! The choices of one run. A tape that is too short for a run is lengthened.

use std::fmt;

#[derive(Clone, Debug, Default)]
pub(crate) struct Tape {
    /// Each pick, and from how many it was.
    picks: Vec<(usize, usize)>,
    at: usize,
    /// The picks where the tape is lengthened.
    given: Vec<u32>,
}

impl Tape {
    /// A tape of these picks, each modulo the number of choices; after them, the first choice.
    pub(crate) fn of(given: Vec<u32>) -> Self {
        Self { given, ..Self::default() }
    }

    /// The next choice, from 0.
    pub(crate) fn choose(&mut self, of: usize) -> usize {
        if self.at == self.picks.len() {
            let given = self.given.get(self.at).copied().unwrap_or_default();
            self.picks.push((given as usize % of, of));
        }
        let (pick, known) = self.picks[self.at];
        assert_eq!(known, of, "the same choices lead to the same place: {self}");
        self.at += 1;
        pick
    }

    /// Turns the tape to the next run of the tree, depth first; `false` at its end.
    pub(crate) fn advance(&mut self) -> bool {
        self.at = 0;
        while let Some((pick, of)) = self.picks.pop() {
            if pick + 1 < of {
                self.picks.push((pick + 1, of));
                return true;
            }
        }
        false
    }
}

impl fmt::Display for Tape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "picks {:?}", self.picks.iter().map(|(pick, _)| pick).collect::<Vec<_>>())
    }
}
