//! The report page: what it holds, what it escapes, and that it stays small and offline.

#![allow(clippy::disallowed_methods, reason = "made-up curves, no result of a run")]

use hivesim::ids::{AgentId, CompanyId};
use hivesim::measure::{Frame, Outcome, PanelMember, RoundRow, Trace};
use hivesim::report::{ReportError, render};
use hivesim::scenario::{Bound, Dataset, Personalisation, Scenario, World};
use serde_json::{Value, json};

/// The size of a synthetic outcome.
#[derive(Clone, Copy)]
struct Size {
    panel: u32,
    skills: usize,
    rounds: u32,
    every: u32,
}

const FIRST_HIVE: Size = Size { panel: 64, skills: 24, rounds: 30, every: 1 };
const SMALL: Size = Size { panel: 6, skills: 4, rounds: 5, every: 1 };

/// A smooth rise from 0 towards `top`, half way at `middle`.
fn rise(round: u32, middle: f64, top: f64) -> f64 {
    let x = (f64::from(round) - middle) / (0.4 * middle + 0.5);
    let start = 1.0 / (1.0 + (middle / (0.4 * middle + 0.5)).exp());
    top * (1.0 / (1.0 + (-x).exp()) - start).max(0.0)
}

/// Jobs: a main skill, a second one, and nothing else.
fn panel(size: Size) -> Vec<PanelMember> {
    let member = |i: u32| {
        let mut job = vec![0.0; size.skills];
        // More agents on the frequent skills, as Zipf has it.
        let main = (f64::from(i) / f64::from(size.panel)).powi(2) * size.skills as f64;
        job[main as usize % size.skills] += 0.7;
        job[(i as usize * 7 + 3) % size.skills] += 0.3;
        PanelMember {
            agent: AgentId(3 * i + 1),
            name: String::new(),
            company: CompanyId(i / 6),
            joins: 1,
            job,
        }
    };
    (0..size.panel).map(member).collect()
}

/// A fleet whose levels rise in waves, frequent skills first; `reach` is what agents get on
/// skills that they do not practise, as a share of what practice gives.
fn trace(size: Size, top: f64, reach: f64) -> Trace {
    let panel = panel(size);
    let weights: Vec<f64> = (0..size.skills).map(|s| 1.0 / (s as f64 + 1.0)).collect();
    let sum: f64 = weights.iter().sum();
    let level = |i: usize, s: usize, round: u32, practised: bool| {
        let middle = f64::from(size.rounds) * (0.15 + 0.5 * s as f64 / size.skills as f64);
        let own = rise(round, middle, top) * (1.0 + 0.12 * ((i * 13 + s * 7) as f64).sin());
        own * if practised { 1.0 } else { reach }
    };
    let frame = |round: u32| {
        let mut frame =
            Frame { round, panel: vec![], core: vec![], practised: vec![], adopters: vec![] };
        for (i, member) in panel.iter().enumerate() {
            for (s, &share) in member.job.iter().enumerate() {
                let done = share > 0.0 && round > (i % 5) as u32;
                frame.panel.push(level(i, s, round, share > 0.0) as f32);
                frame.core.push(level(i, s, round, false) as f32);
                frame.practised.push(if done { u64::from(round) * 20 } else { 0 });
            }
        }
        frame
    };
    let row = |round: u32| {
        let skill = rise(round, f64::from(size.rounds) * 0.25, top);
        let measured = if round.is_multiple_of(size.every) { 1.0 } else { f64::NAN };
        let worked = if round == 0 { f64::NAN } else { 1.0 };
        let agents = u64::from(round.min(1)) * 200;
        RoundRow {
            round,
            core_skill: skill * reach * measured,
            panel_skill: skill * measured,
            panel_skill_sd: (0.04 + 0.1 * skill * (1.0 - skill)) * measured,
            unpractised_skill: skill * reach * 0.9 * measured,
            adoption: skill * skill * measured,
            fleet_adoption: rise(round, f64::from(size.rounds) * 0.3, 1.0) * measured,
            train_loss: f64::NAN,
            test_accuracy: f64::NAN,
            tasks: agents * 50,
            sample_steps: agents * 50,
            work_accuracy: (0.125 + 0.8 * skill) * worked,
            value: if round == 0 { 0.0 } else { 10_000.0 * (0.125 + 0.8 * skill) },
            work_loss: (2.1 - 1.5 * skill) * worked,
            bits: (3.0 - 2.0 * skill) * worked,
            learnings: agents - agents / 40,
            dropped: agents / 40,
            bytes_up: agents * 5_300,
            bytes_down: agents * 13_100,
            multiply_adds: agents * 50 * 272,
            staleness: 0.0 * worked,
            sign_conflict: (0.3 + 0.15 * skill) * worked,
            cosine: (0.4 - 0.3 * skill) * worked,
            consensus_distance: (0.6 + 0.3 * skill) * worked,
            step_norm: (3.0 / (1.0 + f64::from(round))) * worked,
        }
    };
    Trace {
        skills: (0..size.skills).map(|s| format!("s{s}")).collect(),
        frequencies: weights.iter().map(|w| w / sum).collect(),
        frames: (0..=size.rounds).filter(|r| r.is_multiple_of(size.every)).map(frame).collect(),
        rounds: (0..=size.rounds).map(row).collect(),
        panel,
        hives: Vec::new(),
        tags: Vec::new(),
        lineage: Vec::new(),
        interference: Vec::new(),
        parameters: 3_400,
        seconds: 1.234,
        complete: true,
    }
}

