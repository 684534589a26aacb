//! How what one agent knows reaches the others. hivesim goes by rounds: what goes by the clock is
//! a plain process on its streams.

use super::fleet::hive;
use super::{CheckError, Row, Rows, Trial, mean_and_error};
use crate::maths::{exp, ln};
use crate::measure::spread::{Curve, Fit, Law};
use crate::stream::Stream;

/// A waiting time at `rate`.
fn wait(stream: &mut Stream, rate: f64) -> f64 {
    // 1 − u is above 0
    -ln(1.0 - stream.uniform()) / rate
}

/// Which way what is known goes when one agent calls another.
#[derive(Clone, Copy, PartialEq)]
enum Contact {
    Push,
    PushPull,
}

/// Agents who do no tasks and know one skill or do not: each calls another in every round.
const RUMOUR: &str = "[learner]\nkind = \"practice\"\n[fleet]\ntasks = 0\n\
    [world]\nskills = 1\ncompanies = 1\n[distiller]\ntopology = \"gossip\"\n\
    [measure]\npanel = 1\n[engine]\nkind = \"pool\"\nthreads = 1\n";

/// What is set of it: rounds, agents, how many of them know at first, and who tells whom.
fn rumour(rounds: u32, agents: u32, know: f64, direction: &str) -> [String; 4] {
    [
        format!("rounds={rounds}"),
        format!("fleet.agents={agents}"),
        format!("learner.teachers={know:.0}"),
        format!("distiller.gossip.direction={direction}"),
    ]
}

/// One round takes the share `u` that does not know to `u e^−(1−u)` by pushing, `u²` by
/// pulling, and `u² e^−(1−u)` by both.
pub(super) fn rounds(trial: &Trial) -> Rows {
    let n = trial.sized(100_000, 2_000_000_u32);
    let mut rows = Vec::new();
    for direction in ["push", "pull", "push-pull"] {
        for share in [0.2, 0.5, 0.8] {
            let know = trial.model(share, 0.9 * share) * f64::from(n);
            let trace = hive(RUMOUR, trial, &rumour(1, n, know, direction))?;
            let end = trace.frames[1].adopters[0];
            let left = 1.0 - end as f64 / f64::from(n);
            let u = 1.0 - share;
            let pushed = if direction == "pull" { 1.0 } else { exp(-(1.0 - u)) };
            let law = u * pushed * if direction == "push" { 1.0 } else { u };
            // a share of n agents, who are independent but for corrections of order 1/n
            let within = 4.0 * (law * (1.0 - law) / f64::from(n)).sqrt();
            rows.push(Row::within(format!("{direction} from u = {u:.1}"), law, left, within));
        }
    }
    Ok(rows)
}

/// From one agent to all takes `log2 n + ln n` rounds by push, `log2 n + log2 ln n` by pull and
/// `log3 n + log2 ln n` by both, each up to a constant. Between sixteen times as many agents and
/// as many, the constants cancel.
pub(super) fn rumours(trial: &Trial) -> Rows {
    let (n, runs) = trial.sized((512_u32, 200), (4096, 400));
    let rounds = |direction: &str, n: u32| -> Result<(f64, f64), CheckError> {
        let all = u64::from(n);
        let times = (0..runs).map(|run| {
            // a run is a seed: what is drawn in it is all of a rumour's chance
            let seed = trial.stream(run, n).word();
            let trial = Trial { seed: u64::from(seed), ..*trial };
            let trace = hive(RUMOUR, &trial, &rumour(60, n, 1.0, direction))?;
            let frame = trace.frames.iter().find(|frame| frame.adopters[0] == all);
            Ok(frame.map_or(f64::NAN, |frame| f64::from(frame.round)))
        });
        Ok(mean_and_error(&times.collect::<Result<Vec<f64>, CheckError>>()?))
    };
    let row = |direction: &'static str| -> Result<Row, CheckError> {
        let (few, many) = (f64::from(n), 16.0 * f64::from(n));
        let (log2, log3) = (|x: f64| ln(x) / ln(2.0), |x: f64| ln(x) / ln(3.0));
        let law = match direction {
            "push" => log2(16.0) + ln(16.0),
            "pull" => log2(16.0) + log2(ln(many) / ln(few)),
            _ => log3(16.0) + log2(ln(many) / ln(few)),
        };
        let (small, its_error) = rounds(direction, n)?;
        let (large, error) = rounds(direction, trial.model(16, 4) * n)?;
        // what is not known of the constants is that they do not change with n
        let within = 4.0 * (its_error * its_error + error * error).sqrt() + CONSTANTS;
        let what = format!("{direction}: rounds to {} agents less those to {n}", 16 * n);
        Ok(Row::within(what, law, large - small, within))
    };
    ["push", "pull", "push-pull"].into_iter().map(row).collect()
}

/// How much the constant of a rumour's rounds may differ between two numbers of agents.
const CONSTANTS: f64 = 0.15;

/// `H(k)`, the k-th harmonic number.
fn harmonic(k: u32) -> f64 {
    (1..=k).rev().map(|i| 1.0 / f64::from(i)).sum()
}

