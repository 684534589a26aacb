//! The picture: agents, adoption, rounds, and the keys.

use super::board::{Seen, mean};
use super::keys::Hold;
use crate::cli::closing::rate;
use crate::measure::Latency;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::symbols::Marker;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Axis, Block, Chart, Dataset, GraphType, Paragraph, Row, Table};

/// The smallest window in which anything can be made out.
const LEAST: (u16, u16) = (40, 12);
/// The widest cell of an agent.
const CELL_MAX: usize = 3;
/// Viridis in the terminal's 256 colours, a step a tenth of the oracle's skill: as readable in grey,
/// and for eyes that see red and green alike. The digit says the same.
const VIRIDIS: [u8; 10] = [53, 54, 60, 24, 31, 30, 36, 72, 148, 226];

/// Draws what is known of a run, and how it is held.
pub(super) fn draw(frame: &mut Frame<'_>, seen: &Seen, hold: &Hold) {
    let area = frame.area();
    if area.width < LEAST.0 || area.height < LEAST.1 {
        let text = format!(
            "{}x{} is too small: {}x{} at least",
            area.width, area.height, LEAST.0, LEAST.1
        );
        return frame.render_widget(Paragraph::new(text), area);
    }
    let [head, pictures, rounds, foot] = Layout::vertical([
        Constraint::Length(2),
        Constraint::Min(6),
        Constraint::Length((area.height / 3).clamp(3, 12)),
        Constraint::Length(1),
    ])
    .areas(area);
    let [agents, adoption] =
        Layout::horizontal([Constraint::Percentage(45), Constraint::Percentage(55)])
            .areas(pictures);
    frame.render_widget(Paragraph::new(heading(seen, hold)), head);
    draw_agents(frame, agents, seen, hold.skill);
    draw_adoption(frame, adoption, seen, hold.skill);
    draw_rounds(frame, rounds, seen);
    frame.render_widget(footer(hold), foot);
}

/// The keys; or the change that is being typed, or what came of it.
fn footer(hold: &Hold) -> Paragraph<'static> {
    match (&hold.typed, hold.answer.as_str()) {
        (Some(typed), _) => {
            Paragraph::new(format!("change KEY=VALUE: {typed}▏  enter makes it, esc leaves it"))
        }
        (None, "") => {
            let keys = "space pause  s step  -/+ pace  f flat out  ◂/▸ skill  c change  q stop";
            Paragraph::new(keys).style(Modifier::DIM)
        }
        (None, answer) => Paragraph::new(answer.to_owned()).style(Modifier::REVERSED),
    }
}

/// What runs, how far it is, how fast, and how it is held.
fn heading(seen: &Seen, hold: &Hold) -> Vec<Line<'static>> {
    let state = match (hold.stopped, hold.paused, hold.pace) {
        (true, ..) => "stopping (again: close this view)".into(),
        (_, true, _) => "paused".into(),
        (_, _, Some(pace)) => format!("at most {pace} cores/s"),
        _ => String::new(),
    };
    let work = match (seen.fleet, seen.distils) {
        ("", _) => "the world is made",
        (_, true) => "distilling",
        _ => "agents at work",
    };
    let changed = match hold.changes {
        0 => String::new(),
        1 => "  1 change".into(),
        n => format!("  {n} changes"),
    };
    let bold = Style::from(Modifier::BOLD);
    let first = vec![
        Span::styled(seen.name.clone(), bold),
        Span::raw(format!("  {}  round {} of {}  ", seen.fleet, seen.round, seen.rounds)),
        Span::styled(state, Style::from(Modifier::REVERSED)),
    ];
    let cores = f64::from(seen.round) / seen.seconds.max(1e-9);
    let speed = match seen.round {
        0 => String::new(),
        _ => format!("  {} tasks/s  {cores:.1} cores/s", rate(seen.tasks, seen.seconds)),
    };
    let live = seen.live.as_ref().map_or_else(String::new, |live| {
        let ms = |s: f64| format!("{:.1}", 1e3 * s);
        let Latency { p50, p99, .. } = live.to_merge;
        format!("  merged after {}/{} ms, {} on their way", ms(p50), ms(p99), live.left)
    });
    vec![Line::from(first), Line::raw(format!("{work}{speed}{changed}{live}"))]
}

