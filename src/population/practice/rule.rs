//! How what agents know is laid out in words, compared and joined.

use crate::population::grid::stride_of;

/// The layout of a row: where nothing is forgotten the practice of every skill, else three parts:
/// levels, practice, and the rounds of the last practice, each one word a skill. Practice and
/// levels are single-precision numbers that are not negative, and so order as their bits do.
///
/// To take a row in is to take, skill by skill, the memory that is better: of the higher level, of
/// two equal ones that of more practice, then the younger. A maximum of a total order: in which
/// order rows are taken in makes no difference.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rule {
    skills: usize,
    forgets: bool,
    stride: usize,
}

/// A row that is compared word by word, of `W` words.
#[derive(Clone, Copy)]
pub(super) struct Words<const W: usize>;

/// A row that is compared word by word, of several lines.
#[derive(Clone, Copy)]
pub(super) struct Lines(pub usize);

/// Agents whose calls are gone through together.
pub(super) const BLOCK: usize = 128;

/// A way to compare and join rows, with as much known when it is compiled as can be.
pub(super) trait Rows: Copy + Sync {
    /// Words of a row.
    fn stride(self) -> usize;
    /// Takes in what is better.
    fn take(self, to: &mut [u32], from: &[u32]);
    /// Whether something of `from` would be taken in.
    fn tells(self, from: &[u32], to: &[u32]) -> bool;

    /// Takes the rows `of` all into the rows `to`, one after another.
    #[inline(always)]
    fn take_all(self, to: &mut [u32], all: &[u32], of: &[u32]) {
        for (to, from) in to.chunks_exact_mut(self.stride()).zip(of) {
            self.take(to, row(all, *from, self.stride()));
        }
    }

    /// Which of the rows `from`, one after another, tell the rows `to` of all something: 1 where
    /// they do.
    #[inline(always)]
    fn tells_all(self, from: &[u32], all: &[u32], to: &[u32], tells: &mut [u32]) {
        let rows = from.chunks_exact(self.stride());
        for ((from, to), tells) in rows.zip(to).zip(tells) {
            *tells = u32::from(self.tells(from, row(all, *to, self.stride())));
        }
    }

    /// [`take_all`](Rows::take_all) and [`tells_all`](Rows::tells_all) between the rows `from`, which
    /// become `to`, and the rows `with` of all.
    #[inline(always)]
    fn meet_all(self, to: &mut [u32], from: &[u32], all: &[u32], with: &[u32], tells: &mut [u32]) {
        let stride = self.stride();
        let rows = to.chunks_exact_mut(stride).zip(from.chunks_exact(stride));
        for (((to, from), with), tells) in rows.zip(with).zip(tells) {
            let theirs = row(all, *with, stride);
            self.take(to, theirs);
            *tells = u32::from(self.tells(from, theirs));
        }
    }
}

/// A row of all.
#[inline(always)]
fn row(all: &[u32], row: u32, stride: usize) -> &[u32] {
    &all[row as usize * stride..][..stride]
}

impl Rule {
    pub fn new(skills: usize, forgets: bool) -> Self {
        let width = skills * if forgets { 3 } else { 1 };
        Rule { skills, forgets, stride: stride_of(width) }
    }

    /// Words that a row needs.
    pub fn width(self) -> usize {
        self.skills * if self.forgets { 3 } else { 1 }
    }

    pub fn forgets(self) -> bool {
        self.forgets
    }

    /// The levels, practice and last rounds of a row, where anything is forgotten.
    pub fn parts(self, row: &mut [u32]) -> (&mut [u32], &[u32], &[u32]) {
        let (levels, rest) = row.split_at_mut(self.skills);
        let (practice, since) = rest.split_at(self.skills);
        (levels, practice, &since[..self.skills])
    }

    /// The practice of all skills.
    pub fn practices(self, row: &mut [u32]) -> &mut [u32] {
        let first = if self.forgets { self.skills } else { 0 };
        &mut row[first..first + self.skills]
    }

