//! The file of one run of a sweep: JSON on one line, and a line with its hash, so that one that is
//! torn or was changed is recognised and run again.

use crate::sweep::{FIGURES, Finished};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// The JSON.
#[derive(Serialize, Deserialize)]
struct Line {
    hivesim: String,
    run: String,
    seed: u64,
    result_hash: Option<String>,
    failed: Option<String>,
    /// By name; null is not a number. As text: JSON's numbers may lose their last digit on the way
    /// back.
    figures: BTreeMap<String, Option<String>>,
    merge_seconds: Option<String>,
}

/// The file's name in the folder of runs.
pub(super) fn name(digest: &str) -> String {
    format!("{digest}.json")
}

pub(super) fn text(digest: &str, seed: u64, run: &Finished) -> String {
    let figure = |(figure, x): (&crate::sweep::Figure, &f64)| {
        (figure.name.to_owned(), x.is_finite().then(|| x.to_string()))
    };
    let line = Line {
        hivesim: env!("CARGO_PKG_VERSION").into(),
        run: digest.into(),
        seed,
        result_hash: run.result.clone().ok(),
        failed: run.result.clone().err(),
        figures: FIGURES.iter().zip(&run.figures).map(figure).collect(),
        merge_seconds: run.merge_seconds.is_finite().then(|| run.merge_seconds.to_string()),
    };
    // text and finite numbers are all that there is
    let line = serde_json::to_string(&line).unwrap_or_default();
    let hash = blake3::hash(line.as_bytes()).to_hex();
    format!("{line}\n{hash}\n")
}

/// The run of a digest out of a folder of runs; none where it is not there, or not whole.
pub(super) fn read(folder: &Path, digest: &str) -> Option<Finished> {
    let text = fs::read_to_string(folder.join(name(digest))).ok()?;
    let (line, hash) = text.strip_suffix('\n')?.rsplit_once('\n')?;
    if blake3::hash(line.as_bytes()).to_hex().as_str() != hash {
        return None;
    }
    let line: Line = serde_json::from_str(line).ok()?;
    let result = match (line.result_hash, line.failed) {
        (Some(hash), None) => Ok(hash),
        (None, Some(cause)) => Err(cause),
        _ => return None,
    };
    let figure = |figure: &crate::sweep::Figure| match line.figures.get(figure.name)? {
        Some(text) => text.parse().ok(),
        None => Some(f64::NAN),
    };
    let figures = FIGURES.iter().map(figure).collect::<Option<Vec<f64>>>()?;
    let merge_seconds = match line.merge_seconds {
        Some(text) => text.parse().ok()?,
        None => f64::NAN,
    };
    (line.run == digest).then_some(Finished { result, figures, merge_seconds })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    #[test]
    fn a_run_reads_back_to_the_last_bit_and_a_torn_one_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let mut figures = vec![f64::NAN; FIGURES.len()];
        figures[0] = 0.1 + 0.2;
        figures[1] = 2.0 / 3.0 * 1e-7;
        let run = Finished { result: Ok("ab".into()), figures, merge_seconds: 0.1 + 0.7 };
        let whole = text("d1", 7, &run);
        let put = |text: &[u8]| {
            fs::File::create(folder.path().join(name("d1"))).unwrap().write_all(text).unwrap();
            read(folder.path(), "d1")
        };
        let back = put(whole.as_bytes()).unwrap();
        let bits = |run: &Finished| run.figures.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        assert_eq!((&back.result, bits(&back)), (&run.result, bits(&run)));
        assert_eq!(back.merge_seconds.to_bits(), run.merge_seconds.to_bits());
        for cut in 0..whole.len() {
            assert!(put(&whole.as_bytes()[..cut]).is_none(), "cut at {cut}");
        }
        let mut changed = whole.clone().into_bytes();
        changed[whole.find("0.3").unwrap()] = b'1';
        assert!(put(&changed).is_none());
        // another run's file under this name
        assert!(put(text("d2", 7, &run).as_bytes()).is_none());
        let failed = Finished::failed("diverged at \"x\"\nbadly".into());
        assert_eq!(put(text("d1", 7, &failed).as_bytes()).unwrap().result, failed.result);
    }
}
