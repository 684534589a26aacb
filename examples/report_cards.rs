//! Puts what `hivesim stress` wrote into a folder beside the catalogue, from where
//! `hivesim strategies` shows it, and into the documentation:
//!
//! ```text
//! cargo run --release -- stress --strategies 'all,mda(f=4),smea(f=1)' -o runs/everyone
//! cargo run --release --example report_cards -- runs/everyone
//! cargo run -- strategies --markdown > docs/strategies.md
//! ```

use serde_json::{Value, json};
use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;

const CARDS: &str = "src/catalogue/cards.json";
const PAGE: &str = "docs/stress.md";

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).ok_or("name the folder, as in runs/everyone")?;
    let text = std::fs::read_to_string(Path::new(&folder).join("cards.json"))?;
    let told: Value = serde_json::from_str(&text)?;
    if told["quick"] == true {
        return Err("these are of the battery in short".into());
    }
    let standings = told["board"]["standings"].as_array().ok_or("no leaderboard")?;
    let mut cards = serde_json::Map::new();
    for (i, card) in told["cards"].as_array().into_iter().flatten().enumerate() {
        let own = standings.iter().find(|standing| standing["card"] == json!(i));
        let of = |key: &str| own.map_or(Value::Null, |own| own[key].clone());
        let cell = |cell: &Value| {
            json!([short(&cell["mean"], 4), short(&cell["low"], 4), short(&cell["high"], 4)])
        };
        let fall = |curve: &Value| {
            let fall = &curve["breakdown"];
            json!({
                "refused": curve["refused"],
                "dose": short(&fall["dose"], 3),
                "low": short(&fall["low"], 3),
                "high": short(&fall["high"], 3),
            })
        };
        let falls: Vec<Value> = card["curves"].as_array().into_iter().flatten().map(fall).collect();
        let name = card["name"].as_str().ok_or("a card without a name")?;
        let kept = json!({
            "refused": card["refused"],
            "clean": cell(&card["clean"]),
            "stressed": cell(&of("stressed")),
            "kept": short(&of("kept"), 3),
            "rank": short(&of("rank"), 3),
            "falls": falls,
        });
        cards.insert(name.into(), kept);
    }
    let hardship = |each: &Value| json!({ "name": each["name"], "family": each["family"] });
    let hardships: Vec<Value> =
        told["hardships"].as_array().into_iter().flatten().map(hardship).collect();
    // a line a card, so that a change shows which
    let mut all = format!(
        "{{\n\"battery\": {}, \"version\": {}, \"seeds\": {}, \"floor\": {},\n\"hardships\": {},\n\"cards\": {{\n",
        told["battery"],
        told["version"],
        told["seeds"].as_array().map_or(0, Vec::len),
        told["floor"],
        Value::Array(hardships),
    );
    let lines: Vec<String> =
        cards.iter().map(|(name, card)| format!("{}: {card}", json!(name))).collect();
    all += &lines.join(",\n");
    std::fs::write(CARDS, all + "\n}\n}\n")?;
    let page = std::fs::read_to_string(PAGE)?;
    let (open, close) = ("<!-- generated: board -->\n", "<!-- end -->");
    let (before, rest) = page.split_once(open).ok_or("docs/stress.md has no mark")?;
    let (_, after) = rest.split_once(close).ok_or("docs/stress.md: no end")?;
    let board = hardships_table(&told) + &board(&told, standings);
    Ok(std::fs::write(PAGE, format!("{before}{open}{board}{close}{after}"))?)
}

/// A number with so many digits; null where it is none.
fn short(value: &Value, digits: usize) -> Value {
    let Some(x) = value.as_f64() else { return Value::Null };
    format!("{x:.*e}", digits - 1).parse::<f64>().map_or(Value::Null, |x| json!(x))
}

/// What the battery is made of.
fn hardships_table(told: &Value) -> String {
    let mut text = String::from(
        "| hardship | family | what | dose | from | to |\n| --- | --- | --- | --- | --- | --- |\n",
    );
    for each in told["hardships"].as_array().into_iter().flatten() {
        let of = |key: &str| each[key].as_str().unwrap_or_default();
        // writing to a String cannot fail
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} (`{}`) | {} | {} |",
            of("name"),
            of("family"),
            of("about"),
            of("dose"),
            of("key"),
            short(&each["from"], 3),
            short(&each["to"], 3)
        );
    }
    let seeds = told["seeds"].as_array().map_or(0, Vec::len);
    let _ = write!(
        text,
        "\n**Came out** of version {}, {} strategies, {seeds} seeds, {} runs; a strategy breaks down where \
         its skill falls below {} of its clean run's:\n\n",
        told["version"],
        told["cards"].as_array().map_or(0, Vec::len),
        told["runs"],
        told["floor"],
    );
    text
}

/// The leaderboard, and the breakdown points of the best.
fn board(told: &Value, standings: &[Value]) -> String {
    let mut text = String::from(
        "| strategy | clean | under hardship | kept | breaks at | broken by | weakest under | mean rank |\n\
         | --- | --- | --- | --- | --- | --- | --- | --- |\n",
    );
    let level = |x: &Value| x.as_f64().map_or("-".into(), |x| format!("{x:.3}"));
    for each in standings {
        let stressed = &each["stressed"];
        // writing to a String cannot fail
        let _ = writeln!(
            text,
            "| `{}` | {} | {} ({} to {}) | {:.0} % | {} | {} of {} | {} | {} |",
            each["name"].as_str().unwrap_or_default(),
            level(&each["clean"]["mean"]),
            level(&stressed["mean"]),
            level(&stressed["low"]),
            level(&stressed["high"]),
            100.0 * each["kept"].as_f64().unwrap_or(f64::NAN),
            level(&each["breakdown"]),
            each["broken_by"],
            each["faced"],
            each["weakest"].as_str().unwrap_or("-"),
            each["rank"].as_f64().map_or("-".into(), |rank| format!("{rank:.1}")),
        );
    }
    let own = [
        "mean",
        "mean+fedadam",
        "trimmed-mean",
        "median",
        "geometric-median",
        "centred-clipping",
        "krum",
        "nearest-neighbour-mixing+geometric-median",
        "bulyan",
        "ties",
    ];
    let shown: Vec<&Value> = told["cards"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|card| own.iter().any(|name| card["name"] == *name))
        .collect();
    let names: Vec<&str> = shown.iter().filter_map(|card| card["name"].as_str()).collect();
    let _ = write!(
        text,
        "\nBreakdown points of some of them:\n\n| hardship | up to | {} |\n",
        names.join(" | ")
    );
    let _ = writeln!(text, "| --- | --- |{}", " --- |".repeat(names.len()));
    for (h, hardship) in told["hardships"].as_array().into_iter().flatten().enumerate() {
        let cell = |card: &&Value| {
            let curve = &card["curves"][h];
            match (curve["refused"].is_null(), short(&curve["breakdown"]["dose"], 2)) {
                (false, _) => "refused".into(),
                (true, Value::Null) => "holds".into(),
                (true, dose) => dose.to_string(),
            }
        };
        let cells: Vec<String> = shown.iter().map(cell).collect();
        let name = hardship["name"].as_str().unwrap_or_default();
        let _ =
            writeln!(text, "| {name} | {} | {} |", short(&hardship["to"], 2), cells.join(" | "));
    }
    text
}
