//! Compressed contributions: signs that lead nowhere and what error feedback makes of them, what
//! chance adds, and a hive on one bit a number.

use super::fleet::{cores, hive};
use super::{CheckError, Row, Rows, Trial, mean_and_error};

/// Agents that all move by a rule, each round one step.
fn ruled(agents: u32, rounds: u32, compression: &str) -> String {
    format!(
        "rounds = {rounds}\n[world]\nkind = \"synthetic\"\nsizes = {{ kind = \"fixed\", examples = 2 }}\n\
         train_share = 0.5\n[fleet]\nagents = {agents}\n[measure]\npanel = 1\n\
         [engine]\nkind = \"serial\"\n[distiller.compression]\n{compression}\n"
    )
}

/// `f(x) = ε|x₁ + x₂| + |x₁ − x₂|` from `(1, 1)`: a subgradient's signs are those of `±(1, −1)`, so
/// that steps by signs never leave `x₁ + x₂ = 2`. With error feedback and the step `γ` what is kept is
/// no longer than `2√(1−δ)γσ/δ`: it is at most `√(1−δ)` of itself and a step. The iterates less what is
/// kept go by whole steps, so that at the mean of `T` iterates
/// `f ≤ ‖x₀‖²/(2γT) + γσ²(½ + 2√(1−δ)/δ)`. Two numbers have `δ ≥ ½`, and subgradients here the length
/// `σ = √(2(1+ε²))`.
pub(super) fn signs(trial: &Trial) -> Rows {
    const SLOPE: f64 = 0.5;
    let (rounds, step) = (trial.sized(2000_u32, 20_000), trial.sized(0.01, 0.003_f64));
    // the fleet's cores begin at zero
    let at = |core: &[f32]| [1.0 + f64::from(core[0]), 1.0 + f64::from(core[1])];
    let sign = |x: f64| if x < 0.0 { -1.0 } else { 1.0 };
    let slope = move |x: [f64; 2]| {
        let (sum, apart) = (SLOPE * sign(x[0] + x[1]), sign(x[0] - x[1]));
        [sum + apart, sum - apart]
    };
    let value = |x: [f64; 2]| SLOPE * (x[0] + x[1]).abs() + (x[0] - x[1]).abs();
    let way = |feedback: bool| -> Result<Vec<[f64; 2]>, CheckError> {
        let feedback = if feedback { "true" } else { "false" };
        let text = ruled(1, rounds, &format!("kind = \"one-bit\"\nfeedback = {feedback}"));
        let cores = cores(&text, trial, 2, move |_, _, core| {
            let slope = slope(at(core));
            core.iter_mut().zip(slope).for_each(|(x, slope)| *x -= (step * slope) as f32);
        })?;
        Ok(cores.iter().map(|core| at(core)).collect())
    };
    let alone = way(trial.model(false, true))?;
    let [a, b] = alone[alone.len() - 1];
    // a step rounds numbers below 2 three times
    let within = 3.0 * f64::from(rounds) * f64::from(f32::EPSILON);
    let mut rows = vec![Row::within("signs alone: x₁ + x₂ at the end", 2.0, a + b, within)];
    let led = way(trial.model(true, false))?;
    let (_, iterates) = led.split_last().unwrap_or((&[0.0; 2], &[]));
    let steps = iterates.len() as f64;
    let mean = [0, 1].map(|i| iterates.iter().map(|x| x[i]).sum::<f64>() / steps);
    let (delta, squares) = (0.5_f64, 2.0 * (1.0 + SLOPE * SLOPE));
    let memory = 2.0 * (1.0 - delta).sqrt() / delta;
    let most = 2.0 / (2.0 * step * steps) + step * squares * (0.5 + memory);
    rows.push(Row::at_most("with feedback: f at the mean of the iterates", most, value(mean)));
    // what is kept: all steps, less all that was sent
    let (mut kept, mut longest) = ([1.0, 1.0], 0.0_f64);
    for (x, next) in led.iter().zip(&led[1..]) {
        let slope = slope(*x);
        kept = [0, 1].map(|i| kept[i] - step * slope[i]);
        let [a, b] = [0, 1].map(|i| kept[i] - next[i]);
        longest = longest.max((a * a + b * b).sqrt());
    }
    let most = memory * step * squares.sqrt();
    rows.push(Row::at_most("with feedback: the most that is kept", most, longest));
    Ok(rows)
}

