//! Pages that can hold what they announce.

use super::thrift::numbers;
use parquet::basic::{Encoding, Type as Physical};
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::schema::types::ColumnDescriptor;

/// The most values of a column, a list's elements among them, that a file holds for each of its bytes.
/// Rows of one 1 among 20,000 noughts, as pyarrow packs them, come to 3,800.
const VALUES_A_BYTE: u64 = 1 << 14;
/// What a file of any size may hold.
const VALUES_ALWAYS: u64 = 1 << 20;

/// Pages of a column. The `parquet` crate makes room for as many values as a page announces, before it
/// looks whether they are there: a damaged one asks for 64 GiB.
pub(super) struct Checked {
    pages: Box<dyn PageReader>,
    /// Bytes that a plain value takes at least.
    width: u64,
    has_definitions: bool,
    /// What pages to come may hold.
    values_left: u64,
}

impl Checked {
    /// The pages of one column of a file of so many bytes.
    pub(super) fn new(
        pages: Box<dyn PageReader>,
        chunk: &ColumnChunkMetaData,
        file_bytes: u64,
    ) -> Result<Self> {
        let most = VALUES_ALWAYS.max(file_bytes.saturating_mul(VALUES_A_BYTE));
        let column = chunk.column_descr();
        let values_left = u64::try_from(chunk.num_values()).unwrap_or(u64::MAX);
        if values_left > most {
            let what = "values, more than a file of this size holds";
            return Err(announces(chunk.num_values(), what));
        }
        let has_definitions = column.max_def_level() > 0;
        Ok(Checked { pages, width: width(column), has_definitions, values_left })
    }

    fn check(&mut self, page: Page) -> Result<Page> {
        let values = u64::from(page.num_values());
        if page.is_dictionary_page() {
            let room = page.buffer().len() as u64 / self.width;
            if values > room {
                return Err(announces(
                    values,
                    &format!("words of a dictionary with room for {room}"),
                ));
            }
            return Ok(page);
        }
        self.values_left = self
            .values_left
            .checked_sub(values)
            .ok_or_else(|| announces(values, "values in a page, more than are left"))?;
        match page.encoding() {
            // a page of this can stand for a thousand times its size, squared
            encoding @ Encoding::DELTA_BYTE_ARRAY => Err(ParquetError::General(format!(
                "a page is encoded as {encoding}; write it plain or with a dictionary"
            ))),
            Encoding::DELTA_LENGTH_BYTE_ARRAY => match self.lengths(&page) {
                Some(lengths) if lengths <= values => Ok(page),
                Some(lengths) => {
                    Err(announces(lengths, &format!("lengths in a page of {values} values")))
                }
                None => Err(ParquetError::General("a page of lengths has none".into())),
            },
            _ => Ok(page),
        }
    }

    /// How many lengths a flat column's page announces: the third number of what follows its levels.
    fn lengths(&self, page: &Page) -> Option<u64> {
        let bytes = page.buffer();
        let levels = match page {
            Page::DataPageV2 { def_levels_byte_len, rep_levels_byte_len, .. } => {
                u64::from(*def_levels_byte_len) + u64::from(*rep_levels_byte_len)
            }
            Page::DataPage { .. } if !self.has_definitions => 0,
            Page::DataPage { def_level_encoding: Encoding::RLE, .. } => {
                4 + u64::from(u32::from_le_bytes(*bytes.first_chunk::<4>()?))
            }
            _ => return None,
        };
        let from = bytes.get(usize::try_from(levels).ok()?..)?;
        let [_values_a_block, _parts_of_a_block, lengths] = numbers(from).ok()?;
        Some(lengths)
    }
}

impl Iterator for Checked {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

impl PageReader for Checked {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        let page = self.pages.get_next_page()?;
        page.map(|page| self.check(page)).transpose()
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        self.pages.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.pages.skip_next_page()
    }

    fn at_record_boundary(&mut self) -> Result<bool> {
        self.pages.at_record_boundary()
    }
}

fn announces(found: impl std::fmt::Display, what: &str) -> ParquetError {
    ParquetError::General(format!("it announces {found} {what}"))
}

