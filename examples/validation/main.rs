//! Runs the experiments behind docs/validation.md and writes their tables into it.
//!
//!     cargo run --release --example validation -- laws vectors sketch fedprox --write
//!     cargo run --release --example validation -- references --data DIR --write
//!
//! Without `--write` the tables are printed. No table depends on the machine.

#[path = "../../tests/federated/reference.rs"]
mod reference;
mod tables;

use anyhow::{Context, Result, bail};
use clap::{Parser, ValueEnum};
use std::path::PathBuf;

/// Makes the tables of docs/validation.md.
#[derive(Parser)]
struct Arguments {
    /// The tables to make.
    #[arg(required = true)]
    tables: Vec<Table>,
    /// Folder of data sets with a `reference.json` each (table `references`).
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Write the tables into docs/validation.md instead of printing them.
    #[arg(long)]
    write: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Table {
    /// Closed forms beside the engine.
    Laws,
    /// Strategies beside mergekit, Flower and ByzFL.
    Vectors,
    /// Hive, isolated and pooled agents beside a plain sketch of the model.
    Sketch,
    /// FedAvg and FedProx over heterogeneity and stragglers.
    Fedprox,
    /// Another implementation's results on its own data sets.
    References,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    for table in arguments.tables {
        let (name, text) = match table {
            Table::Laws => ("laws", tables::laws()),
            Table::Vectors => ("vectors", tables::vectors()?),
            Table::Sketch => ("sketch", tables::sketch()),
            Table::Fedprox => ("fedprox", tables::fedprox()),
            Table::References => {
                let data = arguments.data.as_ref().context("references needs --data DIR")?;
                ("references", tables::references(&reference::sets(data)))
            }
        };
        if arguments.write { write(name, &text)? } else { println!("{text}") }
    }
    Ok(())
}

/// Puts a table between its marks in docs/validation.md.
fn write(name: &str, table: &str) -> Result<()> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/validation.md");
    let text = std::fs::read_to_string(path).context(path)?;
    let mark = format!("<!-- generated: {name} -->\n");
    let parts = text.split_once(&mark).and_then(|(before, rest)| {
        rest.split_once("<!-- end -->").map(|(_, after)| (before, after))
    });
    let Some((before, after)) = parts else { bail!("{path}: no region `{name}`") };
    std::fs::write(path, format!("{before}{mark}{table}<!-- end -->{after}")).context(path)
}
