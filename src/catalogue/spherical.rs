//! Interpolation along spheres.

use super::{Entry, Family, Growth, Paper, paper};
use crate::scenario::Stage;

const MERGEKIT: Paper = paper(
    "Goddard et al.",
    2024,
    "Arcee's MergeKit: a toolkit for merging large language models",
    "EMNLP Industry",
    "2403.13257",
);

const SPHERICAL: Entry = Entry {
    name: "",
    stage: Stage::Combine,
    family: Family::Spherical,
    formula: "",
    unit: "",
    breakdown: "0",
    time: "O(n² d): two passes, the first a Gram matrix",
    growth: Growth::Square,
    memory: "O(n d + n²)",
    needs: "",
    notes: "",
    papers: &[],
};

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        name: "slerp",
        formula: "Ω = angle between the models a and b\n\
                  θ' = sin((1 − t)Ω)/sin Ω · a + sin(tΩ)/sin Ω · b",
        time: "O(d): two passes",
        growth: Growth::Linear,
        memory: "O(d)",
        needs: "two contributions, or a base and one",
        notes: "On models as they are, not on what they moved. Nearly parallel ones \
                (|cos Ω| > dot_threshold) are interpolated straight.",
        papers: &[paper(
            "Shoemake",
            1985,
            "Animating rotation with quaternion curves",
            "SIGGRAPH",
            "",
        )],
        ..SPHERICAL
    },
    Entry {
        name: "nuslerp",
        formula: "as `slerp` between x_1 and x_2, at t = w_2 / (w_1 + w_2)",
        time: "O(d): two passes",
        growth: Growth::Linear,
        memory: "O(d)",
        needs: "exactly two contributions",
        notes: "On task vectors; on models, where there is no base.",
        papers: &[MERGEKIT],
        ..SPHERICAL
    },
    Entry {
        name: "multi-slerp",
        formula: "u = Σ_i w_i x_i/‖x_i‖,   m = u/‖u‖ · Σ_i w_i ‖x_i‖",
        needs: "directions that do not cancel out",
        notes: "mergekit's barycentre of directions. Its further step in the tangent space at u is \
                zero, since u was chosen so. The direction is bounded, the length is not.",
        papers: &[MERGEKIT],
        ..SPHERICAL
    },
    Entry {
        name: "karcher",
        formula: "u = argmin Σ_i w_i angle(u, θ_i)² on the sphere, by steps along\n\
                  Σ_i w_i log_u(θ_i/‖θ_i‖);   θ' = u · Σ_i w_i ‖θ_i‖",
        notes: "On models as they are, not on what they moved.",
        papers: &[
            paper(
                "Karcher",
                1977,
                "Riemannian center of mass and mollifier smoothing",
                "Communications on Pure and Applied Mathematics",
                "",
            ),
            MERGEKIT,
        ],
        ..SPHERICAL
    },
];
