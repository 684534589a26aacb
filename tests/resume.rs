//! `hivesim resume`: runs that are killed, cut short or damaged on the disk, and what comes of them.

#[allow(dead_code, reason = "tests of folders of runs take more of it")]
#[path = "common/place.rs"]
mod place;

use place::Place;
use std::fs;
use std::path::PathBuf;

const TABLES: [&str; 15] = [
    "accounts",
    "continual",
    "hives",
    "inequality",
    "interference",
    "jobs",
    "levels",
    "lineage",
    "panel",
    "rounds",
    "skills",
    "spread",
    "staleness",
    "tags",
    "taught",
];

/// Runs of all kinds of fleets, of about a second.
const FLEETS: [(&str, &str); 6] = [
    (
        "steps",
        "rounds = 60\n[fleet]\nagents = 40\ntasks = 20\n[job_knowledge]\npersonalisation = \"fedsim\"\n\
         [measure]\npanel = 16\nprobes = 16\nbounds = [\"isolated\"]\n[checkpoint]\nrounds = 3\n",
    ),
    (
        "buffer",
        "rounds = 60\n[fleet]\nagents = 40\ntasks = 20\nparticipants = 12\n[fleet.speed]\n\
         kind = \"lognormal\"\n[fleet.churn]\nrate = 0.05\n[faults]\nloss = 0.1\ndelay = 0.3\n\
         [distiller.schedule]\nkind = \"buffered\"\nlearnings = 6\n[measure]\npanel = 16\nevery = 4\n\
         [checkpoint]\nrounds = 2\n",
    ),
    (
        "median",
        "rounds = 60\n[fleet]\nagents = 40\ntasks = 20\n[attack]\nshare = 0.2\n[attack.method]\n\
         kind = \"mimic\"\n[distiller.combine]\nkind = \"median\"\n[distiller.server]\n\
         kind = \"fedadam\"\n[measure]\npanel = 16\nprobes = 16\n[checkpoint]\nrounds = 1\n",
    ),
    (
        "gossip",
        "rounds = 40\n[fleet]\nagents = 30\ntasks = 20\n[distiller]\ntopology = \"gossip\"\n\
         [measure]\npanel = 16\nprobes = 16\n[checkpoint]\nrounds = 3\n",
    ),
    (
        "practice",
        "rounds = 150\n[learner]\nkind = \"practice\"\n[fleet]\nagents = 1500\n[distiller]\n\
         topology = \"gossip\"\n[measure]\npanel = 40\nbounds = [\"isolated\"]\n[checkpoint]\nrounds = 4\n",
    ),
    (
        "search",
        "rounds = 300\n[world]\nkind = \"nk\"\nn = 16\nk = 6\n[learner]\nkind = \"search\"\n[fleet]\n\
         agents = 400\n[measure]\npanel = 40\n[checkpoint]\nrounds = 5\n",
    ),
];

/// The engines that a fleet runs on.
fn engines(fleet: &str) -> &'static [&'static str] {
    match fleet {
        "steps" | "median" => &["serial", "pool", "tasks", "live"],
        _ => &["serial", "pool", "tasks"],
    }
}

impl Place {
    fn of_fleets() -> Place {
        let place = Place::new();
        FLEETS.iter().for_each(|(name, text)| place.write(&format!("{name}.toml"), text));
        place
    }

