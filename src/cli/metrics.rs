//! What a run tells the `metrics` facade, and the exporter that serves it.
//! docs/measures.md holds the same table; a test compares them.

use super::{Failure, no_thread};
use crate::engine::Registry;
use crate::ids::CoreVersion;
use crate::measure::{Latency, LiveReport, RoundRow};
use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram};
use metrics::{gauge, histogram};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder};
use std::net::SocketAddr;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Counter,
    Gauge,
    Histogram,
}
use Kind::{Counter, Gauge, Histogram};

struct Metric {
    name: &'static str,
    kind: Kind,
    /// As the facade knows it.
    unit: Unit,
    /// The unit in its name, or what is counted, and when it changes.
    about: &'static str,
}

const fn metric(name: &'static str, kind: Kind, unit: Unit, about: &'static str) -> Metric {
    Metric { name, kind, unit, about }
}

/// All have the label `fleet`, `hive`, `isolated` or `pooled`, but those of the live page.
const METRICS: [Metric; 29] = [
    metric("hivesim_tasks_total", Counter, Unit::Count, "Tasks done, after each round."),
    metric("hivesim_sample_steps_total", Counter, Unit::Count, "Examples trained on."),
    metric("hivesim_learnings_total", Counter, Unit::Count, "Learnings merged."),
    metric("hivesim_learnings_dropped_total", Counter, Unit::Count, "Learnings not merged."),
    metric(
        "hivesim_bytes_total",
        Counter,
        Unit::Bytes,
        "Bytes sent; label way: up to the distiller, down to the agents.",
    ),
    metric("hivesim_round", Gauge, Unit::Count, "Cores published after the first."),
    metric("hivesim_core_skill", Gauge, Unit::Count, "Level of the bare core, 1 the oracle."),
    metric("hivesim_panel_skill", Gauge, Unit::Count, "Level of the agents, 1 the oracle."),
    metric(
        "hivesim_unpractised_skill",
        Gauge,
        Unit::Count,
        "Level on skills that the agent never practised, 1 the oracle.",
    ),
    metric("hivesim_fleet_adoption", Gauge, Unit::Count, "Share of agents that hold their job."),
    metric("hivesim_train_loss", Gauge, Unit::Count, "Training loss of the core, nats."),
    metric("hivesim_test_accuracy", Gauge, Unit::Count, "Test accuracy of the core, a share."),
    metric("hivesim_live_agents", Gauge, Unit::Count, "Agents alive (engines tasks and live)."),
    metric(
        "hivesim_live_agents_at_newest_core",
        Gauge,
        Unit::Count,
        "Agents that are done with the round under way (engines tasks and live).",
    ),
    metric(
        "hivesim_live_tasks",
        Gauge,
        Unit::Count,
        "Tasks done so far, the round under way included (engines tasks and live).",
    ),
    metric(
        "hivesim_sent_total",
        Counter,
        Unit::Count,
        "Learnings that free agents sent (engine live).",
    ),
    metric(
        "hivesim_overflow_total",
        Counter,
        Unit::Count,
        "Learnings dropped for want of room (engine live).",
    ),
    metric("hivesim_in_flight", Gauge, Unit::Count, "Learnings on their way (engine live)."),
    metric(
        "hivesim_to_merge_seconds",
        Gauge,
        Unit::Seconds,
        "From sending to merging; label quantile: 0.5, 0.9, 0.99, 0.999, 1 (engine live).",
    ),
    metric(
        "hivesim_to_pull_seconds",
        Gauge,
        Unit::Seconds,
        "From publication to pull; label quantile: 0.5, 0.9, 0.99, 0.999, 1 (engine live).",
    ),
    metric(
        "hivesim_waits_total",
        Counter,
        Unit::Count,
        "Times that an agent found no room for its learning (engine live).",
    ),
    metric(
        "hivesim_wait_seconds",
        Gauge,
        Unit::Seconds,
        "Time that agents have waited for room, all together (engine live).",
    ),
    metric(
        "hivesim_lock_seconds",
        Gauge,
        Unit::Seconds,
        "Time that threads have waited for locks, all together (engine live).",
    ),
    metric(
        "hivesim_cores_checked_total",
        Counter,
        Unit::Count,
        "Cores that agents looked at from end to end (engine live).",
    ),
    metric("hivesim_tour_seconds", Histogram, Unit::Seconds, "Time to visit all agents."),
    metric("hivesim_merge_seconds", Histogram, Unit::Seconds, "Time to make the next core."),
    metric(
        "hivesim_staleness",
        Histogram,
        Unit::Count,
        "Mean staleness of a round's learnings, core versions.",
    ),
    metric("hivesim_viewers", Gauge, Unit::Count, "Viewers of the live page."),
    metric("hivesim_viewer_frames_total", Counter, Unit::Count, "Frames sent to viewers."),
];