/// Agents whose clocks tick at rate 1 and who at each tick call one other, uniformly: from one
/// who knows to all takes on average `2 (n−1)/n · H(n−1)` by pushing (the one who knows tells),
/// half of that by push and pull.
pub(super) fn clocks(trial: &Trial) -> Rows {
    let (n, runs) = (1000_u32, trial.sized(200, 4000_u32));
    let time = |contact: Contact, run: u32| {
        let mut stream = trial.stream(run, contact as u32);
        let (mut time, mut know) = (0.0, 1);
        let mut knows = vec![false; n as usize];
        knows[0] = true;
        let rate = f64::from(n) * trial.model(1.0, 0.9);
        while know < n {
            time += wait(&mut stream, rate);
            let caller = stream.below(n);
            let called = (caller + 1 + stream.below(n - 1)) % n;
            let (caller, called) = (caller as usize, called as usize);
            let tells = knows[caller] || contact == Contact::PushPull && knows[called];
            if tells && !(knows[caller] && knows[called]) {
                (knows[caller], knows[called]) = (true, true);
                know += 1;
            }
        }
        time
    };
    let both = 2.0 * f64::from(n - 1) / f64::from(n) * harmonic(n - 1);
    let row = |(name, contact, law): (&str, Contact, f64)| {
        let times: Vec<f64> = (0..runs).map(|run| time(contact, run)).collect();
        let (mean, error) = mean_and_error(&times);
        Row::within(format!("{name}, n = {n}: mean time to all"), law, mean, 4.0 * error)
    };
    let cases = [("push", Contact::Push, both), ("push-pull", Contact::PushPull, both / 2.0)];
    Ok(cases.map(row).to_vec())
}

/// Bass's new product: of those who do not have it, each is told by the distiller at rate `p` and
/// by each of the share `F` that has it at rate `q`. The fit is the one of adoption curves.
pub(super) fn bass(trial: &Trial) -> Rows {
    let (n, p, q, runs) = (100_000_u32, 0.01, 0.4, trial.sized(20, 200_u32));
    let rate = trial.model(1.0, 1.05);
    let last = 40;
    // the birth process: k who have it become one more at rate (n − k)(p + q k/n); its shares at
    // whole times
    let course = |run: u32| {
        let mut stream = trial.stream(run, 8);
        let (mut time, mut values) = (0.0, Vec::with_capacity(last + 1));
        for k in 0..n {
            let share = f64::from(k) / f64::from(n);
            time += wait(&mut stream, rate * f64::from(n - k) * (p + q * share));
            while values.len() <= last && values.len() as f64 <= time {
                values.push(share);
            }
        }
        values.resize(last + 1, 1.0);
        Curve { times: (0..=last).map(|t| t as f64).collect(), values }
    };
    let curves: Vec<Curve> = (0..runs).map(course).collect();
    let mut rows = Vec::new();
    for time in [5, 10, 15] {
        let shares: Vec<f64> = curves.iter().map(|curve| curve.values[time]).collect();
        let (mean, error) = mean_and_error(&shares);
        let left = exp(-(p + q) * time as f64);
        let law = (1.0 - left) / (1.0 + q / p * left);
        let what = format!("share that has it at {time}");
        rows.push(Row::within(what, law, mean, 4.0 * error + finite(n, p)));
    }
    let peak = |p: f64, q: f64| ln(q / p) / (p + q);
    let fitted = |curve: &Curve| {
        let [p, q, _] = Fit::of(Law::Bass, curve).map_or([f64::NAN; 3], |fit| fit.parameters);
        [p, q, peak(p, q)]
    };
    let fits: Vec<[f64; 3]> = curves.iter().map(fitted).collect();
    let names = ["p as fitted", "q as fitted", "time of the peak, ln(q/p)/(p+q), as fitted"];
    for (i, law) in [p, q, peak(p, q)].into_iter().enumerate() {
        let of_law: Vec<f64> = fits.iter().map(|fit| fit[i]).collect();
        let (mean, error) = mean_and_error(&of_law);
        rows.push(Row::within(names[i], law, mean, 4.0 * error + law * finite(n, p)));
    }
    Ok(rows)
}

/// How far `n` are from infinitely many, as a share, where the first are told at rate `p`: one
/// over those who are told before the others tell.
fn finite(n: u32, p: f64) -> f64 {
    1.0 / (f64::from(n) * p)
}

/// Susceptible and infected: everybody who knows tells one other at rate `β`, so that the share
/// that knows is `i(t) = i0 e^βt / (1 − i0 + i0 e^βt)` where there are many.
pub(super) fn logistic(trial: &Trial) -> Rows {
    let (n, first, beta, runs) = (100_000_u32, 1000, 0.5, trial.sized(50, 500_u32));
    let told_at = beta * trial.model(1.0, 1.05);
    let levels = [0.05, 0.2, 0.5, 0.9];
    // the birth process: the k who know make one more at rate β k (n − k)/(n − 1)
    let times = |run: u32| {
        let mut stream = trial.stream(run, 7);
        let mut times = [0.0; 4];
        let mut time = 0.0;
        let mut passed = 0;
        for k in first..n {
            if f64::from(k) >= levels[passed] * f64::from(n) {
                times[passed] = time;
                passed += 1;
                if passed == levels.len() {
                    break;
                }
            }
            let rate = told_at * f64::from(k) * f64::from(n - k) / f64::from(n - 1);
            time += wait(&mut stream, rate);
        }
        times
    };
    let runs: Vec<[f64; 4]> = (0..runs).map(times).collect();
    let start = f64::from(first) / f64::from(n);
    let rows = levels.iter().enumerate().map(|(at, level)| {
        let of_level: Vec<f64> = runs.iter().map(|times| times[at]).collect();
        let (mean, error) = mean_and_error(&of_level);
        let law = ln(level * (1.0 - start) / (start * (1.0 - level))) / beta;
        // the curve is that of infinitely many: a finite n is off by less than 1/(β first)
        let finite = 1.0 / (beta * f64::from(first));
        Row::within(format!("time to {:.0} %", 100.0 * level), law, mean, 4.0 * error + finite)
    });
    Ok(rows.collect())
}
