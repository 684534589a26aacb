//! The scenario's TOML as HTML with a little colour. All text is escaped here.

/// `toml` as HTML: comments, headers, keys and string values in spans of their own.
/// Follows lines, not the whole grammar: a value it does not know stays plain text.
pub(super) fn highlight(toml: &str) -> String {
    let mut out = String::with_capacity(toml.len() * 2);
    let mut fence: Option<&str> = None;
    for line in toml.lines() {
        if let Some(quotes) = fence {
            span(&mut out, "t-string", line);
            if line.contains(quotes) {
                fence = None;
            }
        } else {
            fence = plain_line(&mut out, line);
        }
        out.push('\n');
    }
    out
}

/// Writes a line that starts outside any string; gives the quotes of a multi-line string
/// that it leaves open.
fn plain_line<'a>(out: &mut String, line: &'a str) -> Option<&'a str> {
    let trimmed = line.trim_start();
    if trimmed.starts_with('#') {
        span(out, "t-comment", line);
        return None;
    }
    if trimmed.starts_with('[') {
        span(out, "t-header", line);
        return None;
    }
    let Some((key, value)) = line.split_once('=') else {
        escape(out, line);
        return None;
    };
    span(out, "t-key", key);
    out.push('=');
    let (value, comment) = split_comment(value);
    let start = value.trim_start();
    if start.starts_with(['"', '\'']) {
        span(out, "t-string", value);
    } else {
        span(out, "t-value", value);
    }
    if !comment.is_empty() {
        span(out, "t-comment", comment);
    }
    ["\"\"\"", "'''"].into_iter().find(|q| start.starts_with(q) && start.matches(q).count() == 1)
}

/// Splits a value from the comment behind it; `#` inside quotes is no comment.
fn split_comment(value: &str) -> (&str, &str) {
    let mut quote = None;
    let mut escaped = false;
    for (i, c) in value.char_indices() {
        match (quote, c) {
            _ if escaped => escaped = false,
            (Some('"'), '\\') => escaped = true,
            (Some(q), c) if q == c => quote = None,
            (None, '"' | '\'') => quote = Some(c),
            (None, '#') => return value.split_at(i),
            _ => {}
        }
    }
    (value, "")
}

fn span(out: &mut String, class: &str, text: &str) {
    out.push_str("<span class=\"");
    out.push_str(class);
    out.push_str("\">");
    escape(out, text);
    out.push_str("</span>");
}

fn escape(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped_and_comments_in_strings_are_none() {
        let html = highlight("name = \"a # <b>\" # c\n[x]\n");
        assert!(html.contains("<span class=\"t-string\"> &quot;a # &lt;b&gt;&quot; </span>"));
        assert!(html.contains("<span class=\"t-comment\"># c</span>"));
        assert!(html.contains("<span class=\"t-header\">[x]</span>"));
    }

    #[test]
    fn a_string_over_lines_stays_a_string() {
        let html = highlight("q = \"\"\"one\n# two\nthree\"\"\"\nk = 1\n");
        assert!(html.contains("<span class=\"t-string\"># two</span>"));
        assert!(html.contains("<span class=\"t-key\">k </span>"));
    }
}
