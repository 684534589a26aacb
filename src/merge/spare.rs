//! Memory that goes from one merge of a thread to the next. Among thousands of members a matrix of pairs
//! is so large that the allocator takes its pages from the system and gives them back each time, and
//! finding new ones takes longer than filling them.

use std::cell::RefCell;

/// Matrices that are put by, at most: as many as one merge has at a time.
const MOST: usize = 7;

thread_local! {
    /// The least room first.
    static SPARE: RefCell<Vec<Vec<f64>>> = const { RefCell::new(Vec::new()) };
}

/// So many zeros.
pub(super) fn zeros(len: usize) -> Vec<f64> {
    let found = SPARE.with_borrow_mut(|spare| {
        let least = spare.partition_point(|numbers| numbers.capacity() < len);
        (least < spare.len()).then(|| spare.remove(least))
    });
    let Some(mut numbers) = found else { return vec![0.0; len] };
    numbers.clear();
    numbers.resize(len, 0.0);
    numbers
}

/// Numbers that may be anything, with as much room as there is.
pub(super) fn any() -> Vec<f64> {
    SPARE.with_borrow_mut(Vec::pop).unwrap_or_default()
}

/// Puts numbers by, or the smallest of those that are, where there are too many.
pub(super) fn put_by(numbers: Vec<f64>) {
    SPARE.with_borrow_mut(|spare| {
        let at = spare.partition_point(|other| other.capacity() < numbers.capacity());
        spare.insert(at, numbers);
        if spare.len() > MOST {
            spare.remove(0);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_by_comes_again_as_zeros() {
        put_by(vec![1.0; 100]);
        let place = zeros(90);
        assert_eq!((place.len(), place.capacity()), (90, 100));
        assert!(place.iter().all(|x| *x == 0.0));
        put_by(place);
        assert_eq!(zeros(101), vec![0.0; 101]);
        put_by(vec![1.0; 300]);
        put_by(vec![1.0; 200]);
        assert_eq!([50, 101, 201].map(|len| zeros(len).capacity()), [100, 200, 300]);
        (0..2 * MOST).for_each(|_| put_by(vec![1.0]));
        assert_eq!(SPARE.with_borrow(Vec::len), MOST);
    }
}