    /// Files of a kind in a run's folder of checkpoints, the oldest first.
    fn checkpoints(&self, run: &str, kind: &str) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.path(run).join("checkpoints")).into_iter().flatten();
        let paths = entries.map(|entry| entry.unwrap().path());
        let mut all: Vec<_> =
            paths.filter(|path| path.extension().is_some_and(|k| k == kind)).collect();
        all.sort();
        all
    }

    /// Holds the results in a folder to those of an uncut run.
    fn same_results(&self, run: &str, whole: &str) {
        for table in TABLES {
            let file = format!("{table}.parquet");
            let (a, b) =
                (self.bytes(&format!("{run}/{file}")), self.bytes(&format!("{whole}/{file}")));
            assert!(a == b, "{file} of {run}");
        }
        assert_eq!(self.hash(run), self.hash(whole), "{run}");
        assert!(!self.path(run).join("checkpoints").exists(), "a complete run needs none");
    }

    fn hash(&self, run: &str) -> String {
        let manifest: serde_json::Value =
            serde_json::from_slice(&self.bytes(&format!("{run}/manifest.json"))).unwrap();
        assert_eq!(manifest["complete"], true);
        manifest["result_hash"].as_str().unwrap().to_owned()
    }

    /// A run that is killed once it has so many checkpoints.
    fn cut(&self, args: &str, run: &str, checkpoints: usize) {
        let mut child = self.command(&format!("run {args} --quiet --out {run}")).spawn().unwrap();
        while self.checkpoints(run, "head").len() < checkpoints {
            assert!(child.try_wait().unwrap().is_none(), "over before it was killed");
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

/// Kills runs at random moments, all engines in turn, and goes on with each on another.
#[allow(clippy::disallowed_methods, reason = "runs are killed at moments of the clock")]
fn survives(kills: u64) {
    use std::time::{Duration, Instant};
    let place = Place::of_fleets();
    let mut takes = Vec::new();
    for (fleet, _) in FLEETS {
        let begun = Instant::now();
        place.fine(&format!("run {fleet}.toml --quiet --out whole-{fleet}"));
        takes.push(begun.elapsed());
    }
    let (mut killed, mut kept, mut i) = (0, 0, 0);
    while killed < kills {
        i += 1;
        assert!(i < 20 * kills, "{killed} of {i} were killed before they were over");
        let which = (i % FLEETS.len() as u64) as usize;
        let fleet = FLEETS[which].0;
        let engines = engines(fleet);
        let engine = |i: u64| engines[(i as usize / FLEETS.len()) % engines.len()];
        let out = format!("cut-{i}");
        let mut command = format!("run {fleet}.toml --quiet --out {out} --engine {}", engine(i));
        // the first may be killed, and whoever goes on, and again
        for part in 0..3 {
            let mut child = place.command(&command).spawn().unwrap();
            let share = place::scattered(3 * i + part) as f64 / (1_u64 << 31) as f64;
            std::thread::sleep(takes[which].mul_f64(0.9 * share).min(Duration::from_secs(20)));
            let over = child.try_wait().unwrap().is_some();
            child.kill().unwrap();
            child.wait().unwrap();
            killed += u64::from(!over);
            kept += u64::from(!place.checkpoints(&out, "head").is_empty());
            if over {
                takes[which] = takes[which].mul_f64(0.95);
                break;
            }
            if place.path(&out).join("checkpoints/scenario.toml").exists() {
                let next = engine(i + (1 + part) * FLEETS.len() as u64);
                command = format!("resume {out} --quiet --engine {next}");
            }
        }
        place.fine(&command);
        place.same_results(&out, &format!("whole-{fleet}"));
    }
    assert!(kept > kills / 4, "{kept} of {killed} had a state to go on from");
}

#[test]
fn killed_at_any_moment_a_run_goes_on_to_the_same_bytes() {
    survives(14);
}

#[test]
#[ignore = "some minutes: cargo test --test resume -- --ignored"]
fn killed_at_two_hundred_moments_a_run_goes_on_to_the_same_bytes() {
    survives(200);
}

#[test]
fn a_damaged_checkpoint_is_passed_over_for_the_one_before() {
    let flipped = |mut bytes: Vec<u8>| {
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        bytes
    };
    type Damage = fn(Vec<u8>) -> Vec<u8>;
    let damages: [(&str, &str, Damage); 5] = [
        ("head", "its checksum is wrong", flipped),
        ("head", "it is cut short", |bytes| bytes[..10].to_vec()),
        ("head", "it is no checkpoint of hivesim's", |_| b"something else".to_vec()),
        ("agents", "the checksum of", flipped),
        ("agents", "bytes of", |bytes| bytes[..100].to_vec()),
    ];
    for (kind, words, damage) in damages {
        let place = Place::of_fleets();
        place.fine("run steps.toml --quiet --out whole");
        place.cut("steps.toml", "cut", 2);
        let newest = place.checkpoints("cut", kind).pop().unwrap();
        fs::write(&newest, damage(fs::read(&newest).unwrap())).unwrap();
        let output = place.hivesim("resume cut --json");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{said}");
        assert!(said.contains("passed over") && said.contains(words), "{words:?} is not in {said}");
        place.same_results("cut", "whole");
    }
}

#[test]
fn where_all_are_damaged_or_none_is_kept_a_run_begins_again() {
    let place = Place::of_fleets();
    place.fine("run steps.toml --quiet --out whole");
    place.cut("steps.toml", "cut", 2);
    let heads = place.checkpoints("cut", "head");
    heads.iter().for_each(|head| fs::write(head, "").unwrap());
    let output = place.hivesim("resume cut");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("from the beginning, as no state is kept"), "{said}");
    assert_eq!(said.matches("passed over").count(), heads.len(), "{said}");
    place.same_results("cut", "whole");

    let mut child =
        place.command("run tiny.toml --set rounds=100000 --quiet --out early").spawn().unwrap();
    while !place.path("early/checkpoints/scenario.toml").exists() {
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(place.checkpoints("early", "head").is_empty());
    // nothing would be lost
    place.fine("run tiny.toml --quiet --out early");
    place.fine("run tiny.toml --quiet --out again");
    place.same_results("early", "again");
}

#[test]
fn a_run_that_can_go_on_is_not_run_over() {
    let place = Place::of_fleets();
    place.fine("run steps.toml --quiet --out whole");
    place.fine("run tiny.toml --quiet --out cut");
    let earlier = place.bytes("cut/manifest.json");
    place.cut("steps.toml", "cut", 1);
    assert_eq!(place.bytes("cut/manifest.json"), earlier, "the earlier result stays");
    place.refused("run steps.toml --out cut", &["hivesim resume cut", "--restart"]);
    place.fine("resume cut --quiet");
    place.same_results("cut", "whole");
    place.cut("steps.toml", "cut", 1);
    place.fine("run steps.toml --quiet --out cut --restart");
    place.same_results("cut", "whole");
    let said = place.fine("resume cut");
    assert!(said.contains("cut is complete") && said.contains(&place.hash("whole")), "{said}");
}

#[test]
fn what_is_no_run_is_refused_and_left_alone() {
    let place = Place::of_fleets();
    place
        .refused("resume nowhere", &["`nowhere` holds no run", "it does not exist", "hivesim run"]);
    place.refused("resume steps.toml", &["it is a file"]);
    fs::create_dir_all(place.path("mine/checkpoints")).unwrap();
    place.write("mine/checkpoints/model.bin", "precious");
    place.refused("resume mine", &["it has no checkpoints"]);
    place.refused("run steps.toml --out mine", &["is not empty and is no hivesim run"]);
    place.refused("run steps.toml --out mine --restart", &["is not empty and is no hivesim run"]);
    assert_eq!(place.bytes("mine/checkpoints/model.bin"), b"precious");
}

#[test]
fn another_version_is_told_apart() {
    let place = Place::of_fleets();
    place.cut("steps.toml", "cut", 1);
    for head in place.checkpoints("cut", "head") {
        let bytes = fs::read(&head).unwrap();
        let body = &bytes[..bytes.len() - 32];
        let at = body.windows(10).position(|w| w == b"\"format\":1").unwrap();
        let mut body = body.to_vec();
        body[at + 9] = b'9';
        let checksum = blake3::hash(&body).as_bytes().to_vec();
        fs::write(&head, [body, checksum].concat()).unwrap();
    }
    let output = place.hivesim("resume cut");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("(format 9)") && said.contains("go on with that one"), "{said}");
}

#[cfg(unix)]
#[test]
fn a_full_disk_and_a_folder_that_is_gone_are_told_of_and_leave_what_was_there() {
    let place = Place::of_fleets();
    place.fine("run steps.toml --quiet --out whole");
    // nothing that is written may be longer than that
    let limited = |args: &str, blocks: u32| {
        let binary = env!("CARGO_BIN_EXE_hivesim");
        let line = format!("trap '' XFSZ; ulimit -f {blocks}; exec {binary} {args}");
        let mut shell = std::process::Command::new("bash");
        shell.current_dir(place.0.path()).args(["-c", &line]).output().unwrap()
    };
    let output = limited("run steps.toml --quiet --out full", 40);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("no checkpoint of hive at round 3: could not write"), "{said}");
    assert!(said.contains("(none is kept yet)"), "{said}");
    // with room again
    place.cut("steps.toml", "cut", 2);
    let output = limited("resume cut --quiet", 40);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("(the one before stays)"), "{said}");
    place.fine("resume cut --quiet");
    place.same_results("cut", "whole");

    let mut child = place.command("run steps.toml --quiet --out gone");
    let mut child = child.stderr(std::process::Stdio::piped()).spawn().unwrap();
    while place.checkpoints("gone", "head").is_empty() {
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    fs::rename(place.path("gone"), place.path("elsewhere")).unwrap();
    assert!(!child.wait().unwrap().success());
    let mut said = String::new();
    std::io::Read::read_to_string(&mut child.stderr.take().unwrap(), &mut said).unwrap();
    assert!(said.contains("No such file"), "{said}");
    place.fine("resume elsewhere --quiet");
    place.same_results("elsewhere", "whole");
}