fn outcome(size: Size) -> Outcome {
    let mut scenario = Scenario {
        name: "First hive".into(),
        question: "Does a hive of specialists learn skills that its agents never practised?".into(),
        expect: "The hive ends above isolated agents, and far above them on unpractised skills."
            .into(),
        ..Scenario::default()
    };
    scenario.rounds.0 = size.rounds;
    scenario.measure.bounds = vec![Bound::Isolated, Bound::Pooled];
    Outcome {
        scenario,
        hive: trace(size, 0.9, 0.8),
        bounds: vec![
            (Bound::Isolated, trace(size, 0.75, 0.25)),
            (Bound::Pooled, trace(size, 0.85, 1.0)),
        ],
        complete: true,
        result_hash: "9f2c4b7a11d0e5f3".repeat(4),
    }
}

fn alone(size: Size) -> Outcome {
    Outcome { bounds: vec![], ..outcome(size) }
}

fn page(outcome: &Outcome) -> String {
    let toml = "# A comment\nname = \"First hive\"\n\n[fleet]\nagents = 200 # many\n";
    render(outcome, &json!({"version": "0.1.0", "engine": "tasks", "threads": 2}), toml).unwrap()
}

/// The text between `from` and the next `to`.
fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    let start = text.find(from).unwrap_or_else(|| panic!("no {from}")) + from.len();
    let end = text[start..].find(to).unwrap_or_else(|| panic!("no {to} after {from}"));
    &text[start..start + end]
}

fn data(page: &str) -> Value {
    serde_json::from_str(between(
        page,
        "<script type=\"application/json\" id=\"hivesim-data\">",
        "</script>",
    ))
    .unwrap()
}

/// Everything but the vendored library and the licences' text.
fn ours(page: &str) -> String {
    let library = between(page, "<script id=\"hivesim-charts\">", "</script>");
    let licences = between(page, "<footer>", "</footer>");
    page.replace(library, "").replace(licences, "")
}

fn figures(page: &str) -> Vec<&str> {
    page.split("<figure ").skip(1).map(|f| &f[..f.find("</figure>").unwrap()]).collect()
}

#[test]
fn every_element_that_opens_is_closed() {
    let page = page(&outcome(SMALL));
    assert!(page.starts_with("<!doctype html>") && page.trim_end().ends_with("</html>"));
    let script = page.rfind("<script>").unwrap();
    for tag in ["figure", "section", "details", "table", "tr", "dl", "div", "pre", "label", "p"] {
        // Text of scripts and styles is no markup.
        let markup = ours(&page[..script]);
        let opened = markup.matches(&format!("<{tag}>")).count()
            + markup.matches(&format!("<{tag} ")).count();
        assert_eq!(opened, markup.matches(&format!("</{tag}>")).count(), "<{tag}>");
    }
    assert_eq!(page.matches("<script").count(), page.matches("</script>").count());
    assert_eq!(page.matches("<script").count(), 3, "data, library, ours");
}

