//! A file's footer and its pages' headers, walked through before the `parquet` crate reads them.
//! That crate looks neither whether a field is of the kind that its number stands for, nor whether any
//! of a list is there that it skips: a damaged file of 2 KB keeps it busy for minutes.

use super::thrift::{
    Kind::{self, Any, Binary, Bool, Byte, Double, I16, I32, I64, List, Struct},
    whole,
};
use bytes::Bytes;
use parquet::errors::Result;
use parquet::file::reader::{ChunkReader, Length};
use std::fs::File;
use std::io::{self, BufReader, Cursor, Read};

// The structs of parquet.thrift (format 2.12), field by field.

const EMPTY: Kind = Struct(&[]);
const TIME: Kind = Struct(&[Bool, Struct(&[EMPTY, EMPTY, EMPTY])]);
const LOGICAL_TYPE: Kind = Struct(&[
    EMPTY,
    EMPTY,
    EMPTY,
    EMPTY,
    Struct(&[I32, I32]),
    EMPTY,
    TIME,
    TIME,
    Any,
    Struct(&[Byte, Bool]),
    EMPTY,
    EMPTY,
    EMPTY,
    EMPTY,
    EMPTY,
    Struct(&[Byte]),
    Struct(&[Binary]),
    Struct(&[Binary, I32]),
    EMPTY,
]);
const SCHEMA_ELEMENT: Kind =
    Struct(&[I32, I32, I32, Binary, I32, I32, I32, I32, I32, LOGICAL_TYPE]);
const STATISTICS: Kind = Struct(&[Binary, Binary, I64, I64, Binary, Binary, Bool, Bool, I64]);
const KEY_VALUE: Kind = Struct(&[Binary, Binary]);
const PAGE_ENCODING_STATS: Kind = Struct(&[I32, I32, I32]);
const SIZE_STATISTICS: Kind = Struct(&[I64, List(&I64), List(&I64)]);
const BOUNDING_BOX: Kind =
    Struct(&[Double, Double, Double, Double, Double, Double, Double, Double]);
const COLUMN_META_DATA: Kind = Struct(&[
    I32,
    List(&I32),
    List(&Binary),
    I32,
    I64,
    I64,
    I64,
    List(&KEY_VALUE),
    I64,
    I64,
    I64,
    STATISTICS,
    List(&PAGE_ENCODING_STATS),
    I64,
    I32,
    SIZE_STATISTICS,
    Struct(&[BOUNDING_BOX, List(&I32)]),
]);
const COLUMN_CHUNK: Kind =
    Struct(&[Binary, I64, COLUMN_META_DATA, I64, I32, I64, I32, Any, Binary]);
const SORTING_COLUMN: Kind = Struct(&[I32, Bool, Bool]);
const ROW_GROUP: Kind =
    Struct(&[List(&COLUMN_CHUNK), I64, I64, List(&SORTING_COLUMN), I64, I64, I16]);
const COLUMN_ORDER: Kind = Struct(&[EMPTY, EMPTY, EMPTY]);
const FOOTER: Kind = Struct(&[
    I32,
    List(&SCHEMA_ELEMENT),
    I64,
    List(&ROW_GROUP),
    List(&KEY_VALUE),
    Binary,
    List(&COLUMN_ORDER),
    Any,
    Binary,
]);

const DATA_PAGE: Kind = Struct(&[I32, I32, I32, I32, STATISTICS]);
const DICTIONARY_PAGE: Kind = Struct(&[I32, I32, Bool]);
const DATA_PAGE_V2: Kind = Struct(&[I32, I32, I32, I32, I32, I32, Bool, STATISTICS]);
const PAGE: Kind = Struct(&[I32, I32, I32, I32, DATA_PAGE, EMPTY, DICTIONARY_PAGE, DATA_PAGE_V2]);

/// After the footer: its length in four bytes, and `PAR1`.
const TAIL: u64 = 8;

/// A file whose headers are whole.
pub(super) struct Walked(File);

impl Walked {
    /// A file whose footer is whole, if it has one at all.
    pub(super) fn new(file: File) -> Result<Self> {
        if let Some(before) = Length::len(&file).checked_sub(TAIL) {
            let tail = file.get_bytes(before, TAIL as usize)?;
            let length = tail.first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes));
            if let Some(start) = before.checked_sub(u64::from(length)) {
                whole(&FOOTER, &*file.get_bytes(start, length as usize)?)?;
            }
        }
        Ok(Walked(file))
    }
}

impl Length for Walked {
    fn len(&self) -> u64 {
        Length::len(&self.0)
    }
}

impl ChunkReader for Walked {
    type T = Header;

    fn get_read(&self, start: u64) -> Result<Header> {
        let mut from = self.0.get_read(start)?;
        let mut walked = None;
        if start.saturating_add(TAIL) == self.len() {
            let mut tail = Vec::new();
            from.read_to_end(&mut tail)?;
            walked = Some(Cursor::new(tail));
        }
        Ok(Header { from, walked })
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        self.0.get_bytes(start, length)
    }
}

/// The header of a page; or the file's tail, which has none. It is walked through when it is first read, as
/// the `parquet` crate asks for a reader where it has read the header already.
pub(super) struct Header {
    from: BufReader<File>,
    walked: Option<Cursor<Vec<u8>>>,
}

impl Read for Header {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let walked = match &mut self.walked {
            Some(walked) => walked,
            None => self.walked.insert(Cursor::new(whole(&PAGE, &mut self.from)?)),
        };
        walked.read(buffer)
    }
}
