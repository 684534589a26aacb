//! Values as bytes.

use serde::Serialize;
use std::io::{self, Write};

/// Numbers that are turned into bytes together.
const PIECE: usize = 1 << 12;

/// Takes values in, one behind the other. The first error is kept until [`end`](Writer::end), and
/// what follows it goes nowhere.
pub struct Writer<'a> {
    to: &'a mut dyn Write,
    buffer: Vec<u8>,
    error: Option<io::Error>,
}

impl<'a> Writer<'a> {
    /// A writer to `to`.
    pub fn new(to: &'a mut dyn Write) -> Self {
        Writer { to, buffer: Vec::new(), error: None }
    }

    /// Whether all that was put has been written.
    ///
    /// # Errors
    /// The first that there was.
    pub fn end(self) -> io::Result<()> {
        self.error.map_or(Ok(()), Err)
    }

    /// Puts a value, in the format of the crate postcard behind its length.
    pub fn put<T: Serialize + ?Sized>(&mut self, value: &T) {
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.clear();
        match postcard::to_extend(value, buffer) {
            Ok(bytes) => {
                self.length(bytes.len());
                self.bytes(&bytes);
                self.buffer = bytes;
            }
            Err(error) => {
                self.error.get_or_insert_with(|| io::Error::other(error));
            }
        }
    }

    /// Puts numbers behind their count, bit by bit.
    pub fn put_floats(&mut self, values: &[f32]) {
        self.length(values.len());
        self.pieces(values, |value| value.to_bits().to_le_bytes());
    }

    /// Puts words behind their count.
    pub fn put_words(&mut self, words: &[u32]) {
        self.length(words.len());
        self.pieces(words, |word| word.to_le_bytes());
    }

    /// Puts what another writer made.
    pub(crate) fn append(&mut self, bytes: &[u8]) {
        self.bytes(bytes);
    }

    fn length(&mut self, length: usize) {
        self.bytes(&(length as u64).to_le_bytes());
    }

    fn pieces<T>(&mut self, values: &[T], bytes_of: impl Fn(&T) -> [u8; 4]) {
        let mut bytes = [0_u8; 4 * PIECE];
        for piece in values.chunks(PIECE) {
            for (to, value) in bytes.chunks_exact_mut(4).zip(piece) {
                to.copy_from_slice(&bytes_of(value));
            }
            self.bytes(&bytes[..4 * piece.len()]);
        }
    }

    fn bytes(&mut self, bytes: &[u8]) {
        if self.error.is_none() {
            self.error = self.to.write_all(bytes).err();
        }
    }
}
