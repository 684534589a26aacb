//! JSON objects that are objects, and whose keys may come but once. serde's maps let the last
//! one win, which would hide that a file contradicts itself, and its structures take a list for
//! an object.

use crate::text::name;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

/// An object with values of one type, sorted by key.
pub(crate) struct Unique<V>(pub BTreeMap<String, V>);

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Unique<V> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(Entries(PhantomData))
    }
}

/// What an object says; a list of the same values is none.
pub(crate) struct Object<V>(pub V);

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Object<V> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(Whole(PhantomData))
    }
}

struct Whole<V>(PhantomData<V>);

impl<'de, V: Deserialize<'de>> Visitor<'de> for Whole<V> {
    type Value = Object<V>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Object<V>, A::Error> {
        V::deserialize(MapAccessDeserializer::new(map)).map(Object)
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
pub(crate) fn within<E: Error>(key: &str, error: E) -> E {
    E::custom(format_args!("`{}`: {error}", name(key)))
}

pub(crate) fn twice<E: Error>(key: &str) -> E {
    E::custom(format_args!("`{}` is there twice", name(key)))
}
