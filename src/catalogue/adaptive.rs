//! What the server makes of the combined contribution `m`.

use super::{Entry, Family, Growth, Paper, paper};
use crate::scenario::Stage;

const REDDI: Paper = paper(
    "Reddi, Charles, Zaheer, Garrett, Rush, Konečný, Kumar and McMahan",
    2021,
    "Adaptive federated optimization",
    "ICLR",
    "2003.00295",
);

const SERVER: Entry = Entry {
    name: "",
    stage: Stage::Server,
    family: Family::Server,
    formula: "",
    unit: "each coordinate on its own",
    breakdown: "that of the strategy before it",
    time: "O(d): one pass over the parameters",
    growth: Growth::Linear,
    memory: "O(d) kept between rounds",
    needs: "",
    notes: "",
    papers: &[],
};

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        name: "plain",
        formula: "θ ← θ + η m",
        memory: "none",
        notes: "With η = 1, the default, the core becomes what the strategy made.",
        papers: &[REDDI],
        ..SERVER
    },
    Entry {
        name: "fedavgm",
        formula: "v ← β v + m,   θ ← θ + η v",
        notes: "A steady m is amplified 1/(1 − β) times, ten times at β = 0.9.",
        papers: &[paper(
            "Hsu, Qi and Brown",
            2019,
            "Measuring the effects of non-identical data distribution for federated visual \
             classification",
            "",
            "1909.06335",
        )],
        ..SERVER
    },
    Entry {
        name: "fedadagrad",
        formula: "u ← β₁ u + (1 − β₁) m,   v ← v + m²,   θ ← θ + η u / (√v + τ)",
        memory: "O(2d) kept between rounds",
        notes: "v starts at zero, as in Flower.",
        papers: &[REDDI],
        ..SERVER
    },
    Entry {
        name: "fedadam",
        formula: "u ← β₁ u + (1 − β₁) m,   v ← β₂ v + (1 − β₂) m²,   θ ← θ + η u / (√v + τ)",
        memory: "O(2d) kept between rounds",
        notes: "Without bias correction, as published; `bias_correction = \"flower\"` is Flower's. v \
                starts at zero, as there.",
        papers: &[REDDI],
        ..SERVER
    },
    Entry {
        name: "fedyogi",
        formula: "u ← β₁ u + (1 − β₁) m,   v ← v − (1 − β₂) m² sign(v − m²),\n\
                  θ ← θ + η u / (√v + τ)",
        memory: "O(2d) kept between rounds",
        papers: &[REDDI],
        ..SERVER
    },
    Entry {
        name: "nesterov",
        formula: "v ← β v + m,   θ ← θ + η (m + β v)",
        notes: "DiLoCo's outer step, in PyTorch's form.",
        papers: &[paper(
            "Douillard et al.",
            2023,
            "DiLoCo: distributed low-communication training of language models",
            "",
            "2311.08105",
        )],
        ..SERVER
    },
    Entry {
        name: "feddf",
        formula: "θ ← θ + m,   z(u) = mean_i logits(u; θ_i)   for fresh inputs u of every skill\n\
                  θ ← θ − η ∇ CE(softmax(z(u)/T), softmax(logits(u; θ)))   in `epochs` passes,\n\
                  η = `rate` · `learner.rate`,   T = `temperature`",
        unit: "the whole model",
        breakdown: "0: one model's logits can be anything, whatever `combine` withstands",
        time: "n models asked, and `epochs` passes of training, on `inputs` tasks of each skill",
        memory: "O(n d): all contributions are kept; and the logits of the inputs",
        needs: "inputs to ask about (`world.kind = \"mixed-effects\"`), an exchange of weights, \
                no noise in `combine`",
        notes: "Nothing goes from round to round. The exchange of predictions \
                (`distiller.exchange = \"predictions\"`) is its counterpart in which agents send \
                answers and no weights.",
        papers: &[paper(
            "Lin, Kong, Stich and Jaggi",
            2020,
            "Ensemble distillation for robust model fusion in federated learning",
            "NeurIPS",
            "2006.07242",
        )],
        ..SERVER
    },
];
