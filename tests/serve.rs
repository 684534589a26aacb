//! The live page, through the command line and raw sockets: what it sends, what it does, what it
//! refuses, and that a run does not suffer from whoever asks.
#![cfg(all(unix, feature = "serve"))]
#![allow(clippy::disallowed_methods, reason = "what waits for a server reads the clock")]

#[path = "common/place.rs"]
#[allow(dead_code)]
mod place;

use place::Place;
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::{Duration, Instant};

const SMALL: &str = "rounds = 30\n[fleet]\nagents = 12\ntasks = 10\n[world]\nskills = 3\n\
                     companies = 2\n[measure]\npanel = 4\nprobes = 8\n";
/// Far more rounds than a test waits for.
const ENDLESS: &str = "rounds = 1000000\n[fleet]\nagents = 12\ntasks = 10\n[world]\nskills = 3\n\
                       companies = 2\n[measure]\npanel = 4\nprobes = 8\nbounds = []\n";
const PATIENCE: Duration = Duration::from_secs(60);

/// A server, and where it is.
struct Served {
    child: Child,
    stderr: BufReader<ChildStderr>,
    address: String,
    token: String,
    place: Option<Place>,
}

impl Served {
    /// Runs a command that serves a page.
    fn of(mut command: Command) -> Served {
        let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        while !line.starts_with("live page: ") {
            line.clear();
            assert!(stderr.read_line(&mut line).unwrap() > 0, "it ended without a page");
        }
        let url = line.trim().strip_prefix("live page: http://").unwrap();
        let (address, rest) = url.split_once('/').unwrap();
        let (address, token) = (address.to_string(), rest.replace("?token=", ""));
        Served { child, stderr, address, token, place: None }
    }

    /// A run that does not end by itself.
    fn endless() -> Served {
        let place = Place::new();
        place.write("x.toml", ENDLESS);
        let command = place.command("run x.toml --serve 127.0.0.1:0 --out runs/x");
        let mut served = Served::of(command);
        served.place = Some(place);
        served
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// Sends a request as it is; its answer's status and all of its text.
    fn raw(&self, request: &str) -> (u16, String) {
        let mut stream = self.connect();
        // a server that refuses may close before all is sent
        let _ = stream.write_all(request.as_bytes());
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
        (status.unwrap_or(0), answer)
    }

    fn ask(&self, method: &str, path: &str, headers: &str, body: &str) -> (u16, String) {
        let (host, length) = (&self.address, body.len());
        self.raw(&format!(
            "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{headers}\
             Content-Length: {length}\r\n\r\n{body}"
        ))
    }

    fn get(&self, path: &str) -> (u16, String) {
        self.ask("GET", path, "", "")
    }

    fn json(&self, path: &str) -> Value {
        let (status, answer) = self.get(path);
        assert_eq!(status, 200, "{path}: {answer}");
        body(&answer)
    }

    fn post(&self, path: &str, body: &Value) -> (u16, String) {
        let headers = "Content-Type: application/json\r\n";
        self.ask("POST", path, headers, &body.to_string())
    }

    /// Posts and it is done.
    fn done(&self, path: &str, sent: &Value) -> Value {
        let (status, answer) = self.post(path, sent);
        assert_eq!(status, 200, "{path} {sent}: {answer}");
        body(&answer)
    }

    /// The round that is done.
    fn round(&self) -> u64 {
        self.json("/api/state")["fleet"]["last"][0].as_u64().unwrap_or(0)
    }

    /// Waits until something is so.
    fn until<T>(&self, what: &str, mut is: impl FnMut(&Served) -> Option<T>) -> T {
        let begun = Instant::now();
        loop {
            if let Some(found) = is(self) {
                return found;
            }
            assert!(begun.elapsed() < PATIENCE, "waited for {what}");
            std::thread::sleep(Duration::from_millis(30));
        }
    }

    fn until_round(&self, round: u64) {
        self.until(&format!("round {round}"), |served| (served.round() >= round).then_some(()));
    }

    fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([name, &pid]).status().unwrap().success());
    }

    /// Its exit code, and what it said on standard error since.
    fn end(mut self) -> (Option<i32>, String) {
        let mut said = String::new();
        self.stderr.read_to_string(&mut said).unwrap();
        (self.child.wait().unwrap().code(), said)
    }

    /// Bytes of memory that it holds.
    fn memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The JSON in an answer.
