//! `hivesim validate`: closed forms beside what hivesim comes to.

use super::{Failure, print, text_of};
use crate::record::pretty;
use crate::text::plain;
use crate::validate::{
    Check, Outcome, Row, Size, Tolerance, Trial, checks, digits, find, markdown,
};
use clap::Args;
use clap::builder::RangedI64ValueParser;
use comfy_table::{Table, presets};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Value, json};

const AFTER_HELP: &str = "\
Examples:
  hivesim validate                          all checks, some minutes
  hivesim validate --quick                  smaller samples, seconds
  hivesim validate --only zipf-exponent,runaway --seed 7
  hivesim validate --json | jq '.rows[] | select(.holds | not)'

A row compares a number of a law with what hivesim comes to, and says how far apart they may be:
rounding where the law is exact, four standard errors where there are draws. docs/validation.md has
every law with its formula; --markdown prints that part of it.

Exit codes: 0 every row holds, 1 a row is outside its tolerance or a check failed, 2 bad input";

/// Arguments of `hivesim validate`.
#[derive(Debug, Args)]
#[command(after_long_help = AFTER_HELP)]
pub struct ValidateArgs {
    /// Run these checks alone, separated by commas; may be given again.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    only: Vec<String>,
    /// Smaller samples, and without the checks that take whole experiments.
    #[arg(long)]
    quick: bool,
    /// The seed of every random stream.
    #[arg(long, value_name = "S", default_value_t = 1, allow_negative_numbers = true,
          value_parser = RangedI64ValueParser::<u64>::new().range(0..=i64::MAX))]
    seed: u64,
    /// Worker threads, 0 for one a core; never changes a result.
    #[arg(long, value_name = "N", default_value_t = 0, allow_negative_numbers = true,
          value_parser = RangedI64ValueParser::<u32>::new().range(0..=1024))]
    threads: u32,
    /// Print the rows as JSON on standard output, and nothing else there.
    #[arg(long)]
    json: bool,
    /// Print them as docs/validation.md has them.
    #[arg(long, conflicts_with = "json")]
    markdown: bool,
}

/// Runs it.
pub(super) fn run(args: &ValidateArgs) -> Result<(), Failure> {
    let size = if args.quick { Size::Quick } else { Size::Full };
    let chosen = chosen(&args.only, size)?;
    let trial = Trial::new(size, args.seed);
    let threads = match args.threads {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        threads => threads as usize,
    };
    let bar = bar(chosen.len());
    let outcomes = crate::validate::run(&chosen, &trial, threads, |check| {
        bar.set_message(check.name);
        bar.inc(1);
    });
    bar.finish_and_clear();
    let closing = closing(&outcomes);
    if args.json {
        print(&pretty(&document(&outcomes, args.seed, size)))?;
    } else if args.markdown {
        print(&markdown(&outcomes))?;
    } else {
        let fine = closing.as_ref().map_or(String::new(), |count| format!("\n{count}\n"));
        print(&format!("{}{fine}", table(&outcomes)))?;
    }
    closing.map(|_| ()).map_err(Failure::Failed)
}

/// The checks that were asked for, in the order of the page; all of the size by default.
fn chosen(only: &[String], size: Size) -> Result<Vec<&'static Check>, Failure> {
    let named: Vec<&'static Check> = only
        .iter()
        .map(|name| find(name.trim()))
        .collect::<Result<_, _>>()
        .map_err(Failure::BadInput)?;
    if let Some(check) = named.iter().find(|check| check.from > size) {
        let name = check.name;
        return Err(Failure::BadInput(format!(
            "--only {name}: it takes whole experiments, which --quick leaves out; run it without"
        )));
    }
    let wanted = |check: &&Check| {
        if named.is_empty() {
            check.from <= size
        } else {
            named.iter().any(|n| n.name == check.name)
        }
    };
    Ok(checks().iter().filter(wanted).collect())
}

/// Hidden where standard error is no terminal.
fn bar(checks: usize) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(checks as u64), ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} checks  {msg}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}

