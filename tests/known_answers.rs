//! Answers worked out by hand from the papers' formulas, for what tests/vectors has none of.

use hivesim::checkpoint::manifest::Manifest;
use hivesim::ids::AgentId;
use hivesim::learner::Statistic;
use hivesim::merge::{Context, Contribution, Pipeline, Vectors, strategy};
use hivesim::params::{Layout, Sparse};
use hivesim::scenario::{self, Distiller};
use std::collections::BTreeSet;

/// What an agent brings, in one block.
struct Brought {
    delta: Vec<f32>,
    tasks: u32,
    steps: u64,
    statistic: Vec<f32>,
}

fn brought(delta: &[f32]) -> Brought {
    Brought { delta: delta.to_vec(), tasks: 1, steps: 1, statistic: Vec::new() }
}

/// A fleet whose core, at zero, is one block of some columns.
struct Fleet {
    agents: Vec<Brought>,
    /// Columns with padding and without.
    columns: (usize, usize),
    judge: fn(&[f32]) -> f64,
}

impl Fleet {
    fn of(agents: Vec<Brought>) -> Self {
        let entries = agents[0].delta.len();
        Fleet { agents, columns: (entries, entries), judge: |_| 0.0 }
    }

    fn merged(&self, pipeline: &mut Pipeline, spec: &Distiller, context: (u64, u32)) -> Vec<f32> {
        let entries = self.agents[0].delta.len();
        let layout = Layout::new([entries]);
        let block = |values: &[f32], tasks: u32| {
            let mut sparse = Sparse::default();
            sparse.push(0, tasks, values.len()).copy_from_slice(values);
            sparse
        };
        let deltas: Vec<Sparse> = self.agents.iter().map(|a| block(&a.delta, a.tasks)).collect();
        let of = |a: &Brought| block(&a.statistic, a.tasks);
        let statistics: Vec<Sparse> = self.agents.iter().map(of).collect();
        let wanted: Option<Statistic> = strategy(&spec.combine).statistic();
        let contributions: Vec<Contribution<'_>> = self
            .agents
            .iter()
            .enumerate()
            .map(|(i, agent)| Contribution {
                tasks: agent.tasks.into(),
                steps: agent.steps,
                statistics: wanted.map(|_| &statistics[i]),
                ..Contribution::fresh(AgentId(i as u32), &deltas[i])
            })
            .collect();
        let (base, mut next) = (vec![0.0; entries], vec![0.0; entries]);
        let columns = vec![self.columns];
        let absent = spec.absent;
        let mut vectors =
            Vectors::contributions(&layout, &columns, &base, &contributions, absent, &mut next);
        let context = Context { judge: Some(&self.judge), ..Context::new(context.0, context.1) };
        pipeline.merge(&mut vectors, &context).unwrap_or_else(|e| panic!("{e}"));
        next
    }

    fn once(&self, spec: &str) -> Vec<f32> {
        let spec = parsed(spec);
        self.merged(&mut Pipeline::new(&spec), &spec, (1, 1))
    }
}

fn parsed(spec: &str) -> Distiller {
    toml::from_str(spec).unwrap_or_else(|e| panic!("{spec}: {e}"))
}

#[track_caller]
fn assert_near(got: &[f32], expected: &[f64], within: f64) {
    assert_eq!(got.len(), expected.len());
    let near = got.iter().zip(expected).all(|(x, y)| (f64::from(*x) - y).abs() <= within);
    assert!(near, "{got:?}, not {expected:?} ± {within}");
}

/// Rounding of a few operations on numbers up to ten.
const ROUNDED: f64 = 4e-6;

/// Strategies, pre-aggregations and server steps that have their answers below (what DARE and
/// DELLA draw in `strategy_properties`, what FedDF teaches in `fleet_strategies`).
const HERE: [&str; 17] = [
    "fednova",
    "norm-bound",
    "caf",
    "dare",
    "della",
    "consensus",
    "fisher",
    "regmean",
    "tsv",
    "iso-c",
    "best-by-probe",
    "greedy-soup",
    "bucketing",
    "plain",
    "nesterov",
    "ties",
    "feddf",
];

