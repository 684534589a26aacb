//! Keys that change in the middle of a run, in its scenario or while it is under way.

use hivesim::engine::{Experiment, Observer, Silent, Stage};
use hivesim::measure::{Outcome, RoundRow};
use hivesim::scenario::Scenario;
use proptest::prelude::*;
use std::sync::Mutex;

const HIVE: &str = "rounds = 10\n[fleet]\nagents = 24\ntasks = 8\n[world]\nskills = 4\n\
                    companies = 3\nfeatures = 6\n[measure]\nprobes = 8\n";

/// Every engine, with as many threads.
const ENGINES: [(&str, u32); 5] =
    [("serial", 1), ("pool", 1), ("pool", 3), ("tasks", 1), ("tasks", 3)];

fn parsed(text: &str, (engine, threads): (&str, u32), more: &[String]) -> Experiment {
    let mut sets = vec![format!("engine.kind={engine}"), format!("engine.threads={threads}")];
    sets.extend_from_slice(more);
    Experiment::new(Scenario::parse(text, "changes", &sets).unwrap_or_else(|e| panic!("{e}")))
}

fn run(text: &str, engine: (&str, u32)) -> Outcome {
    parsed(text, engine, &[]).run(&Silent).unwrap_or_else(|e| panic!("{e}\n{text}"))
}

/// The hive's text with entries of `[[changes]]`.
fn with(hive: &str, changes: &[(u32, &[&str])]) -> String {
    let entry =
        |(round, set): &(u32, &[&str])| format!("[[changes]]\nround = {round}\nset = {set:?}\n");
    changes.iter().map(entry).fold(hive.to_owned(), |text, entry| text + &entry)
}

fn numbers(rows: &[RoundRow]) -> Vec<Vec<u64>> {
    rows.iter().map(|row| row.numbers().map(f64::to_bits).to_vec()).collect()
}

/// What is set from a round on.
type Set = (u32, &'static [&'static str]);

/// Fleets of every structure and schedule, each with changes that it can take.
fn fleets() -> Vec<(String, Vec<Set>)> {
    let hive = |more: &str| format!("{HIVE}{more}");
    vec![
        (
            hive("[distiller]\n"),
            vec![
                (3, &["attack.share=0.2", "attack.method.kind=label-flip", "faults.loss=0.2"]),
                (5, &["distiller.combine.kind=median"]),
                (6, &["distiller.combine.kind=fisher", "faults.delay=0.3"]),
                (8, &["distiller.combine.kind=mean", "distiller.server.kind=fedadam"]),
                (10, &["attack.share=0", "faults.delay=0"]),
            ],
        ),
        (
            hive(
                "[distiller.schedule]\nkind = \"buffered\"\nlearnings = 9\n[fleet.speed]\nkind = \"lognormal\"\n",
            ),
            vec![
                (2, &["faults.loss=0.2", "faults.delay=0.3"]),
                (4, &["distiller.combine.kind=krum"]),
                (7, &["attack.share=0.3", "attack.method.kind=noise", "faults.max_staleness=2"]),
            ],
        ),
        (
            hive("[distiller]\ntopology = \"hierarchical\"\n[distiller.hierarchy]\nteam = 4\n"),
            vec![
                (3, &["attack.share=0.2", "faults.corruption=0.2"]),
                (
                    5,
                    &[
                        "distiller.combine.kind=median",
                        "distiller.hierarchy.global.combine.kind=median",
                    ],
                ),
            ],
        ),
        (
            hive("[distiller]\ntopology = \"gossip\"\n"),
            vec![(4, &["distiller.combine.kind=median", "attack.share=0.2"])],
        ),
        (
            hive("[[hives]]\n[[hives]]\ncombine = { kind = \"median\" }\n[market]\nmovers = 0.1\n"),
            vec![
                (4, &["distiller.combine.kind=trimmed-mean", "hives.0.server.kind=fedadam"]),
                (6, &["hives.1.combine.kind=mean", "faults.duplication=0.5"]),
            ],
        ),
    ]
}

