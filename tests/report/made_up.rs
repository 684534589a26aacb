//! Made-up outcomes: curves that rise as levels do, and no run behind them.

use hivesim::ids::{AgentId, CompanyId};
use hivesim::measure::{Frame, Outcome, PanelMember, RoundRow, Trace};
use hivesim::record::Histories;
use hivesim::report::render;
use hivesim::scenario::{Bound, Scenario};

/// The size of a synthetic outcome.
#[derive(Clone, Copy)]
pub struct Size {
    pub panel: u32,
    pub skills: usize,
    pub rounds: u32,
    pub every: u32,
}

pub const FIRST_HIVE: Size = Size { panel: 64, skills: 24, rounds: 30, every: 1 };
pub const SMALL: Size = Size { panel: 6, skills: 4, rounds: 5, every: 1 };

/// A smooth rise from 0 towards `top`, half way at `middle`.
pub fn rise(round: u32, middle: f64, top: f64) -> f64 {
    let x = (f64::from(round) - middle) / (0.4 * middle + 0.5);
    let start = 1.0 / (1.0 + (middle / (0.4 * middle + 0.5)).exp());
    top * (1.0 / (1.0 + (-x).exp()) - start).max(0.0)
}

/// Jobs: a main skill, a second one, and nothing else.
pub fn panel(size: Size) -> Vec<PanelMember> {
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
pub fn trace(size: Size, top: f64, reach: f64) -> Trace {
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
            backdoor_success: f64::NAN,
            tasks: agents * 50,
            sample_steps: agents * 50,
            work_accuracy: (0.125 + 0.8 * skill) * worked,
            value: if round == 0 { 0.0 } else { 10_000.0 * (0.125 + 0.8 * skill) },
            work_loss: (2.1 - 1.5 * skill) * worked,
            bits: (3.0 - 2.0 * skill) * worked,
            learnings: agents - agents / 40,
            dropped: agents / 40,
            bytes_up: agents * 5_300,
            time: f64::from(round),
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
        parameters: 3_400,
        seconds: 1.234,
        complete: true,
        ..Trace::default()
    }
}

pub fn outcome(size: Size) -> Outcome {
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

pub fn alone(size: Size) -> Outcome {
    Outcome { bounds: vec![], ..outcome(size) }
}

pub fn page(outcome: &Outcome) -> String {
    let toml = "# A comment\nname = \"First hive\"\n\n[fleet]\nagents = 200 # many\n";
    render(
        outcome,
        &Histories::of(outcome),
        "{
  \"engine\": \"tasks\"
}
",
        toml,
    )
    .unwrap()
}
