//! What an agent makes of its contribution before it sends it, and what it keeps of it.

use super::{AgentError, Learning};
use crate::learner::Learner;
use crate::params::Store;
use crate::params::kernels::merging::{Cut, Selection, between, cut_of_largest, share_of};
use crate::params::kernels::{
    byte_step, first_not_finite, keep_ranked, round_at_random, round_to_steps, signs,
    sum_of_magnitudes,
};
use crate::scenario::{Compression, Rounding, VectorScope};
use crate::stream::Key;

/// Entries whose words are drawn together: vectors begin with a whole number of them.
const WORDS: usize = 64;

/// Memory that compression works in: numbers without padding, block behind block.
#[derive(Clone, Debug, Default)]
pub struct Press {
    /// Where each block ends.
    ends: Vec<usize>,
    /// What is to be sent.
    x: Vec<f32>,
    /// What is.
    sent: Vec<f32>,
    words: Vec<u32>,
    ranks: Vec<f32>,
    selection: Selection,
}

impl Press {
    /// `C(x)`: what a receiver decodes of the vector `x`, written to `sent`. What is drawn are the
    /// words of `key` from the entry `first` on, a multiple of 64.
    ///
    /// With `d` numbers, `‖C(x) − x‖² ≤ (1 − δ)‖x‖²`, where `δ = k/d` for `top-k` and, in the mean
    /// over draws, for unscaled `random-k` (Stich, Cordonnier & Jaggi 2018, "Sparsified SGD with
    /// memory", NeurIPS), and `δ = ‖x‖₁²/(d‖x‖₂²)`, with equality, for `one-bit`
    /// (Karimireddy, Rebjock, Stich & Jaggi 2019, "Error feedback fixes SignSGD and other gradient
    /// compression schemes", ICML). `int8` rounded at random has the mean `x` and, for a
    /// step `s` between whose multiples `x_i` divides as `p : 1 − p`, the variance `p(1 − p)s²`
    /// (Alistarh et al. 2017, "QSGD", NeurIPS, with the largest magnitude for the norm).
    ///
    /// # Panics
    /// Where the lengths differ.
    pub fn compress(
        &mut self,
        spec: &Compression,
        (key, first): (Key, usize),
        x: &[f32],
        sent: &mut [f32],
    ) {
        let d = x.len();
        if d == 0 {
            return;
        }
        match spec {
            Compression::None(_) => sent.copy_from_slice(x),
            Compression::TopK(spec) => {
                let cut = cut_of_largest(x, share_of(spec.share, d), &mut self.selection);
                between(x, 0, cut, Cut::NOTHING, sent);
            }
            Compression::RandomK(spec) => {
                let k = share_of(spec.share, d);
                let factor = if spec.scaled { (d as f64 / k as f64) as f32 } else { 1.0 };
                self.draw(key, first, d);
                self.ranks.clear();
                // the k greatest of equally likely numbers below 2, whose order is that of their
                // bits; of equal ones, which are rare, the first
                self.ranks.extend(self.words[..d].iter().map(|word| f32::from_bits(word >> 2)));
                let cut = cut_of_largest(&self.ranks, k, &mut self.selection);
                keep_ranked(&self.ranks, cut, x, factor, sent);
            }
            Compression::Int8(spec) => {
                let step = byte_step(x);
                match spec.rounding {
                    _ if step == 0.0 => sent.fill(0.0),
                    Rounding::Nearest => round_to_steps(x, step, sent),
                    Rounding::Stochastic => {
                        self.draw(key, first, d);
                        round_at_random(x, step, &self.words, sent);
                    }
                }
            }
            Compression::OneBit(_) => {
                signs(x, (sum_of_magnitudes(x) / d as f64) as f32, sent);
            }
        }
    }

    fn draw(&mut self, key: Key, first: usize, d: usize) {
        self.words.resize(d.next_multiple_of(WORDS), 0);
        key.fill_words(first, &mut self.words);
    }

    /// Lays a contribution out, what was not sent of its blocks before included.
    fn load(&mut self, learner: &dyn Learner, learning: &Learning, unsent: &Store, owner: usize) {
        self.ends.clear();
        self.x.clear();
        for (block, _, values) in learning.contribution.iter() {
            let (columns, outputs) = learner.columns(block);
            let from = self.x.len();
            for row in values.chunks_exact(columns) {
                self.x.extend_from_slice(&row[..outputs]);
            }
            self.ends.push(self.x.len());
            if let Some((kept, _)) = held(unsent, owner, block) {
                let rows = self.x[from..].chunks_exact_mut(outputs);
                for (row, kept) in rows.zip(kept.chunks_exact(columns)) {
                    row.iter_mut().zip(kept).for_each(|(x, kept)| *x += kept);
                }
            }
        }
        self.sent.clear();
        self.sent.resize(self.x.len(), 0.0);
    }
}