    /// Bits of the practice of a skill, and the round of the last; 0 where that is of no account.
    #[inline]
    pub fn memory(self, row: &[u32], skill: usize) -> (u32, u32) {
        if self.forgets {
            (row[self.skills + skill], row[2 * self.skills + skill])
        } else {
            (row[skill], 0)
        }
    }

    /// Sets level, practice and last round of a skill.
    pub fn remember(self, row: &mut [u32], skill: usize, [level, n, since]: [u32; 3]) {
        if self.forgets {
            row[skill] = level;
            row[self.skills + skill] = n;
            row[2 * self.skills + skill] = since;
        } else {
            row[skill] = n;
        }
    }

    /// Whether memory `from` of a skill is better; one of no level is not worth telling.
    #[inline(always)]
    fn better(self, from: &[u32], to: &[u32], skill: usize) -> bool {
        let (high, low) = (from[skill], to[skill]);
        high > low || high == low && high > 0 && self.memory(from, skill) > self.memory(to, skill)
    }
}

impl Rows for Rule {
    #[inline(always)]
    fn stride(self) -> usize {
        self.stride
    }

    #[inline(always)]
    fn take(self, to: &mut [u32], from: &[u32]) {
        if !self.forgets {
            return to.iter_mut().zip(from).for_each(|(to, from)| *to = (*to).max(*from));
        }
        for skill in 0..self.skills {
            if self.better(from, to, skill) {
                for word in [skill, self.skills + skill, 2 * self.skills + skill] {
                    to[word] = from[word];
                }
            }
        }
    }

    #[inline(always)]
    fn tells(self, from: &[u32], to: &[u32]) -> bool {
        if !self.forgets {
            return from.iter().zip(to).any(|(from, to)| from > to);
        }
        (0..self.skills).any(|skill| self.better(from, to, skill))
    }
}

impl<const W: usize> Rows for Words<W> {
    #[inline(always)]
    fn stride(self) -> usize {
        W
    }

    #[inline(always)]
    fn take(self, to: &mut [u32], from: &[u32]) {
        for w in 0..W {
            to[w] = to[w].max(from[w]);
        }
    }

    #[inline(always)]
    fn tells(self, from: &[u32], to: &[u32]) -> bool {
        // all words, so that it vectorises
        let mut any = 0;
        for w in 0..W {
            any |= u32::from(from[w] > to[w]);
        }
        any > 0
    }

    #[inline(always)]
    fn meet_all(self, to: &mut [u32], from: &[u32], all: &[u32], with: &[u32], tells: &mut [u32]) {
        let (n, mut theirs) = (with.len(), [0; BLOCK]);
        if W > 1 || n > BLOCK {
            return Meet(self).meet_all(to, from, all, with, tells);
        }
        // words are gathered one by one and gone through sixteen at a time
        for (theirs, with) in theirs.iter_mut().zip(with) {
            *theirs = all[*with as usize];
        }
        for (to, theirs) in to[..n].iter_mut().zip(&theirs) {
            *to = (*to).max(*theirs);
        }
        for ((tells, from), theirs) in tells[..n].iter_mut().zip(&from[..n]).zip(&theirs) {
            *tells = u32::from(from > theirs);
        }
    }
}

/// A rule with nothing but what every rule has.
#[derive(Clone, Copy)]
struct Meet<R>(R);

impl<R: Rows> Rows for Meet<R> {
    #[inline(always)]
    fn stride(self) -> usize {
        self.0.stride()
    }

    #[inline(always)]
    fn take(self, to: &mut [u32], from: &[u32]) {
        self.0.take(to, from);
    }

    #[inline(always)]
    fn tells(self, from: &[u32], to: &[u32]) -> bool {
        self.0.tells(from, to)
    }
}

impl Rows for Lines {
    #[inline(always)]
    fn stride(self) -> usize {
        self.0
    }

