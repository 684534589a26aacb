//! Merging files takes less memory than two tensors for each input.

#![allow(unsafe_code, reason = "an allocator that counts")]

use hivesim::checkpoint::merging::{Progress, merge};
use hivesim::checkpoint::{Dtype, Tensor, Writer};
use hivesim::scenario::{Override, Recipe};
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

/// The system's allocator, with the bytes that are taken and the most that ever were.
struct Measuring;

static TAKEN: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

fn take(bytes: usize) {
    let taken = TAKEN.fetch_add(bytes, Ordering::Relaxed) + bytes;
    MOST.fetch_max(taken, Ordering::Relaxed);
}

// SAFETY: everything is handed on to the system's allocator as it comes.
unsafe impl GlobalAlloc for Measuring {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        take(layout.size());
        // SAFETY: as for this function.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        TAKEN.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as for this function.
        unsafe { System.dealloc(at, layout) }
    }
    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        take(size);
        TAKEN.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as for this function.
        unsafe { System.realloc(at, layout, size) }
    }
}

#[global_allocator]
static MEASURING: Measuring = Measuring;

#[test]
fn a_merge_takes_less_than_two_tensors_for_each_input() {
    const LEN: usize = 1 << 20;
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    for dtype in [Dtype::F32, Dtype::Bf16] {
        for model in 0..4 {
            // eight tensors: a merge of whole models would show
            let plan: Vec<Tensor> =
                (0..8).map(|i| Tensor::new(format!("t{i}"), [1 << 10, 1 << 10], dtype)).collect();
            let file = path(&format!("m{model}.safetensors"));
            let mut writer = Writer::create(file.as_ref(), plan, Default::default(), None).unwrap();
            let values: Vec<f32> =
                (0..LEN).map(|i| ((i * (model + 3)) % 251) as f32 / 64.0 - 2.0).collect();
            (0..8).for_each(|_| writer.write(&values).unwrap());
            writer.finish().unwrap();
        }
        for (strategy, models, sets) in [
            ("mean", 3, &[][..]),
            ("ties", 3, &[]),
            ("ties", 3, &["scope=tensor"]),
            ("dare", 3, &[]),
            ("breadcrumbs", 3, &[]),
            ("median", 3, &[]),
            ("krum", 3, &[]),
            ("geometric-median", 3, &[]),
            ("model-stock", 3, &["scope=block"]),
            ("mean", 3, &["server.kind=fedadam"]),
            ("slerp", 1, &[]),
            ("nearswap", 1, &[]),
            ("arcee-fusion", 1, &[]),
            ("trimmed-mean", 3, &[]),
            ("mean-around-median", 3, &[]),
            ("bulyan", 3, &[]),
            ("mda", 3, &[]),
            ("smea", 3, &[]),
            ("caf", 3, &[]),
            ("centred-clipping", 3, &[]),
            ("centred-clipping", 3, &["start=previous"]),
            ("norm-bound", 3, &[]),
            ("della", 3, &[]),
            ("della", 3, &["scope=tensor"]),
            ("consensus", 3, &[]),
            ("nuslerp", 2, &[]),
            ("multi-slerp", 3, &[]),
            ("karcher", 3, &[]),
            ("ram", 3, &[]),
            ("ramplus-tl", 3, &[]),
            ("sce", 3, &[]),
        ] {
            let mut overrides = vec![
                Override::argument(String::new(), "base", path("m0.safetensors")),
                Override::argument(String::new(), "combine.kind", strategy),
                Override::argument(String::new(), "output", path("out.safetensors")),
            ];
            let files: Vec<String> =
                (1..=models).map(|i| path(&format!("m{i}.safetensors"))).collect();
            overrides.push(Override::argument(String::new(), "models", files));
            overrides.extend(sets.iter().map(|set| Override::set_in_recipe(set)));
            let recipe = Recipe::parse("", "test", &overrides).unwrap_or_else(|e| panic!("{e}"));
            let before = TAKEN.load(Ordering::Relaxed);
            MOST.store(before, Ordering::Relaxed);
            merge(&recipe, 2, &Progress::default()).unwrap_or_else(|e| panic!("{e}"));
            let taken = (MOST.load(Ordering::Relaxed) - before) as f64;
            let tensors = taken / (4 * LEN) as f64;
            let most = 2.0 * (models + 1) as f64;
            assert!(tensors < most, "{strategy} of {dtype}: {tensors:.2} tensors, {most} allowed");
        }
    }
}