/// How many rows hold, as an error where not all do.
fn closing(outcomes: &[Outcome]) -> Result<String, String> {
    let (mut all, mut outside, mut failed) = (0, Vec::new(), Vec::new());
    for (check, rows) in outcomes {
        match rows {
            Ok(rows) => {
                all += rows.len();
                let out = rows.iter().filter(|row| !row.holds());
                outside.extend(out.map(|row| format!("{}: {}", check.name, row.what)));
            }
            Err(error) => failed.push(format!("check `{}` failed: {error}", check.name)),
        }
    }
    let count = format!("{} of {all} rows hold", all - outside.len());
    if outside.is_empty() && failed.is_empty() {
        return Ok(count);
    }
    let lines: Vec<String> = outside
        .iter()
        .map(|what| format!("outside its tolerance: {what}"))
        .chain(failed)
        .chain([count])
        .collect();
    Err(lines.join("\n"))
}

fn table(outcomes: &[Outcome]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["law", "what", "expected", "measured", "allowed", "verdict", "source"]);
    for (check, rows) in outcomes {
        for row in rows.iter().flatten() {
            table.add_row([
                check.name,
                &plain(&row.what),
                &digits(row.expected),
                &digits(row.measured),
                &row.allowed(),
                row.verdict(),
                check.source,
            ]);
        }
    }
    text_of(&mut table, 2..4)
}

/// What is infinite, of a process that never gets there, becomes null.
fn document(outcomes: &[Outcome], seed: u64, size: Size) -> Value {
    let row = |check: &Check, row: &Row| {
        let (kind, within) = match row.tolerance {
            Tolerance::Within(within) => ("within", Some(within)),
            Tolerance::AtLeast => ("at-least", None),
            Tolerance::AtMost => ("at-most", None),
        };
        json!({
            "check": check.name,
            "what": row.what,
            "expected": row.expected,
            "measured": row.measured,
            "allowed": kind,
            "tolerance": within,
            "holds": row.holds(),
            "source": check.source,
        })
    };
    let rows: Vec<Value> = outcomes
        .iter()
        .flat_map(|(check, rows)| rows.iter().flatten().map(move |r| row(check, r)))
        .collect();
    let failed: Vec<Value> = outcomes
        .iter()
        .filter_map(|(check, rows)| rows.as_ref().err().map(|e| (check, e)))
        .map(|(check, error)| json!({ "check": check.name, "error": error.to_string() }))
        .collect();
    let size = match size {
        Size::Quick => "quick",
        Size::Full => "full",
    };
    json!({ "seed": seed, "size": size, "rows": rows, "failed": failed })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::CheckError;
    use crate::world::WorldError;

    fn row(measured: f64) -> Row {
        let tolerance = Tolerance::Within(0.5);
        Row { what: "a number".into(), expected: 1.0, measured, tolerance }
    }

    #[test]
    fn rows_that_are_outside_are_named_and_make_the_command_fail() {
        let check = &checks()[0];
        assert_eq!(closing(&[(check, Ok(vec![row(1.0), row(1.4)]))]).unwrap(), "2 of 2 rows hold");
        let failed = Err(CheckError::World(WorldError::Halted));
        let outcomes = [(check, Ok(vec![row(1.0), row(1.6)])), (&checks()[1], failed)];
        let message = closing(&outcomes).unwrap_err();
        let lines: Vec<&str> = message.lines().collect();
        assert_eq!(lines[0], format!("outside its tolerance: {}: a number", check.name));
        assert!(lines[1].starts_with(&format!("check `{}` failed: ", checks()[1].name)));
        assert_eq!(lines[2], "1 of 2 rows hold");
        assert_eq!(document(&outcomes, 1, Size::Quick)["rows"][1]["holds"], false);
    }

    #[test]
    fn checks_run_in_the_order_of_the_page_and_whole_experiments_not_in_a_hurry() {
        let names = |only: &[&str], size| {
            let only: Vec<String> = only.iter().map(ToString::to_string).collect();
            chosen(&only, size).map(|c| c.iter().map(|c| c.name).collect::<Vec<_>>())
        };
        let Ok(two) = names(&["runaway", " tracking"], Size::Quick) else {
            panic!("both are there")
        };
        assert_eq!(two, ["tracking", "runaway"]);
        let quick = names(&[], Size::Quick).map_or(0, |names| names.len());
        assert_eq!(names(&[], Size::Full).map_or(0, |names| names.len()), checks().len());
        assert!(quick < checks().len());
        for only in ["fedprox-figure-2", "nothing"] {
            assert!(matches!(names(&[only], Size::Quick), Err(Failure::BadInput(_))), "{only}");
        }
    }
}