#[test]
fn a_change_comes_to_the_same_on_every_engine_and_changes_nothing_before_its_round() {
    for (text, changes) in fleets() {
        let plain = run(&text, ENGINES[0]);
        let changed = with(&text, &changes);
        let first = run(&changed, ENGINES[0]);
        let round = changes[0].0 as usize;
        assert_eq!(
            numbers(&first.hive.rounds[..round]),
            numbers(&plain.hive.rounds[..round]),
            "{changed}"
        );
        assert_ne!(first.result_hash, plain.result_hash, "{changed}");
        for engine in &ENGINES[1..] {
            assert_eq!(
                run(&changed, *engine).result_hash,
                first.result_hash,
                "{engine:?} {changed}"
            );
        }
    }
}

#[test]
fn changes_that_change_nothing_leave_the_result_as_it_is() {
    for (text, same) in [
        (HIVE.to_owned(), &["distiller.combine.kind=mean", "faults.loss=0", "attack.share=0"][..]),
        // what server and strategy remember stays
        (
            format!(
                "{HIVE}[distiller.server]\nkind = \"fedadam\"\n[attack]\nshare = 0.2\nmethod = {{ kind = \"mimic\" }}\n"
            ),
            &["distiller.server.kind=fedadam", "attack.method.kind=mimic", "attack.share=0.2"],
        ),
    ] {
        let plain = run(&text, ENGINES[0]);
        for round in [1, 4, 10] {
            let changed = run(&with(&text, &[(round, same)]), ENGINES[0]);
            assert_eq!(changed.result_hash, plain.result_hash, "{round} {same:?}");
        }
    }
}

#[test]
fn from_the_first_round_on_is_from_the_start() {
    let set = ["distiller.combine.kind=median", "faults.loss=0.3", "distiller.server.kind=fedyogi"];
    let start = parsed(HIVE, ENGINES[0], &set.map(str::to_owned)).run(&Silent).unwrap();
    let changed = run(&with(HIVE, &[(1, &set)]), ENGINES[0]);
    assert_eq!(changed.result_hash, start.result_hash);
}

#[test]
fn whoever_turns_is_measured_no_more_while_it_attacks() {
    let text = with(HIVE, &[(4, &["attack.share=0.5"]), (8, &["attack.share=0"])]);
    let hive = run(&text, ENGINES[0]).hive;
    let unmeasured: Vec<usize> = hive
        .frames
        .iter()
        .map(|frame| {
            let agents = frame.panel.chunks(hive.skills.len());
            agents.filter(|levels| levels.iter().all(|level| level.is_nan())).count()
        })
        .collect();
    assert_eq!(unmeasured, [0, 0, 0, 0, 12, 12, 12, 12, 0, 0, 0]);
    assert!(hive.rounds.iter().all(|row| row.panel_skill.is_finite()));
}

#[test]
fn learnings_without_the_statistic_that_is_asked_for_now_are_refused_as_stale() {
    let late = format!("{HIVE}[faults]\ndelay = 0.5\nlateness = 2\n");
    let text = with(&late, &[(5, &["distiller.combine.kind=fisher"])]);
    let hive = run(&text, ENGINES[0]).hive;
    let stale: Vec<(u32, u64)> =
        hive.accounts.iter().map(|row| (row.round, row.accounts.stale)).collect();
    assert!(stale.iter().all(|(round, n)| (*n > 0) == (5..=6).contains(round)), "{stale:?}");
    assert!(hive.accounts.iter().all(|row| {
        let a = row.accounts;
        a.merged > 0 && a.dropped() <= a.sent
    }));
}

#[test]
fn bounds_do_the_hives_work_and_take_no_notice() {
    let bounds = "bounds = [\"isolated\", \"pooled\"]\n";
    for schedule in ["", "[distiller.schedule]\nkind = \"buffered\"\n"] {
        let text = format!("{HIVE}{bounds}{schedule}");
        let plain = run(&text, ENGINES[0]);
        let changed =
            with(&text, &[(3, &["distiller.combine.kind=median", "faults.corruption=0.2"])]);
        for engine in ENGINES {
            let changed = run(&changed, engine);
            for ((bound, got), (_, wanted)) in changed.bounds.iter().zip(&plain.bounds) {
                let skill = |rows: &[RoundRow]| rows.last().unwrap().panel_skill.to_bits();
                if schedule.is_empty() {
                    assert_eq!(skill(&got.rounds), skill(&wanted.rounds), "{bound:?}");
                }
                assert!(got.complete, "{bound:?}");
            }
        }
    }
}

