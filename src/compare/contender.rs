//! Who is compared: pipelines as a command line names them,
//! `scaffold+bucketing(size=4)+median+fedadam`.

use crate::catalogue::{Entry, Family, entries, find};
use crate::scenario::{Scenario, Stage};

/// A pipeline that is compared.
#[derive(Clone, Debug, PartialEq)]
pub struct Contender {
    /// As it was named.
    pub name: String,
    /// The family of what is special about it.
    pub family: Family,
    /// Overrides that make a scenario run it.
    pub sets: Vec<String>,
    /// Whether it has settings of its own.
    pub is_variant: bool,
}

/// What solvers and server steps are compared on.
const PLAIN_COMBINE: &str = "mean";
/// What every pre-aggregation is compared in front of.
const AFTER_PRE: [&str; 2] = ["median", "geometric-median"];

/// The names of `all`: every way to combine alone; the mean behind every switch of the agents'
/// solver and with every server step; the median and the geometric median behind every
/// pre-aggregation.
pub fn all() -> Vec<String> {
    let names = |stage| entries().filter(move |e| e.stage == stage).map(|e| e.name);
    let alone = names(Stage::Combine).map(String::from);
    let solver = names(Stage::Solver).map(|solver| format!("{solver}+{PLAIN_COMBINE}"));
    let pre = names(Stage::Pre)
        .flat_map(|pre| AFTER_PRE.into_iter().map(move |combine| format!("{pre}+{combine}")));
    let server = names(Stage::Server)
        .filter(|server| *server != "plain")
        .map(|server| format!("{PLAIN_COMBINE}+{server}"));
    alone.chain(solver).chain(pre).chain(server).collect()
}

/// The pipelines of a comma-separated list, `all` among them; settings stand in brackets. A part
/// that the scenario has too keeps the scenario's settings, unless it has its own; a part that
/// is not named is left out, or is the mean.
///
/// # Errors
/// Where a name is not known, or parts do not make a pipeline.
pub fn contenders(list: &str, scenario: &Scenario) -> Result<Vec<Contender>, String> {
    let mut names: Vec<String> = Vec::new();
    for name in split(list, ',')? {
        let more = if name == "all" { all() } else { vec![name.to_owned()] };
        names.extend(more.into_iter().filter(|name| !name.is_empty()));
    }
    let mut seen: Vec<String> = Vec::new();
    names.retain(|name| {
        !seen.contains(name) && {
            seen.push(name.clone());
            true
        }
    });
    if names.is_empty() {
        return Err("found no strategy; wanted some, as in --strategies mean,median".into());
    }
    names.iter().map(|name| contender(name, scenario)).collect()
}

fn contender(name: &str, scenario: &Scenario) -> Result<Contender, String> {
    let (mut solver, mut pre, mut combine, mut server) = (Vec::new(), Vec::new(), None, None);
    for part in split(name, '+')? {
        let (kind, settings) = parsed(part).map_err(|error| format!("`{name}`: {error}"))?;
        let entry = find(kind)?;
        let part = (entry, settings);
        let twice = |what: &str| Err(format!("`{name}` has two ways to {what}; wanted one"));
        match entry.stage {
            Stage::Solver if !settings.is_empty() => {
                return Err(format!("`{name}`: `{kind}` has no settings; found `{settings}`"));
            }
            Stage::Solver => solver.push(part),
            Stage::Pre => pre.push(part),
            Stage::Combine if combine.is_some() => return twice("combine"),
            Stage::Combine => combine = Some(part),
            Stage::Server if server.is_some() => return twice("step the server"),
            Stage::Server => server = Some(part),
        }
    }
    let has = &scenario.distiller;
    let here: Vec<String> = has.pre.iter().map(|pre| pre.name()).collect();
    let mut sets = Vec::new();
    let scaffold = solver.iter().any(|part| part.0.name == "scaffold");
    if scenario.learner.solver().scaffold != scaffold {
        sets.push(format!("learner.solver.scaffold={scaffold}"));
    }
    let kept = pre.iter().all(|part| part.1.is_empty())
        && pre.iter().map(|part| part.0.name).eq(here.iter().map(String::as_str));
    if !kept {
        let tables: Vec<String> = pre.iter().map(table).collect();
        sets.push(format!("distiller.pre=[{}]", tables.join(", ")));
    }
    let combined = combine.unwrap_or((find(PLAIN_COMBINE)?, ""));
    if !combined.1.is_empty() || has.combine.name() != combined.0.name {
        sets.push(format!("distiller.combine={}", table(&combined)));
    }
    let stepped = server.unwrap_or((find("plain")?, ""));
    if !stepped.1.is_empty() || has.server.name() != stepped.0.name {
        sets.push(format!("distiller.server={}", table(&stepped)));
    }
    let special = solver.first().or(pre.first()).or(server.as_ref()).unwrap_or(&combined);
    let is_variant = pre.iter().chain([&combined, &stepped]).any(|part| !part.1.is_empty());
    Ok(Contender { name: name.to_owned(), family: special.0.family, sets, is_variant })
}