#[test]
fn nothing_is_fetched_from_a_network() {
    let page = page(&outcome(SMALL));
    let ours = ours(&page);
    for call in [
        "src=",
        "@import",
        "url(",
        "fetch(",
        "XMLHttpRequest",
        "WebSocket",
        "sendBeacon",
        "import(",
    ] {
        assert!(!ours.contains(call), "{call}");
    }
    for link in ours.split("href=\"").skip(1) {
        assert!(link.starts_with('#'), "{}", &link[..40]);
    }
    // The one address in our part is the name of SVG's namespace.
    let addresses = ours.matches("http://").count() + ours.matches("https://").count();
    assert_eq!(addresses, ours.matches("\"http://www.w3.org/2000/svg\"").count());
    // And the browser is told to refuse what might slip through.
    assert!(page.contains("content=\"default-src 'none';"));
}

#[test]
fn text_from_the_scenario_is_never_markup() {
    let mut outcome = outcome(SMALL);
    let evil = "</script><script>alert(1)</script><img src=x onerror=alert(2)>";
    outcome.scenario.name = evil.into();
    outcome.scenario.question = evil.into();
    outcome.scenario.expect = evil.into();
    outcome.hive.skills[0] = evil.into();
    outcome.result_hash = "<b>".into();
    let manifest = json!({ evil: evil });
    let page =
        render(&outcome, &manifest, &format!("name = \"{evil}\"\n# {evil}\n[{evil}]\n{evil}"))
            .unwrap();
    assert!(
        !page.contains("alert(1)</script>") && !page.contains("<img") && !page.contains("<b>9")
    );
    assert_eq!(page.matches("<script").count(), 3);
    assert_eq!(data(&page)["name"], evil);
    assert_eq!(data(&page)["skills"][0]["name"], evil);
}

#[test]
fn every_figure_states_title_units_and_caption() {
    let page = page(&outcome(SMALL));
    let figures = figures(&page);
    assert!(figures.len() >= 18, "{}", figures.len());
    for figure in figures {
        assert!(between(figure, "<h3>", "</h3>").len() > 5, "{figure}");
        assert!(between(figure, "<figcaption>", "</figcaption>").trim().len() > 20, "{figure}");
        let (x, y) = (between(figure, "data-x=\"", "\""), between(figure, "data-y=\"", "\""));
        assert!(x.contains('(') || x == "skill, most frequent first", "no unit: {x}");
        assert!(y.contains('('), "no unit: {y}");
    }
}

#[test]
fn captions_and_tiles_give_the_numbers() {
    let outcome = outcome(FIRST_HIVE);
    let page = page(&outcome);
    let last = outcome.hive.rounds.last().unwrap();
    let alone = outcome.bounds[0].1.rounds.last().unwrap();
    let caption = format!(
        "The hive ends at {:.2}, isolated agents end at {:.2}",
        last.panel_skill, alone.panel_skill
    );
    assert!(page.contains(&caption), "{caption}");
    assert!(page.contains(&format!("<dd class=\"value\">{:.2}</dd>", last.unpractised_skill)));
    assert!(page.contains("<dd class=\"value\">9f2c4b7a</dd>"));
    assert!(page.contains("<dd class=\"value\">300\u{a0}k</dd>"), "tasks");
    assert!(page.contains("In the hive all 24 skills reach half of the panel: s0 first"));
}

