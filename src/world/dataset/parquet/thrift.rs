//! Thrift's compact protocol, as far as it takes to walk through a struct.
//! Source: thrift-compact-protocol.md of Apache Thrift.

use std::io::{self, ErrorKind, Read};

/// What is in a field, an element or a struct.
pub(super) enum Kind {
    /// Whatever it says it is.
    Any,
    Bool,
    Byte,
    I16,
    I32,
    I64,
    Double,
    Binary,
    List(&'static Kind),
    /// By what is in its fields, of which the first has the number 1.
    Struct(&'static [Kind]),
}

/// As the format numbers what is in a field; an element that is a boolean has either of the first two.
mod wire {
    pub const STOP: u8 = 0;
    pub const TRUE: u8 = 1;
    pub const FALSE: u8 = 2;
    pub const BYTE: u8 = 3;
    pub const I16: u8 = 4;
    pub const I32: u8 = 5;
    pub const I64: u8 = 6;
    pub const DOUBLE: u8 = 7;
    pub const BINARY: u8 = 8;
    pub const LIST: u8 = 9;
    pub const SET: u8 = 10;
    pub const MAP: u8 = 11;
    pub const STRUCT: u8 = 12;
    pub const UUID: u8 = 13;
}

/// Structs and lists in each other; Parquet's own go to eight.
const DEEPEST: usize = 60;

/// The bytes of a struct, and no more than these. All that it announces is there, and what is in its
/// fields is what `kind` says; of fields that `kind` does not know, none has a list of booleans.
pub(super) fn whole(kind: &Kind, from: impl Read) -> io::Result<Vec<u8>> {
    let mut walk = Walk { from, bytes: Vec::new() };
    walk.value(kind, wire::STRUCT, DEEPEST)?;
    Ok(walk.bytes)
}

/// Some numbers, one after the other.
pub(super) fn numbers<const N: usize>(from: impl Read) -> io::Result<[u64; N]> {
    let mut walk = Walk { from, bytes: Vec::new() };
    let mut numbers = [0; N];
    for number in &mut numbers {
        *number = walk.number()?;
    }
    Ok(numbers)
}

struct Walk<R> {
    from: R,
    /// What was walked through.
    bytes: Vec<u8>,
}

impl<R: Read> Walk<R> {
    fn value(&mut self, kind: &Kind, found: u8, deeper: usize) -> io::Result<()> {
        if !kind.may_be(found) {
            return Err(invalid("a field of another kind than the format's"));
        }
        let Some(deeper) = deeper.checked_sub(1) else {
            return Err(invalid("more lists in lists than the format has"));
        };
        match found {
            // the kind says it all
            wire::TRUE | wire::FALSE => Ok(()),
            wire::BYTE => self.take(1),
            wire::I16 | wire::I32 | wire::I64 => self.number().map(drop),
            wire::DOUBLE => self.take(8),
            wire::BINARY => {
                let length = self.number()?;
                self.take(length)
            }
            wire::LIST | wire::SET => self.list(kind, deeper),
            wire::MAP => self.map(deeper),
            wire::STRUCT => self.fields(kind, deeper),
            wire::UUID => self.take(16),
            _ => Err(invalid("a field of no known kind")),
        }
    }

    fn fields(&mut self, kind: &Kind, deeper: usize) -> io::Result<()> {
        let kinds = if let Kind::Struct(kinds) = kind { kinds } else { &[][..] };
        let mut id = 0_i16;
        loop {
            let header = self.byte()?;
            let (step, found) = (header >> 4, header & 0x0f);
            if found == wire::STOP {
                return Ok(());
            }
            id = match step {
                0 => zig_zag(self.number()?) as i16,
                _ => id.checked_add(i16::from(step)).ok_or_else(|| invalid("a field past all"))?,
            };
            let place = usize::try_from(i32::from(id) - 1).ok();
            let kind = place.and_then(|place| kinds.get(place)).unwrap_or(&Kind::Any);
            self.value(kind, found, deeper)?;
        }
    }

    fn list(&mut self, kind: &Kind, deeper: usize) -> io::Result<()> {
        let header = self.byte()?;
        let length = match header >> 4 {
            15 => self.number()?,
            few => u64::from(few),
        };
        let kind = if let Kind::List(kind) = kind { kind } else { &Kind::Any };
        self.elements(length, &[(kind, header & 0x0f)], deeper)
    }

    fn map(&mut self, deeper: usize) -> io::Result<()> {
        let length = self.number()?;
        if length == 0 {
            return Ok(());
        }
        let kinds = self.byte()?;
        self.elements(length, &[(&Kind::Any, kinds >> 4), (&Kind::Any, kinds & 0x0f)], deeper)
    }

    /// Every element takes a byte at least, so that the end of the file is the end of them. Parquet's
    /// headers have no booleans in lists, which the `parquet` crate skips as if they took none.
    fn elements(&mut self, length: u64, each: &[(&Kind, u8)], deeper: usize) -> io::Result<()> {
        if length > 0 && each.iter().any(|(_, found)| [wire::TRUE, wire::FALSE].contains(found)) {
            return Err(invalid("a list of booleans, which the format has not"));
        }
        for _ in 0..length {
            for &(kind, found) in each {
                self.value(kind, found, deeper)?;
            }
        }
        Ok(())
    }

    fn byte(&mut self) -> io::Result<u8> {
        self.take(1)?;
        Ok(self.bytes.last().copied().unwrap_or_default())
    }

    fn take(&mut self, length: u64) -> io::Result<()> {
        let taken = self.from.by_ref().take(length).read_to_end(&mut self.bytes)?;
        match taken as u64 == length {
            true => Ok(()),
            false => {
                Err(io::Error::new(ErrorKind::UnexpectedEof, "it ends before what it announces"))
            }
        }
    }

    /// In as many bytes as it needs, seven bits in each, the lowest first.
    fn number(&mut self) -> io::Result<u64> {
        let mut number = 0_u64;
        for shift in (0..u64::BITS).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(invalid("a number of more than 64 bits"))
    }
}

impl Kind {
    fn may_be(&self, found: u8) -> bool {
        match self {
            Kind::Any => true,
            Kind::Bool => matches!(found, wire::TRUE | wire::FALSE),
            Kind::Byte => found == wire::BYTE,
            Kind::I16 => found == wire::I16,
            Kind::I32 => found == wire::I32,
            Kind::I64 => found == wire::I64,
            Kind::Double => found == wire::DOUBLE,
            Kind::Binary => found == wire::BINARY,
            Kind::List(_) => found == wire::LIST,
            Kind::Struct(_) => found == wire::STRUCT,
        }
    }
}

fn zig_zag(number: u64) -> i64 {
    (number >> 1) as i64 ^ -((number & 1) as i64)
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, format!("its header has {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is left over of the bytes, or why they are no such struct.
    fn rest(kind: &Kind, bytes: &[u8]) -> Result<usize, String> {
        match whole(kind, bytes) {
            Ok(walked) => {
                assert_eq!(walked, bytes[..walked.len()]);
                Ok(bytes.len() - walked.len())
            }
            Err(error) => Err(error.to_string()),
        }
    }

    fn fails(kind: &Kind, bytes: &[u8], says: &str) {
        let error = rest(kind, bytes).expect_err(says);
        assert!(error.contains(says), "{error}");
    }

    /// Field 1 as a list of three texts, 2 true, 4 a double, 5 a structure with a byte and a short, 20
    /// a set of one unique identifier, 21 a map of two from integers to nothing's bytes.
    const ALL: &[u8] = &[
        0x19, 0x38, 1, b'a', 0, 2, b'b', b'c', // a list
        0x11, 0x27, 0, 1, 2, 3, 4, 5, 6, 7, // a boolean, and a double two fields on
        0x1c, 0x13, 0xff, 0x14, 0x80, 0x01, 0x00, // a structure
        0x0a, 40, 0x1d, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, // a set
        0x1b, 2, 0x58, 0x06, 1, 0xaa, 0x86, 0x00, 0,    // a map
        0x00, // the end
    ];

    const KNOWN: Kind = Kind::Struct(&[
        Kind::List(&Kind::Binary),
        Kind::Bool,
        Kind::Any,
        Kind::Double,
        Kind::Struct(&[Kind::Byte, Kind::I16]),
    ]);

    #[test]
    fn a_struct_ends_where_it_ends() {
        for kind in [&KNOWN, &Kind::Any] {
            assert_eq!(rest(kind, ALL), Ok(0));
            assert_eq!(rest(kind, &[ALL, &[1, 2, 3]].concat()), Ok(3));
            for length in 0..ALL.len() {
                fails(kind, &ALL[..length], "ends before what it announces");
            }
        }
    }

    #[test]
    fn a_field_is_what_its_number_stands_for() {
        // a number where texts are wanted, elements of another kind, a text for a boolean
        for bytes in [&[0x15, 2, 0][..], &[0x19, 0x15, 2, 0], &[0x28, 0, 0]] {
            fails(&KNOWN, bytes, "of another kind");
            assert_eq!(rest(&Kind::Any, bytes), Ok(0));
        }
        // a number in full, one that comes again, and those of which nothing is known
        assert_eq!(rest(&KNOWN, &[0x01, 4, 0x01, 4, 0x65, 2, 0x0c, 0x01, 0, 0]), Ok(0));
        fails(&KNOWN, &[0x6e, 0], "no known kind");
        fails(&KNOWN, &[0x01, 0xfe, 0xff, 0x03, 0xf1, 0], "a field past all");
    }

    #[test]
    fn what_takes_no_bytes_is_in_no_list() {
        for list in
            [&[0x69, 0x12][..], &[0x6a, 0xf1, 0xff, 0x7f], &[0x6b, 9, 0x52], &[0x6b, 9, 0x15]]
        {
            fails(&KNOWN, &[list, &[2; 40], &[0]].concat(), "a list of booleans");
        }
        assert_eq!(rest(&KNOWN, &[0x69, 0x02, 0x1b, 0x00, 0x00]), Ok(0));
    }

    #[test]
    fn numbers_and_depths_have_an_end() {
        fails(&KNOWN, &[&[0x65][..], &[0xff; 10], &[0, 0]].concat(), "more than 64 bits");
        // nine tenths of it are there, or a list of 2^63 elements is
        fails(&KNOWN, &[&[0x69, 0xf8][..], &[0xff; 9], &[1, 0]].concat(), "ends before");
        fails(&Kind::Any, &[0x1c; 1000], "lists in lists");
    }
}