#[test]
fn every_kind_has_a_vector_or_an_answer_here() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/manifest.json");
    let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{path}: {e}"));
    let manifest: Manifest = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}"));
    let mut known: BTreeSet<String> = HERE.map(str::to_owned).into();
    for case in &manifest.cases {
        let spec = case.pipeline().unwrap_or_else(|e| panic!("{e}"));
        known.insert(spec.combine.name());
        known.extend(spec.pre.iter().map(scenario::Pre::name));
        let server = serde_json::to_value(&spec.server).unwrap_or_default();
        known.extend(server["kind"].as_str().map(str::to_owned));
    }
    let schema = scenario::schema();
    for definition in ["Combine", "Pre", "Server"] {
        for branch in schema["$defs"][definition]["oneOf"].as_array().expect("kinds") {
            let kind = branch["properties"]["kind"]["const"].as_str().expect("a kind");
            assert!(known.contains(kind), "{definition}: {kind} is held to nothing");
        }
    }
}

/// Wang et al. 2020: `τ_eff Σ p_i δ_i/τ_i`. With `p = (1/4, 3/4)` and `τ = (2, 6)`, `τ_eff = 5`;
/// `5 (1/4 · 4/2 + 3/4 · 12/6) = 10` and `5 (1/4 · −2/2 + 3/4 · 6/6) = 5/2`.
#[test]
fn fednova_averages_what_a_step_taught() {
    let one = Brought { tasks: 1, steps: 2, ..brought(&[4.0, -2.0]) };
    let other = Brought { tasks: 3, steps: 6, ..brought(&[12.0, 6.0]) };
    let got = Fleet::of(vec![one, other]).once("combine = { kind = 'fednova' }");
    assert_near(&got, &[10.0, 2.5], ROUNDED);
}

/// Sun et al. 2019: `(6, 8)`, of length 10, is shortened to `(3, 4)`; `(0, 1)` stays.
#[test]
fn norm_bound_shortens_what_is_long() {
    let fleet = Fleet::of(vec![brought(&[6.0, 8.0]), brought(&[0.0, 1.0])]);
    let got = fleet.once("combine = { kind = 'norm-bound', norm = 5.0 }");
    assert_near(&got, &[1.5, 2.5], ROUNDED);
}

/// McMahan et al. 2018: of `n = 4` contributions clipped to `S = 3`, the mean has noise of
/// standard deviation `z S/n = 3/2` with `z = 2`.
#[test]
fn norm_bound_adds_noise_by_the_longest_contribution() {
    let entries = 40_000;
    let fleet = Fleet::of((0..4).map(|_| brought(&vec![0.0; entries])).collect());
    let got = fleet.once("combine = { kind = 'norm-bound', norm = 3.0, noise = 2.0 }");
    let (n, law) = (entries as f64, 2.25);
    let mean = got.iter().map(|x| f64::from(*x)).sum::<f64>() / n;
    assert!(mean.abs() <= 4.0 * (law / n).sqrt(), "{mean}");
    let square = got.iter().map(|x| f64::from(*x) * f64::from(*x)).sum::<f64>() / n;
    // a normal square's variance is twice the square of its mean
    assert!((square - law).abs() <= 4.0 * law * (2.0 / n).sqrt(), "{square}, not {law}");
}

/// Allouah et al. 2025, algorithm 2, on the line: `(0, 1, 8)` with `f = 1`. Weights `(1, 1, 1)`
/// have mean 3, variance 38/3 and `τ = (9, 4, 25)`, which leaves `(16, 21, 0)/25`; their
/// variance, `16 · 21/37²`, is the least, and their mean 21/37. The next weights sum to less
/// than `n − 2f = 1`.
#[test]
fn caf_keeps_the_steadiest_mean_on_its_way() {
    let fleet = Fleet::of(vec![brought(&[0.0]), brought(&[1.0]), brought(&[8.0])]);
    let got = fleet.once("combine = { kind = 'caf', f = 1 }");
    assert_near(&got, &[21.0 / 37.0], ROUNDED);
}

/// Nothing dropped is task arithmetic: `λ Σ w_i τ_i`.
#[test]
fn dare_and_della_that_keep_all_are_a_weighted_sum() {
    let fleet = || Fleet::of(vec![brought(&[4.0, -1.0]), brought(&[2.0, -5.0])]);
    let dare = "{ kind = 'dare', density = 1.0, normalise = false, lambda = 0.5 }";
    assert_near(&fleet().once(&format!("combine = {dare}")), &[3.0, -3.0], ROUNDED);
    let della = "{ kind = 'della', density = 1.0, epsilon = 0.0, then = 'linear' }";
    assert_near(&fleet().once(&format!("combine = {della}")), &[3.0, -3.0], ROUNDED);
}

