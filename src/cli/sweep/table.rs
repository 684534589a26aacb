//! A sweep on standard output.

use crate::cli::text_of;
use crate::measure::spread::Interval;
use crate::sweep::statistics::Paired;
use crate::sweep::{Analysis, Cell, Contest, Figure, Finished, Interaction, Judged, Sweep};
use crate::text::plain;
use comfy_table::{Table, presets};
use std::fmt::Write as _;

/// Rows of a table; the rest is in the files.
const ROWS_MAX: usize = 24;
/// Failures that are told of.
const FAILURES_MAX: usize = 5;

/// Two tables a figure: cases and differences.
pub(super) fn tables(sweep: &Sweep, analysis: &Analysis) -> String {
    let mut out = String::new();
    for (figure, judged) in sweep.figures.iter().zip(&analysis.figures) {
        out += &cases(sweep, figure, judged);
        out.push('\n');
        for contest in &judged.contests {
            out += &contested(contest, judged.high_is_better);
        }
        for interaction in &judged.interactions {
            out += &crossed(sweep, interaction);
        }
        out += &correlated(judged);
    }
    out
}

/// Cases, the best first.
fn cases(sweep: &Sweep, figure: &Figure, judged: &Judged) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    let title = format!("{} ({})", figure.name, better(figure.high_is_better));
    let ranks = judged.contests.first().and_then(|contest| contest.friedman.as_ref());
    let ranks =
        ranks.map(|friedman| &friedman.mean_ranks).filter(|_| judged.contests[0].of == "case");
    table.set_header([title.as_str(), "mean", "95 % interval", "mean rank", "seeds"]);
    let mut order: Vec<usize> = (0..judged.cases.len()).collect();
    let sign = if figure.high_is_better { -1.0 } else { 1.0 };
    let key = |i: &usize| match judged.cases[*i].mean {
        mean if mean.is_nan() => f64::INFINITY,
        mean => sign * mean,
    };
    order.sort_by(|a, b| key(a).total_cmp(&key(b)));
    for i in order.iter().take(ROWS_MAX) {
        let cell: &Cell = &judged.cases[*i];
        let rank = ranks.map_or_else(|| "-".into(), |ranks| format!("{:.2}", ranks[*i]));
        let interval = format!("{} to {}", shown(cell.low), shown(cell.high));
        let interval = if cell.low.is_nan() { "-".into() } else { interval };
        table.add_row([
            plain(&sweep.design.cases[*i].name),
            shown(cell.mean),
            interval,
            rank,
            cell.seeds.to_string(),
        ]);
    }
    text_of(&mut table, 1..) + &rest(order.len())
}

/// Paired differences, and what ranks say.
fn contested(contest: &Contest, high_is_better: bool) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    let title = match contest.of.as_str() {
        "case" => "difference on the same seeds".to_owned(),
        axis => format!("difference between levels of {}", plain(axis)),
    };
    table.set_header(heads(&title));
    for duel in contest.pairs.iter().take(ROWS_MAX) {
        let name = format!("{} − {}", contest.names[duel.a], contest.names[duel.b]);
        table.add_row(difference(&name, &duel.paired));
    }
    let mut out = text_of(&mut table, 1..) + &rest(contest.pairs.len());
    if let Some(friedman) = &contest.friedman {
        let best = (0..contest.names.len())
            .min_by(|a, b| friedman.mean_ranks[*a].total_cmp(&friedman.mean_ranks[*b]));
        let best = best.map_or("", |best| contest.names[best].as_str());
        // writing to a String cannot fail
        let _ = writeln!(
            out,
            "ranks over {} blocks, {}: best {} ({:.2}), critical difference {:.2}, Friedman p {}",
            friedman.blocks,
            better(high_is_better),
            plain(best),
            friedman.mean_ranks.iter().copied().fold(f64::INFINITY, f64::min),
            friedman.critical_difference,
            shown(friedman.p),
        );
    }
    out + "\n"
}

/// How the effect of an axis changes with another.
fn crossed(sweep: &Sweep, interaction: &Interaction) -> String {
    if interaction.contrasts.is_empty() {
        return String::new();
    }
    let [a, b] = interaction.axes.map(|axis| &sweep.design.factors[axis]);
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    let title = format!("effect of {} that changes with {}", plain(&a.name), plain(&b.name));
    table.set_header(heads(&title));
    for contrast in interaction.contrasts.iter().take(ROWS_MAX) {
        let [i, j] = contrast.levels;
        let (first, second) = (&a.levels, &b.levels);
        let name = format!("({} − {}) at {} − at {}", first[i], first[0], second[j], second[0]);
        table.add_row(difference(&name, &contrast.paired));
    }
    text_of(&mut table, 1..) + &rest(interaction.contrasts.len()) + "\n"
}

fn heads(title: &str) -> [&str; 6] {
    [title, "mean", "95 % interval", "d_z", "Cliff's δ", "p (Holm)"]
}

/// A row of paired differences.
fn difference(name: &str, paired: &Paired) -> [String; 6] {
    let Interval { low, high } = paired.interval;
    [
        plain(name),
        signed(paired.difference),
        if low.is_nan() { "-".into() } else { format!("{} to {}", signed(low), signed(high)) },
        signed(paired.d_z),
        signed(paired.cliffs_delta),
        shown(paired.p_holm),
    ]
}

/// Rank correlations of a Latin hypercube.
fn correlated(judged: &Judged) -> String {
    if judged.correlations.is_empty() {
        return String::new();
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["axis", "Spearman's ρ", "p"]);
    for each in &judged.correlations {
        table.add_row([plain(&each.axis), signed(each.rho), shown(each.p)]);
    }
    text_of(&mut table, 1..) + "\n"
}

/// Runs that came to nothing.
pub(super) fn failures(sweep: &Sweep, runs: &[Finished]) -> String {
    let failed = runs.iter().enumerate().filter_map(|(i, run)| {
        let (case, seed) = sweep.run(i);
        Some(format!("failed  {}, seed {seed}: {}\n", case.name, run.result.as_ref().err()?))
    });
    let failed: Vec<String> = failed.map(|line| plain(&line)).collect();
    let more = match failed.len().saturating_sub(FAILURES_MAX) {
        0 => String::new(),
        n => format!("failed  {n} more, in runs.parquet\n"),
    };
    failed.iter().take(FAILURES_MAX).cloned().collect::<String>() + &more
}

fn better(high: bool) -> &'static str {
    if high { "high is better" } else { "low is better" }
}

fn rest(rows: usize) -> String {
    match rows.saturating_sub(ROWS_MAX) {
        0 => String::new(),
        n => format!("… and {n} more in comparisons.json\n"),
    }
}

/// A number with three decimals, or three digits where it is large or small.
fn shown(x: f64) -> String {
    match x.abs() {
        _ if x.is_nan() => "-".into(),
        size if size >= 1e6 || (size < 5e-4 && size > 0.0) => format!("{x:.2e}"),
        size if size >= 100.0 => format!("{x:.1}"),
        _ => format!("{x:.3}"),
    }
}

fn signed(x: f64) -> String {
    if x > 0.0 { format!("+{}", shown(x)) } else { shown(x) }
}
