//! The tables, each from runs of its own.

use crate::reference::{self, by_seed, spread};
use anyhow::Result;
use hivesim::checkpoint::merging::{Progress, run_cases};
use hivesim::engine::{Experiment, Silent};
use hivesim::measure::{Outcome, Trace};
use hivesim::scenario::Scenario;
use hivesim::validate::{self, Size, Trial, checks};
use std::fmt::Write;
use std::path::{Path, PathBuf};

const SEEDS: u64 = 10;

/// Closed forms: what `hivesim validate --markdown` prints.
pub fn laws() -> String {
    let all: Vec<_> = checks().iter().collect();
    validate::markdown(&validate::run(&all, &Trial::new(Size::Full, 1), 2, |_| ()))
}

/// Cases of other implementations by method: how many, and how far the worst of them is.
pub fn vectors() -> Result<String> {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/manifest.json");
    let verdicts = run_cases(Path::new(manifest), 1, &Progress::default())?;
    let mut methods: Vec<(&str, usize, f64, f64)> = Vec::new();
    for verdict in &verdicts {
        let at = methods.iter().position(|(method, ..)| *method == verdict.method);
        let at = at.unwrap_or_else(|| {
            methods.push((&verdict.method, 0, 0.0, 0.0));
            methods.len() - 1
        });
        let (_, cases, error, share) = &mut methods[at];
        *cases += 1;
        *error = error.max(verdict.distance.error);
        *share = share.max(verdict.distance.share);
    }
    let mut table = "| method | cases | largest error | of tolerance |\n\
                     | --- | ---: | ---: | ---: |\n"
        .to_owned();
    for (method, cases, error, share) in methods {
        let method = method.replace('_', "-");
        let share = 100.0 * share;
        line(&mut table, format_args!("| {method} | {cases} | {error:.1e} | {share:.1} % |"));
    }
    let within = verdicts.iter().filter(|verdict| verdict.passes()).count();
    let all = verdicts.len();
    line(&mut table, format_args!("\n{within} of {all} cases are within their tolerance."));
    Ok(table)
}

fn line(table: &mut String, row: std::fmt::Arguments<'_>) {
    writeln!(table, "{row}").unwrap_or_else(|_| unreachable!("a String takes everything"));
}

fn run(text: &str, file: &str, sets: &[String], seed: u64) -> Outcome {
    let sets: Vec<String> = sets
        .iter()
        .cloned()
        .chain([format!("seed={seed}"), "engine.kind=serial".to_owned()])
        .collect();
    let scenario = Scenario::parse(text, file, &sets).unwrap_or_else(|e| panic!("{e}"));
    Experiment::new(scenario).run(&Silent).unwrap_or_else(|e| panic!("{e}"))
}

/// The sketch's final levels: company scale, then own job and never practised of isolated
/// agents, the hive without job knowledge, the hive with it, one pooled learner.
const SKETCH: [(&str, [(f64, f64); 4]); 3] = [
    ("0.0", [(0.67, 0.09), (0.95, 0.91), (0.83, 0.85), (0.95, 0.93)]),
    ("0.4", [(0.66, 0.08), (0.72, 0.69), (0.79, 0.66), (0.73, 0.69)]),
    ("1.0", [(0.65, 0.05), (0.46, 0.41), (0.73, 0.41), (0.44, 0.39)]),
];

/// Levels after 30 rounds, own job / never practised, hivesim over the sketch's.
pub fn sketch() -> String {
    let mut table =
        "| company scale | | isolated | hive, no job knowledge | hive, fedsim | pooled \
                     | fedsim, job knowledge at rate 0.5 | fedsim, at rate 1 |\n\
                     | --- | --- | --- | --- | --- | --- | --- | --- |\n"
            .to_owned();
    let text = "[measure]\nevery = 30\nbounds = [\"isolated\", \"pooled\"]\n";
    for (company, sketched) in SKETCH {
        let runs = by_seed(SEEDS, |seed| {
            let company = format!("world.company={company}");
            let bare = run(text, "sketch", std::slice::from_ref(&company), seed);
            let alone = |sets: &[&str]| {
                let more = ["measure.bounds=[]", &company].into_iter().chain(sets.iter().copied());
                run(text, "sketch", &more.map(str::to_owned).collect::<Vec<_>>(), seed).hive
            };
            let fedsim = "job_knowledge.personalisation=fedsim";
            let knowing = alone(&[fedsim]);
            let half = alone(&[fedsim, "job_knowledge.rate=0.5"]);
            let full = alone(&[fedsim, "job_knowledge.rate=1.0"]);
            let [isolated, pooled] = [0, 1].map(|bound| &bare.bounds[bound].1);
            [isolated, &bare.hive, &knowing, pooled, &half, &full].map(last)
        });
        let ours: Vec<String> = (0..6)
            .map(|fleet| {
                let (own, never): (Vec<f64>, Vec<f64>) = runs.iter().map(|run| run[fleet]).unzip();
                let ((own, own_sd, _), (never, never_sd, _)) = (spread(&own), spread(&never));
                format!("{own:.3} ± {own_sd:.3} / {never:.3} ± {never_sd:.3}")
            })
            .collect();
        line(&mut table, format_args!("| {company} | hivesim | {} |", ours.join(" | ")));
        let theirs = sketched.map(|(own, never)| format!("{own:.2} / {never:.2}"));
        line(&mut table, format_args!("| | sketch | {} | | |", theirs.join(" | ")));
    }
    table
}

