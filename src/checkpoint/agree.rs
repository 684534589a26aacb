//! Whether checkpoints can be taken tensor by tensor.

use super::{Checkpoint, CheckpointError, Tensor};
use crate::text::{legible, nearest};

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
            // what both have is nobody's slip
            let strangers = other.tensors().iter().filter(|t| first.find(&t.name).is_none());
            let near = near(&expected.name, strangers);
            return Err(CheckpointError::tensor(
                other.path(),
                &expected.name,
                format!("no such tensor{near}{absent}"),
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
            let near = near(name, first.tensors().iter());
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

/// The nearest name, if there is one that is near. Walks over all names: only on the way out.
fn near<'a>(name: &str, tensors: impl Iterator<Item = &'a Tensor>) -> String {
    match nearest(name, tensors.map(|tensor| tensor.name.as_str())) {
        Some(other) => format!(" (the nearest name is `{}`)", legible(other)),
        None => String::new(),
    }
}
