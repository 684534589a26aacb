use super::*;
use proptest::prelude::*;

fn read<T>(bytes: &[u8], get: impl FnOnce(&mut Reader<'_>) -> Result<T, StateError>) -> T {
    let mut from = bytes;
    let mut reader = Reader::new(&mut from, bytes.len() as u64);
    let value = get(&mut reader).expect("what was put can be read");
    assert!(reader.is_at_end());
    value
}

#[test]
fn values_come_back_bit_for_bit() {
    let numbers = [f32::NAN, -0.0, f32::MIN_POSITIVE / 4.0, f32::INFINITY, 1.5];
    let odd = f64::from_bits(0x7ff8_dead_beef_0001);
    let mut bytes = Vec::new();
    let mut writer = Writer::new(&mut bytes);
    writer.put(&(7_u32, "a name", odd, vec![Some(u64::MAX), None]));
    writer.put_floats(&numbers);
    writer.put_words(&[1, u32::MAX]);
    writer.end().expect("a vector takes all");
    read(&bytes, |reader| {
        let (n, name, found, many): (u32, String, f64, Vec<Option<u64>>) = reader.get()?;
        assert_eq!((n, &name[..], many), (7, "a name", vec![Some(u64::MAX), None]));
        assert_eq!(found.to_bits(), odd.to_bits());
        let found: Vec<u32> = reader.floats()?.iter().map(|x| x.to_bits()).collect();
        assert_eq!(found, numbers.map(f32::to_bits));
        assert_eq!(reader.words()?, [1, u32::MAX]);
        Ok(())
    });
}

#[test]
fn the_first_error_of_a_disk_is_told_at_the_end() {
    struct Full(usize);
    impl std::io::Write for Full {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 = self.0.checked_sub(bytes.len()).ok_or(std::io::ErrorKind::StorageFull)?;
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut disk = Full(100);
    let mut writer = Writer::new(&mut disk);
    (0..100).for_each(|n| writer.put(&n));
    let error = writer.end().expect_err("a hundred numbers take more");
    assert_eq!(error.kind(), std::io::ErrorKind::StorageFull);
}

#[test]
fn no_length_is_believed() {
    let bytes = u64::MAX.to_le_bytes();
    let mut from = &bytes[..];
    let error = Reader::new(&mut from, 8).floats().expect_err("there is nothing behind it");
    assert!(matches!(error, StateError::Short { left: 0, .. }), "{error}");
    let mut from = &bytes[..];
    let error = Reader::new(&mut from, 8).get::<Vec<f32>>().expect_err("nor there");
    assert!(matches!(error, StateError::Short { left: 0, .. }), "{error}");
}

proptest! {
    #[test]
    fn any_bytes_are_a_value_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let mut from = &bytes[..];
        let mut reader = Reader::new(&mut from, bytes.len() as u64);
        let _ = reader.get::<Vec<(u32, Vec<f64>, Option<String>)>>();
        let _ = reader.floats();
        let _ = reader.words();
    }
}
