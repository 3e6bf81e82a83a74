//! Names that were met not long ago: a blob that a million trees name is laid down seldom.

/// How many are remembered.
const PLACES: usize = 1 << 16;

/// Names, each with whether its blob is bad. A name has one place, where a later one takes the place of an earlier one.
pub(super) struct Recent<const N: usize> {
    places: Vec<([u8; N], bool)>,
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

    /// Returns whether a name's blob is bad; `None` where the name is not remembered.
    pub fn find(&self, name: &[u8; N]) -> Option<bool> {
        let place = self.places.get(Self::place(name))?;
        (place.0 == *name).then_some(place.1)
    }

    /// Remembers a name, which is not all zeros.
    pub fn keep(&mut self, name: [u8; N], bad: bool) {
        if self.places.is_empty() {
            self.places = vec![([0; N], false); PLACES];
        }
        self.places[Self::place(&name)] = (name, bad);
    }
}
