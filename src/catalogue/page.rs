//! The catalogue as docs/strategies.md, and an entry as a sheet for a terminal.

use super::{Entry, Family, cards, entries, report_cards};
use crate::scenario::{Kind, Parameter, Stage};
use std::fmt::Write as _;

const OPENING: &str = "\
# Merge strategies

<!-- made by: hivesim strategies --markdown > docs/strategies.md -->

How the distiller makes the next core out of what agents bring back. The same strategies merge
models in files, but for those that need agents at work. `hivesim strategies` lists them,
`hivesim strategies show NAME` prints one, and `hivesim compare SCENARIO` runs a scenario under all
of them.

## The pipeline

```text
solver ──► contributions x_i ──► pre ──► combine ──► server ──► the next core
                                (any)    (one)       (one)
```

```toml
[learner.solver]
scaffold = false

[distiller]
absent = \"skip\"
pre = [{ kind = \"nearest-neighbour-mixing\" }]
combine = { kind = \"trimmed-mean\", proportion = 0.1 }
server = { kind = \"fedavgm\", momentum = 0.5 }
```

An agent's contribution `x_i` is what it moved from the core `θ` that it pulled. Contributions
first go through `pre`, a list: each of its steps makes new vectors out of the old ones, as many or
fewer. Then `combine` makes one vector `m` of them, in units of the core: adding it as it is gives
the core that the strategy means. `server` takes `m` for a gradient and may give it momentum or
scale it coordinate by coordinate; `plain` adds it. State of a strategy or server goes from round
to round. `scaffold` reaches further back, into the steps by which agents learn (`learner.solver`),
and goes with any of them.

`absent` says what becomes of a block that an agent never touched. With `\"skip\"` the agent has no
say in it: a block is merged over those that hold it, distances are taken over the blocks that two
agents share, in proportion to all of them, a contribution is as long as what it holds, and where
too few hold a block for what a strategy vouches for, the block stays as it is. With `\"zero\"` the agent says that nothing should change
there, with the weight of all its tasks.

`scope`, a parameter of many strategies, says what counts as one vector where distances, norms,
angles or the largest entries are asked for: a parameter `\"block\"` (in a file, a row), a
`\"tensor\"` (in a fleet, a block), or the whole `\"model\"`. What strategies without it go by stands
there too.

`weighting` says what a contribution counts: its `\"tasks\"` on the block, or as much as any other,
`\"uniform\"`. Robust strategies count members the same unless told otherwise, because a count is a
claim.

In what follows there are `n` contributions of `d` parameters, `x_ij` is coordinate `j` of `x_i`,
`w_i` its weight, and `θ_i = θ + x_i` its model. The *breakdown point* is the share of members that
may send anything at all without the result being anything. In a fleet with `absent = \"skip\"` it is a
share of those who hold a block: what attackers alone have touched is theirs. Cost in memory is
beside the core.
`f`, where it is not set, is a fifth of the contributions, or as many as the strategy allows.
";

/// docs/strategies.md.
pub fn markdown() -> String {
    let mut text = OPENING.to_owned();
    let cards = report_cards();
    let _ = write!(
        text,
        "\nReport cards are measured: what `hivesim stress --strategies all` made of each strategy with \
         its default settings, version {} of the {} battery on {} seeds ([stress.md](stress.md)). A \
         breakdown point there is the dose at which skill falls below {} of the clean run's, with an \
         interval that holds the median over seeds; *beyond* is above the highest dose.\n",
        cards.version, cards.battery, cards.seeds, cards.floor
    );
    text += "\n## Summary\n\n| strategy | what it is | breakdown point | time |\n| --- | --- | --- | --- |\n";
    for entry in entries() {
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "| [`{name}`](#{name}) | {} | {} | {} |",
            bare(&entry.kind().about),
            brief(entry.breakdown),
            brief(entry.time),
            name = entry.name
        );
    }
    for family in Family::ALL {
        let _ = writeln!(text, "\n## {}", capital(family.name()));
        for entry in entries().filter(|entry| entry.family == family) {
            section(entry, &mut text);
        }
    }
    text
}

