//! Cases of other implementations, merged from their files and compared.

use super::super::manifest::{Case, Distance, Manifest};
use super::super::{Checkpoint, agree};
use super::models::Models;
use super::plan::Plan;
use super::{MergingError, Progress, run};
use crate::merge::{Context, Pipeline};
use crate::scenario::OutputType;
use std::path::Path;

/// How a case came out.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// The case's name.
    pub id: String,
    /// Its strategy, as the manifest calls it.
    pub method: String,
    /// How far the results of all its rounds are from what was expected.
    pub distance: Distance,
}

impl Verdict {
    /// Whether it is within the case's tolerance.
    pub fn passes(&self) -> bool {
        self.distance.share <= 1.0
    }
}

/// Why a manifest could not be run.
#[derive(Debug, thiserror::Error)]
pub enum CasesError {
    /// The manifest, or a file that it names, is not in order.
    #[error("{0}")]
    Malformed(String),
    /// [`Progress::stop`] was called.
    #[error("interrupted")]
    Interrupted,
}

/// Merges every case of a manifest from its files and compares, on so many threads. Files are
/// named from the manifest's folder.
///
/// # Errors
/// What is wrong with the manifest or a file: the manifest, the case, the key.
pub fn run_cases(
    manifest: &Path,
    threads: usize,
    progress: &Progress,
) -> Result<Vec<Verdict>, CasesError> {
    let Manifest { cases } = Manifest::read(manifest).map_err(CasesError::Malformed)?;
    let folder = manifest.parent().unwrap_or(Path::new(""));
    progress.begin(0);
    let verdict = |case: &Case| {
        let distance = compare(case, folder, threads, progress).map_err(|error| match error {
            MergingError::Interrupted => CasesError::Interrupted,
            error => {
                let manifest = manifest.display();
                CasesError::Malformed(format!("{manifest}: case `{}`: {error}", case.id))
            }
        })?;
        Ok(Verdict { id: case.id.clone(), method: case.method.clone(), distance })
    };
    cases.iter().map(verdict).collect()
}

fn compare(
    case: &Case,
    folder: &Path,
    threads: usize,
    progress: &Progress,
) -> Result<Distance, MergingError> {
    let open = |name: &String| Checkpoint::open(&folder.join(name)).map_err(MergingError::Input);
    let spec = case.pipeline().map_err(MergingError::Refused)?;
    let unfit = [
        (spec.combine.name(), spec.combine.unfit_for_files()),
        (spec.server.name(), spec.server.unfit_for_files()),
    ];
    for (name, why) in unfit {
        if let Some(why) = why {
            return Err(MergingError::Refused(format!("`{name}` {why}")));
        }
    }
    let mut pipeline = Pipeline::new(&spec);
    let mut base = case.base.as_ref().map(open).transpose()?;
    let mut distance = Distance::default();
    for (round, step) in case.steps().into_iter().enumerate() {
        let models: Vec<Checkpoint> = step.models.iter().map(open).collect::<Result<_, _>>()?;
        let expected = open(&step.expected)?;
        let inputs: Vec<&Checkpoint> = base.iter().chain(&models).collect();
        let plan = Plan::new(&inputs, OutputType::F32).map_err(MergingError::Input)?;
        agree(&[inputs[0], &expected]).map_err(MergingError::Input)?;
        let mut buffer = Vec::new();
        let mut put = |segment: usize, values: &[f32]| {
            // found: the inputs agree with it
            let place = expected.find(&plan.segment(segment).tensor.name).unwrap_or_default();
            let expected = expected.values(place, &mut buffer)?;
            distance.add(values, expected, case.rtol, case.atol);
            Ok(())
        };
        let halt = Some(progress.halt());
        let context = Context { threads, halt, ..Context::new(1, round as u32 + 1) };
        let (weights, has_base) = (step.weights.as_deref(), base.is_some());
        let mut material =
            Models::new((&inputs, has_base), weights, &plan, threads, progress, &mut put);
        match run(&mut pipeline, &mut material, &plan, &context) {
            // a result, though not the expected one
            Err(MergingError::NotFinite { .. }) => {
                return Ok(Distance { error: f64::INFINITY, share: f64::INFINITY });
            }
            result => result?,
        }
        // the next round goes on from where this one should have come out
        base = Some(expected);
    }
    Ok(distance)
}
