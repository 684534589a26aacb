//! `hivesim report`: pages drawn anew from what runs left behind.

use super::{Failure, failed, print};
use crate::record::{Histories, ReadError, Recorded, read_run, replace_report, write_page};
use crate::report;
use crate::text::{file_name, plain};
use clap::Args;
use std::path::{Path, PathBuf};

/// Runs on one page at most: more could not be told apart.
const RUNS_MAX: usize = 24;

const AFTER_HELP: &str = "\
Examples:
  hivesim report runs/first-hive-1                     draws its report.html anew
  hivesim report runs/first-hive-1 --out page.html     the same page elsewhere; the run stays as it is
  hivesim report runs/alike runs/far runs/far-bare     several side by side, in side-by-side.html

One run: the page that the run wrote, to the byte, drawn from its tables. That is of use when a newer
hivesim draws more, or the page was lost.

Several: curves of the same measure on common axes, key figures in a table with their differences
from the first run, and the keys in which their scenarios differ. The runs may be of different
scenarios; what one of them did not measure is left out for it. Each is called by its folder's name.

Every file that is read is held against the size and BLAKE3 in manifest.json. A folder that is no run,
is damaged, or was written in another format is refused.

Exit codes: 0 fine, 1 failed, 2 bad input";

/// Arguments of `hivesim report`.
#[derive(Debug, Args)]
#[command(after_long_help = AFTER_HELP)]
pub struct ReportArgs {
    /// Folders that `hivesim run` wrote.
    #[arg(required = true, value_name = "RUN")]
    runs: Vec<PathBuf>,
    /// Where the page goes [default: report.html in the run's folder; of several,
    /// side-by-side.html].
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Runs `hivesim report`.
pub(super) fn run(args: &ReportArgs) -> Result<(), Failure> {
    if args.runs.len() > RUNS_MAX {
        let found = args.runs.len();
        let text = format!("{found} runs are more than a page can show: name {RUNS_MAX} at most");
        return Err(Failure::BadInput(text));
    }
    let read = args.runs.iter().map(|path| read_run(path).map_err(bad));
    let recorded = read.collect::<Result<Vec<Recorded>, Failure>>()?;
    let (page, to) = match &recorded[..] {
        [one] => {
            let histories = Histories::of(&one.outcome);
            let page = report::render(&one.outcome, &histories, &one.summary, &one.scenario_toml);
            (page.map_err(failed)?, args.runs[0].join("report.html"))
        }
        several => {
            let labels = labels(&args.runs);
            let named = labels.iter().map(String::as_str).zip(several.iter().map(|r| &r.outcome));
            let page = report::render_side_by_side(&named.collect::<Vec<_>>()).map_err(failed)?;
            (page, PathBuf::from("side-by-side.html"))
        }
    };
    let written = match &args.out {
        Some(out) => write_page(&writable(out)?, &page),
        None if recorded.len() == 1 => replace_report(&args.runs[0], &page),
        None => write_page(&writable(&to)?, &page),
    };
    written.map_err(failed)?;
    let to = args.out.as_ref().unwrap_or(&to);
    print(&format!("report  {}\n", plain(&to.to_string_lossy())))
}

fn bad(error: ReadError) -> Failure {
    match error {
        ReadError::Io { .. } => failed(error),
        error => Failure::BadInput(error.to_string()),
    }
}

/// A path that a file can have.
fn writable(path: &Path) -> Result<PathBuf, Failure> {
    if path.is_dir() || path.file_name().is_none() {
        let text = format!("`{}` is a folder: name a file for --out", path.display());
        return Err(Failure::BadInput(text));
    }
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() && !folder.is_dir() => {
            let text = format!(
                "there is no folder `{}` for --out {}: make it, or name another",
                folder.display(),
                path.display()
            );
            Err(Failure::BadInput(text))
        }
        _ => Ok(path.into()),
    }
}

/// Names of the runs: their folders', or the whole paths where two folders are called the same.
fn labels(paths: &[PathBuf]) -> Vec<String> {
    let name = |path: &PathBuf| {
        let last = path.file_name().map(|name| name.to_string_lossy().into_owned());
        last.map_or_else(|| path.display().to_string(), |name| file_name(&name))
    };
    let short: Vec<String> = paths.iter().map(name).collect();
    let twice = |name: &String| short.iter().filter(|other| *other == name).count() > 1;
    let label = |(i, (path, name)): (usize, (&PathBuf, &String))| match twice(name) {
        true => format!("{} ({})", path.display(), i + 1),
        false => name.clone(),
    };
    paths.iter().zip(&short).enumerate().map(label).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_called_by_their_folders_unless_two_are_called_the_same() {
        let of = |paths: &[&str]| labels(&paths.iter().map(PathBuf::from).collect::<Vec<_>>());
        assert_eq!(of(&["runs/a", "b/"]), ["a", "b"]);
        assert_eq!(of(&["x/a", "y/a", "c"]), ["x/a (1)", "y/a (2)", "c"]);
    }
}