fn section(entry: &Entry, text: &mut String) {
    let kind = entry.kind();
    let _ = write!(
        text,
        "\n### {}\n\n{}\n\n```text\n{}\n```\n\n",
        entry.name, kind.about, entry.formula
    );
    for (label, value) in facts(entry) {
        let _ = writeln!(text, "- {label}: {value}");
    }
    if !entry.notes.is_empty() {
        let _ = write!(text, "\n{}\n", entry.notes);
    }
    if !kind.parameters.is_empty() {
        *text += "\n| parameter | what | default | meaning |\n| --- | --- | --- | --- |\n";
    }
    for Parameter { key, wanted, default, about } in &kind.parameters {
        let default = if default == "not set" { default.clone() } else { format!("`{default}`") };
        let _ = writeln!(text, "| `{key}` | {wanted} | {default} | {about} |");
    }
    *text += "\n";
    for paper in entry.papers {
        let citation = match paper.arxiv {
            "" => paper.citation(),
            id => paper.citation().replace(
                &format!("arXiv:{id}"),
                &format!("[arXiv:{id}](https://arxiv.org/abs/{id})"),
            ),
        };
        let _ = writeln!(text, "- {citation}");
    }
    *text += &cards::section(entry);
}

/// An entry for a terminal: what it is, its formula, its facts, its parameters, its papers.
pub fn sheet(entry: &Entry) -> String {
    let kind = entry.kind();
    let mut text = format!("{}  ({})\n{}\n", entry.name, entry.family.name(), kind.about);
    let _ = write!(text, "\n  {}\n\n", entry.formula.replace('\n', "\n  "));
    for (label, value) in facts(entry) {
        let _ = writeln!(text, "{:17}{value}", format!("{label}:"));
    }
    if !entry.notes.is_empty() {
        let _ = write!(text, "\n{}\n", entry.notes);
    }
    parameters(&kind, &mut text);
    let _ = write!(text, "\nIn a scenario:\n  {}\n\nPaper:\n", usage(entry));
    for paper in entry.papers {
        let _ = writeln!(text, "  {}", paper.citation());
    }
    text + &cards::sheet(entry)
}

fn parameters(kind: &Kind, text: &mut String) {
    if kind.parameters.is_empty() {
        *text += "\nNo parameters.\n";
        return;
    }
    *text += "\nParameters:\n";
    for Parameter { key, wanted, default, about } in &kind.parameters {
        let _ = writeln!(text, "  {key} = {default}   ({wanted})\n      {about}");
    }
}

/// The entry as a line of `[distiller]`.
fn usage(entry: &Entry) -> String {
    let kind = format!("{{ kind = \"{}\" }}", entry.name);
    let key = entry.stage.key();
    match entry.stage {
        Stage::Solver => format!("{key}.{} = true", entry.name),
        Stage::Pre => format!("{key} = [{kind}]"),
        Stage::Combine | Stage::Server => format!("{key} = {kind}"),
    }
}

fn facts(entry: &Entry) -> Vec<(&'static str, String)> {
    vec![
        ("Breakdown point", entry.breakdown.to_owned()),
        ("Time", entry.time.to_owned()),
        ("Memory", entry.memory.to_owned()),
        ("Needs", if entry.needs.is_empty() { "nothing" } else { entry.needs }.to_owned()),
        ("One vector is", entry.scope()),
    ]
}

/// A summary without its source, which the section has in full.
pub fn bare(about: &str) -> String {
    let text = match about.rsplit_once(" (") {
        Some((text, source)) if source.chars().any(|c| c.is_ascii_digit()) => text,
        _ => about,
    };
    text.trim_end_matches('.').to_owned()
}

/// What stands before the first colon or semicolon.
pub fn brief(text: &str) -> &str {
    text.split([':', ';']).next().unwrap_or(text)
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect())
}