/// From a hundred microseconds to five minutes.
const SECONDS: [f64; 14] =
    [1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0];
const VERSIONS: [f64; 8] = [0.0, 1.0, 2.0, 3.0, 5.0, 10.0, 20.0, 50.0];

/// Serves the metrics of this process on `address` until it ends.
pub(super) fn serve(address: SocketAddr) -> Result<(), Failure> {
    let bad = |error: &dyn std::fmt::Display| {
        let hint = "is another program using it? Name another port";
        Failure::BadInput(format!("--metrics {address}: {error}; {hint}"))
    };
    let mut builder = PrometheusBuilder::new().with_http_listener(address);
    for metric in METRICS.iter().filter(|metric| metric.kind == Histogram) {
        let buckets = if metric.unit == Unit::Seconds { &SECONDS[..] } else { &VERSIONS[..] };
        builder = builder
            .set_buckets_for_metric(Matcher::Full(metric.name.into()), buckets)
            .map_err(|error| bad(&error))?;
    }
    builder.install().map_err(|error| match error {
        BuildError::FailedToCreateRuntime(why) => no_thread(why),
        error => bad(&error),
    })?;
    for Metric { name, kind, unit, about } in METRICS {
        match kind {
            Counter => describe_counter!(name, unit, about),
            Gauge => describe_gauge!(name, unit, about),
            Histogram => describe_histogram!(name, unit, about),
        }
    }
    Ok(())
}

/// An address with a port: nobody could find a port that the system picks.
pub(super) fn address(text: &str) -> Result<SocketAddr, String> {
    let wanted = "wanted an address and a port, like 127.0.0.1:9000";
    match text.parse::<SocketAddr>() {
        Ok(address) if address.port() == 0 => Err(format!("found port 0; {wanted}")),
        Ok(address) => Ok(address),
        Err(_) => Err(wanted.into()),
    }
}

/// A round is over.
pub(super) fn round(fleet: &'static str, row: &RoundRow) {
    counter!("hivesim_tasks_total", "fleet" => fleet).increment(row.tasks);
    counter!("hivesim_sample_steps_total", "fleet" => fleet).increment(row.sample_steps);
    counter!("hivesim_learnings_total", "fleet" => fleet).increment(row.learnings);
    counter!("hivesim_learnings_dropped_total", "fleet" => fleet).increment(row.dropped);
    for (way, bytes) in [("up", row.bytes_up), ("down", row.bytes_down)] {
        counter!("hivesim_bytes_total", "fleet" => fleet, "way" => way).increment(bytes);
    }
    gauge!("hivesim_round", "fleet" => fleet).set(f64::from(row.round));
    let gauges = [
        ("hivesim_core_skill", row.core_skill),
        ("hivesim_panel_skill", row.panel_skill),
        ("hivesim_unpractised_skill", row.unpractised_skill),
        ("hivesim_fleet_adoption", row.fleet_adoption),
        ("hivesim_train_loss", row.train_loss),
        ("hivesim_test_accuracy", row.test_accuracy),
    ];
    // what a round did not measure keeps its last value
    for (name, value) in gauges.into_iter().filter(|(_, value)| value.is_finite()) {
        gauge!(name, "fleet" => fleet).set(value);
    }
    if row.staleness.is_finite() {
        histogram!("hivesim_staleness", "fleet" => fleet).record(row.staleness);
    }
}

/// All agents were visited.
pub(super) fn toured(fleet: &'static str, seconds: f64) {
    histogram!("hivesim_tour_seconds", "fleet" => fleet).record(seconds);
}

/// A core was made.
pub(super) fn merged(fleet: &'static str, seconds: f64) {
    histogram!("hivesim_merge_seconds", "fleet" => fleet).record(seconds);
}

