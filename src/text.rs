//! Text from outside as a terminal may show it.

/// The most characters of a name out of data that a message shows.
const NAME_MOST: usize = 60;

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
    match text.char_indices().nth(NAME_MOST) {
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