    #[inline(always)]
    fn take(self, to: &mut [u32], from: &[u32]) {
        for (to, from) in to.chunks_exact_mut(16).zip(from.chunks_exact(16)) {
            Words::<16>.take(to, from);
        }
    }

    #[inline(always)]
    fn tells(self, from: &[u32], to: &[u32]) -> bool {
        let mut lines = from.chunks_exact(16).zip(to.chunks_exact(16));
        lines.any(|(from, to)| Words::<16>.tells(from, to))
    }
}

/// Evaluates an expression with the most special [`Rows`] that a [`Rule`] is.
macro_rules! with_rule {
    ($rule:expr, |$rows:ident| $body:expr) => {
        match $rule {
            rule if rule.forgets() => {
                let $rows = rule;
                $body
            }
            rule => match $crate::population::practice::rule::Rows::stride(rule) {
                1 => {
                    let $rows = $crate::population::practice::rule::Words::<1>;
                    $body
                }
                2 => {
                    let $rows = $crate::population::practice::rule::Words::<2>;
                    $body
                }
                4 => {
                    let $rows = $crate::population::practice::rule::Words::<4>;
                    $body
                }
                8 => {
                    let $rows = $crate::population::practice::rule::Words::<8>;
                    $body
                }
                16 => {
                    let $rows = $crate::population::practice::rule::Words::<16>;
                    $body
                }
                stride => {
                    let $rows = $crate::population::practice::rule::Lines(stride);
                    $body
                }
            },
        }
    };
}
pub(super) use with_rule;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_better_memory_is_taken_skill_by_skill_in_any_order() {
        let rule = Rule::new(2, true);
        assert_eq!(rule.stride(), 8);
        // levels, practice, last rounds
        let rows = [[5, 9, 1, 1, 7, 7, 0, 0], [6, 9, 1, 2, 3, 5, 0, 0], [6, 0, 2, 8, 1, 9, 0, 0]];
        for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
            let mut row = [0; 8];
            order.iter().for_each(|i| rule.take(&mut row, &rows[*i]));
            // of level 6 the one of more practice; of level 9 that too
            assert_eq!(row, [6, 9, 2, 2, 1, 5, 0, 0], "{order:?}");
        }
        assert!(!rule.tells(&rows[0], &rows[1]) && rule.tells(&rows[1], &rows[0]));
    }

    #[test]
    fn the_fast_ways_are_the_plain_one() {
        let words = |row: usize, n: usize| -> Vec<u32> {
            (0..n).map(|i| ((row + 3) * (i + 5) * 2_654_435 % 97) as u32).collect()
        };
        for skills in [1, 2, 3, 7, 16, 33] {
            let rule = Rule::new(skills, false);
            let (a, b) = (words(0, rule.stride()), words(1, rule.stride()));
            let (mut plain, mut fast) = (b.clone(), b.clone());
            rule.take(&mut plain, &a);
            with_rule!(rule, |rows| {
                rows.take(&mut fast, &a);
                assert_eq!(rows.tells(&a, &b), rule.tells(&a, &b));
                assert!(!rows.tells(&a, &plain), "{skills}");
                // several at once, of rows of all
                let (all, with) = ([a.clone(), b.clone()].concat(), [1, 0, 0, 1]);
                let from = [&a[..], &b, &a, &b].concat();
                let (mut met, mut tells) = (from.clone(), [7; 4]);
                rows.meet_all(&mut met, &from, &all, &with, &mut tells);
                let (mut taken, mut told) = (from.clone(), [7; 4]);
                rows.take_all(&mut taken, &all, &with);
                rows.tells_all(&from, &all, &with, &mut told);
                assert_eq!((&met, tells), (&taken, told));
                assert_eq!(&met[..a.len()], &plain[..]);
                assert_eq!(told[2..], [0, 0]);
            });
            assert_eq!(plain, fast, "{skills}");
        }
    }
}
