//! The report page: what it holds, what it escapes, and that it stays small and offline.

#![allow(clippy::disallowed_methods, reason = "made-up curves, no result of a run")]

#[path = "report/command.rs"]
mod command;
#[path = "report/made_up.rs"]
mod made_up;
#[path = "report/parties.rs"]
mod parties;
#[path = "report/reading.rs"]
mod reading;

use hivesim::measure::RoundRow;
use hivesim::record::Histories;
use hivesim::report::{ReportError, render};
use hivesim::scenario::{Change, Dataset, Personalisation, World};
use made_up::{FIRST_HIVE, SMALL, Size, alone, outcome, page};
use serde_json::{Value, json};

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
    let page = render(
        &outcome,
        &Histories::of(&outcome),
        &manifest.to_string(),
        &format!("name = \"{evil}\"\n# {evil}\n[{evil}]\n{evil}"),
    )
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
    let error = render(&outcome, &Histories::of(&outcome), "", "").unwrap_err();
    assert!(
        matches!(error, ReportError::Shape { round: 1, found: 23, expected: 24, .. }),
        "{error}"
    );
    outcome.hive.rounds.clear();
    assert!(matches!(
        render(&outcome, &Histories::of(&outcome), "", ""),
        Err(ReportError::Empty { run: "hive" })
    ));
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
    let origins = parties::with_origins(outcome(FIRST_HIVE));
    let all = [
        ("first", outcome(FIRST_HIVE)),
        ("one", one),
        ("wide", wide),
        ("fixed", fixed),
        ("origins", origins),
    ];
    for (name, outcome) in all {
        std::fs::write(folder.join(format!("{name}.html")), page(&outcome)).unwrap();
    }
}

#[test]
fn what_changed_on_the_way_is_listed_and_marked_as_far_as_the_run_went() {
    let mut run = outcome(SMALL);
    let change =
        |round, set: &str| Change { round, set: vec![set.into(), "faults.loss=0.1".into()] };
    let after = SMALL.rounds + 1;
    run.scenario.changes =
        vec![change(2, "attack.share=0.2"), change(3, "<b>"), change(after, "attack.share=0")];
    let page = page(&run);
    let marks = &data(&page)["changes"];
    assert_eq!(marks[0]["letter"], "A");
    assert_eq!((&marks[1]["letter"], &marks[1]["round"]), (&json!("B"), &json!(3)));
    assert_eq!(marks.as_array().map(Vec::len), Some(2), "what the run did not come to is not told");
    let list = between(&page, "<dl class=\"changes\"", "</dl>");
    assert!(list.contains("<b>A</b> From round 2 on"), "{list}");
    assert!(list.contains("<code>attack.share=0.2</code> <code>faults.loss=0.1</code>"), "{list}");
    assert!(list.contains("<code>&lt;b&gt;</code>"), "{list}");
    let plain = made_up::page(&outcome(SMALL));
    assert!(data(&plain).get("changes").is_none() && !plain.contains("<dl class=\"changes\""));
}
