//! Records of one size by number: the newest in memory, the others in a file that goes when it is closed.

use super::sorted::HELD;
use crate::scratch;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// Records of one size by number, from 0.
pub(super) struct Numbered<const N: usize> {
    file: Option<File>,
    /// Records in the file.
    kept: usize,
    fresh: Vec<[u8; N]>,
}

impl<const N: usize> Numbered<N> {
    /// Returns an empty list.
    pub const fn new() -> Self {
        Self {
            file: None,
            kept: 0,
            fresh: Vec::new(),
        }
    }

    /// Returns how many there are: the next one's number.
    pub const fn len(&self) -> usize {
        self.kept + self.fresh.len()
    }

    /// Adds a record behind the last.
    ///
    /// # Errors
    /// The folder for temporary files cannot be written.
    pub fn push(&mut self, record: [u8; N]) -> io::Result<()> {
        self.fresh.push(record);
        if self.fresh.len() * N >= HELD {
            let file = match &mut self.file {
                Some(file) => file,
                none => none.insert(scratch::file()?),
            };
            file.write_all_at(self.fresh.as_flattened(), (self.kept * N) as u64)?;
            self.kept += self.fresh.len();
            self.fresh.clear();
        }
        Ok(())
    }

    /// Returns the record with this number.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn get(&self, number: usize) -> io::Result<Option<[u8; N]>> {
        if number >= self.kept {
            return Ok(self.fresh.get(number - self.kept).copied());
        }
        let Some(file) = &self.file else {
            return Ok(None);
        };
        let mut record = [0; N];
        file.read_exact_at(&mut record, (number * N) as u64)?;
        Ok(Some(record))
    }
}

#[cfg(test)]
mod tests {
    use super::{HELD, Numbered};

    #[test]
    fn numbered_records_are_found_in_memory_and_on_disk() {
        let mut list: Numbered<1_024> = Numbered::new();
        let count = HELD / 1_024 * 2 + 3;
        for number in 0..count {
            let mut record = [0; 1_024];
            record[..8].copy_from_slice(&number.to_be_bytes());
            list.push(record).unwrap();
        }
        assert_eq!(list.len(), count);
        for number in [0, 1, HELD / 1_024 - 1, HELD / 1_024, count - 4, count - 1] {
            let record = list.get(number).unwrap().unwrap();
            assert_eq!(record[..8], number.to_be_bytes());
        }
        assert_eq!(list.get(count).unwrap(), None);
    }
}