/// A part's kind and settings.
fn parsed(part: &str) -> Result<(&str, &str), String> {
    let (kind, settings) = match part.split_once('(') {
        None => (part, ""),
        Some((kind, rest)) => match rest.strip_suffix(')') {
            Some(settings) => (kind.trim(), settings.trim()),
            None => return Err("something follows the brackets; wanted `+`, `,` or the end".into()),
        },
    };
    if kind.is_empty() {
        return Err("a part has no name; wanted strategies joined by `+`".into());
    }
    if toml::from_str::<toml::Table>(&format!("settings = {{ {settings} }}")).is_err() {
        return Err(format!(
            "`{settings}` is no list of settings; wanted some as in ties(density=0.5, scope=\"tensor\")"
        ));
    }
    Ok((kind, settings))
}

/// A kind with its settings, as a TOML table on a line.
fn table((entry, settings): &(&Entry, &str)) -> String {
    let comma = if settings.is_empty() { "" } else { ", " };
    format!("{{ kind = \"{}\"{comma}{settings} }}", entry.name)
}

/// The parts between `at`s that do not stand in brackets.
fn split(text: &str, at: char) -> Result<Vec<&str>, String> {
    let (mut parts, mut depth, mut start) = (Vec::new(), 0_i32, 0);
    for (i, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            c if c == at && depth == 0 => {
                parts.push(text[start..i].trim());
                start = i + c.len_utf8();
            }
            _ => {}
        }
        if !(0..=1).contains(&depth) {
            break;
        }
    }
    if depth != 0 {
        return Err(format!("`{text}` has a bracket too many or too few"));
    }
    parts.push(text[start..].trim());
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipeline_is_named_by_its_parts() {
        let base = Scenario::default();
        let made = contenders("bucketing(size=4)+median+fedadam, mean", &base).unwrap();
        let sets = [
            "distiller.pre=[{ kind = \"bucketing\", size=4 }]",
            "distiller.combine={ kind = \"median\" }",
            "distiller.server={ kind = \"fedadam\" }",
        ];
        assert_eq!(made[0].sets, sets);
        assert_eq!((made[0].family, made[0].is_variant), (Family::Before, true));
        // the scenario's own pipeline
        assert_eq!((made[1].sets.len(), made[1].is_variant), (0, false));
    }

    #[test]
    fn the_agents_solver_is_switched_on_where_it_is_named_and_off_where_it_is_not() {
        let plain = Scenario::default();
        let made = contenders("scaffold+median+fedavgm", &plain).unwrap();
        assert_eq!(made[0].sets[0], "learner.solver.scaffold=true");
        assert_eq!((made[0].sets.len(), made[0].family), (3, Family::Averaging));
        let on = ["learner.solver.scaffold=true".to_owned()];
        let corrected = Scenario::parse("", "corrected", &on).unwrap();
        let made = contenders("scaffold,mean", &corrected).unwrap();
        assert_eq!(made[0].sets.len(), 0);
        assert_eq!(made[1].sets, ["learner.solver.scaffold=false"]);
    }

    #[test]
    fn what_is_no_pipeline_is_refused() {
        let base = Scenario::default();
        for bad in [
            "",
            "medien",
            "mean+median",
            "fedadam+fedyogi",
            "scaffold(x=1)",
            "ties(density=0.5",
            "krum)",
        ] {
            assert!(contenders(bad, &base).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_refusal_says_what_is_wrong_with_which_part() {
        let base = Scenario::default();
        for (bad, said) in [
            ("mean+", "`mean+`: a part has no name"),
            ("ties(density=0.5)x", "something follows the brackets"),
            ("ties(density)", "`density` is no list of settings"),
            ("ties(density=0.5 }, y = { z=1)", "is no list of settings"),
            ("scaffold(x=1)", "`scaffold` has no settings; found `x=1`"),
        ] {
            let error = contenders(bad, &base).unwrap_err();
            assert!(error.contains(said), "{bad}: {error}");
        }
    }

    #[test]
    fn all_names_every_strategy_once() {
        let names = all();
        for entry in entries().filter(|entry| entry.name != "plain") {
            assert!(
                names.iter().any(|n| n.split('+').any(|part| part == entry.name)),
                "{n:?}",
                n = entry.name
            );
        }
        assert_eq!(contenders("all,mean", &Scenario::default()).unwrap().len(), names.len());
    }
}