fn body(answer: &str) -> Value {
    let text = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no body: {answer}")).1;
    // in chunks where it is long
    let at = text.find(['{', '[', 'n']).unwrap_or_else(|| panic!("no JSON: {answer}"));
    let mut values = serde_json::Deserializer::from_str(&text[at..]).into_iter();
    values.next().unwrap().unwrap_or_else(|error| panic!("{error}: {answer}"))
}

/// A viewer's stream.
struct Viewer(BufReader<TcpStream>);

impl Viewer {
    fn of(served: &Served, query: &str) -> Viewer {
        let mut stream = served.connect();
        let host = &served.address;
        write!(stream, "GET /api/events{query} HTTP/1.1\r\nHost: {host}\r\n\r\n").unwrap();
        Viewer(BufReader::new(stream))
    }

    /// The next event's name and data.
    fn next(&mut self) -> (String, Value) {
        let mut name = String::new();
        loop {
            let mut line = String::new();
            assert!(self.0.read_line(&mut line).unwrap() > 0, "the stream ended");
            if let Some(event) = line.strip_prefix("event: ") {
                name = event.trim().to_string();
            } else if let Some(data) = line.strip_prefix("data: ") {
                return (name, serde_json::from_str(data).unwrap());
            }
        }
    }
}

#[test]
fn a_viewer_is_told_all_at_first_and_then_what_is_new() {
    let served = Served::endless();
    let (status, page) = served.get("/");
    assert_eq!(status, 200);
    for header in ["x-content-type-options: nosniff", "x-frame-options: DENY", "no-store"] {
        assert!(page.contains(header), "{header}");
    }
    assert!(page.contains("connect-src 'self'") && !page.contains("src=\"http"));
    served.until_round(3);
    let mut viewer = Viewer::of(&served, "?skill=1");
    let (name, whole) = viewer.next();
    assert_eq!((name.as_str(), &whole["name"]), ("whole", &json!("x")));
    assert_eq!(whole["fleets"][0]["skills"], json!(["s0", "s1", "s2"]));
    assert_eq!(whole["fleets"][0]["tile_agents"], json!([1, 1, 1, 1]));
    let rows = whole["fleets"][0]["rows"].as_array().unwrap();
    assert_eq!(rows[0][1].as_array().unwrap().len(), whole["columns"].as_array().unwrap().len());
    let mut round = whole["fleet"]["last"][0].as_u64().unwrap();
    for _ in 0..5 {
        let (name, levels) = viewer.next();
        assert_eq!((name.as_str(), &levels["skill"]), ("levels", &json!(1)));
        // four tiles are six digits of base64 and two of padding
        assert_eq!(levels["tiles"].as_str().unwrap().len(), 8);
        let (name, next) = viewer.next();
        assert!(name == "next" || name == "whole", "{name}");
        let now = next["fleet"]["last"][0].as_u64().unwrap();
        assert!(now > round, "{now} after {round}");
        round = now;
    }
}

#[test]
fn a_run_stands_goes_one_step_and_goes_on_as_it_is_told() {
    let served = Served::endless();
    served.until_round(2);
    assert_eq!(served.done("/api/pause", &json!({}))["paused"], true);
    let stands = |served: &Served| {
        served.until("the run to stand", |served| {
            let round = served.round();
            std::thread::sleep(Duration::from_millis(150));
            (served.round() == round).then_some(round)
        })
    };
    let round = stands(&served);
    // who comes now sees what it stands at
    let mut viewer = Viewer::of(&served, "");
    assert_eq!(viewer.next().1["fleet"]["last"][0], round);
    assert_eq!(viewer.next().1["round"], round);
    served.done("/api/step", &json!({}));
    served.until_round(round + 1);
    assert_eq!(stands(&served), round + 1);
    let told = std::iter::repeat_with(|| viewer.next())
        .find(|(name, data)| name == "levels" && data["round"] == round + 1);
    assert!(told.is_some());
    served.done("/api/pace", &json!({ "rounds_per_second": 20.0 }));
    served.done("/api/resume", &json!({}));
    let begun = Instant::now();
    served.until_round(round + 11);
    // ten rounds at twenty a second, of which the first may have begun
    assert!(begun.elapsed() > Duration::from_millis(400), "{:?}", begun.elapsed());
    served.done("/api/pace", &json!({ "rounds_per_second": null }));
    served.until_round(round + 200);
    served.done("/api/halt", &json!({}));
    let over = served.until("the end", |served| {
        let state = served.json("/api/state");
        (state["phase"] == "over").then_some(state)
    });
    assert_eq!((&over["complete"], &over["text"]), (&json!(false), &json!("x")));
    let (status, report) = served.get("/runs/x");
    assert_eq!(status, 200);
    assert!(report.contains("content-security-policy: sandbox"), "a run's page speaks for itself");
    assert!(report.contains("Incomplete."));
    assert_eq!(served.post("/api/pause", &json!({})).0, 409, "there is nothing to pause");
    served.signal("-INT");
    assert_eq!(served.end().0, Some(130), "an incomplete run is told of as ever");
}

