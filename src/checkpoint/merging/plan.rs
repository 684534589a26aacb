//! Which tensors are merged, which are copied, and in what order.

use super::super::{Checkpoint, CheckpointError, Dtype, Tensor, agree};
use crate::merge::Shape;
use crate::scenario::OutputType;
use std::cmp::Reverse;

/// A tensor that all inputs have.
pub(super) struct Planned {
    /// As it is written.
    pub tensor: Tensor,
    /// Its position in each input.
    pub places: Vec<usize>,
    /// Bytes of its values in all inputs.
    pub bytes_read: u64,
}

/// All tensors, in the order in which they are written.
pub(super) struct Plan {
    pub tensors: Vec<Planned>,
    /// The tensors that are merged: positions in `tensors`.
    merged: Vec<usize>,
}

impl Plan {
    /// Wider types first, which keeps a file's tensors aligned, then by name: the order depends
    /// neither on files and shards nor on `dtype`, and so do draws and the choice among equals.
    ///
    /// # Errors
    /// Inputs that do not [`agree`], or differ in what cannot be merged.
    pub fn new(inputs: &[&Checkpoint], dtype: OutputType) -> Result<Self, CheckpointError> {
        agree(inputs)?;
        let first = inputs[0];
        let mut order: Vec<usize> = (0..first.tensors().len()).collect();
        let written = |tensor: &Tensor| {
            if tensor.dtype.is_float() { dtype.of(tensor.dtype) } else { tensor.dtype }
        };
        order.sort_by_key(|i| {
            let tensor = &first.tensors()[*i];
            (Reverse((written(tensor).bits(), tensor.dtype.bits())), &tensor.name)
        });
        let (mut tensors, mut merged) = (Vec::with_capacity(order.len()), Vec::new());
        for place in order {
            let tensor = &first.tensors()[place];
            // found: the inputs agree
            let places: Vec<usize> =
                inputs.iter().filter_map(|input| input.find(&tensor.name)).collect();
            debug_assert_eq!(places.len(), inputs.len());
            if tensor.dtype.is_float() && !tensor.is_empty() {
                merged.push(tensors.len());
            } else {
                same_bytes(inputs, &places)?;
            }
            let bytes = |(input, place): (&&Checkpoint, &usize)| input.bytes(*place).len() as u64;
            let bytes_read = inputs.iter().zip(&places).map(bytes).sum();
            let tensor = Tensor { dtype: written(tensor), ..tensor.clone() };
            tensors.push(Planned { tensor, places, bytes_read });
        }
        Ok(Plan { tensors, merged })
    }

    /// Number of tensors that are merged.
    pub fn segments(&self) -> usize {
        self.merged.len()
    }

    /// The position of a segment's tensor among all.
    pub fn position(&self, segment: usize) -> usize {
        self.merged[segment]
    }

    pub fn segment(&self, segment: usize) -> &Planned {
        &self.tensors[self.merged[segment]]
    }

    /// A segment as a matrix: its last axis is a row.
    pub fn shape(&self, segment: usize) -> Shape {
        let tensor = &self.segment(segment).tensor;
        match tensor.shape.as_slice() {
            [.., columns] if tensor.shape.len() > 1 => {
                Shape { rows: tensor.len() / columns, columns: *columns, live: *columns }
            }
            _ => Shape::vector(tensor.len()),
        }
    }

    /// Numbers of a model that are merged.
    pub fn parameters(&self) -> u64 {
        self.merged.iter().map(|at| self.tensors[*at].tensor.len() as u64).sum()
    }

    /// Bytes of the merged values as they are written.
    pub fn bytes(&self) -> u64 {
        (0..self.segments()).map(|segment| self.bytes_of(segment)).sum()
    }

    pub fn bytes_of(&self, segment: usize) -> u64 {
        let tensor = &self.segment(segment).tensor;
        (tensor.len() * tensor.dtype.bits() / 8) as u64
    }
}

impl OutputType {
    /// The type of what was `dtype`.
    fn of(self, dtype: Dtype) -> Dtype {
        match self {
            OutputType::Same => dtype,
            OutputType::F32 => Dtype::F32,
            OutputType::F16 => Dtype::F16,
            OutputType::Bf16 => Dtype::Bf16,
        }
    }
}

/// Holds a tensor that is copied to the first input's.
fn same_bytes(inputs: &[&Checkpoint], places: &[usize]) -> Result<(), CheckpointError> {
    let expected = inputs[0].bytes(places[0]);
    for (input, place) in inputs.iter().zip(places).skip(1) {
        let found = input.bytes(*place);
        if found != expected {
            let Tensor { name, dtype, .. } = &input.tensors()[*place];
            let first = found.iter().zip(expected).position(|(a, b)| a != b).unwrap_or(0);
            return Err(CheckpointError::tensor(
                input.file_of(*place),
                name,
                format!(
                    "another element {} than in `{}`",
                    first * 8 / dtype.bits(),
                    inputs[0].path().display()
                ),
                format!(
                    "the same values of {dtype} in all inputs: what is no float of 16 bits or more is copied, not merged"
                ),
            ));
        }
        input.release(*place);
    }
    Ok(())
}
