//! `hivesim merge --manifest`: cases of other implementations, and how far off each is.

use super::merge::MergeArgs;
use super::merging::Merging;
use super::{Failure, print, text_of};
use crate::checkpoint::merging::{CasesError, Verdict, run_cases};
use crate::text::plain;
use comfy_table::{Table, presets};
use serde_json::{Value, json};
use std::path::Path;

/// Runs all cases of a manifest and tells how each came out.
pub(super) fn run(args: &MergeArgs, manifest: &Path) -> Result<(), Failure> {
    let threads = args.threads();
    let merging = Merging::begin(!args.quiet && !args.json)?;
    let (verdicts, seconds) = merging.beside(|progress| run_cases(manifest, threads, progress))?;
    let verdicts = verdicts.map_err(|error| match error {
        CasesError::Interrupted => Failure::Interrupted("interrupted: not all cases ran".into()),
        CasesError::Malformed(what) => Failure::BadInput(what),
    })?;
    let failed: Vec<&str> =
        verdicts.iter().filter(|verdict| !verdict.passes()).map(|v| v.id.as_str()).collect();
    if args.json {
        let cases: Vec<Value> = verdicts.iter().map(case).collect();
        let document = json!({
            "manifest": manifest,
            "cases": cases,
            "within": verdicts.len() - failed.len(),
            "outside": failed.len(),
            "threads": threads,
            "seconds": seconds,
        });
        print(&format!("{document:#}\n"))?;
    } else if !args.quiet {
        let within = verdicts.len() - failed.len();
        let all = verdicts.len();
        print(&format!("{}\n{within} of {all} cases within their tolerance\n", table(&verdicts)))?;
    }
    if failed.is_empty() {
        return Ok(());
    }
    let (count, names) = (failed.len(), failed.join("`, `"));
    Err(Failure::Failed(format!("outside the tolerance ({count}): `{names}`")))
}

fn word(verdict: &Verdict) -> &'static str {
    if verdict.passes() { "within" } else { "outside" }
}

/// Infinite numbers, of a result that is not finite, become null.
fn case(verdict: &Verdict) -> Value {
    json!({
        "id": verdict.id,
        "method": verdict.method,
        "error": verdict.distance.error,
        "share": verdict.distance.share,
        "verdict": word(verdict),
    })
}

fn table(verdicts: &[Verdict]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["case", "method", "largest error", "of tolerance", "verdict"]);
    for verdict in verdicts {
        let distance = verdict.distance;
        table.add_row([
            plain(&verdict.id),
            plain(&verdict.method),
            format!("{:.1e}", distance.error),
            format!("{:.1} %", 100.0 * distance.share),
            word(verdict).into(),
        ]);
    }
    text_of(&mut table, 2..4)
}
