//! Memory that callers lend to kernels.

/// Memory that kernels over many rows work in. Once it has served so many rows, it serves no more
/// of them without allocating.
#[derive(Clone, Debug, Default)]
pub struct MergeScratch {
    lines: Vec<Line>,
}

/// A line of memory: vectors that start with one never straddle two.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
struct Line(#[expect(dead_code, reason = "read as plain numbers")] [f32; 16]);

impl MergeScratch {
    /// Room for `numbers` numbers at the start of a line.
    pub(super) fn take(&mut self, numbers: usize) -> &mut [f32] {
        let lines = numbers.div_ceil(16);
        if self.lines.len() < lines {
            self.lines.resize(lines, Line([0.0; 16]));
        }
        // SAFETY: a line is sixteen numbers and nothing else.
        unsafe { std::slice::from_raw_parts_mut(self.lines.as_mut_ptr().cast(), lines * 16) }
    }
}
