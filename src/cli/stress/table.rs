//! Report cards on standard output.

use crate::cli::text_of;
use crate::stress::{Breakdown, Cards, Findings, Standing, Stress};
use crate::sweep::Cell;
use crate::text::plain;
use comfy_table::{Table, presets};

/// Contenders in the table of breakdown points: it has a column each.
const COLUMNS_MAX: usize = 12;

/// The leaderboard, breakdown points, and what was refused.
pub(super) fn tables(stress: &Stress, findings: &Findings, cards: &Cards) -> String {
    let battery = &stress.battery;
    let head = format!(
        "{} version {}{}: hardships {}, seeds {}, runs {}\n\n",
        plain(&battery.name),
        battery.version,
        if stress.quick { " in short" } else { "" },
        battery.hardships.len(),
        stress.seeds.len(),
        findings.runs().count(),
    );
    [head, board(cards), breakdowns(stress, cards), refused(cards)].concat()
}

fn board(cards: &Cards) -> String {
    let mut table = table();
    table.set_header([
        "strategy",
        "clean",
        "under hardship",
        "95 % interval",
        "kept",
        "breaks at",
        "broken by",
        "weakest under",
        "mean rank",
        "merging ms",
    ]);
    for each in &cards.board.standings {
        let Standing { stressed, faced, .. } = each;
        table.add_row([
            plain(&each.name),
            level(each.clean.mean),
            level(stressed.mean),
            interval(stressed),
            share(each.kept),
            level(each.breakdown),
            format!("{} of {faced}", each.broken_by),
            each.weakest.as_deref().map_or_else(|| "-".into(), plain),
            each.rank.map_or_else(|| "-".into(), |rank| format!("{rank:.2}")),
            format!("{:.3}", cards.cards[each.card].cost.merge_ms),
        ]);
    }
    let ranks = cards.board.ranks.as_ref().map(|ranks| {
        let crate::sweep::statistics::Friedman { blocks, p, critical_difference, .. } = ranks;
        format!(
            "ranks over {blocks} hardships: critical difference {critical_difference:.2}, Friedman \
             p {p:.2e}\n"
        )
    });
    text_of(&mut table, 1..) + &ranks.unwrap_or_default() + "\n"
}

/// A row a hardship, a column a contender, the best first.
fn breakdowns(stress: &Stress, cards: &Cards) -> String {
    let shown: Vec<&Standing> = cards.board.standings.iter().take(COLUMNS_MAX).collect();
    let mut table = table();
    let names = shown.iter().map(|each| plain(&each.name));
    let title = format!("breaks down at (skill below {} of clean)", stress.battery.floor);
    table.set_header([title, "up to".into()].into_iter().chain(names));
    for (h, hardship) in stress.battery.hardships.iter().enumerate() {
        let cell = |each: &&Standing| {
            let curve = &cards.cards[each.card].curves[h];
            match &curve.breakdown {
                None => "refused".into(),
                Some(Breakdown { dose: None, .. }) => "holds".into(),
                Some(Breakdown { dose: Some(dose), .. }) => number(*dose),
            }
        };
        let ends = [plain(&hardship.name), number(stress.dose(h, 1.0))];
        table.add_row(ends.into_iter().chain(shown.iter().map(cell)));
    }
    let more = match cards.board.standings.len().saturating_sub(COLUMNS_MAX) {
        0 => String::new(),
        n => format!("… and {n} more strategies in cards.json\n"),
    };
    text_of(&mut table, 1..) + &more + "\n"
}

fn refused(cards: &Cards) -> String {
    let lines = cards.cards.iter().flat_map(|card| {
        let name = plain(&card.name);
        let whole = card.refused.iter().map({
            let name = name.clone();
            move |why| format!("refused  {name}: {}\n", plain(why))
        });
        let parts = card.curves.iter().filter_map(move |curve| {
            let why = plain(curve.refused.as_ref()?);
            Some(format!("refused  {name} under {}: {why}\n", plain(&curve.hardship)))
        });
        whole.chain(parts).collect::<Vec<_>>()
    });
    lines.collect()
}

fn table() -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table
}

fn level(x: f64) -> String {
    if x.is_finite() { format!("{x:.3}") } else { "-".into() }
}

fn share(x: f64) -> String {
    if x.is_finite() { format!("{:.1} %", 100.0 * x) } else { "-".into() }
}

fn interval(cell: &Cell) -> String {
    match cell.low.is_finite() {
        true => format!("{:.3} to {:.3}", cell.low, cell.high),
        false => "-".into(),
    }
}

/// A dose, with three digits.
fn number(x: f64) -> String {
    format!("{x:.2e}").parse::<f64>().unwrap_or(x).to_string()
}