/// Changes keys when a round's row is known, and notes from when on they hold.
struct Hand<'e> {
    experiment: &'e Experiment,
    at: Vec<(u32, Vec<String>)>,
    holds: Mutex<Vec<u32>>,
}

impl Observer for Hand<'_> {
    fn round(&self, stage: Stage, row: &RoundRow) {
        for (_, sets) in
            self.at.iter().filter(|(round, _)| stage == Stage::Hive && *round == row.round)
        {
            let round = self.experiment.controls().change(sets);
            self.holds.lock().unwrap().push(round.unwrap_or_else(|e| panic!("{e}")));
        }
    }
}

/// Runs a scenario under a hand, and what it wrote of it again.
fn twice(text: &str, engine: (&str, u32), at: &[(u32, &[&str])]) -> (Outcome, Outcome, Vec<u32>) {
    let experiment = parsed(text, engine, &[]);
    let strings = |sets: &[&str]| sets.iter().map(|set| (*set).to_owned()).collect();
    let at = at.iter().map(|(round, sets)| (*round, strings(sets))).collect();
    let hand = Hand { experiment: &experiment, at, holds: Mutex::default() };
    let outcome = experiment.run(&hand).unwrap_or_else(|e| panic!("{e}"));
    let written = experiment.scenario().to_toml();
    let holds = hand.holds.into_inner().unwrap();
    (outcome, run(&written, engine), holds)
}

#[test]
fn a_change_made_while_running_is_written_down_and_comes_to_the_same_from_the_start() {
    for (text, changes) in fleets() {
        let at: Vec<(u32, &[&str])> =
            changes.iter().filter(|(round, _)| *round > 1).map(|(r, s)| (r - 2, *s)).collect();
        let mut hashes = std::collections::BTreeSet::new();
        for engine in ENGINES {
            let (live, again, holds) = twice(&text, engine, &at);
            assert_eq!(live.result_hash, again.result_hash, "{engine:?} {text}");
            assert_eq!(live.scenario.changes, again.scenario.changes);
            let rounds: Vec<u32> = live.scenario.changes.iter().map(|c| c.round).collect();
            assert_eq!(holds, rounds);
            // at the core of a round the work of the next is done
            assert_eq!(holds, at.iter().map(|(round, _)| round + 2).collect::<Vec<_>>());
            hashes.insert(live.result_hash);
        }
        assert_eq!(hashes.len(), 1, "{text}");
        assert_eq!(hashes.first(), Some(&run(&with(&text, &changes), ENGINES[0]).result_hash));
    }
}

#[test]
fn a_change_made_while_running_goes_below_those_that_the_file_has_later() {
    let text = with(HIVE, &[(4, &["faults.loss=0.1"]), (8, &["faults.loss=0.5"])]);
    let at: [(u32, &[&str]); 2] = [(2, &["faults.duplication=0.5"]), (3, &["faults.loss=0.9"])];
    let (live, again, holds) = twice(&text, ("pool", 3), &at);
    assert_eq!(holds, [4, 5]);
    assert_eq!(live.result_hash, again.result_hash);
    let changes: Vec<(u32, usize)> =
        live.scenario.changes.iter().map(|change| (change.round, change.set.len())).collect();
    assert_eq!(changes, [(4, 2), (5, 1), (8, 1)]);
}

#[test]
fn out_of_step_a_change_made_while_running_holds_from_a_measured_core_on() {
    let text = format!(
        "{HIVE}every = 3\n[distiller.schedule]\nkind = \"buffered\"\nlearnings = 5\n\
         [fleet.speed]\nkind = \"lognormal\"\n[faults]\ndelay = 0.3\n"
    );
    let at: [(u32, &[&str]); 2] =
        [(1, &["faults.loss=0.4", "attack.share=0.2"]), (5, &["faults.delay=0"])];
    for engine in ENGINES {
        let (live, again, holds) = twice(&text, engine, &at);
        assert_eq!(holds, [4, 7], "{engine:?}");
        assert_eq!(live.result_hash, again.result_hash, "{engine:?}");
    }
}

