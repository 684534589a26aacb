//! What a misspelt word may have been meant to be.

use serde_json::Value;

use super::shape::{Shape, TableShape, shape};
use super::walk::joined;

/// The candidate nearest to `word`, if it is near: at most a third of its letters differ
/// (Damerau-Levenshtein; case, `-` and `_` do not count), or it is the word's beginning.
pub(crate) fn nearest<'a>(
    word: &str,
    candidates: impl Iterator<Item = &'a str>,
) -> Option<&'a str> {
    // The distance is quadratic, and no key is longer than this.
    if word.len() > 64 {
        return None;
    }
    let plain = |text: &str| text.to_lowercase().replace('-', "_");
    let word = plain(word);
    let letters = word.chars().count();
    let candidates: Vec<&str> = candidates.collect();
    let distance = |candidate: &str| strsim::damerau_levenshtein(&word, &plain(candidate));
    let close = candidates
        .iter()
        .map(|candidate| (distance(candidate), *candidate))
        .filter(|(distance, _)| *distance <= (letters / 3).max(1))
        .min_by_key(|(distance, _)| *distance);
    let begun = || candidates.iter().find(|each| letters >= 4 && plain(each).starts_with(&word));
    close.map(|(_, candidate)| candidate).or_else(|| begun().copied())
}

/// Where else in the schema a key of this very name lives, as the end of a message.
pub(super) fn elsewhere(root: &Value, key: &str) -> String {
    let mut places = Vec::new();
    collect(root, root, key, "", &mut places);
    places.dedup();
    match places.as_slice() {
        [] => String::new(),
        [top] if top == key => format!(
            "; `{key}` is a key of the top level: it stands before the first [table] of the file"
        ),
        few if few.len() <= 3 => format!("; did you mean `{}`?", few.join("` or `")),
        _ => String::new(),
    }
}

fn collect(root: &Value, schema: &Value, key: &str, path: &str, places: &mut Vec<String>) {
    let mut table = |table: &TableShape<'_>| {
        for (each, schema) in table.keys {
            let path = joined(path, each);
            if each == key {
                places.push(path.clone());
            }
            collect(root, schema, key, &path, places);
        }
    };
    match shape(root, schema) {
        Shape::Table(keys) => table(&keys),
        Shape::Kinds(kinds) => kinds.iter().for_each(|(_, keys)| table(keys)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_finds_its_word() {
        let words = ["alpha", "company", "company_tail", "skills"];
        assert_eq!(nearest("alpah", words.into_iter()), Some("alpha"));
        assert_eq!(nearest("Company-Tail", words.into_iter()), Some("company_tail"));
        assert_eq!(nearest("skill", words.into_iter()), Some("skills"));
        assert_eq!(nearest("temperature", words.into_iter()), None);
        assert_eq!(nearest("part", ["share", "partial"].into_iter()), Some("partial"));
        assert_eq!(nearest(&"a".repeat(1 << 16), words.into_iter()), None);
    }
}
