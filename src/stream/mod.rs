//! Random streams: named, counter-based, independent of who draws when.
//! Lives here: the generator, the purposes that streams serve, and draws from distributions.
//! May not: hold state that is shared between agents or threads.
//!
//! A stream is named by (seed, purpose, agent or other owner, round); its i-th draw is a pure
//! function of these. Adding a draw in one place never shifts another, and any thread can
//! draw for any agent.

use crate::maths;
use crate::params::kernels::{Counters, Thinning, fill_entries, fill_normals, fill_words};
use crate::state::{Reader, StateError, Writer};

/// What a stream is for. The number is part of every result: never renumber, only append.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Purpose {
    /// Entries of the general truth.
    General = 1,
    /// Entries of a skill's truth.
    SkillTruth = 2,
    /// Entries of a company's variation of a skill.
    CompanyTruth = 3,
    /// Drift of the skill truths.
    Drift = 4,
    /// A skill's feature means and value.
    SkillTraits = 5,
    /// An agent's mixture of skills.
    Job = 6,
    /// Which skills a round's tasks are of.
    TaskSkill = 7,
    /// Features of a round's tasks.
    TaskFeatures = 8,
    /// Right answers at a temperature above zero.
    TaskAnswer = 9,
    /// Features of probe tasks.
    ProbeFeatures = 10,
    /// Who works in a round.
    Participation = 12,
    /// Who straggles, and how far it gets.
    Straggling = 13,
    /// Which agents form the panel.
    Panel = 14,
    /// The order of an agent's examples.
    Shuffle = 15,
    /// Answers that an agent tries.
    Action = 16,
    /// Wrong feedback.
    FeedbackNoise = 17,
    /// A learner's initial parameters.
    InitialCore = 18,
    /// Initial job knowledge.
    InitialJob = 19,
    /// Codes of the skills.
    SkillCode = 20,
    /// Reservoir sampling of examples to send.
    Reservoir = 21,
    /// The order in which the distiller trains.
    Distillation = 22,
    /// Shared inputs of the exchange of predictions.
    SharedInputs = 23,
    /// The order in which the pooled learner sees tasks.
    Pooling = 24,
    /// An agent's model in the paper world.
    PaperModel = 25,
    /// An agent's inputs in the paper world.
    PaperInputs = 26,
    /// Sizes in the paper world.
    PaperSizes = 27,
    /// Train and test split in the paper world.
    PaperSplit = 28,
    /// The order in which contributions come into buckets.
    Buckets = 29,
    /// Which entries a strategy drops at random.
    Drop = 30,
    /// Noise that a strategy adds.
    MergeNoise = 31,
    /// Tasks that the distiller tries cores out on.
    Judging = 32,
    /// Edges of a random graph.
    Graph = 33,
    /// Whom an agent calls.
    Contact = 34,
    /// Agents that know everything at the start.
    Teachers = 35,
    /// Where agents are employed, and who changes.
    Employers = 36,
    /// Panels that are drawn again from a panel.
    Bootstrap = 37,
    /// Which bits a bit of a rugged landscape interacts with.
    Partners = 38,
    /// Contributions of a rugged landscape's bits.
    Ruggedness = 39,
    /// The solution that an agent starts from in a rugged landscape.
    FirstSolution = 40,
    /// Where an agent looks, what it tries and what it copies wrongly in a rugged landscape.
    Search = 41,
    /// What the checks of closed forms draw.
    Validation = 42,
    /// Which agents join later.
    Newcomers = 43,
    /// Which of its tasks an agent learns from, and what share of them.
    Uptake = 44,
    /// Tasks that the first core is trained on in advance.
    Pretraining = 45,
    /// The order in which it is.
    PretrainingOrder = 46,
    /// Between whose policies a barrier is looked for.
    Pairs = 47,
    /// How fast an agent works.
    Pace = 48,
    /// How long an agent's work of a round takes, and what comes of it is on its way.
    Delay = 49,
    /// Which of those at rest begins when another is done.
    Turn = 50,
    /// Who attacks the hive.
    Attackers = 51,
    /// What attackers send.
    Attack = 52,
    /// What becomes of a learning on its way.
    Post = 53,
    /// How a learning is damaged.
    Damage = 54,
    /// Who can work in a round.
    Presence = 55,
    /// Who leaves for good.
    Churn = 56,
    /// Where the points of a Latin hypercube lie.
    LatinHypercube = 57,
    /// What of its contribution an agent sends, and which way numbers are rounded.
    Compression = 60,
    /// Which device of a trace an agent has.
    Devices = 62,
}

/// The name of a stream; cheap to copy, draws nothing by itself.
#[derive(Clone, Copy, Debug)]
pub struct Key(Counters);

impl Key {
    /// The stream of `owner` (an agent, a skill, …) for one purpose in one round.
    pub fn new(seed: u64, purpose: Purpose, owner: u32, round: u32) -> Self {
        let key = [seed as u32, (seed >> 32) as u32];
        Key(Counters { key, rest: [owner, round, purpose as u32] })
    }

