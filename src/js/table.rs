//! A small table of values by number.

/// Values by number, sorted: numbers grow, so inserting is cheap.
// Not a BTreeMap, whose code is 2 kB larger. The numbers are apart, so that the search is compiled once.
pub(super) struct Table<T> {
    ids: Vec<u32>,
    values: Vec<T>,
}

impl<T> Table<T> {
    pub(super) const fn new() -> Self {
        Self { ids: Vec::new(), values: Vec::new() }
    }

    pub(super) fn insert(&mut self, id: u32, value: T) {
        let at = position(&self.ids, id).unwrap_or_else(|at| at);
        self.ids.insert(at, id);
        self.values.insert(at, value);
    }

    pub(super) fn contains(&self, id: u32) -> bool {
        position(&self.ids, id).is_ok()
    }

    pub(super) fn get_mut(&mut self, id: u32) -> Option<&mut T> {
        let at = position(&self.ids, id).ok()?;
        self.values.get_mut(at)
    }

    pub(super) fn remove(&mut self, id: u32) -> Option<T> {
        let at = position(&self.ids, id).ok()?;
        self.ids.remove(at);
        Some(self.values.remove(at))
    }
}

#[inline(never)]
fn position(ids: &[u32], id: u32) -> Result<usize, usize> {
    ids.binary_search(&id)
}