#[test]
fn what_came_out_is_said_in_words_beside_what_was_expected() {
    let mut outcome = outcome(FIRST_HIVE);
    outcome.scenario.job_knowledge.personalisation = Personalisation::Fedsim;
    // Levels that two decimals show exactly.
    let ends = [(0.75, 0.625, 0.5), (0.625, 0.0, 0.125), (0.875, 0.875, 0.625)];
    let bounds = outcome.bounds.iter_mut().map(|bound| &mut bound.1);
    for (trace, (panel, core, never)) in std::iter::once(&mut outcome.hive).chain(bounds).zip(ends)
    {
        let row = trace.rounds.last_mut().unwrap();
        (row.panel_skill, row.core_skill, row.unpractised_skill) = (panel, core, never);
    }
    for (round, row) in outcome.hive.rounds.iter_mut().enumerate() {
        // half of the fleet on the line between rounds 3 and 4
        row.fleet_adoption = if round < 4 { 0.25 } else { 0.75 };
    }
    let page = page(&outcome);
    let came_out = between(&page, "What came out", "</div>");
    for sentence in [
        "agents end at 0.75: 0.13 above isolated agents (0.62), 0.13 below the pooled learner (0.88).",
        "The bare core alone reaches 0.62; job knowledge adds 0.13 to that.",
        "agents reach 0.50; isolated agents 0.12, the pooled learner 0.62.",
        "hold their own job by round 3.5; half of the isolated ones by round ",
    ] {
        assert!(came_out.contains(sentence), "{sentence}\n{came_out}");
    }
    assert!(page.contains("<dd class=\"value\">round 3.5</dd>"));
}

#[test]
fn a_skill_that_all_have_practised_by_the_end_is_not_called_unpractised() {
    let mut outcome = alone(FIRST_HIVE);
    outcome.hive.rounds.iter_mut().skip(21).for_each(|row| row.unpractised_skill = f64::NAN);
    let page = page(&outcome);
    assert!(!page.contains("<dt>Skills never practised</dt>"));
    assert!(
        page.contains("by round 21 every agent has practised every skill. The hive in round 20:")
    );
}

#[test]
fn what_was_not_measured_becomes_null_and_is_said() {
    let mut outcome = alone(SMALL);
    for frame in &mut outcome.hive.frames {
        frame.panel.fill(f32::NAN);
        frame.core.clear();
        frame.practised.clear();
    }
    for row in &mut outcome.hive.rounds {
        *row = RoundRow {
            round: row.round,
            core_skill: f64::NAN,
            panel_skill: f64::NAN,
            panel_skill_sd: f64::INFINITY,
            unpractised_skill: f64::NAN,
            fleet_adoption: f64::NAN,
            train_loss: f64::NAN,
            test_accuracy: f64::NAN,
            bits: f64::NAN,
            ..RoundRow::default()
        };
    }
    let page = page(&outcome);
    let left_out =
        "measured nothing for them: Skill over rounds, How skills spread, Who knows what.";
    assert!(page.contains(left_out), "{}", between(&page, "</nav>", "<main"));
    assert!(!page.contains("id=\"fig-skill\"") && !page.contains("<dt>Panel skill</dt>"));
    // a section that has something says what of it is missing
    assert!(page.contains("No data. This run did not measure it."));
    let json = between(&page, "id=\"hivesim-data\">", "</script>");
    assert!(!json.contains("NaN"));
    assert_eq!(data(&page)["runs"][0]["columns"].get("panel_skill"), None);
    assert_eq!(data(&page)["runs"][0]["adoption"][0][0], Value::Null);
    assert!(!ours(&page).contains("NaN %"));
}

#[test]
fn rounds_between_measurements_are_null() {
    let page = page(&alone(Size { every: 4, rounds: 8, ..SMALL }));
    let skill = &data(&page)["runs"][0]["columns"]["panel_skill"];
    assert!(skill[0].is_number() && skill[3].is_null() && skill[4].is_number());
    assert_eq!(data(&page)["frame_rounds"], json!([0, 4, 8]));
}

