//! Economy: what work is worth, what it costs, and from when on it pays.

use super::RoundRow;
use super::spread::Curve;
use crate::maths::{exp, lgamma, ln, ln_1p};

/// A whole day's work: so many tasks, of which so many may go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day {
    /// Tasks a day.
    pub tasks: u32,
    /// Of these at most so many wrong, or the day is worth nothing.
    pub wrong: u32,
}

impl Day {
    /// A hundred judgements in a row that all have to be right.
    pub const HUNDRED: Day = Day { tasks: 100, wrong: 0 };

    /// The probability of a day of value where each task is done right with probability `right`,
    /// independently of the others: `Σ_(k ≤ m) C(n,k) (1−p)^k p^(n−k)`. With no error allowed
    /// it is `p^n`, the O-ring production function (Kremer 1993, "The O-ring theory of economic
    /// development"). NaN where `right` is no probability.
    ///
    /// Terms come from their logarithms. The tail that does not hold the mean is summed, from the
    /// mean outwards, until its terms no longer count: some `√n` of them.
    pub fn success(self, right: f64) -> f64 {
        let (n, m) = (self.tasks, self.wrong);
        if !(0.0..=1.0).contains(&right) {
            return f64::NAN;
        }
        if m >= n || right == 1.0 {
            return 1.0;
        }
        if right == 0.0 {
            return 0.0;
        }
        let (ln_right, ln_wrong) = (ln(right), ln_1p(-right));
        let whole = lgamma(f64::from(n) + 1.0);
        let term = |k: u32| {
            let (k, rest) = (f64::from(k), f64::from(n - k));
            let ways = whole - lgamma(k + 1.0) - lgamma(rest + 1.0);
            exp(ways + k * ln_wrong + rest * ln_right)
        };
        if f64::from(m) < f64::from(n) * (1.0 - right) {
            falling_sum((0..=m).rev().map(term)).min(1.0)
        } else {
            1.0 - falling_sum((m + 1..=n).map(term)).min(1.0)
        }
    }
}

/// The sum of falling terms, up to the first that makes no difference.
fn falling_sum(terms: impl Iterator<Item = f64>) -> f64 {
    let mut sum = 0.0;
    for term in terms {
        sum += term;
        if term <= 1e-18 * sum {
            break;
        }
    }
    sum
}

/// What a fleet has made and spent up to each round; row 0 is before any work.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ledger {
    /// Rounds.
    pub rounds: Vec<f64>,
    /// Value made so far.
    pub value: Vec<f64>,
    /// Multiply-adds spent on learning so far.
    pub multiply_adds: Vec<f64>,
    /// Bytes sent so far, up and down.
    pub bytes: Vec<f64>,
}

impl Ledger {
    /// Running totals over a fleet's rounds; value that is NaN is none.
    pub fn of(rows: &[RoundRow]) -> Self {
        let mut ledger = Ledger::default();
        let (mut value, mut multiply_adds, mut bytes) = (0.0, 0, 0);
        for row in rows {
            value += if row.value.is_nan() { 0.0 } else { row.value };
            multiply_adds += row.multiply_adds;
            bytes += row.bytes_up + row.bytes_down;
            ledger.rounds.push(f64::from(row.round));
            ledger.value.push(value);
            ledger.multiply_adds.push(multiply_adds as f64);
            ledger.bytes.push(bytes as f64);
        }
        ledger
    }

    /// Value made so far, a round.
    pub fn value_curve(&self) -> Curve {
        Curve { times: self.rounds.clone(), values: self.value.clone() }
    }

    /// Value made so far less what was spent, at the given prices of a multiply-add and of a byte.
    pub fn profit(&self, multiply_add: f64, byte: f64) -> Curve {
        let costs = self.multiply_adds.iter().zip(&self.bytes);
        let profits = self.value.iter().zip(costs);
        let values = profits.map(|(v, (m, b))| v - multiply_add * m - byte * b).collect();
        Curve { times: self.rounds.clone(), values }
    }
}