#[test]
fn who_looks_leaves_no_trace_in_a_result() {
    let place = Place::new();
    place.write("x.toml", SMALL);
    let alone: Value = serde_json::from_str(&place.fine("run x.toml --json --out alone")).unwrap();
    let command = "run x.toml --json --out seen --serve 127.0.0.1:0 --serve-until-done";
    let served = Served::of(place.command(command));
    // it may be over before anyone looks
    if TcpStream::connect(&served.address).is_ok() {
        let mut viewers: Vec<Viewer> = (0..5).map(|_| Viewer::of(&served, "?skill=2")).collect();
        let _ = served.post("/api/step", &json!({}));
        let _ = served.post("/api/step", &json!({}));
        viewers[0].next();
        let _ = served.post("/api/resume", &json!({}));
    }
    let (code, _) = served.end();
    assert_eq!(code, Some(0));
    let seen = place.bytes("seen/summary.json");
    let seen: Value = serde_json::from_slice(&seen).unwrap();
    assert_eq!(seen["result_hash"], alone["result_hash"]);
}

#[test]
fn what_is_changed_on_the_way_is_recorded_and_can_be_made_again() {
    let place = Place::new();
    place.write("x.toml", &SMALL.replace("rounds = 30", "rounds = 300"));
    let command = place.command("run x.toml --out runs/x --serve 127.0.0.1:0");
    let served = Served::of(command);
    served.done("/api/pause", &json!({}));
    let refused = |set: &str, words: &[&str]| {
        let (status, answer) = served.post("/api/change", &json!({ "set": [set] }));
        assert_eq!(status, 422, "{set}: {answer}");
        for word in words {
            assert!(answer.contains(word), "{set}: {word}: {answer}");
        }
    };
    refused("distiller.combine.kind=mediam", &["distiller.combine", "did you mean", "median"]);
    refused("faults.loss=2", &["faults.loss", "from 0 to 1"]);
    refused("world.skills=9", &["world.skills", "faults"]);
    refused("faults.los=0.5", &["faults.los", "loss"]);
    let set = ["distiller.combine={kind = \"median\"}", "faults.loss=0.25"];
    let round = served.done("/api/change", &json!({ "set": set }))["round"].as_u64().unwrap();
    let changes = &served.json("/api/state")["changes"];
    assert_eq!(changes, &json!([{ "round": round, "set": set }]));
    served.done("/api/resume", &json!({}));
    served.until("the end", |s| (s.json("/api/state")["phase"] == "over").then_some(()));
    served.signal("-INT");
    assert_eq!(served.end().0, Some(0));
    let read = |name: &str| -> Value { serde_json::from_slice(&place.bytes(name)).unwrap() };
    let recorded = &read("runs/x/manifest.json")["scenario"]["changes"];
    assert_eq!(recorded, &json!([{ "round": round, "set": set }]));
    place.fine("run runs/x/scenario.toml --out again --engine serial --quiet");
    let hash = |name: &str| read(name)["result_hash"].clone();
    assert_eq!(hash("again/summary.json"), hash("runs/x/summary.json"));
    place.fine("run x.toml --out unchanged --quiet");
    assert_ne!(hash("unchanged/summary.json"), hash("runs/x/summary.json"));
}