/// How the books of free agents stand. They are of the hive: bounds are no free fleets.
pub(super) fn live(report: &LiveReport) {
    const HIVE: (&str, &str) = ("fleet", "hive");
    let counters = [
        ("hivesim_sent_total", report.sent),
        ("hivesim_overflow_total", report.dropped),
        ("hivesim_waits_total", report.waits),
        ("hivesim_cores_checked_total", report.checked),
    ];
    for (name, number) in counters {
        counter!(name, HIVE.0 => HIVE.1).absolute(number);
    }
    gauge!("hivesim_in_flight", HIVE.0 => HIVE.1).set(report.left as f64);
    gauge!("hivesim_wait_seconds", HIVE.0 => HIVE.1).set(report.wait_seconds);
    gauge!("hivesim_lock_seconds", HIVE.0 => HIVE.1).set(report.lock_seconds);
    let latencies = [
        ("hivesim_to_merge_seconds", report.to_merge),
        ("hivesim_to_pull_seconds", report.to_pull),
    ];
    for (name, Latency { p50, p90, p99, p999, max, .. }) in latencies {
        let quantiles = [("0.5", p50), ("0.9", p90), ("0.99", p99), ("0.999", p999), ("1", max)];
        for (quantile, seconds) in quantiles {
            gauge!(name, HIVE.0 => HIVE.1, "quantile" => quantile).set(seconds);
        }
    }
}

/// What the live registry says in the middle of a round.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Live {
    /// Agents alive.
    pub agents: u64,
    /// Agents that are done with the round under way.
    pub at_newest: u64,
    /// Tasks that all have done since the fleet began.
    pub tasks: u64,
}

impl Live {
    /// Counts the registry; `newest` is the core that is being handed out.
    pub fn of(registry: &Registry, newest: CoreVersion) -> Live {
        let mut live = Live::default();
        for status in registry {
            live.agents += 1;
            live.at_newest += u64::from(status.version == newest);
            live.tasks += status.tasks;
        }
        live
    }

    /// Tells the facade.
    pub fn tell(&self, fleet: &'static str) {
        gauge!("hivesim_live_agents", "fleet" => fleet).set(self.agents as f64);
        gauge!("hivesim_live_agents_at_newest_core", "fleet" => fleet).set(self.at_newest as f64);
        gauge!("hivesim_live_tasks", "fleet" => fleet).set(self.tasks as f64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::AgentStatus;
    use crate::ids::AgentId;

    #[test]
    fn every_metric_is_documented_with_its_kind_and_meaning() {
        let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/measures.md");
        let page = std::fs::read_to_string(page).unwrap();
        let section = page.split("## Metrics while running").nth(1).unwrap();
        let documented: Vec<&str> =
            section.lines().filter(|l| l.starts_with("| `hivesim_")).collect();
        let table: Vec<String> = METRICS
            .iter()
            .map(|m| {
                let kind = format!("{:?}", m.kind).to_lowercase();
                format!("| `{}` | {kind} | {} |", m.name, m.about.trim_end_matches('.'))
            })
            .collect();
        assert_eq!(documented, table);
    }

    #[test]
    fn the_dashboard_asks_for_metrics_that_there_are_and_for_all_of_them() {
        let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/grafana.json");
        let page: serde_json::Value =
            serde_json::from_str(&std::fs::read_to_string(page).unwrap()).unwrap();
        let targets = page["panels"].as_array().unwrap().iter().flat_map(|panel| {
            panel["targets"].as_array().unwrap().iter().map(|t| t["expr"].as_str().unwrap())
        });
        let is_name = |c: char| c.is_ascii_lowercase() || c == '_';
        let asked: std::collections::BTreeSet<&str> = targets
            .flat_map(|expr| expr.split(|c| !is_name(c)))
            .filter(|word| word.starts_with("hivesim_"))
            .map(|word| word.trim_end_matches("_bucket"))
            .collect();
        let there: std::collections::BTreeSet<&str> =
            METRICS.iter().map(|metric| metric.name).collect();
        assert_eq!(asked, there);
    }

    #[test]
    fn the_registry_is_counted_by_core_version() {
        let registry = Registry::new();
        for (agent, version, tasks) in [(0, 2, 30), (1, 1, 20), (2, 2, 25)] {
            let status = AgentStatus { version: CoreVersion(version), tasks };
            registry.insert(AgentId(agent), status);
        }
        let live = Live::of(&registry, CoreVersion(2));
        assert_eq!(live, Live { agents: 3, at_newest: 2, tasks: 75 });
    }

    #[test]
    fn an_address_needs_a_port() {
        assert!(address("127.0.0.1:9000").is_ok());
        assert!(address("127.0.0.1:0").unwrap_err().starts_with("found port 0"));
        assert!(address("localhost").unwrap_err().contains("127.0.0.1:9000"));
    }
}
