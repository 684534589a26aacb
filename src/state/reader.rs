//! Bytes as values again.

use serde::de::DeserializeOwned;
use std::fmt::Display;
use std::io::{self, Read};
use thiserror::Error;

/// Why a state cannot be taken up.
#[derive(Debug, Error)]
pub enum StateError {
    /// Its bytes cannot be read.
    #[error("it cannot be read: {0}")]
    Io(#[from] io::Error),
    /// It ends too soon.
    #[error("it ends too soon: {left} bytes are left where {wanted} are wanted")]
    Short {
        /// Bytes that there are.
        left: u64,
        /// Bytes that it tells of.
        wanted: u64,
    },
    /// A value is none.
    #[error("it does not hold a {what}: {why}")]
    Malformed {
        /// What it ought to be.
        what: &'static str,
        /// Why it is not.
        why: String,
    },
    /// It is of another run.
    #[error("it is not of this run: {what} {found}, where this run has {wanted}")]
    Unfit {
        /// What does not fit.
        what: &'static str,
        /// What it has.
        found: String,
        /// What is wanted.
        wanted: String,
    },
}

impl StateError {
    /// Nothing, where both are the same; else an [`StateError::Unfit`].
    ///
    /// # Errors
    /// Where they differ.
    pub fn unless_same<T: PartialEq + Display>(
        what: &'static str,
        found: T,
        wanted: T,
    ) -> Result<(), StateError> {
        if found == wanted { Ok(()) } else { Err(StateError::unfit(what, found, wanted)) }
    }

    /// An [`StateError::Unfit`].
    pub fn unfit(what: &'static str, found: impl Display, wanted: impl Display) -> StateError {
        StateError::Unfit { what, found: found.to_string(), wanted: wanted.to_string() }
    }
}

/// Gives values back in the order in which they were put.
pub struct Reader<'a> {
    from: &'a mut dyn Read,
    /// Bytes that are left.
    left: u64,
    buffer: Vec<u8>,
}

/// Bytes that are read together.
const PIECE: usize = 1 << 14;

impl<'a> Reader<'a> {
    /// A reader of so many bytes of `from`.
    pub fn new(from: &'a mut dyn Read, bytes: u64) -> Self {
        Reader { from, left: bytes, buffer: Vec::new() }
    }

    /// Whether all is read.
    pub fn is_at_end(&self) -> bool {
        self.left == 0
    }

    /// A value.
    ///
    /// # Errors
    /// Where there is none of this type.
    pub fn get<T: DeserializeOwned>(&mut self) -> Result<T, StateError> {
        let length = self.length(1)?;
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.resize(length, 0);
        self.from.read_exact(&mut buffer)?;
        let malformed = |why: String| {
            let what = std::any::type_name::<T>();
            StateError::Malformed { what, why }
        };
        let value = match postcard::take_from_bytes(&buffer) {
            Ok((value, [])) => Ok(value),
            Ok((_, rest)) => Err(malformed(format!("{} bytes are left over", rest.len()))),
            Err(error) => Err(malformed(error.to_string())),
        };
        self.buffer = buffer;
        value
    }

    /// Numbers.
    ///
    /// # Errors
    /// Where there are not as many as it says.
    pub fn floats(&mut self) -> Result<Vec<f32>, StateError> {
        let length = self.length(4)?;
        self.pieces(length, |bytes| f32::from_bits(u32::from_le_bytes(bytes)))
    }

    /// Numbers, as many as there is room for.
    ///
    /// # Errors
    /// Where there are more or fewer.
    pub fn floats_into(&mut self, what: &'static str, to: &mut [f32]) -> Result<(), StateError> {
        let values = self.floats()?;
        StateError::unless_same(what, values.len(), to.len())?;
        to.copy_from_slice(&values);
        Ok(())
    }

    /// Words.
    ///
    /// # Errors
    /// Where there are not as many as it says.
    pub fn words(&mut self) -> Result<Vec<u32>, StateError> {
        let length = self.length(4)?;
        self.pieces(length, u32::from_le_bytes)
    }

    /// The next length: of things of so many bytes, which are there.
    fn length(&mut self, size: u64) -> Result<usize, StateError> {
        let mut bytes = [0; 8];
        self.take(8)?;
        self.from.read_exact(&mut bytes)?;
        let length = u64::from_le_bytes(bytes);
        self.take(length.saturating_mul(size))?;
        Ok(length as usize)
    }

    /// Counts bytes that are about to be read.
    fn take(&mut self, wanted: u64) -> Result<(), StateError> {
        let short = StateError::Short { left: self.left, wanted };
        self.left = self.left.checked_sub(wanted).ok_or(short)?;
        Ok(())
    }

    fn pieces<T>(
        &mut self,
        length: usize,
        value_of: impl Fn([u8; 4]) -> T,
    ) -> Result<Vec<T>, StateError> {
        let mut values = Vec::with_capacity(length);
        let mut bytes = [0_u8; PIECE];
        while values.len() < length {
            let bytes = &mut bytes[..(4 * (length - values.len())).min(PIECE)];
            self.from.read_exact(bytes)?;
            values.extend(bytes.as_chunks::<4>().0.iter().map(|four| value_of(*four)));
        }
        Ok(values)
    }
}