fn held(unsent: &Store, owner: usize, block: u32) -> Option<(&[f32], u32)> {
    if owner < unsent.owners() { unsent.get(owner, block) } else { None }
}

/// Makes of a contribution `δ` what the receiver decodes. Under error feedback that is `C(δ + e)`,
/// and the agent keeps `e ← δ + e − C(δ + e)` (Seide et al. 2014, "1-bit stochastic gradient descent
/// and its application to data-parallel distributed training of speech DNNs", Interspeech), block
/// by block: a block that the round's work did not touch is not in the message, so that what is
/// kept of it waits for the next message that has it. Else a message would grow to all blocks that
/// its agent ever worked on, and the agent would count among those who practised them. What is drawn
/// are words of `key`; `unsent` has an owner for each agent, or none without feedback.
///
/// # Errors
/// Where a number that is sent or kept is infinite or none.
pub(super) fn compress(
    spec: &Compression,
    learner: &dyn Learner,
    key: Key,
    (unsent, owner): (&mut Store, usize),
    press: &mut Press,
    learning: &mut Learning,
) -> Result<(), AgentError> {
    press.load(learner, learning, unsent, owner);
    let (x, mut sent) = (std::mem::take(&mut press.x), std::mem::take(&mut press.sent));
    let (mut from, mut drawn) = (0, 0);
    let blocks = press.ends.len();
    for at in 0..blocks {
        if spec.scope() == VectorScope::Contribution && at + 1 < blocks {
            continue;
        }
        let vector = from..press.ends[at];
        from = vector.end;
        let entries = vector.len().next_multiple_of(WORDS);
        press.compress(spec, (key, drawn), &x[vector.clone()], &mut sent[vector]);
        drawn += entries;
    }
    (press.x, press.sent) = (x, sent);
    let mut fault = None;
    let (mut from, mut ends) = (0, press.ends.iter());
    learning.contribution.for_each_mut(|block, values| {
        let Some(&end) = ends.next() else { return };
        let (x, sent) = (&press.x[from..end], &press.sent[from..end]);
        from = end;
        let (columns, outputs) = learner.columns(block);
        for (row, sent) in values.chunks_exact_mut(columns).zip(sent.chunks_exact(outputs)) {
            row[..outputs].copy_from_slice(sent);
        }
        let mut sound = first_not_finite(values).is_none();
        if owner < unsent.owners() {
            let (kept, _) = unsent.entry(owner, block);
            let rows = x.chunks_exact(outputs).zip(sent.chunks_exact(outputs));
            for (kept, (x, sent)) in kept.chunks_exact_mut(columns).zip(rows) {
                for (kept, (x, sent)) in kept.iter_mut().zip(x.iter().zip(sent)) {
                    *kept = x - sent;
                }
            }
            sound &= first_not_finite(kept).is_none();
        }
        if !sound {
            fault.get_or_insert(block);
        }
    });
    let (agent, version) = (learning.agent, learning.version);
    fault.map_or(Ok(()), |block| Err(AgentError::Diverged { agent, version, block }))
}

/// Bytes of compressed blocks of so many numbers each, beside what says which blocks they are.
/// Padding is never among the numbers.
pub(crate) fn bytes(spec: &Compression, numbers: impl Iterator<Item = usize>) -> u64 {
    // where it is drawn, the receiver is told from what
    let seed = if matches!(spec, Compression::RandomK(_)) { 8 } else { 0 };
    seed + match spec.scope() {
        VectorScope::Block => numbers.map(|d| of_vector(spec, d)).sum::<u64>(),
        VectorScope::Contribution => of_vector(spec, numbers.sum()),
    }
}

/// Bytes of a vector of `d` numbers.
fn of_vector(spec: &Compression, d: usize) -> u64 {
    let scale = if d > 0 { 4 } else { 0 };
    let bytes = match spec {
        Compression::None(_) => 4 * d,
        Compression::TopK(spec) => (8 * share_of(spec.share, d)).min(4 * d),
        Compression::RandomK(spec) => 4 * share_of(spec.share, d),
        Compression::Int8(_) => d + scale,
        Compression::OneBit(_) => d.div_ceil(8) + scale,
    };
    bytes as u64
}

#[cfg(test)]
mod tests;