/// A text has its length before it.
fn width(column: &ColumnDescriptor) -> u64 {
    match column.physical_type() {
        Physical::INT64 | Physical::DOUBLE => 8,
        Physical::BYTE_ARRAY | Physical::INT32 | Physical::FLOAT => 4,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use parquet::schema::parser::parse_message_type;
    use parquet::schema::types::SchemaDescriptor;
    use std::sync::Arc;

    /// No pages at all: each test hands its own to `check`.
    struct Nothing;

    impl Iterator for Nothing {
        type Item = Result<Page>;

        fn next(&mut self) -> Option<Self::Item> {
            None
        }
    }

    impl PageReader for Nothing {
        fn get_next_page(&mut self) -> Result<Option<Page>> {
            Ok(None)
        }

        fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
            Ok(None)
        }

        fn skip_next_page(&mut self) -> Result<()> {
            Ok(())
        }
    }

    fn checked(column: &str, values: i64, file_bytes: u64) -> Result<Checked> {
        let schema = parse_message_type(&format!("message m {{ {column}; }}"))?;
        let column = SchemaDescriptor::new(Arc::new(schema)).column(0);
        let chunk = ColumnChunkMetaData::builder(column).set_num_values(values).build()?;
        Checked::new(Box::new(Nothing), &chunk, file_bytes)
    }

    fn page(encoding: Encoding, num_values: u32, bytes: &[u8]) -> Page {
        Page::DataPage {
            buf: bytes.to_vec().into(),
            num_values,
            encoding,
            def_level_encoding: Encoding::RLE,
            rep_level_encoding: Encoding::RLE,
            statistics: None,
        }
    }

    fn words(num_values: u32, bytes: usize) -> Page {
        let buf = vec![0; bytes].into();
        Page::DictionaryPage { buf, num_values, encoding: Encoding::PLAIN, is_sorted: false }
    }

    #[test]
    fn a_column_holds_no_more_than_its_file_can() {
        assert!(checked("required int32 a", 1 << 20, 10).is_ok());
        assert!(checked("required int32 a", (1 << 20) + 1, 10).is_err());
        assert!(checked("required int32 a", 1 << 44, 1 << 30).is_ok());
        assert!(checked("required int32 a", (1 << 44) + 1, 1 << 30).is_err());
        assert!(checked("required int32 a", -1, 1 << 30).is_err());
    }

    #[test]
    fn a_dictionary_holds_a_word_in_each_of_its_plain_values() {
        for (column, width) in [("binary", 4), ("int32", 4), ("double", 8), ("int64", 8)] {
            let mut pages = checked(&format!("required {column} a"), 10, 100).unwrap();
            assert!(pages.check(words(5, 5 * width)).is_ok(), "{column}");
            assert!(pages.check(words(6, 5 * width)).is_err(), "{column}");
            assert!(pages.check(words(u32::MAX, 5 * width + width - 1)).is_err(), "{column}");
        }
    }

    #[test]
    fn pages_hold_no_more_than_their_column() {
        let mut pages = checked("required int32 a", 10, 100).unwrap();
        assert!(pages.check(page(Encoding::PLAIN, 7, &[0; 28])).is_ok());
        assert!(pages.check(page(Encoding::RLE_DICTIONARY, 4, &[0; 28])).is_err());
        assert!(pages.check(page(Encoding::RLE_DICTIONARY, 3, &[0; 28])).is_ok());
        assert!(pages.check(page(Encoding::RLE_DICTIONARY, 1, &[0; 28])).is_err());
    }

    #[test]
    fn lengths_are_no_more_than_values_of_their_page() {
        // blocks of 128 in four parts, a number of lengths, and what follows
        let body = |lengths: &[u8]| [&[0x80, 0x01, 0x04], lengths, &[0x00]].concat();
        let by_lengths = Encoding::DELTA_LENGTH_BYTE_ARRAY;
        let check = |column: &str, page: Page| checked(column, 1000, 100).unwrap().check(page);
        for lengths in [&[3][..], &[200, 1], &[0xff; 9], &[0xff; 20]] {
            let fine = lengths == [3];
            let plain = body(lengths);
            let required = check("required binary a", page(by_lengths, 3, &plain));
            assert_eq!(required.is_ok(), fine, "{lengths:?}");
            let levelled = [&[2, 0, 0, 0, 6, 1][..], &plain].concat();
            let optional = check("optional binary a", page(by_lengths, 3, &levelled));
            assert_eq!(optional.is_ok(), fine, "{lengths:?}");
            let second = Page::DataPageV2 {
                buf: [&[6, 1][..], &plain].concat().into(),
                num_values: 3,
                encoding: by_lengths,
                num_nulls: 0,
                num_rows: 3,
                def_levels_byte_len: 2,
                rep_levels_byte_len: 0,
                is_compressed: false,
                statistics: None,
            };
            assert_eq!(check("optional binary a", second).is_ok(), fine, "{lengths:?}");
        }
        for cut in [&[][..], &[1, 0], &[255, 255, 255, 255], &[0, 0, 0, 0, 0x80, 0x01]] {
            assert!(check("optional binary a", page(by_lengths, 3, cut)).is_err(), "{cut:?}");
        }
    }
}