/// Own job and never practised at the end.
fn last(trace: &Trace) -> (f64, f64) {
    let row = &trace.rounds[trace.rounds.len() - 1];
    (row.panel_skill, row.unpractised_skill)
}

const FEDPROX: &str = include_str!("../../scenarios/fedprox-synthetic.toml");

/// The last 50 rounds of a run.
#[derive(Clone, Copy)]
struct Tail {
    loss: f64,
    accuracy: f64,
    /// Mean of |loss of a core − loss of the one before|.
    jump: f64,
}

fn tail(trace: &Trace) -> Tail {
    let rows = &trace.rounds[trace.rounds.len() - 50..];
    let mean = |of: &dyn Fn(usize) -> f64, n: usize| (0..n).map(of).sum::<f64>() / n as f64;
    Tail {
        loss: mean(&|i| rows[i].train_loss, 50),
        accuracy: mean(&|i| rows[i].test_accuracy, 50),
        jump: mean(&|i| (rows[i + 1].train_loss - rows[i].train_loss).abs(), 49),
    }
}

/// FedAvg, FedProx at mu = 0 and at mu = 1 on the same data, seed by seed.
pub fn fedprox() -> String {
    let mut table =
        "| world | stragglers | algorithm | training loss | jump a round | test accuracy \
                     | seeds with a lower loss than FedAvg |\n\
                     | --- | --- | --- | --- | --- | --- | --- |\n"
            .to_owned();
    for (name, world) in [
        ("IID", "world.iid=true"),
        ("(0, 0)", "world.alpha=0.0 world.beta=0.0"),
        ("(0.5, 0.5)", "world.alpha=0.5 world.beta=0.5"),
        ("(1, 1)", "world.alpha=1.0 world.beta=1.0"),
    ] {
        for share in ["0.0", "0.5", "0.9"] {
            let tails = |mu: &str, partial: &str| {
                let mut sets: Vec<String> = world.split(' ').map(str::to_owned).collect();
                sets.push(format!("fleet.stragglers.share={share}"));
                sets.push(format!("fleet.stragglers.partial={partial}"));
                sets.push(format!("learner.solver.prox={mu}"));
                by_seed(SEEDS, |seed| tail(&run(FEDPROX, "fedprox-synthetic", &sets, seed).hive))
            };
            let fedavg = tails("0.0", "drop");
            let mut algorithms = vec![("FedAvg", fedavg.clone())];
            if share != "0.0" {
                // without stragglers it is FedAvg
                algorithms.push(("FedProx, mu 0", tails("0.0", "keep")));
            }
            algorithms.push(("FedProx, mu 1", tails("1.0", "keep")));
            for (algorithm, runs) in algorithms {
                let of =
                    |part: fn(&Tail) -> f64| spread(&runs.iter().map(part).collect::<Vec<_>>());
                let (loss, accuracy, jump) = (of(|t| t.loss), of(|t| t.accuracy), of(|t| t.jump));
                let lower = runs.iter().zip(&fedavg).filter(|(a, b)| a.loss < b.loss).count();
                let lower = match algorithm {
                    "FedAvg" => String::new(),
                    _ => format!("{lower} of {SEEDS}"),
                };
                let percent: f64 = share.parse::<f64>().map_or(0.0, |share| 100.0 * share);
                line(
                    &mut table,
                    format_args!(
                        "| {name} | {percent:.0} % | {algorithm} | {:.3} ± {:.3} | {:.4} | \
                         {:.3} ± {:.3} | {lower} |",
                        loss.0, loss.1, jump.0, accuracy.0, accuracy.1
                    ),
                );
            }
        }
    }
    table
}

/// Another implementation's losses and accuracies beside ours.
pub fn references(sets: &[PathBuf]) -> String {
    let compared: Vec<_> =
        sets.iter().flat_map(|set: &PathBuf| reference::compare(Path::new(set), 10)).collect();
    let mut table =
        "| data set | algorithm | core | measure | theirs | hivesim | difference, standard \
                     errors |\n| --- | --- | --- | --- | --- | --- | --- |\n"
            .to_owned();
    for c in &compared {
        let ((a, sd_a, _), (b, sd_b, _)) = (c.theirs, c.ours);
        line(
            &mut table,
            format_args!(
                "| {} | {} | {} | {} | {a:.4} ± {sd_a:.4} | {b:.4} ± {sd_b:.4} | {:+.1} |",
                c.set,
                c.algorithm,
                c.round,
                c.what,
                c.errors()
            ),
        );
    }
    let count = |errors: fn(&reference::Comparison) -> f64| {
        let mean = compared.iter().map(|c| errors(c) * errors(c)).sum::<f64>();
        let beyond = compared.iter().filter(|c| errors(c).abs() > 4.0).count();
        format!("root mean square {:.2}, {beyond} beyond 4", (mean / compared.len() as f64).sqrt())
    };
    line(
        &mut table,
        format_args!(
            "\n{} numbers. In standard errors with both sides' spread: {}. With theirs alone: {}.",
            compared.len(),
            count(reference::Comparison::errors),
            count(reference::Comparison::errors_by_theirs)
        ),
    );
    table
}
