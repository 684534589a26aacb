//! A file that has an end.

use bytes::Bytes;
use parquet::errors::Result;
use parquet::file::reader::{ChunkReader, Length};
use std::fs::File;
use std::io::{self, BufReader, ErrorKind, Read};

/// Reads of a file, of which those past its end are errors. The `parquet` crate skips what a header
/// lists without a look at whether any of it is there: of a damaged one up to 2³¹ entries, in lists of
/// lists, for hours.
pub(super) struct Ending<F>(pub F);

impl Length for Ending<File> {
    fn len(&self) -> u64 {
        Length::len(&self.0)
    }
}

impl ChunkReader for Ending<File> {
    type T = Ending<BufReader<File>>;

    fn get_read(&self, start: u64) -> Result<Self::T> {
        self.0.get_read(start).map(Ending)
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        self.0.get_bytes(start, length)
    }
}

impl<R: Read> Read for Ending<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buffer)? {
            0 if !buffer.is_empty() => {
                Err(io::Error::new(ErrorKind::UnexpectedEof, "it ends before what it announces"))
            }
            read => Ok(read),
        }
    }
}
