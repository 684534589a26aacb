//! Strategies that hold against members that send anything.

use super::{Entry, Family, Growth, Paper, paper};
use crate::scenario::Stage;

const YIN: Paper = paper(
    "Yin, Chen, Ramchandran and Bartlett",
    2018,
    "Byzantine-robust distributed learning: towards optimal statistical rates",
    "ICML",
    "1803.01498",
);
const BLANCHARD: Paper = paper(
    "Blanchard, El Mhamdi, Guerraoui and Stainer",
    2017,
    "Machine learning with adversaries: Byzantine tolerant gradient descent",
    "NeurIPS",
    "1703.02757",
);
const ALLOUAH: Paper = paper(
    "Allouah, Guerraoui, Gupta, Pinot and Stephan",
    2023,
    "On the privacy-robustness-utility trilemma in distributed learning",
    "ICML",
    "2302.04787",
);

/// What most robust strategies have in common.
const ROBUST: Entry = Entry {
    name: "",
    stage: Stage::Combine,
    family: Family::Robust,
    formula: "",
    unit: "",
    breakdown: "",
    time: "",
    growth: Growth::Linear,
    memory: "O(n d)",
    needs: "",
    notes: "",
    papers: &[],
};

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        name: "median",
        formula: "m_j = median_i x_ij   for each coordinate j;\n\
                  of an even number of values, half the sum of the two in the middle",
        unit: "each coordinate on its own",
        breakdown: "⌊(n − 1)/2⌋ / n, below 1/2",
        time: "O(n d): at most 14 vector operations a value up to 64 members, about ten passes \
               of two beyond",
        notes: "Members count the same. Where members differ honestly, it is drawn to where most \
                stand, and a coordinate that fewer than half of them move stays as it is.",
        papers: &[YIN],
        ..ROBUST
    },
    Entry {
        name: "trimmed-mean",
        formula: "m_j = mean of the x_ij without the f least and the f greatest,\n\
                  f as given or ⌊proportion · n⌋",
        unit: "each coordinate on its own",
        breakdown: "f / n, below 1/2",
        time: "O(n d): at most 20 vector operations a value up to 64 members, about ten passes \
               of four beyond",
        needs: "n ≥ 2f + 1, where f is given",
        notes: "The mean at f = 0, the median at the largest f.",
        papers: &[YIN],
        ..ROBUST
    },
    Entry {
        name: "mean-around-median",
        formula: "m_j = mean of the n − f values x_ij nearest to their median",
        unit: "each coordinate on its own",
        breakdown: "f / n, below 1/2",
        time: "O(n d): as `trimmed-mean`",
        needs: "n ≥ 2f + 1",
        notes: "ByzFL's `Meamed`.",
        papers: &[paper(
            "Xie, Koyejo and Gupta",
            2018,
            "Generalized Byzantine-tolerant SGD",
            "",
            "1802.10116",
        )],
        ..ROBUST
    },
    Entry {
        name: "krum",
        formula: "score(i) = Σ ‖x_i − x_j‖²   over the n − f − 2 nearest others j\n\
                  m = x_i with the least score",
        breakdown: "f / n, with f ≤ ⌊(n − 3)/2⌋",
        time: "O(n² d): a Gram matrix, half a multiply-add for each pair and value",
        growth: Growth::Square,
        memory: "O(n d + n²)",
        needs: "n ≥ 2f + 3",
        notes: "The result is one member's: what the others learned is lost, and where jobs \
                differ, so is what that member does not do. ByzFL counts n − f − 1 neighbours \
                (`neighbours = \"n-f-1\"`).",
        papers: &[BLANCHARD],
        ..ROBUST
    },
    Entry {
        name: "multi-krum",
        formula: "m = Σ_i w_i x_i / Σ_i w_i   over the `keep` members with the least Krum scores,\n\
                  n − f of them by default",
        breakdown: "f / n, with f ≤ ⌊(n − 3)/2⌋",
        time: "O(n² d): as `krum`",
        growth: Growth::Square,
        memory: "O(n d + n²)",
        needs: "n ≥ 2f + 3, and `keep` members",
        notes: "The paper proves its bound for no more than n − 2f − 2 that are kept; n − f is \
                ByzFL's choice.",
        papers: &[BLANCHARD],
        ..ROBUST
    },
    Entry {
        name: "bulyan",
        formula: "C = n − 2f members, by Krum, one after the other among those that are left\n\
                  m_j = mean of the n − 4f values x_ij, i in C, nearest to their median",
        breakdown: "f / n, with f ≤ ⌊(n − 3)/4⌋, below 1/4",
        time: "O(n² d + n³ log n): a Gram matrix, Krum's scores n − 2f times, and a mean around \
               the median",
        growth: Growth::Cube,
        memory: "O(n d + n²)",
        needs: "n ≥ 4f + 3",
        notes: "Against attackers that move one coordinate far within the distances that Krum \
                allows.",
        papers: &[paper(
            "El Mhamdi, Guerraoui and Rouault",
            2018,
            "The hidden vulnerability of distributed learning in Byzantium",
            "ICML",
            "1802.07927",
        )],
        ..ROBUST
    },
    Entry {
        name: "geometric-median",
        formula: "m ≈ argmin_z Σ_i w_i ‖x_i − z‖, by `iterations` steps from z = 0:\n\
                  z ← Σ β_i x_i / Σ β_i,   β_i = w_i / max(ν, ‖x_i − z‖)",
        breakdown: "⌊(n − 1)/2⌋ / n, below 1/2 (of the weights, where they differ)",
        time: "O(n d) a step, and once more for the result",
        notes: "The breakdown point is the exact median's; a few steps stay bounded too, as each \
                divides a member's pull by its distance.",
        papers: &[
            paper(
                "Pillutla, Kakade and Harchaoui",
                2022,
                "Robust aggregation for federated learning",
                "IEEE Transactions on Signal Processing",
                "1912.13445",
            ),
            paper(
                "Weiszfeld",
                1937,
                "Sur le point pour lequel la somme des distances de n points donnés est minimum",
                "Tôhoku Mathematical Journal",
                "",
            ),
        ],
        ..ROBUST
    },
    Entry {
        name: "centred-clipping",
        formula: "v ← v + (1/n) Σ_i (x_i − v) min(1, τ/‖x_i − v‖),   `iterations` times,\n\
                  from the last round's result or from zero;   m = v",
        breakdown: "f members move a step by at most f τ/n, wherever they stand; the paper's \
                    guarantee is for f/n ≤ 0.1",
        time: "O(n d) a step, and once more for the result",
        memory: "O(n d), and O(d) kept between rounds",
        notes: "The default τ of 10 suits contributions of that length: set it to about their own. \
                Steps that start at the last round's result carry its mistakes on.",
        papers: &[paper(
            "Karimireddy, He and Jaggi",
            2021,
            "Learning from history for Byzantine robust optimization",
            "ICML",
            "2012.10333",
        )],
        ..ROBUST
    },
    Entry {
        name: "norm-bound",
        formula: "m = (1/n) (Σ_i x_i min(1, S/‖x_i‖) + N(0, z² S² I)),   S = norm, z = noise",
        breakdown: "f members move it by at most f S/n",
        time: "O(n d): two passes, and a normal draw a parameter where there is noise",
        needs: "nothing; with noise: the scope `model`, `absent = \"zero\"`, an exchange of \
                weights, and nothing that sees contributions as they are (`pre` but `clip`, \
                `feddf`, `nested`)",
        notes: "Members count the same, as the noise is measured by the longest. With noise a \
                round is differentially private, and `summary.json` tells the (ε, δ) spent.",
        papers: &[
            paper(
                "Sun, Kairouz, Suresh and McMahan",
                2019,
                "Can you really backdoor federated learning?",
                "",
                "1911.07963",
            ),
            paper(
                "McMahan, Ramage, Talwar and Zhang",
                2018,
                "Learning differentially private recurrent language models",
                "ICLR",
                "1710.06963",
            ),
        ],
        ..ROBUST
    },
    Entry {
        name: "mda",
        formula: "m = mean of the n − f members with the least max ‖x_i − x_j‖ between two of them",
        breakdown: "f / n, below 1/2",
        time: "O(n² d + C(n, f)): a Gram matrix, and a search that skips what begins too wide",
        growth: Growth::Subsets,
        memory: "O(n d + n²)",
        needs: "n ≥ 2f + 1, and no more than 2,000,000 subsets of n − f",
        notes: "Minimum diameter averaging. Exponential in f: for small fleets.",
        papers: &[paper(
            "El Mhamdi, Guerraoui and Rouault",
            2021,
            "Distributed momentum for Byzantine-resilient SGD",
            "ICLR",
            "2003.00010",
        )],
        ..ROBUST
    },
    Entry {
        name: "smea",
        formula: "m = mean of the n − f members whose covariance has the least top eigenvalue",
        breakdown: "f / n, below 1/2",
        time: "O(n² d + C(n, f) n³): a Gram matrix, and an eigenvalue of each subset",
        growth: Growth::Subsets,
        memory: "O(n d + n²)",
        needs: "n ≥ 2f + 1, and no more than 2,000,000 subsets of n − f",
        notes: "Smallest maximum eigenvalue averaging. Exponential in f: for small fleets.",
        papers: &[ALLOUAH],
        ..ROBUST
    },
    Entry {
        name: "caf",
        formula: "c_i = 1; while Σ c_i > n − 2f:   μ, v = mean and top eigenvector weighted by c,\n\
                  t_i = ⟨x_i − μ, v⟩²,   c_i ← c_i (1 − t_i / max t)\n\
                  m = the μ on the way whose top eigenvalue is the least",
        breakdown: "f / n, below 1/2",
        time: "O(n² d + f n³): a Gram matrix, and at most 2f eigenvectors of an n × n matrix",
        growth: Growth::Cube,
        memory: "O(n d + n²)",
        needs: "n ≥ 2f + 1",
        notes: "Covariance-bound agnostic filter. The eigenvector is exact, where ByzFL makes one \
                step of a power iteration from a random start.",
        papers: &[paper(
            "Allouah, Guerraoui and Stephan",
            2025,
            "Towards trustworthy federated learning with untrusted participants",
            "ICML",
            "2505.01874",
        )],
        ..ROBUST
    },
];