/// When `a` overtakes `b` for good: the time from which it is at least as high to the end, on the
/// line between the points around it; the first time where it always is, none where it is below at
/// the end. Both are taken at the times that they share, as long as both have a value there.
///
/// Of two running totals of value less cost it is the time to break even.
pub fn break_even(a: &Curve, b: &Curve) -> Option<f64> {
    let mut theirs = b.points().peekable();
    let mut gaps = Vec::new();
    for (t, mine) in a.points() {
        while theirs.next_if(|(time, _)| *time < t).is_some() {}
        if let Some((_, other)) = theirs.next_if(|(time, _)| *time == t) {
            gaps.push((t, mine - other));
        }
    }
    let below = gaps.iter().rposition(|(_, gap)| *gap < 0.0);
    let Some(below) = below else { return gaps.first().map(|(t, _)| *t) };
    let ((t0, g0), (t1, g1)) = (gaps[below], *gaps.get(below + 1)?);
    Some(t0 + g0 / (g0 - g1) * (t1 - t0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_of_a_hundred_tasks_needs_nearly_perfect_skill() {
        // 0.95^100 and 0.99^100
        let p = Day::HUNDRED;
        assert!((p.success(0.95) - 0.005_920_529_220_334).abs() < 1e-14);
        assert!((p.success(0.99) - 0.366_032_341_273_229).abs() < 1e-13);
        assert_eq!((p.success(1.0), p.success(0.0)), (1.0, 0.0));
        assert!(p.success(1.1).is_nan() && p.success(f64::NAN).is_nan());
    }

    /// The reference: the distribution of errors, one task after the other.
    #[test]
    fn the_tail_is_that_of_errors_counted_task_by_task() {
        for (n, right) in [(1, 0.3), (12, 0.5), (40, 0.9), (100, 0.97)] {
            let mut errors = vec![0.0; n + 1];
            errors[0] = 1.0;
            for _ in 0..n {
                for k in (0..=n).rev() {
                    let one_fewer = if k > 0 { errors[k - 1] } else { 0.0 };
                    errors[k] = errors[k] * right + one_fewer * (1.0 - right);
                }
            }
            let mut tail = 0.0;
            for m in 0..=n {
                tail += errors[m];
                let day = Day { tasks: n as u32, wrong: m as u32 };
                let got = day.success(right);
                assert!((got - tail).abs() < 1e-12, "{day:?} at {right}: {got}, not {tail}");
            }
        }
    }

    #[test]
    fn a_day_of_a_million_tasks_is_near_its_normal_limit() {
        // mean 100,000 wrong and half a task more: continuity makes it a half
        let got = Day { tasks: 1_000_000, wrong: 100_000 }.success(0.9);
        // the third moment shifts the median by 1/6 of a task or so: 0.0007 with sd 300
        assert!((got - 0.5).abs() < 0.002, "{got}");
    }

    fn curve(values: &[f64]) -> Curve {
        Curve { times: (0..values.len()).map(|t| t as f64).collect(), values: values.to_vec() }
    }

    #[test]
    fn break_even_is_the_crossing_that_lasts() {
        let other = curve(&[0.0, 1.0, 2.0, 3.0, 4.0]);
        // above at 1, below at 2, above from 2 + 1/(1+3) on
        assert_eq!(break_even(&curve(&[-1.0, 2.0, 1.0, 6.0, 6.0]), &other), Some(2.25));
        assert_eq!(break_even(&curve(&[0.0, 1.0, 2.5, 3.0, 4.0]), &other), Some(0.0));
        assert_eq!(break_even(&curve(&[5.0, 5.0, 5.0, 5.0, 3.0]), &other), None);
        assert_eq!(break_even(&Curve::default(), &other), None);
        // measured at other times: those that both have, 0 and 4
        let seldom = Curve { times: vec![0.0, 3.5, 4.0], values: vec![-2.0, 9.0, 6.0] };
        assert_eq!(break_even(&seldom, &other), Some(2.0));
    }

    #[test]
    fn a_ledger_is_running_totals_and_profit_takes_the_costs_off() {
        let row = |round, value, multiply_adds, bytes_up| RoundRow {
            round,
            value,
            multiply_adds,
            bytes_up,
            bytes_down: 10,
            ..RoundRow::default()
        };
        let ledger =
            Ledger::of(&[row(0, f64::NAN, 0, 0), row(1, 5.0, 100, 20), row(2, 7.0, 50, 0)]);
        assert_eq!(ledger.value, [0.0, 5.0, 12.0]);
        assert_eq!(ledger.bytes, [10.0, 40.0, 50.0]);
        assert_eq!(ledger.multiply_adds, [0.0, 100.0, 150.0]);
        assert_eq!(ledger.profit(0.01, 0.1).values, [-1.0, 0.0, 5.5]);
        assert_eq!(ledger.value_curve().time_to(5.0), Some(1.0));
    }
}