    /// The four words at one position of the stream (Philox4x32-10), `position < 2³²`.
    #[inline(always)]
    pub fn words(&self, position: u32) -> [u32; 4] {
        self.0.words(position)
    }

    /// The word that [`Key::for_words`] gives an entry, `entry < 2³⁴`.
    #[inline]
    pub fn word(&self, entry: usize) -> u32 {
        let (block, within) = (entry / (4 * WIDE), entry % (4 * WIDE));
        self.words((block * WIDE + within % WIDE) as u32)[within / WIDE]
    }

    /// Fills `out` with the words that [`Key::for_words`] gives the entries from `first` on; both
    /// `first` and the length are multiples of 64.
    #[inline]
    pub fn fill_words(self, first: usize, out: &mut [u32]) {
        fill_entries(self.0, first, out);
    }

    /// Fills `out` with standard normals, four a position from `first_position` on.
    pub fn fill_normals(self, first_position: u32, out: &mut [f32]) {
        fill_normals(self.0, first_position, out);
    }

    /// Calls `take(i, word)` with a word for each of the entries `first..first + n`, `i` from 0.
    /// The word of an entry depends on the entry alone: which of them are asked for together
    /// changes nothing. `first` is a multiple of 64 and `first + n` at most 2³⁴.
    #[inline(always)]
    pub fn for_words(self, first: usize, n: usize, mut take: impl FnMut(usize, u32)) {
        debug_assert!(first.is_multiple_of(4 * WIDE), "entries are drawn by 64");
        let mut words = [[0; WIDE]; 4];
        for start in (0..n).step_by(4 * WIDE) {
            fill_words(self.0, ((first + start) / 4) as u32, &mut words);
            for (i, word) in words.as_flattened().iter().enumerate().take(n - start) {
                take(start + i, *word);
            }
        }
    }

    /// Keeps values with probability `p`, by the [words](Key::for_words) of their entries, and
    /// multiplies what is kept by `factor`.
    pub fn thinning(self, p: f64, factor: f32) -> Thinning {
        Thinning { counters: self.0, below: below(p), factor }
    }

    /// A sequential reader from the stream's beginning.
    pub fn stream(self) -> Stream {
        Stream { key: self, position: 0, buffer: [[0; WIDE]; 4], used: 0, filled: 0 }
    }
}

/// Words below it come up with probability `p`.
pub fn below(p: f64) -> u64 {
    (p * 4_294_967_296.0) as u64
}

/// A sequential reader of one stream.
#[derive(Clone, Debug)]
pub struct Stream {
    key: Key,
    /// The next position to be drawn.
    position: u32,
    /// Word `i` of the buffer is word `i % 4` of position `i / 4`: `buffer[i % 4][i / 4]`.
    buffer: [[u32; WIDE]; 4],
    used: usize,
    filled: usize,
}

/// Positions that a stream draws together once it has drawn one: many streams serve a few
/// words, and those that go on are shuffles and the like.
const WIDE: usize = 16;

impl Stream {
    /// The stream of `owner` for one purpose in one round, from its beginning.
    pub fn new(seed: u64, purpose: Purpose, owner: u32, round: u32) -> Self {
        Key::new(seed, purpose, owner, round).stream()
    }

    /// Puts how far it was read into a checkpoint.
    pub(crate) fn keep(&self, out: &mut Writer<'_>) {
        out.put(&(self.position, self.buffer, self.used, self.filled));
    }

    /// Goes on where the stream of the same name was kept.
    ///
    /// # Errors
    /// Where none was.
    pub(crate) fn take_up(&mut self, from: &mut Reader<'_>) -> Result<(), StateError> {
        (self.position, self.buffer, self.used, self.filled) = from.get()?;
        Ok(())
    }

    /// A uniform word.
    #[inline]
    pub fn word(&mut self) -> u32 {
        if self.used == self.filled {
            self.refill();
        }
        let word = self.buffer[self.used % 4][self.used / 4 % WIDE];
        self.used += 1;
        word
    }

    #[inline(never)]
    fn refill(&mut self) {
        if self.position == 0 {
            for (row, word) in self.buffer.iter_mut().zip(self.key.words(0)) {
                row[0] = word;
            }
            (self.position, self.filled) = (1, 4);
        } else {
            fill_words(self.key.0, self.position, &mut self.buffer);
            self.position = self.position.wrapping_add(WIDE as u32);
            self.filled = 4 * WIDE;
        }
        self.used = 0;
    }

    /// Uniform on `[0, 1)` with 53 bits.
    #[inline]
    pub fn uniform(&mut self) -> f64 {
        let high = u64::from(self.word());
        let low = u64::from(self.word());
        (((high << 32) | low) >> 11) as f64 * (1.0 / 9_007_199_254_740_992.0)
    }

    /// Uniform on `[0, 1)` with 24 bits.
    #[inline]
    pub fn uniform_f32(&mut self) -> f32 {
        (self.word() >> 8) as f32 * (1.0 / 16_777_216.0)
    }

