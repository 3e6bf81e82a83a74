//! Names that were met not long ago: a blob that a million trees name is laid down seldom.

use crate::index::key::Key;

/// How many are remembered.
const PLACES: usize = 1 << 16;

/// A name, the start of what named it, and whether its blob is bad.
type Place<const N: usize> = ([u8; N], u64, bool);

/// Names. Each has one place, where a later one takes the place of an earlier one.
pub(super) struct Recent<const N: usize> {
    places: Vec<Place<N>>,
}

impl<const N: usize> Recent<N> {
    /// Returns an empty memory.
    pub const fn new() -> Self {
        Self { places: Vec::new() }
    }

    /// Returns the place of a name: digests, which nearly all of it is, are spread evenly.
    fn place(name: &[u8; N]) -> usize {
        let (words, _) = name.as_chunks::<4>();
        let words = words.iter().map(|word| u32::from_be_bytes(*word));
        words.fold(0, |place: u32, word| place.rotate_left(5) ^ word) as usize % PLACES
    }

    /// Returns whether a name's blob is bad; `None` where the name is not remembered, or by something that does not sort
    /// before `by`: of those that name it, the least is told.
    pub fn find(&self, name: &[u8; N], by: &Key) -> Option<bool> {
        let place = self.places.get(Self::place(name))?;
        (place.0 == *name && place.1 <= start(by)).then_some(place.2)
    }

    /// Remembers a name, which is not all zeros.
    pub fn keep(&mut self, name: [u8; N], by: &Key, bad: bool) {
        if self.places.is_empty() {
            self.places = vec![([0; N], 0, false); PLACES];
        }
        self.places[Self::place(&name)] = (name, start(by), bad);
    }
}

/// Returns the bytes that tell two labels apart.
fn start(by: &Key) -> u64 {
    by.first_chunk()
        .map_or(0, |start| u64::from_be_bytes(*start))
}
