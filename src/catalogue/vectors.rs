//! Arithmetic on task vectors.

use super::{Entry, Family, Growth, Paper, paper};
use crate::scenario::Stage;

const RAM: Paper = paper(
    "Yuan et al.",
    2026,
    "Behavior knowledge merge in reinforced agentic models",
    "",
    "2601.13572",
);
const MERGEKIT: Paper = paper(
    "Goddard et al.",
    2024,
    "Arcee's MergeKit: a toolkit for merging large language models",
    "EMNLP Industry",
    "2403.13257",
);

/// What they have in common: `x_i` is the task vector of model `i`.
const VECTORS: Entry = Entry {
    name: "",
    stage: Stage::Combine,
    family: Family::TaskVectors,
    formula: "",
    unit: "",
    breakdown: "0",
    time: "",
    growth: Growth::Linear,
    memory: "O(n d)",
    needs: "a base",
    notes: "",
    papers: &[],
};

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        name: "task-arithmetic",
        formula: "m = λ Σ_i w_i x_i   (w_i divided by their sum in a fleet)",
        unit: "each coordinate on its own",
        time: "O(n d): one multiply-add a value",
        notes: "In a fleet it is the mean, times λ. Published for a handful of models, whose task \
                vectors add up; over many agents a sum has no meaning.",
        papers: &[paper(
            "Ilharco, Ribeiro, Wortsman, Gururangan, Schmidt, Hajishirzi and Farhadi",
            2023,
            "Editing models with task arithmetic",
            "ICLR",
            "2212.04089",
        )],
        ..VECTORS
    },
    Entry {
        name: "ties",
        formula: "t_i = x_i with all but its `density` largest entries at zero\n\
                  s_j = sign(Σ_i w_i t_ij)   (`sign = \"count\"`: the sign that more have)\n\
                  m_j = λ Σ w_i t_ij / Σ w_i   over the i with sign(t_ij) = s_j",
        time: "O(n d): two passes where the vector is one tensor or block, its thresholds told by a sample; three where it is several, by counting",
        needs: "a base, and weights of 0 or more",
        notes: "Of equal magnitudes the first are kept; a sum of zero elects +, as in mergekit. \
                One entry that is large enough elects its sign and carries the mean.",
        papers: &[paper(
            "Yadav, Tam, Choshen, Raffel and Bansal",
            2023,
            "TIES-merging: resolving interference when merging models",
            "NeurIPS",
            "2306.01708",
        )],
        ..VECTORS
    },
    Entry {
        name: "dare",
        formula: "t_ij = x_ij / p with probability p = density, else 0\n\
                  m = λ Σ_i w_i t_i   (`then = \"ties\"`: with signs elected)",
        unit: "each coordinate on its own",
        time: "O(n d): one pass, and a 32-bit draw a value",
        needs: "a base, and weights of 0 or more where signs are elected",
        notes: "The expectation is the mean's; a coordinate's variance is (1 − p)/p · x². Drops \
                are drawn for each member, round and block from the seed.",
        papers: &[paper(
            "Yu, Yu, Yu, Huang and Li",
            2024,
            "Language models are super Mario: absorbing abilities from homologous models as a free \
             lunch",
            "ICML",
            "2311.03099",
        )],
        ..VECTORS
    },
    Entry {
        name: "della",
        formula: "p_ij = density − ε + 2ε r/(k − 1)   for rank r of |x_ij| among k, from 0\n\
                  t_ij = x_ij / p_ij with probability p_ij, else 0; signs elected as in `ties`",
        time: "O(n d log d): a sort of each vector",
        memory: "O(n d), three quarters as much again for the ranks; with the scope `model`, two to \
                 three times as much",
        needs: "a base, weights of 0 or more where signs are elected, and density ± epsilon above 0 \
                and not above 1",
        notes: "MAGPRUNE: large entries are kept more often than small ones.",
        papers: &[paper(
            "Deep, Bhardwaj and Poria",
            2024,
            "DELLA-merging: reducing interference in model merging through magnitude-based \
             sampling",
            "",
            "2406.11617",
        )],
        ..VECTORS
    },
    Entry {
        name: "breadcrumbs",
        formula: "t_i = x_i without its `gamma` largest entries and all but the `density` next\n\
                  m = λ Σ_i w_i t_i   (`then = \"ties\"`: with signs elected)",
        time: "O(n d): as `ties`",
        needs: "a base, and weights of 0 or more where signs are elected",
        notes: "Cuts each vector's own outliers, and so does not help against a vector that is \
                large as a whole.",
        papers: &[paper(
            "Davari and Belilovsky",
            2024,
            "Model breadcrumbs: scaling multi-task model merging with sparse masks",
            "ECCV",
            "2312.06795",
        )],
        ..VECTORS
    },
    Entry {
        name: "consensus",
        formula: "s = λ Σ_i w_i x_i\n\
                  i needs j where |λ w_i x_ij| ≥ threshold · |s_j − λ w_i x_ij|\n\
                  m_j = s_j where at least k members need j, else 0",
        unit: "each coordinate on its own",
        time: "O(n d): two passes within the cache",
        notes: "In a large fleet a member's own share rarely outweighs what the others make of a \
                coordinate, so that little is needed by two, and little is learned.",
        papers: &[paper(
            "Wang, Dimitriadis, Ortiz-Jiménez, Fleuret and Frossard",
            2024,
            "Localizing task information for improved model merging and compression",
            "ICML",
            "2405.07813",
        )],
        ..VECTORS
    },
    Entry {
        name: "nearswap",
        formula: "m_j = clamp(x_j, −t, t)",
        unit: "each coordinate on its own",
        breakdown: "the one other model moves a coordinate by at most t",
        time: "O(d): one pass",
        memory: "O(d)",
        needs: "a base and exactly one contribution",
        notes: "",
        papers: &[
            paper("alchemonaut", 2024, "QuartetAnemoi-70B-t0.0001", "model card", ""),
            MERGEKIT,
        ],
        ..VECTORS
    },
    Entry {
        name: "arcee-fusion",
        formula: "importance_j = |x_j| · KL(softmax(row of θ_1) ‖ softmax(row of θ))\n\
                  m_j = x_j where importance_j ≥ median + 1.5 · (upper − lower quartile), else 0",
        unit: "each tensor (in a fleet, each block), divergences row by row",
        time: "O(d): two passes, and a selection of three ranks",
        memory: "O(d)",
        needs: "a base and exactly one contribution",
        notes: "Quantiles are over all entries, where mergekit samples more than a million.",
        papers: &[MERGEKIT],
        ..VECTORS
    },
    Entry {
        name: "ram",
        formula: "C_j = members with |x_ij| > ε\n\
                  m_j = x_ij where i alone is in C_j, else the mean of x_ij over C_j",
        unit: "each coordinate on its own",
        time: "O(n d): one pass",
        notes: "Made for models trained by reinforcement, which change few entries each. In a \
                fleet it is a mean that does not count those who did not move a coordinate.",
        papers: &[RAM],
        ..VECTORS
    },
    Entry {
        name: "ramplus-tl",
        formula: "a_i = 1 + r · min(shared_i / unique_i, alpha)   counted over the vector\n\
                  m_j = a_i x_ij where i alone changed j by more than ε, else their mean",
        time: "O(n d): two passes",
        notes: "`ram` with what one member alone changed amplified (RAM+, tensor-local).",
        papers: &[RAM],
        ..VECTORS
    },
];
