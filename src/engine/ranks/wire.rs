//! What a harvest is on the wire.
//!
//! Numbers are as they are in memory, little-endian, one behind the other; of vectors over blocks the
//! blocks that are there. Both ends are the same build: [`agree`](super::agree) sees to that.

use crate::agent::{AgentError, Fooled, Holdings, Learning, Parcel, Reading};
use crate::distill::{Controls, Harvest};
use crate::ids::{AgentId, CompanyId, CoreVersion, Round};
use crate::learner::{Statistic, Tally};
use crate::measure::{Accounts, Ages};
use crate::params::{BlockSum, Layout, Node, Sparse};
use crate::world::TaskBuffer;
use bytemuck::{Pod, cast_slice, cast_slice_mut};
use std::sync::Arc;

/// A message on its way in.
pub(super) struct Reader<'a> {
    left: &'a [u8],
    /// What sums are over.
    layout: &'a Arc<Layout>,
}

impl<'a> Reader<'a> {
    /// A message from its beginning.
    pub fn new(message: &'a [u8], layout: &'a Arc<Layout>) -> Self {
        Reader { left: message, layout }
    }

    /// The next of what it holds.
    ///
    /// # Panics
    /// Where it ends before: the other rank is another build.
    pub fn next<T: Wire>(&mut self) -> T {
        T::read(self)
    }

    fn take(&mut self, bytes: usize) -> &'a [u8] {
        let (now, left) = self.left.split_at(bytes);
        self.left = left;
        now
    }

    fn numbers<T: Pod>(&mut self, to: &mut [T]) {
        let to: &mut [u8] = cast_slice_mut(to);
        to.copy_from_slice(self.take(to.len()));
    }
}

/// What can be sent.
pub(super) trait Wire: Sized {
    /// Writes it behind what is there.
    fn write(&self, to: &mut Vec<u8>);
    /// Reads it.
    fn read(from: &mut Reader<'_>) -> Self;
}

macro_rules! numbers {
    ($($number:ty),*) => {$(
        impl Wire for $number {
            fn write(&self, to: &mut Vec<u8>) {
                to.extend_from_slice(cast_slice(&[*self]));
            }

            fn read(from: &mut Reader<'_>) -> Self {
                let mut number = [Self::default()];
                from.numbers(&mut number);
                number[0]
            }
        }

        impl Wire for Vec<$number> {
            fn write(&self, to: &mut Vec<u8>) {
                (self.len() as u64).write(to);
                to.extend_from_slice(cast_slice(self));
            }

            fn read(from: &mut Reader<'_>) -> Self {
                let mut numbers = vec![Default::default(); from.next::<u64>() as usize];
                from.numbers(&mut numbers);
                numbers
            }
        }
    )*};
}

/// Structures as their fields, one behind the other: none can be forgotten when they are read.
macro_rules! structures {
    ($($structure:ty { $($field:tt),* })*) => {$(
        impl Wire for $structure {
            fn write(&self, to: &mut Vec<u8>) {
                $(self.$field.write(to);)*
            }

            fn read(from: &mut Reader<'_>) -> Self {
                Self { $($field: from.next()),* }
            }
        }
    )*};
}

macro_rules! lists {
    ($($item:ty),*) => {$(
        impl Wire for Vec<$item> {
            fn write(&self, to: &mut Vec<u8>) {
                (self.len() as u64).write(to);
                self.iter().for_each(|item| item.write(to));
            }

            fn read(from: &mut Reader<'_>) -> Self {
                (0..from.next::<u64>()).map(|_| from.next()).collect()
            }
        }
    )*};
}

/// Does the same with every field of a harvest that travels; none can be forgotten.
macro_rules! fields {
    ($harvest:expr, $field:ident => $do:expr) => {{
        let Harvest {
            sum, companies, parts, controls, learnings, spread: _, peers: _, examples, tally, accounts, in_flight,
            late, bytes_up, readings, before_merge, after_merge, policies, holdings, core, flown, time,
            ages, error,
        } = $harvest;
        fields!(@ $field => $do; sum companies parts controls learnings examples tally accounts
            in_flight late bytes_up readings before_merge after_merge policies holdings core flown time
            ages error);
    }};
    (@ $field:ident => $do:expr; $($name:ident)*) => { $({ let $field = $name; $do; })* };
}

numbers!(u8, u32, u64, f32, f64);

structures! {
    AgentId { 0 }
    CompanyId { 0 }
    CoreVersion { 0 }
    Round { 0 }
    Node { level, at }
    Tally { tasks, sample_steps, steps, correct, value, loss, bits, multiply_adds }
    Accounts {
        sent, merged, unfinished, lost, duplicate, broken, not_finite, misfit, stale, overflow
    }
    Ages { learnings }
    Holdings { train_loss, train, test_right, test }
    Fooled { tasks, fooled }
    Reading { agent, own, core, practised, backdoor }
    Controls { sum, newcomers }
    TaskBuffer { inputs, x, skills, answers }
    Learning {
        agent, company, version, round, tasks, steps, contribution, controls, statistics, statistic,
        answers, examples
    }
    Parcel {
        worked, dropped, stale, learning, tally, reading, before_merge, after_merge, policy, holdings,
        error
    }
}

lists!(
    Learning,
    Parcel,
    Reading,
    (u32, u64),
    (u32, Learning),
    (AgentId, f64),
    (AgentId, Vec<f32>),
    (CompanyId, BlockSum),
    (Node, Harvest)
);

impl Wire for usize {
    fn write(&self, to: &mut Vec<u8>) {
        (*self as u64).write(to);
    }