#[test]
fn what_is_asked_amiss_is_refused_in_words() {
    let served = Served::endless();
    served.until_round(1);
    let long = format!("{{\"set\": [\"{}\"]}}", "x".repeat(20_000));
    let deep = "[".repeat(10_000);
    let many = json!({ "set": vec!["a=1"; 100] }).to_string();
    let sent = "Content-Type: application/json\r\n";
    let cases: &[(&str, &str, &str, &str, u16, &str)] = &[
        ("POST", "/api/pause", sent, "{", 400, "not what is wanted"),
        ("POST", "/api/pause", sent, "", 400, "not what is wanted"),
        ("POST", "/api/pause", sent, "[]", 400, "not what is wanted"),
        ("POST", "/api/pause", sent, "{\"now\": 1}", 400, "unknown field `now`"),
        ("POST", "/api/pause", sent, &deep, 400, "not what is wanted"),
        ("POST", "/api/pause", "", "{}", 415, "application/json"),
        ("POST", "/api/pause", "Content-Type: text/plain\r\n", "{}", 415, "application/json"),
        ("POST", "/api/pace", sent, "{\"rounds_per_second\": -1}", 400, "above 0"),
        ("POST", "/api/pace", sent, "{\"rounds_per_second\": 1e300}", 400, "at most"),
        ("POST", "/api/pace", sent, "{\"rounds_per_second\": \"x\"}", 400, "invalid type"),
        ("POST", "/api/change", sent, &long, 413, "longer than 16384 bytes"),
        ("POST", "/api/change", sent, &many, 400, "at most 64 overrides"),
        ("POST", "/api/change", sent, "{\"set\": [\"distiller.combine.kind=mead\"]}", 422, ""),
        ("POST", "/api/start", sent, "{\"scenario\": \"x.toml\"}", 404, "hivesim serve"),
        ("GET", "/api/pause", "", "", 405, "not how this is asked"),
        ("POST", "/", sent, "{}", 405, "not how this is asked"),
        ("GET", "/api/events?skill=-1", "", "", 400, "number of a skill"),
        ("GET", "/api/events?skill=99999999999999999999999", "", "", 400, "number of a skill"),
        ("GET", "/nothing", "", "", 404, "no such page"),
        ("GET", "/compare/x", "", "", 400, "2 to 8 runs"),
        ("GET", "/compare/a/b", "", "", 404, "no run of that name"),
    ];
    for (method, path, headers, sent, status, word) in cases {
        let (found, answer) = served.ask(method, path, headers, sent);
        assert_eq!(found, *status, "{method} {path}: {answer}");
        let error = body(&answer)["error"].as_str().unwrap_or_default().to_string();
        assert!(error.contains(word) && !error.is_empty(), "{method} {path}: {answer}");
    }
    // a skill that there is none of is agents' own jobs
    let mut viewer = Viewer::of(&served, "?skill=77");
    assert_eq!(viewer.next().0, "whole");
    assert_eq!(viewer.next().1["skill"], Value::Null);
    let heads = ["GARBAGE\r\n\r\n".into(), format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(40_000))];
    for head in heads {
        let (status, answer) = served.raw(&head);
        assert!((400..500).contains(&status), "{status}: {answer}");
    }
    served.until_round(served.round() + 1);
}

#[test]
fn no_name_leads_out_of_the_folder_of_runs() {
    let served = Served::endless();
    let place = served.place.as_ref().unwrap();
    fs::create_dir(place.path("secret")).unwrap();
    place.write("secret/report.html", "secret");
    let up = [
        "/runs/..",
        "/runs/../secret",
        "/runs/../../etc/passwd",
        "/runs/%2e%2e",
        "/runs/..%2fsecret",
        "/runs/%2e%2e%2fsecret",
        "/runs/%2e%2e%5csecret",
        "/runs/..%5c..%5csecret",
        "/runs/.",
        "/runs/%252e%252e%252fsecret",
        "/runs/..%00",
        "/runs/x%00",
        "/runs//etc/passwd",
        "/runs/%2fetc%2fpasswd",
        "/runs/%c0%ae%c0%ae%c0%afsecret",
        "/runs/x/../../secret",
        "/compare/../secret/x",
        "/compare/%2e%2e%2fsecret/x",
        "//etc/passwd",
        "/runs/....//secret",
    ];
    for path in up {
        let (status, answer) = served.get(path);
        assert!((400..500).contains(&status), "{path}: {status}");
        assert!(!answer.contains("secret") || answer.contains("\"error\""), "{path}: {answer}");
        assert!(!answer.contains("root:"), "{path}: {answer}");
    }
}

