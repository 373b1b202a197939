//! A small table of values by number.

/// Values by number, sorted: numbers grow, so inserting is cheap.
// Not a BTreeMap, whose code is 2 kB larger.
pub(super) struct Table<T>(Vec<(u32, T)>);

impl<T> Table<T> {
    pub(super) const fn new() -> Self {
        Self(Vec::new())
    }

    pub(super) fn insert(&mut self, id: u32, value: T) {
        let at = self.position(id).unwrap_or_else(|at| at);
        self.0.insert(at, (id, value));
    }

    pub(super) fn contains(&self, id: u32) -> bool {
        self.position(id).is_ok()
    }

    pub(super) fn get_mut(&mut self, id: u32) -> Option<&mut T> {
        let at = self.position(id).ok()?;
        self.0.get_mut(at).map(|entry| &mut entry.1)
    }

    pub(super) fn remove(&mut self, id: u32) -> Option<T> {
        let at = self.position(id).ok()?;
        Some(self.0.remove(at).1)
    }

    fn position(&self, id: u32) -> Result<usize, usize> {
        self.0.binary_search_by_key(&id, |entry| entry.0)
    }
}
