//! Whether checkpoints can be taken tensor by tensor.

use super::error::legible;
use super::{Checkpoint, CheckpointError, Tensor};

/// Holds checkpoints to the first of them: the same names, in any order, and the same shapes.
/// Types may differ among floats, whose values are comparable; others have to be the same.
///
/// # Errors
/// The first difference: the file, the tensor, what was found and what the first checkpoint has;
/// for a name that only one side has, the nearest one of the other.
pub fn agree(checkpoints: &[&Checkpoint]) -> Result<(), CheckpointError> {
    let Some((first, others)) = checkpoints.split_first() else {
        return Ok(());
    };
    others.iter().try_for_each(|other| compare(first, other))
}

fn compare(first: &Checkpoint, other: &Checkpoint) -> Result<(), CheckpointError> {
    let as_in = format!("as in `{}`", first.path().display());
    for expected in first.tensors() {
        let Some(i) = other.find(&expected.name) else {
            let absent = count_absent(first.tensors(), other);
            return Err(CheckpointError::tensor(
                other.path(),
                &expected.name,
                format!("no such tensor{}{absent}", nearest(&expected.name, other.tensors())),
                format!("one of shape {:?}, {as_in}", expected.shape),
            ));
        };
        let found = &other.tensors()[i];
        let fault = |found: String, wanted: String| {
            let wanted = format!("{wanted}, {as_in}");
            Err(CheckpointError::tensor(other.file_of(i), &expected.name, found, wanted))
        };
        if found.shape != expected.shape {
            return fault(format!("shape {:?}", found.shape), format!("{:?}", expected.shape));
        }
        let floats = found.dtype.is_float() && expected.dtype.is_float();
        if found.dtype != expected.dtype && !floats {
            return fault(format!("type {}", found.dtype), format!("{}", expected.dtype));
        }
    }
    match other.tensors().iter().position(|tensor| first.find(&tensor.name).is_none()) {
        None => Ok(()),
        Some(i) => {
            let name = &other.tensors()[i].name;
            let near = nearest(name, first.tensors());
            let absent = count_absent(other.tensors(), first);
            Err(CheckpointError::tensor(
                other.file_of(i),
                name,
                format!("a tensor that `{}` does not have{near}{absent}", first.path().display()),
                "the same tensors in all checkpoints",
            ))
        }
    }
}

/// How many more are absent than the one that is reported: one says a slip, many another model.
fn count_absent(tensors: &[Tensor], from: &Checkpoint) -> String {
    match tensors.iter().filter(|tensor| from.find(&tensor.name).is_none()).count() {
        0 | 1 => String::new(),
        absent => format!(", and {} more like it", absent - 1),
    }
}

/// The nearest name, as a question, if there is one that is near. Walks over all names: only on
/// the way out.
fn nearest(name: &str, tensors: &[Tensor]) -> String {
    let similarity = |other: &Tensor| strsim::normalized_levenshtein(name, &other.name);
    let nearest = tensors
        .iter()
        .map(|other| (similarity(other), other))
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .filter(|(similarity, _)| *similarity > 0.5);
    match nearest {
        Some((_, other)) => format!(" (the nearest name is `{}`)", legible(&other.name)),
        None => String::new(),
    }
}
