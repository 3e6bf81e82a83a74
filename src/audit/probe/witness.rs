//! Chooses the answers of a listing that are checked again.

use luthier_hub::backend::{Key, Meta};
use luthier_object::ObjectId;
use luthier_object::time::Micros;
use std::sync::OnceLock;

/// The answers of the listing that a second request confirms.
#[derive(Debug, Default)]
pub struct Witness {
    /// Of how many listed objects one is asked for by a HEAD, where its bytes are not read; 0 for none.
    pub every_listed: u64,
    /// Of how many rows that no object is listed for one is asked for; 0 for none.
    pub every_unlisted: u64,
    /// The store's clock before the listing began.
    pub listed_at: Option<Micros>,
    /// The listing broke off: what it lacks may be there all the same.
    pub broken: bool,
    /// A key that is there, was there before the listing began, and was not listed.
    pub short: OnceLock<String>,
}

impl Witness {
    /// Returns a witness that is never asked: where no listing was taken.
    #[must_use]
    pub fn none() -> &'static Self {
        static NONE: Witness = Witness {
            every_listed: 0,
            every_unlisted: 0,
            listed_at: None,
            broken: false,
            short: OnceLock::new(),
        };
        &NONE
    }

    /// Notes a key that a HEAD finds and the listing lacks.
    pub fn note(&self, key: &Key, meta: &Meta) {
        let before = |at: Micros| self.listed_at.is_some_and(|listed| at < listed);
        if meta.modified.is_some_and(before) {
            // The first is enough.
            let _ = self.short.set(key.to_string());
        }
    }

    /// Returns whether one in `every` holds for this id, by its last digits: the same ids whatever the order.
    pub(super) fn asks(every: u64, id: &ObjectId) -> bool {
        let digits = id.hex().and_then(|hex| hex.get(hex.len() - 8..));
        let number = digits.and_then(|digits| u64::from_str_radix(digits, 16).ok());
        every > 0 && number.unwrap_or(0).is_multiple_of(every)
    }
}
