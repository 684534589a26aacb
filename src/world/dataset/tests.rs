mod leaf;
mod parquet;

use super::*;

/// The message of the error that reading `path` gives.
fn refusal(path: &Path) -> String {
    read(path, 0).unwrap_err().to_string()
}

fn assert_says(message: &str, parts: &[&str]) {
    for part in parts {
        assert!(message.contains(part), "`{part}` is not in: {message}");
    }
}