#[test]
fn other_sites_and_other_names_are_kept_out() {
    let served = Served::endless();
    served.until_round(1);
    let sent = "Content-Type: application/json\r\n";
    for from in ["https://evil.example", "http://127.0.0.1:1", "null", "file://"] {
        let headers = format!("{sent}Origin: {from}\r\n");
        let (status, answer) = served.ask("POST", "/api/pause", &headers, "{}");
        assert_eq!(status, 403, "{from}: {answer}");
    }
    let own = format!("{sent}Origin: http://{}\r\n", served.address);
    assert_eq!(served.ask("POST", "/api/resume", &own, "{}").0, 200);
    // a name that somebody else made lead here
    let request = "GET /api/state HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n";
    let (status, answer) = served.raw(request);
    assert_eq!(status, 421, "{answer}");
    assert_eq!(served.json("/api/state")["paused"], false);
}

#[test]
fn with_a_token_nobody_else_comes_in() {
    let place = Place::new();
    place.write("x.toml", ENDLESS);
    // any address but loopback asks for one by itself
    let mut served = Served::of(place.command("run x.toml --serve 0.0.0.0:0 --out runs/x"));
    assert_eq!(served.token.len(), 32, "{}", served.token);
    let port = served.address.rsplit_once(':').unwrap().1.to_string();
    served.address = format!("127.0.0.1:{port}");
    let token = &served.token;
    for path in ["/", "/api/state", "/api/events", "/runs/x", "/?token=wrong", "/nothing"] {
        assert_eq!(served.get(path).0, 401, "{path}");
    }
    assert_eq!(served.post("/api/pause", &json!({})).0, 401);
    let bearer = format!("Authorization: Bearer {token}\r\n");
    assert_eq!(served.ask("GET", "/api/state", &bearer, "").0, 200);
    let (status, answer) = served.get(&format!("/?token={token}"));
    let cookie = format!("set-cookie: hivesim-{port}={token}; HttpOnly; SameSite=Strict; Path=/");
    assert!(status == 303 && answer.contains(&cookie), "{answer}");
    let cookie = format!("Cookie: other=1; hivesim-{port}={token}\r\n");
    assert_eq!(served.ask("GET", "/", &cookie, "").0, 200);
    place.refused("run x.toml --serve 127.0.0.1:0 --token short", &["8 to 128 letters"]);
    place.refused("run x.toml --serve localhost", &["127.0.0.1:7878"]);
    place.refused("run x.toml --token long-enough", &["--serve"]);
    let taken = format!("run x.toml --serve {} --out runs/y", served.address);
    place.refused(&taken, &["another program", "Name another port"]);
    assert!(!place.path("runs/y").exists());
}

/// Clients that never read, never finish asking or never stop are not the run's trouble.
#[test]
fn a_run_goes_on_and_memory_stays_whoever_asks_however() {
    let served = Served::endless();
    // what a run keeps of its rounds is its own affair: few rounds
    served.done("/api/pace", &json!({ "rounds_per_second": 50.0 }));
    served.until_round(50);
    let mut viewer = Viewer::of(&served, "");
    viewer.next();
    let before = served.memory();
    let host = served.address.clone();
    // streams of which nobody reads a byte
    let deaf: Vec<TcpStream> = (0..20)
        .map(|_| {
            let mut stream = served.connect();
            write!(stream, "GET /api/events HTTP/1.1\r\nHost: {host}\r\n\r\n").unwrap();
            stream
        })
        .collect();
    // and a whole flood at once, of connections that say nothing or half of something
    let silent: Vec<TcpStream> = (0..200).filter_map(|_| TcpStream::connect(&host).ok()).collect();
    let half: Vec<TcpStream> = (0..50)
        .filter_map(|_| {
            let mut stream = TcpStream::connect(&host).ok()?;
            let head = "POST /api/pause HTTP/1.1\r\nHost: localhost\r\nContent-Type: \
                        application/json\r\nContent-Length: 1000000000\r\n\r\n{";
            stream.write_all(head.as_bytes()).ok()?;
            Some(stream)
        })
        .collect();
    drop(silent);
    let flood = |_: usize| {
        let mut told = Vec::new();
        for _ in 0..500 {
            told.push(served.get("/api/choices").0);
        }
        told
    };
    let told: Vec<u16> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|i| scope.spawn(move || flood(i))).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    // answered, told to wait, or turned away at the door
    assert!(told.iter().all(|status| [200, 429, 503, 0].contains(status)), "{told:?}");
    assert!(told.contains(&200), "some are served");
    drop((deaf, half));
    let round = served.until("an answer", |served| {
        let (status, answer) = served.get("/api/state");
        (status == 200).then(|| body(&answer)["fleet"]["last"][0].as_u64().unwrap())
    });
    let later = std::iter::repeat_with(|| viewer.next())
        .filter_map(|(_, data)| data["fleet"]["last"][0].as_u64())
        .find(|later| *later > round);
    assert!(later.is_some(), "who reads is still told");
    let after = served.memory();
    // 128 connections of 16 KiB a head, 20 of which wait for an issue, and what the allocator keeps
    assert!(after < before + (32 << 20), "{} MB more", after.saturating_sub(before) >> 20);
}

