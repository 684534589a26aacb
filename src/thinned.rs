//! A history of any length in a bounded number of points.

/// Points at even distances, of which every other goes when there are too many.
pub(crate) struct Thinned<T> {
    points: Vec<(u64, T)>,
    /// Points that came in so far.
    next: u64,
    /// Of which every so many-th is kept.
    stride: u64,
    most: usize,
}

impl<T> Thinned<T> {
    /// Keeps `most` points at most, and at least half as many once there were more.
    pub fn new(most: usize) -> Self {
        Thinned { points: Vec::new(), next: 0, stride: 1, most }
    }

    /// Takes the next point in.
    pub fn push(&mut self, point: T) {
        if self.next.is_multiple_of(self.stride) {
            if self.points.len() >= self.most {
                self.stride *= 2;
                let stride = self.stride;
                self.points.retain(|(at, _)| at.is_multiple_of(stride));
            }
            if self.next.is_multiple_of(self.stride) {
                self.points.push((self.next, point));
            }
        }
        self.next += 1;
    }

    /// The kept points from the `from`-th that came in on, each with its number.
    pub fn since(&self, from: u64) -> &[(u64, T)] {
        let first = self.points.partition_point(|(at, _)| *at < from);
        &self.points[first..]
    }

    /// Points that came in so far.
    #[cfg(feature = "serve")]
    pub fn count(&self) -> u64 {
        self.next
    }

    /// The distance between two kept points: who holds some of before keeps its multiples.
    #[cfg(feature = "serve")]
    pub fn stride(&self) -> u64 {
        self.stride
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_stay_evenly_spaced_and_few() {
        let mut all = Thinned::new(8);
        for i in 0..1000_u64 {
            all.push(i);
            let points = all.since(0);
            assert!(points.len() <= 8 && (i < 8 || points.len() >= 4), "{i}: {points:?}");
            let even = points.iter().enumerate().all(|(n, &(at, _))| at == n as u64 * all.stride());
            assert!(even && points.iter().all(|(at, point)| at == point), "{i}: {points:?}");
        }
    }

    /// What a page does that is sent what came since.
    #[test]
    fn who_is_told_the_rest_comes_to_the_same() {
        let mut all = Thinned::new(16);
        let mut told: Vec<u64> = Vec::new();
        for round in 0..50 {
            let from = all.count();
            (0..round % 7).for_each(|_| all.push(()));
            told.retain(|at| at.is_multiple_of(all.stride()));
            told.extend(all.since(from).iter().map(|(at, ())| at));
            assert!(told.iter().eq(all.since(0).iter().map(|(at, ())| at)));
        }
    }
}
