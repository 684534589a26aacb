//! No bytes on a connection of the live page bring its server down, and none are answered by a
//! failure of its own (a status from 500 on), with a run under watch and without.

#![no_main]

use hivesim::engine::Experiment;
use hivesim::scenario::Scenario;
use hivesim::serve::{Board, Site, fuzzing};
use hivesim_fuzz::Place;
use libfuzzer_sys::fuzz_target;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

/// Bytes that a connection holds either way: more than any answer but those that never end.
const ROOM: usize = 1 << 20;
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(5);

const SCENARIO: &str = "rounds = 3\n[fleet]\nagents = 12\n[measure]\npanel = 4\n";

struct Setting {
    place: Place,
    runtime: Runtime,
}

thread_local!(static SETTING: Setting = Setting::new());

impl Setting {
    fn new() -> Setting {
        let place = Place::new();
        place.write("scenarios/small.toml", SCENARIO);
        place.write("runs/small-1/report.html", "<p>a report</p>");
        place.write("runs/small-2/manifest.json", "{}");
        let runtime = Builder::new_current_thread().enable_time().build().expect("a runtime");
        Setting { place, runtime }
    }

    /// A site as `hivesim run --serve` has it, or as `hivesim serve`.
    fn site(&self, watches: bool) -> Arc<Site> {
        let (runs, scenarios) = (self.place.at("runs"), self.place.at("scenarios"));
        match watches {
            true => {
                let scenario = Scenario::parse(SCENARIO, "small.toml", &[]).expect("a scenario");
                let experiment = Experiment::new(scenario.clone());
                let board = Board::new(&scenario, experiment.controls(), experiment.halt());
                Site::of_run(board, Some(runs))
            }
            false => {
                let launch = |scenario, _| {
                    let experiment = Experiment::new(scenario);
                    let (controls, halt) = (experiment.controls(), experiment.halt());
                    Ok(Board::new(&experiment.scenario(), controls, halt))
                };
                Site::of_folders(runs, scenarios, Box::new(launch))
            }
        }
    }
}

fuzz_target!(|data: &[u8]| {
    let Some((first, request)) = data.split_first() else { return };
    SETTING.with(|setting| {
        let site = setting.site(first % 2 == 0);
        setting.runtime.block_on(async {
            let (mut client, server) = duplex(ROOM);
            let server = tokio::spawn(fuzzing::converse(site, server));
            client.write_all(request).await.expect("the server reads");
            client.shutdown().await.expect("the server reads");
            let mut answer = Vec::new();
            let read = timeout(PATIENCE, read(&mut client, &mut answer)).await;
            assert!(read.is_ok(), "an answer that does not end");
            drop(client);
            // who feeds a stream notices now and then that nobody reads; that is not waited for
            if !streams(&answer) {
                server.await.expect("the server does not panic");
            }
            let failed = answer.starts_with(b"HTTP/1.1 5");
            assert!(!failed, "{}", String::from_utf8_lossy(&answer));
        });
    });
});

/// Reads the answers to their end, or to the beginning of a stream of events, which has none.
async fn read(client: &mut DuplexStream, answer: &mut Vec<u8>) {
    while client.read_buf(answer).await.expect("memory can be read") > 0 && !streams(answer) {}
}

fn streams(answer: &[u8]) -> bool {
    let kind = b"text/event-stream";
    answer.windows(kind.len()).any(|window| window == kind)
}
