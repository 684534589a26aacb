//! Attacks on a hive whose agents differ much, with and without mixing in front of a robust rule.

use super::fleet::hive;
use super::{CheckError, Row, Rows, Trial};

/// Fifty companies of one agent each, which differ more than what they share.
const HIVE: &str = "rounds = 40\n[fleet]\nagents = 50\ntasks = 40\n\
                    [world]\nskills = 5\ncompanies = 50\nfeatures = 10\nanswers = 6\n\
                    alpha = 0.3\ngeneral = 1.0\nskill = 1.0\ncompany = 1.5\n\
                    [learner]\nrate = 0.3\n\
                    [measure]\npanel = 0\nprobes = 64\nevery = 40\n[engine]\nkind = \"serial\"\n";

/// Few tasks a round: where what agents learn is noisy, a little is enough for the median too.
const NOISY: &str = "fleet.tasks=10";

/// Worlds that a share is the mean over.
const WORLDS: u64 = 4;

/// Colluders who stay among contributions that differ turn what a robust rule makes of them; mixing
/// each with its neighbours, or in buckets, leaves them less to hide among. Shares are of the skill
/// that the mean of all honest agents has.
pub(super) fn heterogeneous(trial: &Trial) -> Rows {
    let skill_in = |world: u64, sets: &str| -> Result<f64, CheckError> {
        let sets: Vec<String> = sets.split_whitespace().map(str::to_owned).collect();
        let trial = Trial { seed: WORLDS * trial.seed + world, ..*trial };
        let trace = hive(HIVE, &trial, &sets)?;
        Ok(trace.rounds.last().map_or(f64::NAN, |row| row.core_skill))
    };
    let attacked = |combine: &str, attack: &str| {
        format!("distiller.combine.kind={combine} attack.method.kind={attack}")
    };
    let mut rows = Vec::new();
    // worlds differ in how much there is to hide among
    for (attack, share, how, most) in [
        ("inner-product", 0.2, ["", ""], 0.6),
        ("mimic", 0.4, ["", ""], 0.92),
        ("a-little", 0.4, [NOISY, "attack.method.z=1.5"], 0.92),
    ] {
        let share = trial.model(share, 0.0);
        let [hive, more] = how;
        let sets = format!("{hive} {} {more} attack.share={share}", attacked("median", attack));
        let mut left = 0.0;
        for world in 0..WORLDS {
            left += skill_in(world, &sets)? / skill_in(world, hive)? / WORLDS as f64;
        }
        let what = format!("median under {attack}: share of the skill that is left");
        rows.push(Row::at_most(what, most, left));
    }
    let skill = |sets: &str| skill_in(0, sets);
    let little = "attack.method.z=1.5 attack.share=0.2";
    let noisy = format!("attack.method.z=1.5 attack.share=0.4 {NOISY}");
    let plain = "attack.share=0.2";
    for (combine, attack, more, pre, least) in [
        ("krum", "a-little", little, "nearest-neighbour-mixing", 0.2),
        ("krum", "mimic", plain, "nearest-neighbour-mixing", 0.15),
        ("krum", "inner-product", plain, "nearest-neighbour-mixing", 0.4),
        ("median", "inner-product", plain, "nearest-neighbour-mixing", 0.4),
        ("median", "inner-product", plain, "bucketing", 0.25),
        ("median", "a-little", &noisy, "nearest-neighbour-mixing", 0.04),
    ] {
        let sets = format!("{} {more}", attacked(combine, attack));
        let mixed = format!("{sets} distiller.pre=[{{kind=\"{pre}\"}}]");
        let clean = skill(if more.ends_with(NOISY) { NOISY } else { "" })?;
        let won = skill(trial.model(&mixed, &sets))? - skill(&sets)?;
        let what = format!("{combine} under {attack}: share of the skill that {pre} wins back");
        rows.push(Row::at_least(what, least, won / clean));
    }
    Ok(rows)
}