#[test]
fn nothing_changes_before_a_bound_or_after_the_last_round() {
    struct Late<'e>(&'e Experiment, Mutex<Vec<String>>);
    impl Observer for Late<'_> {
        fn round(&self, stage: Stage, row: &RoundRow) {
            if stage != Stage::Hive || row.round == 9 {
                let refused = self.0.controls().change(&["faults.loss=0.5".into()]);
                self.1.lock().unwrap().push(refused.unwrap_err());
            }
        }
    }
    let text = format!("{HIVE}bounds = [\"isolated\"]\n");
    let experiment = parsed(&text, ENGINES[0], &[]);
    let late = Late(&experiment, Mutex::default());
    let outcome = experiment.run(&late).unwrap();
    let refused = late.1.into_inner().unwrap();
    assert_eq!(refused.len(), 1 + 11);
    assert!(refused[0].contains("the last of 10 rounds"), "{}", refused[0]);
    assert!(refused[1..].iter().all(|why| why.contains("is over")), "{}", refused[1]);
    assert_eq!(outcome.result_hash, run(&text, ENGINES[0]).result_hash);
}

/// Overrides that all pass in any order.
const ANY: [&str; 16] = [
    "distiller.combine.kind=mean",
    "distiller.combine.kind=median",
    "distiller.combine={kind=\"trimmed-mean\",proportion=0.2}",
    "distiller.combine.kind=krum",
    "distiller.combine.kind=ties",
    "distiller.combine.kind=dare",
    "distiller.server.kind=plain",
    "distiller.server.kind=fedadam",
    "faults.loss=0.3",
    "faults.loss=0",
    "faults.delay=0.4",
    "faults.delay=0",
    "attack.share=0.25",
    "attack.share=0",
    "attack.method.kind=sign-flip",
    "attack.method.kind=mimic",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever changes when, live or in the file, engines agree and the scenario as written
    /// reproduces it.
    #[test]
    fn any_changes_come_to_the_same_on_every_engine_live_and_written(
        changes in prop::collection::btree_map(2_u32..=9, prop::collection::vec(0..ANY.len(), 1..4), 1..4),
        buffered in any::<bool>(),
        engine in 0..ENGINES.len(),
        seed in 1_u32..1000,
    ) {
        let schedule = if buffered { "[distiller.schedule]\nkind = \"buffered\"\nlearnings = 9\n" } else { "" };
        let text = format!("seed = {seed}\n{HIVE}every = 2\n{schedule}");
        let sets: Vec<(u32, Vec<&str>)> = changes
            .iter()
            .map(|(round, which)| (round - 2, which.iter().map(|i| ANY[*i]).collect()))
            .collect();
        let at: Vec<(u32, &[&str])> = sets.iter().map(|(round, sets)| (*round, &sets[..])).collect();
        let (live, again, holds) = twice(&text, ENGINES[engine], &at);
        prop_assert_eq!(&live.result_hash, &again.result_hash);
        let (sent, known) = live.hive.accounts.iter().fold((0, 0), |(sent, known), row| {
            let a = row.accounts;
            (sent + a.sent, known + a.merged + a.duplicate + a.dropped())
        });
        let in_flight = live.hive.accounts.last().map_or(0, |row| row.in_flight);
        prop_assert_eq!(sent, known + in_flight, "nothing is forgotten");
        let written: Vec<(u32, &[String])> =
            live.scenario.changes.iter().map(|change| (change.round, &change.set[..])).collect();
        let mut told = holds.clone();
        told.dedup();
        prop_assert_eq!(written.iter().map(|(round, _)| *round).collect::<Vec<_>>(), told);
        let serial = parsed(&text, ENGINES[0], &[format!("changes={}", toml(&written))]).run(&Silent).unwrap();
        prop_assert_eq!(&live.result_hash, &serial.result_hash);
    }
}

/// A list of changes as TOML on one line.
fn toml(changes: &[(u32, &[String])]) -> String {
    let entry = |(round, set): &(u32, &[String])| format!("{{round={round},set={set:?}}}");
    format!("[{}]", changes.iter().map(entry).collect::<Vec<_>>().join(","))
}