#[test]
fn runs_are_started_from_a_page_one_at_a_time_and_leave_what_run_does() {
    let place = Place::new();
    fs::create_dir(place.path("scenarios")).unwrap();
    place.write("scenarios/small.toml", &format!("question = \"Why?\"\n{SMALL}"));
    place.write("scenarios/endless.toml", ENDLESS);
    place.write("scenarios/broken.toml", "rounds = \"many\"\n");
    place.write("scenarios/notes.txt", "no scenario");
    place.refused("serve --scenarios nowhere", &["no folder `nowhere`", "--scenarios"]);
    let served = Served::of(place.command("serve --addr 127.0.0.1:0"));
    assert_eq!(Viewer::of(&served, "").next().0, "idle");
    assert_eq!(served.get("/api/state").0, 409);
    assert_eq!(served.json("/api/runs"), json!([]));
    let list = served.json("/api/scenarios");
    let files: Vec<&str> =
        list.as_array().unwrap().iter().map(|s| s["file"].as_str().unwrap()).collect();
    assert_eq!(files, ["endless.toml", "small.toml"], "what cannot be run is not offered");
    assert_eq!(list[1]["question"], "Why?");

    // the loader's words, key by key
    let wrong = json!({ "scenario": "small.toml", "set": ["rounds=0", "fleet.agent=7"] });
    let (status, answer) = served.post("/api/start", &wrong);
    assert_eq!(status, 422, "{answer}");
    let problems = body(&answer)["problems"].as_array().unwrap().clone();
    let keys: Vec<&str> = problems.iter().map(|p| p["key"].as_str().unwrap()).collect();
    assert_eq!(keys, ["rounds", "fleet.agent"], "{answer}");
    assert!(problems[1]["message"].as_str().unwrap().contains("`agents`"), "{answer}");
    for name in ["../x.toml", "/etc/passwd", "none.toml", "notes.txt", "scenarios/small.toml", ""] {
        assert_eq!(served.post("/api/start", &json!({ "scenario": name })).0, 404, "{name}");
    }

    served.done("/api/start", &json!({ "scenario": "endless.toml" }));
    let mut viewer = Viewer::of(&served, "");
    assert_eq!(viewer.next().1["name"], "endless");
    let small = json!({ "scenario": "small.toml", "set": ["seed=5"] });
    let (status, answer) = served.post("/api/start", &small);
    assert!(status == 409 && answer.contains("under way"), "{answer}");
    served.until_round(2);
    served.done("/api/halt", &json!({}));
    served.until("the end", |s| (s.json("/api/state")["phase"] == "over").then_some(()));
    served.done("/api/start", &small);
    // who watched the one watches the next
    let next = std::iter::repeat_with(|| viewer.next()).find(|(_, data)| data["name"] == "small");
    assert!(next.is_some());
    served.until("the end", |s| (s.json("/api/state")["phase"] == "over").then_some(()));
    let runs = served.json("/api/runs");
    assert_eq!((&runs[0]["run"], &runs[1]["run"]), (&json!("small-5"), &json!("endless-1")));
    assert_eq!((&runs[0]["complete"], &runs[1]["complete"]), (&json!(true), &json!(false)));
    assert_eq!(served.get("/runs/small-5").0, 200);
    let (status, page) = served.get("/compare/small-5/endless-1");
    assert!(status == 200 && page.contains("small-5"));
    let alone: Value =
        serde_json::from_str(&place.fine("run scenarios/small.toml --seed 5 --json --out alone"))
            .unwrap();
    assert_eq!(runs[0]["result_hash"], alone["result_hash"]);
    for file in ["scenario.toml", "rounds.parquet", "levels.parquet"] {
        let (there, here) = (format!("runs/small-5/{file}"), format!("alone/{file}"));
        assert!(place.bytes(&there) == place.bytes(&here), "{file}");
    }
    served.signal("-INT");
    assert_eq!(served.end().0, Some(0));
}
