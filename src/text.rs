//! Text from outside as a terminal may show it, and words that were slips for others.

/// The most characters of a name out of data that a message shows.
const NAME_MOST: usize = 60;
/// The most characters of a path, or of a message about a file, that a message repeats.
const LEGIBLE_MOST: usize = 300;

/// `text` with all characters escaped that a terminal would obey and not show, `\u{1b}` for one;
/// line feeds and tabs stay.
pub(crate) fn plain(text: &str) -> String {
    escaped(text, |c| matches!(c, '\n' | '\t'))
}

/// The same on one line: line feeds and tabs are escaped as well.
pub(crate) fn one_line(text: &str) -> String {
    escaped(text, |_| false)
}

/// A line of source: a tab is four blanks wide.
pub(crate) fn source_line(text: &str) -> String {
    one_line(&text.replace('\t', "    "))
}

/// A name out of data, on one line and cut to a length that fits a message.
pub(crate) fn name(text: &str) -> String {
    shortened(text, NAME_MOST)
}

/// The same for what may be longer: names of tensors, messages of parsers.
pub(crate) fn legible(text: &str) -> String {
    shortened(text, LEGIBLE_MOST)
}

/// At most so many characters, on one line.
pub(crate) fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => one_line(text),
        Some((end, _)) => one_line(&text[..end]) + "…",
    }
}

fn escaped(text: &str, stays: impl Fn(char) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_unruly(c) && !stays(c) {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out
}

/// Control characters, and those that turn the direction of a text or take no room.
fn is_unruly(c: char) -> bool {
    let turns = matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}');
    let hides =
        matches!(c, '\u{200b}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}');
    c.is_control() || turns || hides
}

/// The candidate nearest to `word`, if it is near: at most a third of its letters differ
/// (Damerau-Levenshtein; case, `-` and `_` do not count), or it is the word's beginning. What is
/// suggested has to be right where the word stands: leave out candidates that are not.
///
/// Cost: the product of both lengths a candidate, 128 letters at most.
pub(crate) fn nearest<'a>(
    word: &str,
    candidates: impl Iterator<Item = &'a str>,
) -> Option<&'a str> {
    const LETTERS_MAX: usize = 128;
    let alike = |text: &str| text.to_lowercase().replace('-', "_");
    if word.len() > LETTERS_MAX {
        return None;
    }
    let word = alike(word);
    let letters = word.chars().count();
    let most = letters / 3;
    let mut best: Option<(usize, &str)> = None;
    let mut begun = None;
    for candidate in candidates.filter(|candidate| candidate.len() <= LETTERS_MAX) {
        let text = alike(candidate);
        if letters >= 4 && text.starts_with(&word) {
            begun = begun.or(Some(candidate));
        }
        if text.chars().count().abs_diff(letters) <= most {
            let distance = strsim::damerau_levenshtein(&word, &text);
            if distance <= most && best.is_none_or(|(least, _)| distance < least) {
                best = Some((distance, candidate));
            }
        }
    }
    best.map(|(_, candidate)| candidate).or(begun)
}

/// `text` as one name in a path: what a file system or a shell takes amiss becomes a dash, and
/// it neither begins nor ends with a dot, a dash or a blank. Empty where nothing is left.
pub(crate) fn file_name(text: &str) -> String {
    /// Bytes; file systems take 255, and a seed is to follow.
    const MOST: usize = 120;
    let mut name = String::new();
    for c in text.trim_start_matches(is_edge).chars() {
        let bad = c.is_control() || "/\\:*?\"<>|".contains(c);
        if name.len() + c.len_utf8() > MOST {
            break;
        }
        name.push(if bad { '-' } else { c });
    }
    name.trim_matches(is_edge).to_string()
}

fn is_edge(c: char) -> bool {
    matches!(c, '.' | '-') || c.is_whitespace()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_escaped_and_lines_stay_lines() {
        assert_eq!(plain("a\u{1b}[31mb\r\n\tö\0\u{9b}"), "a\\u{1b}[31mb\\r\n\tö\\u{0}\\u{9b}");
    }

    #[test]
    fn a_name_out_of_data_is_short_and_stays_on_its_line_and_in_its_order() {
        assert_eq!(name("a\nb\u{202e}c\td"), "a\\nb\\u{202e}c\\td");
        assert_eq!(name(&"ä".repeat(60)), "ä".repeat(60));
        assert_eq!(name(&"ä".repeat(100_000)), "ä".repeat(60) + "…");
        assert_eq!(plain("a\u{202e}b"), "a\\u{202e}b");
    }

    #[test]
    fn a_slip_of_the_finger_finds_its_word_and_a_stranger_none() {
        let words = ["alpha", "company", "company_tail", "skills"];
        assert_eq!(nearest("alpah", words.into_iter()), Some("alpha"));
        assert_eq!(nearest("Company-Tail", words.into_iter()), Some("company_tail"));
        assert_eq!(nearest("skill", words.into_iter()), Some("skills"));
        assert_eq!(nearest("temperature", words.into_iter()), None);
        assert_eq!(nearest("part", ["share", "partial"].into_iter()), Some("partial"));
        assert_eq!(nearest("x", ["f", "K"].into_iter()), None);
        assert_eq!(nearest("k", ["f", "K"].into_iter()), Some("K"));
        assert_eq!(nearest(&"a".repeat(1 << 16), words.into_iter()), None);
    }

    #[test]
    fn a_name_from_anywhere_is_one_part_of_a_path() {
        for (text, name) in [
            ("first-hive", "first-hive"),
            ("v1.2 strong", "v1.2 strong"),
            ("../../etc/passwd", "etc-passwd"),
            ("..", ""),
            ("a/b\\c", "a-b-c"),
            ("a\u{1b}[0m\nb", "a-[0m-b"),
            (" .hidden. ", "hidden"),
            ("größe", "größe"),
            ("", ""),
        ] {
            assert_eq!(file_name(text), name, "{text:?}");
        }
        assert_eq!(file_name(&"ö".repeat(500)).len(), 120);
    }
}