    fn read(from: &mut Reader<'_>) -> Self {
        from.next::<u64>() as usize
    }
}

impl Wire for bool {
    fn write(&self, to: &mut Vec<u8>) {
        u8::from(*self).write(to);
    }

    fn read(from: &mut Reader<'_>) -> Self {
        from.next::<u8>() == 1
    }
}

impl<T: Wire> Wire for Option<T> {
    fn write(&self, to: &mut Vec<u8>) {
        self.is_some().write(to);
        self.iter().for_each(|some| some.write(to));
    }

    fn read(from: &mut Reader<'_>) -> Self {
        from.next::<bool>().then(|| from.next())
    }
}

impl<A: Wire, B: Wire> Wire for (A, B) {
    fn write(&self, to: &mut Vec<u8>) {
        self.0.write(to);
        self.1.write(to);
    }

    fn read(from: &mut Reader<'_>) -> Self {
        (from.next(), from.next())
    }
}

/// All of it but for the processes that it is spread over, which are known.
impl Wire for Harvest {
    fn write(&self, to: &mut Vec<u8>) {
        fields!(self, field => field.write(to));
    }

    fn read(from: &mut Reader<'_>) -> Self {
        let mut harvest = Harvest::default();
        fields!(&mut harvest, field => *field = from.next());
        harvest
    }
}

impl Wire for Statistic {
    fn write(&self, to: &mut Vec<u8>) {
        (*self == Statistic::Gram).write(to);
    }

    fn read(from: &mut Reader<'_>) -> Self {
        if from.next() { Statistic::Gram } else { Statistic::Fisher }
    }
}

impl Wire for AgentError {
    fn write(&self, to: &mut Vec<u8>) {
        let AgentError::Diverged { agent, version, block } = self;
        ((*agent, *version), *block).write(to);
    }

    fn read(from: &mut Reader<'_>) -> Self {
        let ((agent, version), block) = from.next();
        AgentError::Diverged { agent, version, block }
    }
}

impl Wire for Sparse {
    fn write(&self, to: &mut Vec<u8>) {
        self.len().write(to);
        for (block, count, values) in self.iter() {
            to.extend_from_slice(cast_slice(&[block, count, values.len() as u32]));
        }
        to.extend_from_slice(cast_slice(self.values()));
    }

    fn read(from: &mut Reader<'_>) -> Self {
        let mut vector = Sparse::default();
        let mut blocks = vec![[0_u32; 3]; from.next()];
        from.numbers(&mut blocks);
        blocks.iter().for_each(|[block, count, len]| {
            vector.push(*block, *count, *len as usize);
        });
        from.numbers(vector.values_mut());
        vector
    }
}

/// A learning of which a process is to hold some blocks alone: of the others it is told which there
/// are, and how many tasks they stand for. Nothing else is merged of it.
pub(super) struct Part<'a, F>(pub &'a Learning, pub F);

impl<F: Fn(u32) -> bool> Part<'_, F> {
    /// Writes it as a [`Learning`].
    pub fn write(&self, to: &mut Vec<u8>) {
        let learning = self.0;
        let Learning { agent, company, version, round, tasks, steps, statistic, .. } = *learning;
        (((agent, company), (version, round)), (tasks, steps)).write(to);
        self.blocks(&learning.contribution, to);
        Sparse::default().write(to);
        self.blocks(&learning.statistics, to);
        statistic.write(to);
        Sparse::default().write(to);
        TaskBuffer::default().write(to);
    }

    fn blocks(&self, vector: &Sparse, to: &mut Vec<u8>) {
        let keeps = &self.1;
        vector.len().write(to);
        for (block, count, values) in vector.iter() {
            let len = if keeps(block) { values.len() as u32 } else { 0 };
            to.extend_from_slice(cast_slice(&[block, count, len]));
        }
        for (.., values) in vector.iter().filter(|(block, ..)| keeps(*block)) {
            to.extend_from_slice(cast_slice(values));
        }
    }
}

