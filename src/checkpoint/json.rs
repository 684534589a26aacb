//! JSON objects whose keys may come but once. serde's maps let the last one win, which would
//! hide that a file contradicts itself.

use super::error::legible;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

/// An object with values of one type, sorted by key.
pub(super) struct Unique<V>(pub BTreeMap<String, V>);

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Unique<V> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(Entries(PhantomData))
    }
}

struct Entries<V>(PhantomData<V>);

impl<'de, V: Deserialize<'de>> Visitor<'de> for Entries<V> {
    type Value = Unique<V>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Unique<V>, A::Error> {
        let mut entries = BTreeMap::new();
        while let Some(key) = map.next_key::<String>()? {
            let value = map.next_value().map_err(|e| within(&key, e))?;
            if entries.contains_key(&key) {
                return Err(twice(&key));
            }
            entries.insert(key, value);
        }
        Ok(Unique(entries))
    }
}

/// An error in the value of `key`; serde says where, not what it was reading.
pub(super) fn within<E: Error>(key: &str, error: E) -> E {
    E::custom(format_args!("`{}`: {error}", legible(key)))
}

pub(super) fn twice<E: Error>(key: &str) -> E {
    E::custom(format_args!("`{}` is there twice", legible(key)))
}
