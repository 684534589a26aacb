//! Strategies that try cores out.

use super::{Entry, Family, Growth, paper};
use crate::scenario::Stage;

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        name: "best-by-probe",
        stage: Stage::Combine,
        family: Family::Selection,
        formula: "m = x_i with the best θ + x_i on the distiller's probe tasks, the first of equals",
        unit: "the whole model",
        breakdown: "(n − 1)/n: one good contribution is enough, as long as the judge is honest",
        time: "n cores tried on `probes` tasks of each skill",
        growth: Growth::Linear,
        memory: "O(n d)",
        needs: "tasks of the distiller's own (`world.kind = \"mixed-effects\"`), and an exchange of \
                weights",
        notes: "Copying the champion. Where jobs differ, all but the champion's learning is lost.",
        papers: &[paper(
            "Lazer and Friedman",
            2007,
            "The network structure of exploration and exploitation",
            "Administrative Science Quarterly",
            "",
        )],
    },
    Entry {
        name: "greedy-soup",
        stage: Stage::Combine,
        family: Family::Selection,
        formula: "S = ∅; for i by falling score of θ + x_i: add i to S\n\
                  if θ + mean of x over S does no worse with it;   m = mean of x over S",
        unit: "the whole model",
        breakdown: "(n − 1)/n: one good contribution is enough, as long as the judge is honest",
        time: "2n − 1 cores tried on `probes` tasks of each skill",
        growth: Growth::Linear,
        memory: "O(n d)",
        needs: "tasks of the distiller's own (`world.kind = \"mixed-effects\"`), and an exchange of \
                weights",
        notes: "Members count the same. On the tasks that it was tried on the soup is no worse than \
                the best of its members.",
        papers: &[paper(
            "Wortsman et al.",
            2022,
            "Model soups: averaging weights of multiple fine-tuned models improves accuracy without \
             increasing inference time",
            "ICML",
            "2203.05482",
        )],
    },
];