    /// Uniform on `0..n`, exactly (Lemire 2019); `n > 0`.
    #[inline]
    pub fn below(&mut self, n: u32) -> u32 {
        debug_assert!(n > 0, "an empty range has no members");
        loop {
            let product = u64::from(self.word()) * u64::from(n);
            let low = product as u32;
            if low >= n || low >= n.wrapping_neg() % n {
                return (product >> 32) as u32;
            }
        }
    }

    /// Standard normal in double precision (Marsaglia's polar method).
    pub fn normal(&mut self) -> f64 {
        loop {
            let a = 2.0 * self.uniform() - 1.0;
            let b = 2.0 * self.uniform() - 1.0;
            let s = a * a + b * b;
            if s > 0.0 && s < 1.0 {
                return a * (-2.0 * maths::ln(s) / s).sqrt();
            }
        }
    }

    /// Natural logarithm of a gamma variate of the given shape and scale 1 (Marsaglia &
    /// Tsang 2000). In logarithms because small shapes underflow.
    pub fn ln_gamma(&mut self, shape: f64) -> f64 {
        if shape < 1.0 {
            let u = 1.0 - self.uniform();
            return self.ln_gamma(shape + 1.0) + maths::ln(u) / shape;
        }
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        loop {
            let x = self.normal();
            let v = 1.0 + c * x;
            if v <= 0.0 {
                continue;
            }
            let ln_v3 = 3.0 * maths::ln(v);
            let u = 1.0 - self.uniform();
            if maths::ln(u) < 0.5 * x * x + d - d * v * v * v + d * ln_v3 {
                return maths::ln(d) + ln_v3;
            }
        }
    }

    /// Fisher-Yates shuffle.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            let j = self.below(i as u32 + 1) as usize;
            items.swap(i, j);
        }
    }

    /// `n` distinct members of `0..of`, in rising order (Floyd's algorithm).
    pub fn sample(&mut self, of: u32, n: u32) -> Vec<u32> {
        debug_assert!(n <= of, "a sample is no larger than what it is drawn from");
        let mut chosen = std::collections::BTreeSet::new();
        for j in of - n..of {
            let candidate = self.below(j + 1);
            if !chosen.insert(candidate) {
                chosen.insert(j);
            }
        }
        chosen.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_reads_its_positions_word_by_word() {
        let key = Key::new(9, Purpose::Action, 4, 2);
        let mut stream = key.stream();
        for i in 0..200 {
            assert_eq!(stream.word(), key.words(i / 4)[i as usize % 4], "word {i}");
        }
    }

    #[test]
    fn the_word_of_an_entry_is_the_one_drawn_among_many() {
        let key = Key::new(5, Purpose::Contact, 1, 7);
        key.for_words(128, 200, |i, word| assert_eq!(word, key.word(128 + i), "entry {i}"));
        for n in [64, 128, 192, 320] {
            let mut words = vec![0; n];
            key.fill_words(128, &mut words);
            assert!((0..n).all(|i| words[i] == key.word(128 + i)), "{n} entries");
        }
    }

    #[test]
    fn streams_with_another_name_differ() {
        let base = Key::new(1, Purpose::Job, 2, 3).words(0);
        assert_ne!(base, Key::new(2, Purpose::Job, 2, 3).words(0));
        assert_ne!(base, Key::new(1, Purpose::Drift, 2, 3).words(0));
        assert_ne!(base, Key::new(1, Purpose::Job, 3, 3).words(0));
        assert_ne!(base, Key::new(1, Purpose::Job, 2, 4).words(0));
        assert_ne!(base, Key::new(1 << 40, Purpose::Job, 2, 3).words(0));
    }

    #[test]
    fn draws_have_the_moments_of_their_distributions() {
        let n = 200_000;
        let mut s = Stream::new(7, Purpose::Job, 0, 0);
        let (mut sum, mut squares) = (0.0, 0.0);
        for _ in 0..n {
            let x = s.normal();
            sum += x;
            squares += x * x;
        }
        // standard errors 1/sqrt(n) = 0.0022 and sqrt(2/n) = 0.0032; four of each
        assert!((sum / n as f64).abs() < 0.009);
        assert!((squares / n as f64 - 1.0).abs() < 0.013);
        for shape in [0.05, 0.7, 1.0, 4.5] {
            let mean = (0..n).map(|_| maths::exp(s.ln_gamma(shape))).sum::<f64>() / n as f64;
            let error = 4.0 * (shape / n as f64).sqrt();
            assert!((mean - shape).abs() < error, "gamma({shape}) has mean {mean}");
        }
    }

    #[test]
    fn samples_are_distinct_and_uniform() {
        let mut hits = [0_u32; 10];
        for round in 0..20_000 {
            let sample = Stream::new(3, Purpose::Participation, 0, round).sample(10, 3);
            assert!(sample.windows(2).all(|w| w[0] < w[1]) && sample.len() == 3);
            for i in sample {
                hits[i as usize] += 1;
            }
        }
        // binomial(20000, 0.3): standard deviation 65
        assert!(hits.iter().all(|&h| h.abs_diff(6000) < 260), "{hits:?}");
    }
}