/// Wang et al. 2024: task `t` needs an entry where `|τ_t| ≥ λ_t |Σ τ − τ_t|`, here half.
/// - `(2, 2, 0)`: two need it, the sum 4 stays;
/// - `(4, 1, 0)`: `4 ≥ 1/2` but `1 < 2`; one of them is too few;
/// - `(1, 1, 1)`: `1 ≥ 1`, all need it;
/// - `(3, −3, 1)`: `3 ≥ 1`, `3 ≥ 2`, `1 ≥ 0`.
#[test]
fn consensus_keeps_what_two_tasks_need() {
    let agents = [[2.0, 4.0, 1.0, 3.0], [2.0, 1.0, 1.0, -3.0], [0.0, 0.0, 1.0, 1.0]];
    let fleet = Fleet::of(agents.map(|delta| brought(&delta)).into());
    let got =
        fleet.once("combine = { kind = 'consensus', k = 2, threshold = 0.5, normalise = false }");
    assert_near(&got, &[4.0, 0.0, 3.0, 1.0], ROUNDED);
}

/// Yadav et al. 2023: `(5, −1, −1)` sums to 3, so that 5 is elected; two of three signs are
/// negative, so that −1 is.
#[test]
fn ties_elects_by_mass_or_by_count() {
    let fleet = || Fleet::of(vec![brought(&[5.0]), brought(&[-1.0]), brought(&[-1.0])]);
    let by = |sign: &str| {
        fleet().once(&format!("combine = {{ kind = 'ties', density = 1.0, sign = '{sign}' }}"))
    };
    assert_near(&by("sum"), &[5.0], ROUNDED);
    assert_near(&by("count"), &[-1.0], ROUNDED);
    // however much one of them counts in the mean
    let mut fleet = fleet();
    fleet.agents[0].tasks = 3;
    let spec = "combine = { kind = 'ties', density = 1.0, sign = 'count', weighting = 'tasks' }";
    assert_near(&fleet.once(spec), &[-1.0], ROUNDED);
}

/// What an agent never touched has no length: bounds are on what it moved.
#[test]
fn what_is_absent_makes_nothing_longer() {
    let layout = Layout::new([2, 30]);
    let mut deltas = [Sparse::default(), Sparse::default()];
    deltas[0].push(0, 1, 2).copy_from_slice(&[3.0, 4.0]);
    deltas[1].push(0, 1, 2).copy_from_slice(&[0.0, 0.0]);
    deltas[1].push(1, 1, 30);
    let contributions = [0, 1].map(|i| Contribution::fresh(AgentId(i), &deltas[i as usize]));
    for (combine, within, beyond) in [
        ("pre = [{ kind = 'clip', norm = NORM }]", "5.0", "2.5"),
        ("combine = { kind = 'norm-bound', norm = NORM }", "5.0", "2.5"),
    ] {
        for (norm, first) in [(within, 1.5), (beyond, 0.75)] {
            let spec = parsed(&combine.replace("NORM", norm));
            let (base, mut next) = (vec![0.0; 32], vec![0.0; 32]);
            let columns = vec![(2, 2), (30, 30)];
            let mut vectors = Vectors::contributions(
                &layout,
                &columns,
                &base,
                &contributions,
                spec.absent,
                &mut next,
            );
            Pipeline::new(&spec).merge(&mut vectors, &Context::new(1, 1)).unwrap();
            assert_near(&next[..1], &[first], ROUNDED);
        }
    }
}

/// Davari and Belilovsky 2024: a tenth of four entries is none, so that none of the largest is
/// dropped: of `(1, −4, 3, 2)` half are kept, the two largest.
#[test]
fn breadcrumbs_that_drop_no_outliers_keep_the_largest() {
    for (scope, then) in [("tensor", "linear"), ("model", "linear"), ("tensor", "ties")] {
        for gamma in [0.0, 0.1] {
            let got = Fleet::of(vec![brought(&[1.0, -4.0, 3.0, 2.0])]).once(&format!(
                "combine = {{ kind = 'breadcrumbs', density = 0.5, gamma = {gamma:?}, \
                 scope = '{scope}', then = '{then}' }}"
            ));
            assert_near(&got, &[0.0, -4.0, 3.0, 0.0], ROUNDED);
        }
    }
}

