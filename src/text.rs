//! Text from outside as a terminal may show it.

/// `text` with its control characters escaped, `\u{1b}` for one; line feeds and tabs stay.
pub(crate) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() && !matches!(c, '\n' | '\t') {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out
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
