//! Weighted means, and what makes agents' contributions fit for them.

use super::{Entry, Family, Growth, paper};
use crate::scenario::Stage;

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        name: "mean",
        stage: Stage::Combine,
        family: Family::Averaging,
        formula: "m_b = Σ_i w_ib x_ib / Σ_i w_ib   for each block b, over the members that hold it",
        unit: "each coordinate on its own",
        breakdown: "0",
        time: "O(n d): one multiply-add a value",
        growth: Growth::Linear,
        memory: "O(d): contributions are summed as they come, however many there are",
        needs: "",
        notes: "FedAvg where there is one block and `weighting` counts examples. With \
                `normalise = false` the sum is not divided, and all contributions are kept.",
        papers: &[paper(
            "McMahan, Moore, Ramage, Hampson and Agüera y Arcas",
            2017,
            "Communication-efficient learning of deep networks from decentralized data",
            "AISTATS",
            "1602.05629",
        )],
    },
    Entry {
        name: "fednova",
        stage: Stage::Combine,
        family: Family::Averaging,
        formula: "p_i = w_i / Σ_j w_j,   τ = Σ_i p_i τ_i   (τ_i: gradient steps of member i)\n\
                  m = τ Σ_i p_i x_i / τ_i",
        unit: "each coordinate on its own",
        breakdown: "0",
        time: "O(n d): one multiply-add a value",
        growth: Growth::Linear,
        memory: "O(n d)",
        needs: "",
        notes: "The mean, where all make equally many steps. `‖a_i‖₁ = τ_i`, as for plain SGD \
                without momentum.",
        papers: &[paper(
            "Wang, Liu, Liang, Joshi and Poor",
            2020,
            "Tackling the objective inconsistency problem in heterogeneous federated optimization",
            "NeurIPS",
            "2007.07481",
        )],
    },
    Entry {
        name: "scaffold",
        stage: Stage::Solver,
        family: Family::Averaging,
        formula: "y ← y − η (∇ℓ(y) − c_i + c)   from y = θ, K times;   x_i = y − θ\n\
                  c_i' = c_i − c − x_i / (K η),   c ← c + Σ_i (c_i' − c_i) / N",
        unit: "each coordinate on its own",
        breakdown: "0: control variates are averaged, whatever `combine` withstands",
        time: "O(d) more a gradient step, on all blocks of the agent's work",
        growth: Growth::Linear,
        memory: "O(d) for c; of each of the N agents, one vector on the blocks that it ever touched",
        needs: "an exchange of weights, no job knowledge, feedback on single tasks \
                (`feedback.horizon = 1`), and a learner that corrects its steps",
        notes: "Option II of the paper. η is `learner.rate`, and the paper's global step is \
                `distiller.server.eta`. With `absent = \"skip\"` a block's N are the agents that \
                ever touched it. Any `combine` may follow.",
        papers: &[paper(
            "Karimireddy, Kale, Mohri, Reddi, Stich and Suresh",
            2020,
            "SCAFFOLD: stochastic controlled averaging for federated learning",
            "ICML",
            "1910.06378",
        )],
    },
];