/// Matena and Raffel 2022: `(1 · 4 + 3 · 8)/(1 + 3) = 7`; with nothing known of the second entry
/// by the first agent, its information is the floor: `(1/2 · 4 + 3 · 8)/(7/2)`.
#[test]
fn fisher_weighs_by_information() {
    let one = Brought { statistic: vec![1.0, 0.0], ..brought(&[4.0, 4.0]) };
    let other = Brought { statistic: vec![3.0, 3.0], ..brought(&[8.0, 8.0]) };
    let got = Fleet::of(vec![one, other]).once("combine = { kind = 'fisher', floor = 0.5 }");
    assert_near(&got, &[7.0, 52.0 / 7.0], ROUNDED);
}

/// Jin et al. 2023, two inputs and one output: `G = [2 1; 1 2]` and `I`, `W = (1, 0)` and
/// `(0, 1)`. With `α = 1`, `[3 1; 1 3]⁻¹ (2, 2) = (1/2, 1/2)`; with `α = 1/2`,
/// `[3 1/2; 1/2 3]⁻¹ (2, 3/2) = (3/5, 2/5)`. Padding stays zero.
#[test]
fn regmean_solves_for_the_nearest_map() {
    for (alpha, expected) in [(1.0, [0.5, 0.5]), (0.5, [0.6, 0.4])] {
        let one = Brought { statistic: vec![2.0, 1.0, 1.0, 2.0], ..brought(&[1.0, 0.0, 0.0, 0.0]) };
        let other =
            Brought { statistic: vec![1.0, 0.0, 0.0, 1.0], ..brought(&[0.0, 0.0, 1.0, 0.0]) };
        let fleet = Fleet { columns: (2, 1), ..Fleet::of(vec![one, other]) };
        let got = fleet.once(&format!("combine = {{ kind = 'regmean', alpha = {alpha:?} }}"));
        // a ridge of a millionth of the mean diagonal
        assert_near(&got, &[expected[0], 0.0, expected[1], 0.0], 2e-6);
    }
}

/// A matrix of two columns.
fn matrices(deltas: &[[f32; 4]]) -> Fleet {
    let agents = deltas.iter().map(|delta| brought(delta)).collect();
    Fleet { columns: (2, 2), ..Fleet::of(agents) }
}

/// Gargiulo et al. 2025: of two tasks each keeps its top singular direction: of `diag(3, 1)` and
/// `diag(1, 5)`, `diag(3, 0)` and `diag(0, 5)`, which do not interfere.
#[test]
fn tsv_keeps_each_tasks_own_directions() {
    let fleet = matrices(&[[3.0, 0.0, 0.0, 1.0], [1.0, 0.0, 0.0, 5.0]]);
    let got = fleet.once("combine = { kind = 'tsv', normalise = false }");
    assert_near(&got, &[3.0, 0.0, 0.0, 5.0], ROUNDED);
    // λ/T of it in a fleet
    let got = fleet.once("combine = { kind = 'tsv', lambda = 0.5 }");
    assert_near(&got, &[0.75, 0.0, 0.0, 1.25], ROUNDED);
}

/// `2 e₁e₁ᵀ` and `3 u e₂ᵀ`, `u` at 60° from `e₁`: the left vectors are turned evenly until they
/// stand at right angles, to −15° and 75°; the right ones do already.
#[test]
fn tsv_makes_directions_orthogonal() {
    let (cos_15, sin_15) = (0.965_925_826_289_068_3, 0.258_819_045_102_520_76);
    let u = [0.5, 0.75_f32.sqrt()];
    let fleet = matrices(&[[2.0, 0.0, 0.0, 0.0], [0.0, 3.0 * u[0], 0.0, 3.0 * u[1]]]);
    let got = fleet.once("combine = { kind = 'tsv', normalise = false }");
    assert_near(&got, &[2.0 * cos_15, 3.0 * sin_15, -2.0 * sin_15, 3.0 * cos_15], ROUNDED);
}

/// Marczak et al. 2025: the sum `[0 3; 1 0]` has singular values 3 and 1; both become 2.
#[test]
fn iso_c_makes_the_spectrum_flat() {
    let fleet = matrices(&[[0.0, 2.0, 1.0, 0.0], [0.0, 1.0, 0.0, 0.0]]);
    let got = fleet.once("combine = { kind = 'iso-c', normalise = false }");
    assert_near(&got, &[0.0, 2.0, 2.0, 0.0], ROUNDED);
}

