//! Strategies against what mergekit, Flower and ByzFL computed, through the library.

use hivesim::checkpoint::manifest::{Distance, Manifest};
use hivesim::merge::{Columns, Context, Member, Pipeline, Space, Vectors};
use hivesim::params::Layout;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Tensors by name: shape and values. Read here by hand, so that nothing is held to itself.
type Tensors = BTreeMap<String, (Vec<usize>, Vec<f32>)>;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/vectors")
}

fn read(name: &str) -> Tensors {
    let bytes = std::fs::read(folder().join(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let header: Value = serde_json::from_slice(&bytes[8..8 + length]).unwrap();
    let data = &bytes[8 + length..];
    let tensors = header.as_object().unwrap().iter().filter(|(key, _)| *key != "__metadata__");
    let tensor = |(key, info): (&String, &Value)| {
        let list = |value: &Value| -> Vec<usize> {
            value.as_array().unwrap().iter().map(|v| v.as_u64().unwrap() as usize).collect()
        };
        let at = list(&info["data_offsets"]);
        let values = data[at[0]..at[1]].as_chunks::<4>().0.iter();
        let values = values.map(|b| f32::from_le_bytes(*b)).collect();
        (key.clone(), (list(&info["shape"]), values))
    };
    tensors.map(tensor).collect()
}

fn flat(tensors: &Tensors) -> Vec<f32> {
    tensors.values().flat_map(|(_, values)| values.iter().copied()).collect()
}

/// Tensors' last axes.
#[derive(Debug)]
struct LastAxis(Vec<Option<(usize, usize)>>);

impl Columns for LastAxis {
    fn columns(&self, block: usize) -> Option<(usize, usize)> {
        self.0[block]
    }
}

#[test]
fn every_vector_of_other_implementations_comes_out() {
    let text = std::fs::read_to_string(folder().join("manifest.json")).unwrap();
    let manifest: Manifest = serde_json::from_str(&text).unwrap();
    assert_eq!(manifest.cases.len(), 69);
    let mut failures = Vec::new();
    for case in &manifest.cases {
        for threads in [1, 3] {
            let mut pipeline = Pipeline::new(&case.pipeline().unwrap_or_else(|e| panic!("{e}")));
            let mut base = case.base.as_deref().map(read);
            for (round, step) in case.steps().into_iter().enumerate() {
                let expected = read(&step.expected);
                let lengths = expected.values().map(|(_, values)| values.len());
                let layout = Layout::new(lengths);
                let columns = LastAxis(
                    expected
                        .values()
                        .map(|(shape, _)| (shape.len() > 1).then(|| shape[shape.len() - 1]))
                        .map(|last| last.map(|columns| (columns, columns)))
                        .collect(),
                );
                let models: Vec<Vec<f32>> = step.models.iter().map(|m| flat(&read(m))).collect();
                let models: Vec<&[f32]> = models.iter().map(Vec::as_slice).collect();
                let member = |i: usize| Member {
                    id: i as u32,
                    weight: step.weights.as_ref().map_or(1.0, |weights| weights[i]),
                    steps: 1,
                    staleness: 0,
                };
                let flat_base = base.as_ref().map(flat);
                let mut next = flat_base.clone().unwrap_or(vec![0.0; layout.entries()]);
                let mut vectors = Vectors::whole(
                    &layout,
                    &columns,
                    flat_base.as_deref(),
                    (&models, Space::Models),
                    (0..models.len()).map(member).collect(),
                    &mut next,
                );
                let context = Context { threads, ..Context::new(1, round as u32 + 1) };
                pipeline
                    .merge(&mut vectors, &context)
                    .unwrap_or_else(|e| panic!("{}: {e}", case.id));
                let mut distance = Distance::default();
                distance.add(&next, &flat(&expected), case.rtol, case.atol);
                if distance.share.is_nan() || distance.share > 1.0 {
                    failures.push(format!("{} ({threads} threads): {distance:?}", case.id));
                }
                base = Some(expected);
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