/// Agents of the panel in the order of their numbers, coloured by their level in a skill.
fn draw_agents(frame: &mut Frame<'_>, area: Rect, seen: &Seen, skill: usize) {
    let title = match seen.skills.get(skill) {
        None => " agents ".into(),
        Some(name) => format!(" {name} in tenths, {} agents ", seen.agents),
    };
    let block = Block::bordered().title(title);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let levels: Vec<f32> =
        seen.tiles.iter().skip(skill).step_by(seen.skills.len().max(1)).copied().collect();
    let (width, height) = (usize::from(inner.width), usize::from(inner.height));
    if levels.is_empty() || width == 0 || height == 0 {
        return;
    }
    let each = levels.len().div_ceil(width * height);
    let levels: Vec<f32> = levels.chunks(each).map(|tile| mean(tile.iter().copied())).collect();
    let fits = |cell: &usize| (width / cell) * height >= levels.len();
    let cell = (1..=CELL_MAX).rev().find(fits).unwrap_or(1);
    let lines = levels.chunks(width / cell).map(|row| {
        Line::from(row.iter().map(|level| tile(*level, cell)).collect::<Vec<Span<'_>>>())
    });
    frame.render_widget(Paragraph::new(lines.collect::<Vec<Line<'_>>>()), inner);
}

/// An agent: a digit on its colour.
fn tile(level: f32, cell: usize) -> Span<'static> {
    if level.is_nan() {
        return Span::raw(format!("{:^cell$}", "·"));
    }
    let tenth = ((level * 10.0).clamp(0.0, 9.0)) as usize;
    let ink = if tenth < 6 { Color::White } else { Color::Black };
    Span::styled(format!("{tenth:^cell$}"), Style::new().bg(Color::Indexed(VIRIDIS[tenth])).fg(ink))
}

/// Adoption of the chosen skill, and the mean over all, measured core by measured core.
fn draw_adoption(frame: &mut Frame<'_>, area: Rect, seen: &Seen, skill: usize) {
    let points = |of: &dyn Fn(&[f32]) -> f32| -> Vec<(f64, f64)> {
        let point = |(round, shares): &(u32, Vec<f32>)| (f64::from(*round), f64::from(of(shares)));
        seen.curves.iter().map(point).filter(|(_, share)| !share.is_nan()).collect()
    };
    let chosen = points(&|shares| shares.get(skill).copied().unwrap_or(f32::NAN));
    let every = points(&|shares| mean(shares.iter().copied()));
    let line = |points, marker, colour| {
        Dataset::default()
            .marker(marker)
            .graph_type(GraphType::Line)
            .style(Style::from(Color::Indexed(colour)))
            .data(points)
    };
    let end = f64::from(seen.rounds.max(1));
    let last = |points: &[(f64, f64)]| points.last().map_or(0.0, |(_, share)| 100.0 * share);
    let title = match seen.skills.get(skill) {
        None => " adoption ".into(),
        Some(name) => {
            let (own, all) = (last(&chosen), last(&every));
            format!(" adopted {name}: {own:.0} %, mean: {all:.0} % ")
        }
    };
    let chart =
        Chart::new(vec![line(&every, Marker::Dot, 245), line(&chosen, Marker::Braille, 39)])
            .block(Block::bordered().title(title))
            .x_axis(
                Axis::default().bounds([0.0, end]).labels(["0".into(), seen.rounds.to_string()]),
            )
            .y_axis(Axis::default().bounds([0.0, 1.0]).labels(["0", "50 %", "100 %"]));
    frame.render_widget(chart, area);
}

/// The newest rounds, the newest first, and how well they merged.
fn draw_rounds(frame: &mut Frame<'_>, area: Rect, seen: &Seen) {
    let number = |x: f64, digits: usize| {
        if x.is_finite() { format!("{x:.digits$}") } else { "-".into() }
    };
    let rows = seen.rows.iter().rev().take(usize::from(area.height).saturating_sub(1)).map(|row| {
        Row::new([
            row.round.to_string(),
            number(row.core_skill, 3),
            number(row.panel_skill, 3),
            row.learnings.to_string(),
            row.dropped.to_string(),
            number(row.sign_conflict, 3),
            number(row.cosine, 3),
            number(row.step_norm, 2),
        ])
    });
    let header = ["round", "core", "panel", "merged", "dropped", "conflict", "cosine", "step"];
    let widths = [7, 7, 7, 9, 9, 9, 8, 8].map(Constraint::Length);
    let table =
        Table::new(rows, widths).header(Row::new(header).style(Modifier::BOLD)).column_spacing(1);
    frame.render_widget(table, area);
}

#[cfg(test)]
mod tests {
    use super::super::board::Board;
    use super::*;
    use crate::engine::{Experiment, Observer as _, Stage};
    use crate::measure::{Frame as Levels, LiveReport, RoundRow, Trace};
    use crate::scenario::Scenario;
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    fn picture(size: (u16, u16), seen: &Seen, hold: &Hold) -> String {
        let mut terminal = Terminal::new(TestBackend::new(size.0, size.1)).unwrap();
        terminal.draw(|frame| draw(frame, seen, hold)).unwrap();
        terminal.backend().to_string()
    }

    /// A small run as the view sees it when it is over.
    fn seen() -> Seen {
        let text = "name = \"small\"\nrounds = 12\n[fleet]\nagents = 24\ntasks = 20\n[world]\n\
                    skills = 4\ncompanies = 3\n[engine]\nkind = \"serial\"\n";
        let scenario = Scenario::parse(text, "small", &[]).unwrap();
        let board = Board::new(&scenario);
        Experiment::new(scenario).run(&board).unwrap();
        Seen { seconds: 2.0, ..board.seen() }
    }

    #[test]
    fn a_window_of_eighty_by_twenty_four_shows_all_of_a_run() {
        let hold = Hold { skill: 3, paused: true, changes: 1, ..Hold::default() };
        insta::assert_snapshot!(picture((80, 24), &seen(), &hold));
    }

    #[test]
    fn a_change_is_shown_as_it_is_typed_and_so_is_its_answer() {
        let foot = |hold: &Hold| {
            let picture = picture((80, 24), &seen(), hold);
            picture.lines().last().unwrap_or_default().to_owned()
        };
        let typed = Hold { typed: Some("faults.loss=0.3".into()), ..Hold::default() };
        assert!(foot(&typed).contains("change KEY=VALUE: faults.loss=0.3"));
        let answer = Hold { answer: "no such key".into(), ..Hold::default() };
        assert!(foot(&answer).contains("no such key"));
    }

    #[test]
    fn free_agents_latencies_stand_at_the_head() {
        let to_merge = Latency { p50: 0.0012, p99: 0.0051, ..Latency::default() };
        let live = LiveReport { to_merge, left: 17, ..LiveReport::default() };
        let seen = Seen { live: Some(live), ..seen() };
        let picture = picture((120, 24), &seen, &Hold::default());
        assert!(picture.contains("merged after 1.2/5.1 ms, 17 on their way"), "{picture}");
    }

    #[test]
    fn before_the_first_core_there_is_a_frame_to_be_filled() {
        let board = Board::new(&Scenario::default());
        insta::assert_snapshot!(picture((60, 16), &board.seen(), &Hold::default()));
    }

    #[test]
    fn no_window_and_no_run_is_too_small_or_too_large() {
        let board = Board::new(&Scenario::default());
        board.begin(Stage::Hive, 1);
        let skills = 300;
        let trace =
            Trace { skills: (0..skills).map(|s| format!("s{s}")).collect(), ..Trace::default() };
        let panel = (0..5000 * skills).map(|i| if i % 7 == 0 { f32::NAN } else { -0.5 }).collect();
        board.frame(Stage::Hive, &trace, &Levels { panel, ..Levels::default() });
        board.round(Stage::Hive, &RoundRow::unmeasured());
        let seen = board.seen();
        for size in [(1, 1), (39, 11), (40, 12), (41, 60), (400, 12), (300, 100)] {
            let picture = picture(size, &seen, &Hold { skill: 255, ..Hold::default() });
            assert_eq!(picture.contains("s255"), size.0 >= 40 && size.1 >= 12, "{size:?}");
        }
    }

    #[test]
    fn levels_are_told_by_a_digit_beside_their_colour() {
        let digit = |level| tile(level, 1).content.into_owned();
        let levels = [f32::NAN, -0.4, 0.0, 0.31, 0.99, 1.2];
        assert_eq!(levels.map(digit), ["·", "0", "0", "3", "9", "9"]);
    }
}