/// Judged by their distance to 10, 9 does better than 12 and 4. Their soups: 9 with 12, 10.5,
/// does better still; with 4, 25/3, worse (Wortsman et al. 2022, recipe 1).
#[test]
fn probes_choose_the_best_and_the_soup() {
    let fleet = Fleet {
        judge: |core| -(f64::from(core[0]) - 10.0).abs(),
        ..Fleet::of(vec![brought(&[4.0]), brought(&[12.0]), brought(&[9.0])])
    };
    assert_near(&fleet.once("combine = { kind = 'best-by-probe' }"), &[9.0], ROUNDED);
    assert_near(&fleet.once("combine = { kind = 'greedy-soup' }"), &[10.5], ROUNDED);
}

/// Karimireddy et al. 2022: of `(0, 6, 12)` in buckets of two, the mean over buckets is one of
/// `(3 + 12)/2`, `(6 + 6)/2` and `(9 + 0)/2`, and each comes up.
#[test]
fn bucketing_averages_random_pairs() {
    let fleet = Fleet::of(vec![brought(&[0.0]), brought(&[6.0]), brought(&[12.0])]);
    let spec = parsed(
        "pre = [{ kind = 'bucketing', size = 2 }]\ncombine = { kind = 'mean', weighting = 'uniform' }",
    );
    let mut counts = [0; 3];
    for round in 0..3000 {
        let got = fleet.merged(&mut Pipeline::new(&spec), &spec, (1, round))[0];
        let expected = [7.5, 6.0, 4.5];
        let at = expected.iter().position(|x| (x - got).abs() < 1e-5);
        counts[at.unwrap_or_else(|| panic!("{got}"))] += 1;
    }
    // a third of 3000, four standard errors: 4 √(3000 · 2/9)
    assert!(counts.iter().all(|count| (900..=1100).contains(count)), "{counts:?}");
}

/// Where the core has moved to, step by step, with combined contributions 1 and −1.
fn served(server: &str) -> Vec<f32> {
    let spec = parsed(&format!("server = {server}"));
    let mut pipeline = Pipeline::new(&spec);
    [1.0_f32, -1.0]
        .map(|delta| Fleet::of(vec![brought(&[delta])]).merged(&mut pipeline, &spec, (1, 1))[0])
        .into()
}

/// `η Δ`; DiLoCo's Nesterov: `m = 1, −0.1`, `η (Δ + β m) = 0.7 · 1.9, 0.7 · −1.09`; Reddi et al.'s
/// Adam without bias correction: `m = 0.1, −0.01`, `v = 0.01, 0.0199`, `η m/(√v + τ)`.
#[test]
fn servers_step_as_published() {
    assert_near(&served("{ kind = 'plain', eta = 0.5 }"), &[0.5, -0.5], ROUNDED);
    assert_near(&served("{ kind = 'nesterov' }"), &[1.33, -0.763], ROUNDED);
    let root = 0.0199_f64.sqrt();
    let adam = [0.01 / 0.101, -0.001 / (root + 0.001)];
    assert_near(&served("{ kind = 'fedadam' }"), &adam, ROUNDED);
}

/// Karimireddy et al. 2021, on the line, `τ = 1`: everybody brings 10, and from zero the result
/// is 1 each time; from the last round's it is 1, 2, 3.
#[test]
fn centred_clipping_goes_on_from_the_last_round() {
    let fleet = Fleet::of(vec![brought(&[10.0]), brought(&[10.0])]);
    for (start, expected) in [("zero", [1.0, 1.0, 1.0]), ("previous", [1.0, 2.0, 3.0])] {
        let spec =
            format!("combine = {{ kind = 'centred-clipping', tau = 1.0, start = '{start}' }}");
        let spec = parsed(&spec);
        let mut pipeline = Pipeline::new(&spec);
        let rounds = [1, 2, 3].map(|round| fleet.merged(&mut pipeline, &spec, (1, round))[0]);
        assert_near(&rounds, &expected, ROUNDED);
    }
}

/// Jang et al. 2024, two models at 60°: `t = 2 · ½/(1 + ½) = 2/3` of the way to their mean.
#[test]
fn model_stock_goes_as_far_as_the_angle_says() {
    let fleet = Fleet::of(vec![brought(&[1.0, 0.0]), brought(&[0.5, 0.75_f32.sqrt()])]);
    let got = fleet.once("combine = { kind = 'model-stock' }");
    assert_near(&got, &[0.5, 0.75_f64.sqrt() / 3.0], 1e-5);
}
