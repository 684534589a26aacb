//! What contributions go through before they are combined.

use super::{Entry, Family, Growth, paper};
use crate::scenario::Stage;

const BEFORE: Entry = Entry {
    name: "",
    stage: Stage::Pre,
    family: Family::Before,
    formula: "",
    unit: "",
    breakdown: "",
    time: "",
    growth: Growth::Linear,
    memory: "O(n d) for the new vectors",
    needs: "",
    notes: "",
    papers: &[],
};

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        name: "nearest-neighbour-mixing",
        formula: "x_i' = mean of the n − f vectors nearest to x_i, itself among them",
        breakdown: "that of the strategy behind it, up to f / n, below 1/2",
        time: "O(n² d): a Gram matrix, and n − f multiply-adds a value",
        growth: Growth::Square,
        memory: "O(n d + n²)",
        needs: "n ≥ 2f + 1",
        notes: "Makes robust strategies hold where honest members differ: before it, they take \
                difference for attack.",
        papers: &[paper(
            "Allouah, Farhadkhani, Guerraoui, Gupta, Pinot and Stephan",
            2023,
            "Fixing by mixing: a recipe for optimal Byzantine ML under heterogeneity",
            "AISTATS",
            "2302.01772",
        )],
        ..BEFORE
    },
    Entry {
        name: "bucketing",
        formula: "x_b' = mean of `size` members in a row of a random order;   ⌈n / size⌉ of them",
        unit: "the whole model: a member stands in one bucket",
        breakdown: "that of the strategy behind it, divided by `size`: f attackers spoil f buckets",
        time: "O(n d): one multiply-add a value",
        notes: "Buckets differ less than members do. The order is drawn from seed and round.",
        papers: &[paper(
            "Karimireddy, He and Jaggi",
            2022,
            "Byzantine-robust learning on heterogeneous datasets via bucketing",
            "ICLR",
            "2006.09365",
        )],
        ..BEFORE
    },
    Entry {
        name: "clip",
        formula: "x_i' = x_i min(1, norm / ‖x_i‖)",
        breakdown: "behind it, f members move a mean by at most f · norm / n",
        time: "O(n d): two passes",
        papers: &[paper(
            "Sun, Kairouz, Suresh and McMahan",
            2019,
            "Can you really backdoor federated learning?",
            "",
            "1911.07963",
        )],
        ..BEFORE
    },
    Entry {
        name: "adaptive-robust-clipping",
        formula: "k = ⌊2f (n − f)/n⌋;   the k longest are shortened to the longest of the others",
        breakdown: "that of the strategy behind it, up to f / n, below 1/2",
        time: "O(n d): two passes, and a sort of n lengths",
        needs: "n ≥ 2f + 1",
        notes: "ARC: needs no length to be set, and is always in force.",
        papers: &[paper(
            "Allouah, Guerraoui, Gupta, Jellouli, Rizk and Stephan",
            2025,
            "Adaptive gradient clipping for robust federated learning",
            "ICLR",
            "2405.14432",
        )],
        ..BEFORE
    },
];