#[test]
fn long_wide_runs_are_thinned_and_say_so() {
    let page = page(&alone(Size { panel: 150, skills: 1000, rounds: 1400, every: 14 }));
    let data = data(&page);
    let length = |key: &str| data[key].as_array().unwrap().len();
    assert_eq!((length("panel"), length("skills"), length("frame_rounds")), (100, 64, 60));
    assert_eq!(data["frame_rounds"][59], 1400);
    assert_eq!(data["runs"][0]["columns"]["round"].as_array().unwrap().len(), 1001);
    for left_out in [
        "100 of 150 panel agents, 64 of 1,000 skills, 60 of 101 measured rounds, evenly spaced",
        "1,001 of 1,401 rounds, evenly spaced",
        "The 500 least frequent skills are left out",
    ] {
        assert!(page.contains(left_out), "{left_out}");
    }
    // The running total counts the rounds that were thinned away, too.
    let total = data["runs"][0]["columns"]["value_total"][1000].as_f64().unwrap();
    assert!(total > 1400.0 * 10_000.0 * 0.125, "{total}");
    assert!(page.len() < 6_000_000, "{} bytes", page.len());
}

#[test]
fn the_first_hives_page_stays_under_three_megabytes() {
    let page = page(&outcome(FIRST_HIVE));
    assert!(page.len() < 3_000_000, "{} bytes", page.len());
}

#[test]
fn one_agent_one_skill_one_round_still_makes_a_page() {
    let mut outcome = alone(Size { panel: 1, skills: 1, rounds: 1, every: 1 });
    outcome.hive.rounds.truncate(1);
    outcome.hive.frames.truncate(1);
    outcome.complete = false;
    let page = page(&outcome);
    assert!(page.contains("the hive has 0 of 1 rounds"));
    assert!(page.contains("1 skill ·"));
}

#[test]
fn fixed_data_gets_its_section_only_where_it_was_measured() {
    let mut outcome = outcome(SMALL);
    assert!(!page(&outcome).contains("id=\"fig-train\""));
    outcome.scenario.world = World::Dataset(Dataset::default());
    for row in &mut outcome.hive.rounds {
        row.train_loss = 1.5;
        row.test_accuracy = 0.25;
    }
    let page = page(&outcome);
    assert!(
        page.contains("id=\"fig-train\"")
            && page.contains("Test accuracy at the end: the hive 25\u{a0}%.")
    );
    assert!(page.contains("data-y=\"test accuracy (share right)\""));
}

#[test]
fn a_frame_of_the_wrong_size_is_an_error() {
    let mut outcome = alone(SMALL);
    outcome.hive.frames[1].panel.pop();
    let error = render(&outcome, &Value::Null, "").unwrap_err();
    assert!(
        matches!(error, ReportError::Shape { round: 1, found: 23, expected: 24, .. }),
        "{error}"
    );
    outcome.hive.rounds.clear();
    assert!(matches!(render(&outcome, &Value::Null, ""), Err(ReportError::Empty { run: "hive" })));
}

#[test]
fn the_licences_of_the_library_are_in_the_page() {
    let page = page(&alone(SMALL));
    for words in [
        "Apache License",
        "Copyright 2017-2026 The Apache Software Foundation",
        "Baidu",
        "Mike Bostock",
    ] {
        assert!(page.contains(words), "{words}");
    }
}

/// Writes pages of several shapes for a look at them in a browser:
/// `REPORT_DIR=… cargo test --test report -- --ignored`.
#[test]
#[ignore = "writes files for looking at"]
fn pages_to_look_at() {
    let folder = std::path::PathBuf::from(std::env::var_os("REPORT_DIR").expect("set REPORT_DIR"));
    let mut one = alone(Size { panel: 1, skills: 1, rounds: 1, every: 1 });
    one.hive.frames.truncate(1);
    one.hive.rounds.truncate(1);
    one.complete = false;
    let wide = outcome(Size { panel: 150, skills: 1000, rounds: 1000, every: 10 });
    let mut fixed = outcome(Size { panel: 30, skills: 1, rounds: 40, every: 1 });
    fixed.scenario.world = World::Dataset(Dataset::default());
    for row in &mut fixed.hive.rounds {
        row.train_loss = 2.0 - row.panel_skill;
        row.test_accuracy = row.panel_skill;
        row.unpractised_skill = f64::NAN;
    }
    for (name, outcome) in
        [("first", outcome(FIRST_HIVE)), ("one", one), ("wide", wide), ("fixed", fixed)]
    {
        std::fs::write(folder.join(format!("{name}.html")), page(&outcome)).unwrap();
    }
}
