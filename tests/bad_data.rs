//! What hivesim says where a scenario and its data do not fit: the key, what was found, what is
//! allowed.

use hivesim::scenario::Scenario;
use hivesim::world::build;
use std::fs;

/// LEAF data of users with so many training examples each, and one test example.
fn data(sizes: &[usize]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let file = |sizes: &[usize]| {
        let users: Vec<String> = (0..sizes.len()).map(|user| format!("u{user}")).collect();
        let samples = |(user, n): (&String, &usize)| {
            let x: Vec<[f64; 2]> = (0..*n).map(|i| [i as f64, 1.0]).collect();
            let y: Vec<usize> = (0..*n).map(|i| i % 2).collect();
            (user.clone(), serde_json::json!({ "x": x, "y": y }))
        };
        let all: serde_json::Map<_, _> = users.iter().zip(sizes).map(samples).collect();
        serde_json::json!({ "users": users, "num_samples": sizes, "user_data": all }).to_string()
    };
    fs::write(folder.path().join("train.json"), file(sizes)).unwrap();
    fs::write(folder.path().join("test.json"), file(&vec![1; sizes.len()])).unwrap();
    folder
}

/// The message for users of these sizes and some keys.
fn refusal(sizes: &[usize], sets: &str) -> String {
    let folder = data(sizes);
    let path = format!("world.path={}", folder.path().display());
    let mut all = vec!["world.kind=dataset".to_string(), path];
    all.extend(sets.split_whitespace().map(String::from));
    let scenario = Scenario::parse("", "data", &all).unwrap_or_else(|e| panic!("{e}"));
    match build(&scenario) {
        Ok(_) => panic!("{sets} passes"),
        Err(error) => error.to_string(),
    }
}

fn assert_says(message: &str, parts: &[&str]) {
    for part in parts {
        assert!(message.contains(part), "`{part}` is not in: {message}");
    }
}

#[test]
fn more_participants_than_users_are_refused() {
    let message = refusal(&[3, 3, 3], "fleet.participants=4");
    assert_says(&message, &["fleet.participants: 4 agents", "of 3 users", "at most 3"]);
    let message = refusal(&[3, 3, 3], "fleet.agents=2 fleet.participants=2 fleet.agents=4");
    assert_says(&message, &["fleet.agents, world.path: 4 agents", "holds 3 users"]);
}

#[test]
fn a_panel_of_more_agents_than_users_is_refused_where_it_was_asked_for() {
    let message = refusal(&[3, 3, 3], "measure.panel=4");
    assert_says(&message, &["measure.panel: 4 agents", "of 3 users", "at most 3"]);
}

#[test]
fn a_backdoor_to_an_answer_that_the_data_lack_is_refused() {
    let message = refusal(&[3, 3], "attack.method.kind=backdoor attack.method.answer=2");
    assert_says(&message, &["attack.method.answer: answer 2", "have 2 answers", "below 2"]);
}

#[test]
fn a_horizon_longer_than_a_users_data_is_refused_with_the_user() {
    let message = refusal(&[9, 5, 7], "feedback.kind=verifiable feedback.horizon=6");
    assert_says(&message, &["feedback.horizon: 6 decisions", "user `u1`", "only 5", "at most 5"]);
}

#[test]
fn fedalt_on_a_single_step_is_refused_with_the_user() {
    let fedalt = "job_knowledge.personalisation=fedalt";
    let message = refusal(&[40, 10], &format!("{fedalt} learner.solver.batch=10"));
    assert_says(&message, &["job_knowledge.personalisation: ", "user `u1`", "are one step"]);
    let horizon = "feedback.kind=verifiable feedback.horizon=6";
    let message = refusal(&[40, 11], &format!("{fedalt} {horizon}"));
    assert_says(&message, &["the 11 training examples of user `u1`", "horizon = 6"]);
}

#[test]
fn work_that_the_data_suffice_for_passes() {
    let folder = data(&[6, 12]);
    for sets in [
        "fleet.participants=2",
        "feedback.kind=verifiable feedback.horizon=6",
        "job_knowledge.personalisation=fedalt learner.solver.batch=5",
        "job_knowledge.personalisation=fedalt learner.solver.batch=50 learner.solver.epochs=2",
        "fleet.stragglers.share=0.5 learner.solver.epochs=2",
    ] {
        let mut all = vec!["world.kind=dataset".to_string()];
        all.push(format!("world.path={}", folder.path().display()));
        all.extend(sets.split_whitespace().map(String::from));
        let scenario = Scenario::parse("", "data", &all).unwrap_or_else(|e| panic!("{e}"));
        assert!(build(&scenario).is_ok(), "{sets}");
    }
}

#[test]
fn a_heavy_tail_that_no_memory_holds_is_refused_before_it_is_drawn() {
    let sets = ["world.kind=synthetic", "world.sizes.mean=12.0", "world.sizes.sigma=4.0"];
    let sets = sets.map(String::from).to_vec();
    let text = "[fleet]\nagents = 100000\n";
    let scenario = Scenario::parse(text, "data", &sets).unwrap_or_else(|e| panic!("{e}"));
    let message = build(&scenario).err().unwrap().to_string();
    assert_says(&message, &["world.sizes.mean, ", "would take", "at most"]);
}

#[test]
fn a_core_over_the_datas_features_that_no_memory_holds_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let row: Vec<u32> = vec![1; 2000];
    let user = serde_json::json!({ "users": ["a"], "num_samples": [1],
        "user_data": { "a": { "x": [row], "y": [1] } } });
    for part in ["train.json", "test.json"] {
        fs::write(folder.path().join(part), user.to_string()).unwrap();
    }
    let sets = [
        "world.kind=dataset".to_string(),
        format!("world.path={}", folder.path().display()),
        "world.answers=256".into(),
        "learner.buckets=1000000".into(),
    ];
    let scenario = Scenario::parse("", "data", &sets).unwrap_or_else(|e| panic!("{e}"));
    let message = build(&scenario).err().unwrap().to_string();
    assert_says(&message, &["learner.buckets, ", "would take", "at most"]);
}