/// `n` agents send the same vector `x`, each rounded or thinned by draws of its own: the mean is off
/// by `(d/k − 1)‖x‖²/n` in the square for `random-k` times `d/k`, and by `Σ p(1 − p)s²/n` for bytes of
/// step `s` between two of which `x_i` divides as `p : 1 − p`.
pub(super) fn draws(trial: &Trial) -> Rows {
    let (agents, entries, rounds) = (16_u32, 64_usize, trial.sized(400_u32, 4000));
    let x: Vec<f32> = {
        let mut stream = trial.stream(0, 0);
        (0..entries).map(|_| stream.normal() as f32).collect()
    };
    let square: f64 = x.iter().map(|x| f64::from(*x) * f64::from(*x)).sum();
    let step = x.iter().fold(0.0_f64, |most, x| most.max(f64::from(x.abs()))) / 127.0;
    let bytes: f64 =
        x.iter().map(|x| (f64::from(*x) / step).rem_euclid(1.0)).map(|p| p * (1.0 - p)).sum();
    let random_k = |share: f64| {
        let share = trial.model(share, 0.5 * share);
        format!("kind = \"random-k\"\nshare = {share}\nscaled = true\nfeedback = false")
    };
    let rounding = trial.model("stochastic", "nearest");
    [
        ("random-k, k/d = 1/2", random_k(0.5), square),
        ("random-k, k/d = 1/8", random_k(0.125), 7.0 * square),
        ("bytes", format!("kind = \"int8\"\nrounding = \"{rounding}\""), bytes * step * step),
    ]
    .into_iter()
    .map(|(what, compression, law)| {
        let moved = x.clone();
        // there and back, so that cores stay near zero
        let way = |round: usize| if round.is_multiple_of(2) { 1.0 } else { -1.0 };
        let text = ruled(agents, rounds, &compression);
        let cores = cores(&text, trial, entries, move |_, round, core| {
            let way = way(round as usize);
            core.iter_mut().zip(&moved).for_each(|(core, x)| *core += way * x);
        })?;
        let off = |(round, pair): (usize, &[Vec<f32>])| -> f64 {
            let moved = pair[1].iter().zip(&pair[0]).map(|(b, a)| f64::from(*b) - f64::from(*a));
            let wanted = x.iter().map(|x| f64::from(way(round + 1) * x));
            moved.zip(wanted).map(|(moved, x)| (moved - x) * (moved - x)).sum()
        };
        let off: Vec<f64> = cores.windows(2).enumerate().map(off).collect();
        let law = law / f64::from(agents);
        let (mean, error) = mean_and_error(&off);
        Ok(Row::within(
            format!("{what}: square that the mean of 16 is off"),
            law,
            mean,
            4.0 * error,
        ))
    })
    .collect()
}

/// A hive whose agents send one bit a number.
const HIVE: &str = "rounds = 40\n[world]\nskills = 24\ncompanies = 12\ncompany = 0.0\n\
                    [fleet]\nagents = 64\n[measure]\nevery = 40\npanel = 32\n\
                    [engine]\nkind = \"serial\"\n";

/// Error feedback repairs one-bit contributions: a hive comes to the skill that it comes to with
/// whole ones, within 0.015 in the mean over seeds, and stays at least 0.02 below without.
pub(super) fn feedback(trial: &Trial) -> Rows {
    let seeds = trial.sized(4_u64, 10);
    let skill = |sets: &str| -> Result<f64, CheckError> {
        let sets: Vec<String> =
            sets.split_whitespace().map(|set| format!("distiller.compression.{set}")).collect();
        let mut sum = 0.0;
        for seed in 0..seeds {
            let trial = Trial { seed: trial.seed + seed, ..*trial };
            let trace = hive(HIVE, &trial, &sets)?;
            sum += trace.rounds.last().map_or(f64::NAN, |row| row.core_skill);
        }
        Ok(sum / seeds as f64)
    };
    let whole = skill("")?;
    let bit = |feedback: bool| skill(&format!("kind=one-bit feedback={feedback}"));
    let with = bit(trial.model(true, false))? - whole;
    let without = bit(trial.model(false, true))? - whole;
    Ok(vec![
        Row::within("with feedback: skill above that of whole contributions", 0.0, with, 0.015),
        Row::at_most("without: skill above that of whole contributions", -0.02, without),
    ])
}
