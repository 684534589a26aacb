//! `hivesim strategies`: the catalogue.

use super::{Failure, print};
use crate::catalogue::{Entry, Family, bare, brief, entries, find, markdown, sheet};
use crate::record::pretty;
use clap::{Args, Subcommand};
use comfy_table::{Table, presets};
use serde_json::{Value, json};

const AFTER_HELP: &str = "\
Examples:
  hivesim strategies                        all, by family
  hivesim strategies show geometric-median  formula, parameters, breakdown point, costs, paper
  hivesim strategies --json | jq '.[].name'
  hivesim compare scenarios/strategies.toml how they do";

/// Arguments of `hivesim strategies`.
#[derive(Debug, Args)]
#[command(after_long_help = AFTER_HELP, args_conflicts_with_subcommands = true)]
pub struct StrategiesArgs {
    #[command(subcommand)]
    action: Option<Action>,
    /// Print all there is to know of all of them, as JSON.
    #[arg(long)]
    json: bool,
    /// Print docs/strategies.md.
    #[arg(long, conflicts_with = "json")]
    markdown: bool,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Show one: formula, parameters, breakdown point, cost in time and memory, needs, paper.
    Show {
        /// Its name.
        name: String,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
}

/// Runs `hivesim strategies`.
pub(super) fn run(args: &StrategiesArgs) -> Result<(), Failure> {
    match &args.action {
        Some(Action::Show { name, json }) => {
            let entry = find(name).map_err(Failure::BadInput)?;
            print(&if *json { pretty(&described(entry)) } else { sheet(entry) })
        }
        None if args.markdown => print(&markdown()),
        None if args.json => print(&pretty(&entries().map(described).collect())),
        None => print(&listing()),
    }
}

/// All, a line each, family by family.
fn listing() -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["strategy", "what it is", "breakdown point"]);
    for family in Family::ALL {
        table.add_row([format!("{}:", family.name())]);
        for entry in entries().filter(|entry| entry.family == family) {
            let about = bare(&entry.kind().about);
            let name = format!("  {}", entry.name);
            table.add_row([name.as_str(), about.as_str(), brief(entry.breakdown)]);
        }
    }
    let lines: Vec<String> = table.lines().map(|line| line.trim_end().to_string()).collect();
    lines.join("\n") + "\n"
}

fn described(entry: &Entry) -> Value {
    let kind = entry.kind();
    let paper = |paper: &crate::catalogue::Paper| {
        json!({
            "authors": paper.authors,
            "year": paper.year,
            "title": paper.title,
            "venue": paper.venue,
            "arxiv": paper.arxiv,
        })
    };
    json!({
        "name": entry.name,
        "stage": entry.stage,
        "family": entry.family.name(),
        "about": kind.about,
        "formula": entry.formula,
        "breakdown": entry.breakdown,
        "time": entry.time,
        "memory": entry.memory,
        "needs": entry.needs,
        "vector": entry.scope(),
        "notes": entry.notes,
        "parameters": kind.parameters,
        "papers": entry.papers.iter().map(paper).collect::<Vec<_>>(),
    })
}