impl Wire for BlockSum {
    fn write(&self, to: &mut Vec<u8>) {
        self.blocks().count().write(to);
        for (block, weight, values) in self.blocks() {
            block.write(to);
            weight.write(to);
            to.extend_from_slice(cast_slice(values));
        }
    }

    fn read(from: &mut Reader<'_>) -> Self {
        let mut sum = BlockSum::new(from.layout.clone());
        for _ in 0..from.next::<u64>() {
            let (block, weight) = from.next();
            from.numbers(sum.put(block, weight));
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn learning(layout: &Layout) -> Learning {
        let mut learning = Learning {
            agent: AgentId(7),
            company: CompanyId(2),
            version: CoreVersion(3),
            round: Round(4),
            tasks: 5,
            steps: 6,
            statistic: Some(Statistic::Gram),
            ..Learning::default()
        };
        learning.contribution.push(1, 9, layout.len(1)).fill(0.25);
        learning.contribution.push(2, 1, layout.len(2)).fill(-1.5);
        learning.examples =
            TaskBuffer { inputs: 1, x: vec![2.0], skills: vec![0], answers: vec![1] };
        learning
    }

    #[test]
    fn a_harvest_comes_in_as_it_was_sent() {
        let layout = Arc::new(Layout::new([3, 2, 1, 4]));
        let mut sum = BlockSum::new(layout.clone());
        sum.add(&learning(&layout).contribution, |tasks| tasks as f32);
        let reading = Reading {
            agent: AgentId(7),
            own: vec![0.5, f32::NAN],
            core: vec![],
            practised: vec![1, 2],
            backdoor: Fooled { tasks: 3, fooled: 1 },
        };
        let error = AgentError::Diverged { agent: AgentId(1), version: CoreVersion(2), block: 3 };
        let parcel = Parcel { worked: true, reading: Some(reading.clone()), ..Parcel::default() };
        let harvest = Harvest {
            companies: vec![(CompanyId(1), sum.clone())],
            controls: Some(Controls { sum: sum.clone(), newcomers: vec![1, 0, 2, 0] }),
            sum: Some(sum),
            learnings: vec![learning(&layout), Learning::default()],
            late: vec![(2, learning(&layout))],
            examples: learning(&layout).examples,
            readings: vec![reading],
            policies: vec![(AgentId(3), vec![1.0, 2.0])],
            flown: vec![parcel],
            time: Some(1.5),
            error: Some(error),
            ..Harvest::default()
        };
        let nodes = vec![(Node { level: 3, at: 1 }, harvest)];
        let mut message = Vec::new();
        nodes.write(&mut message);
        let mut reader = Reader::new(&message, &layout);
        let got: Vec<(Node, Harvest)> = reader.next();
        assert!(reader.left.is_empty());
        // what cannot be compared, as it holds a NaN, is so by what it says of itself
        assert_eq!(format!("{got:?}"), format!("{nodes:?}"));
    }

    #[test]
    fn a_part_of_a_learning_lacks_values_and_nothing_else() {
        let layout = Arc::new(Layout::new([3, 2, 1, 4]));
        let whole = learning(&layout);
        let mut message = Vec::new();
        Part(&whole, |block| block == 2).write(&mut message);
        let mut reader = Reader::new(&message, &layout);
        let got: Learning = reader.next();
        assert!(reader.left.is_empty());
        let blocks: Vec<_> = got.contribution.iter().collect();
        assert_eq!(blocks, [(1, 9, &[][..]), (2, 1, &[-1.5][..])]);
        let rest =
            Learning { contribution: Sparse::default(), examples: TaskBuffer::default(), ..whole };
        let own = Learning { contribution: Sparse::default(), ..got };
        assert_eq!(format!("{own:?}"), format!("{rest:?}"));
    }

    #[test]
    fn only_blocks_that_are_there_travel() {
        let layout = Arc::new(Layout::new([1000, 2, 1000]));
        let mut sum = BlockSum::new(layout.clone());
        let mut message = Vec::new();
        sum.write(&mut message);
        assert_eq!(message.len(), 8);
        sum.put(1, 2.0).fill(1.0);
        message.clear();
        sum.write(&mut message);
        assert_eq!(message.len(), 8 + 4 + 8 + 2 * 4);
    }
}
