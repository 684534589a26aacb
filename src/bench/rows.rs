//! What repeats of the cases of a benchmark come to.

use super::case::Case;
use super::figures::{FIGURES, Sample};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// The median of some repeats, and the least and the most of them: it holds the median of all repeats
/// that could be made with the probability `1 − 2^(1−n)`, 98 % for seven.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// The median; NaN of nothing.
    pub median: f64,
    /// The least.
    pub low: f64,
    /// The most.
    pub high: f64,
}

impl Spread {
    /// Of numbers of which some may be NaN, which do not count.
    pub fn of(values: impl Iterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.filter(|x| x.is_finite()).collect();
        values.sort_by(f64::total_cmp);
        let (Some(&low), Some(&high)) = (values.first(), values.last()) else {
            return Spread { median: f64::NAN, low: f64::NAN, high: f64::NAN };
        };
        let middle = values.len() / 2;
        let median = match values.len() % 2 {
            0 => 0.5 * (values[middle - 1] + values[middle]),
            _ => values[middle],
        };
        Spread { median, low, high }
    }

    /// Whether another has a number in common with it.
    pub fn meets(&self, other: &Spread) -> bool {
        self.low <= other.high && other.low <= self.high
    }
}

/// A case with all its repeats.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The case.
    pub case: Case,
    /// Its repeats.
    pub samples: Vec<Sample>,
    /// Why there are none, where the machine refuses the load.
    pub refused: Option<String>,
}

impl Row {
    /// A figure over the repeats, by its name.
    pub fn spread(&self, name: &str) -> Spread {
        Spread::of(self.samples.iter().map(|sample| sample.get(name)))
    }

    /// Tasks a second, in the median.
    fn rate(&self) -> f64 {
        self.spread("tasks_per_second").median
    }
}

/// A benchmark.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bench {
    /// The version of hivesim.
    pub hivesim: String,
    /// When it began, in UTC.
    pub started: String,
    /// What it ran on, and how the program was built.
    pub machine: Value,
    /// Repeats of each case.
    pub repeats: u32,
    /// Seconds that a case was run before it was measured.
    pub warm_up_seconds: f64,
    /// Seconds that it was measured, at least.
    pub measured_seconds: f64,
    /// The rows, case by case.
    pub rows: Vec<Row>,
}

impl Bench {
    fn find(&self, case: &Case) -> Option<&Row> {
        self.rows.iter().find(|row| row.case == *case)
    }

    /// How many times faster a row is than the same on one thread; NaN where that was not run.
    pub fn speed_up(&self, row: &Row) -> f64 {
        let one = self.find(&Case { threads: 1, ..row.case.clone() });
        one.map_or(f64::NAN, |one| row.rate() / one.rate())
    }

    /// The speed-up by the number of threads: 1 is all that they could bring.
    pub fn efficiency(&self, row: &Row) -> f64 {
        self.speed_up(row) / f64::from(row.case.threads)
    }

    /// What a task costs beside its own arithmetic, in seconds of a thread: what it takes less what it
    /// takes in a plain loop on one thread.
    pub fn overhead_seconds(&self, row: &Row) -> f64 {
        let plain = self.find(&row.case.plain());
        let threads = f64::from(row.case.threads);
        plain.map_or(f64::NAN, |plain| threads / row.rate() - 1.0 / plain.rate())
    }

    /// The same as a share of the plain loop's time: 0 costs nothing.
    pub fn overhead(&self, row: &Row) -> f64 {
        let plain = self.find(&row.case.plain());
        plain.map_or(f64::NAN, |plain| self.overhead_seconds(row) * plain.rate())
    }

    /// bench.json: what is read again, and beside each row what it comes to.
    pub fn to_json(&self) -> Value {
        let number = |x: f64| if x.is_finite() { json!(x) } else { Value::Null };
        let mut value = json!(self);
        let rows = value["rows"].as_array_mut().into_iter().flatten();
        for (row, value) in self.rows.iter().zip(rows) {
            let spread = |name: &str| {
                let Spread { median, low, high } = row.spread(name);
                json!({ "median": number(median), "low": number(low), "high": number(high) })
            };
            let figures: Map<String, Value> =
                FIGURES.iter().map(|figure| (figure.name.into(), spread(figure.name))).collect();
            value["figures"] = Value::Object(figures);
            value["speed_up"] = number(self.speed_up(row));
            value["efficiency"] = number(self.efficiency(row));
            value["overhead"] = number(self.overhead(row));
            value["overhead_seconds"] = number(self.overhead_seconds(row));
        }
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::Workload;
    use crate::scenario::EngineKind;

    fn row(engine: EngineKind, threads: u32, rates: &[f64]) -> Row {
        let case = Case {
            engine,
            fabric: None,
            publication: None,
            agents: 10,
            threads,
            tasks: 1,
            strategy: "mean".into(),
            workload: Workload::Learning,
        };
        let sample = |rate: &f64| Sample::new(2.0, [(2.0 * rate) as u64, 4, 2]);
        Row { case, samples: rates.iter().map(sample).collect(), refused: None }
    }

    fn bench() -> Bench {
        Bench {
            hivesim: "1".into(),
            started: String::new(),
            machine: Value::Null,
            repeats: 3,
            warm_up_seconds: 0.1,
            measured_seconds: 2.0,
            rows: vec![
                row(EngineKind::Serial, 1, &[100.0, 90.0, 120.0]),
                row(EngineKind::Pool, 1, &[80.0, 80.0, 81.0]),
                row(EngineKind::Pool, 2, &[160.0, 128.0, 100.0]),
            ],
        }
    }

    #[test]
    fn a_spread_holds_its_median_and_leaves_out_what_is_none() {
        let spread = Spread::of([3.0, f64::NAN, 1.0, 2.0, 8.0].into_iter());
        assert_eq!((spread.median, spread.low, spread.high), (2.5, 1.0, 8.0));
        assert!(Spread::of(std::iter::empty()).median.is_nan());
        let of = |low, high| Spread { median: low, low, high };
        assert!(of(1.0, 2.0).meets(&of(2.0, 3.0)) && !of(1.0, 2.0).meets(&of(2.1, 3.0)));
        // what is none meets nothing
        assert!(!of(f64::NAN, f64::NAN).meets(&of(1.0, 2.0)));
    }

    #[test]
    fn two_threads_at_eight_tenths_cost_a_quarter_and_more() {
        let bench = bench();
        let [serial, one, two] = &bench.rows[..] else { panic!("three rows") };
        assert_eq!(bench.speed_up(two), 1.6);
        assert_eq!(bench.efficiency(two), 0.8);
        assert_eq!(bench.overhead(serial), 0.0);
        assert!((bench.overhead(one) - 0.25).abs() < 1e-12);
        // two threads take 1/64 s a task, where one of a plain loop takes 1/100
        assert!((bench.overhead(two) - 0.5625).abs() < 1e-12);
    }

    #[test]
    fn a_benchmark_is_read_again_as_it_was_written() {
        let bench = bench();
        let text = bench.to_json().to_string();
        let read: Bench = serde_json::from_str(&text).unwrap();
        assert_eq!(read.to_json().to_string(), text);
        assert_eq!(bench.to_json()["rows"][2]["figures"]["tasks_per_second"]["median"], 128.0);
    }
}
