//! Strategies by the geometry, the statistics and the singular vectors of what was learned.

use super::{Entry, Family, Growth, paper};
use crate::scenario::Stage;

const GEOMETRY: Entry = Entry {
    name: "",
    stage: Stage::Combine,
    family: Family::Geometry,
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
        name: "model-stock",
        formula: "c = mean cosine between two of the x_i\n\
                  m = t · mean(x_i),   t = n c / (1 + (n − 1) c)",
        time: "O(n² d): two passes, the first a Gram matrix",
        growth: Growth::Square,
        memory: "O(n d + n²)",
        needs: "a base and at least two contributions",
        notes: "With more than two models the paper leaves c open; the mean over pairs is \
                mergekit's. Members count the same. The less they agree, the shorter the step.",
        papers: &[paper(
            "Jang, Yun and Han",
            2024,
            "Model stock: all we need is just a few fine-tuned models",
            "ECCV",
            "2403.19522",
        )],
        ..GEOMETRY
    },
    Entry {
        name: "sce",
        formula: "J = the `density` of the coordinates that vary most between the x_i\n\
                  e_i = Σ_j x_ij² over J,   s_j = sign(Σ_i x_ij)\n\
                  m_j = Σ e_i x_ij / Σ e_i   over the i with sign(x_ij) = s_j, for j in J",
        time: "O(n d): three passes",
        memory: "O(n d), and one vector of deviations",
        notes: "Select, calculate, erase. A long vector has both the energy and the sign.",
        papers: &[paper(
            "Wan et al.",
            2024,
            "FuseChat: knowledge fusion of chat models",
            "",
            "2408.07990",
        )],
        ..GEOMETRY
    },
    Entry {
        name: "fisher",
        formula: "m_j = Σ_i w_i F_ij x_ij / Σ_i w_i F_ij   (F_ij at least `floor`)",
        unit: "each coordinate on its own",
        time: "O(n d): two multiply-adds a value",
        needs: "the diagonal Fisher information of every contribution, which agents send: a learner \
                that knows it, an exchange of weights, no `pre`, and `absent = \"skip\"`",
        notes: "F_ij is that of parameter j on member i's tasks. Agents send twice as much. Who \
                claims information leads.",
        papers: &[paper(
            "Matena and Raffel",
            2022,
            "Merging models with Fisher-weighted averaging",
            "NeurIPS",
            "2111.09832",
        )],
        ..GEOMETRY
    },
    Entry {
        name: "regmean",
        formula: "G_i = X_iᵀ X_i of the inputs to a linear map,   H_i = α G_i + (1 − α) diag(G_i)\n\
                  m = (Σ_i H_i)⁻¹ Σ_i H_i x_i",
        unit: "each matrix (in a fleet, each block as one)",
        time: "O(n k² q + k³) for a map of k inputs and q outputs: a linear system a matrix",
        memory: "O(n d), and k² numbers for each member and matrix",
        needs: "the Gram matrix of every layer's inputs, which agents send: a learner that knows it, \
                an exchange of weights, no `pre`, and `absent = \"skip\"`",
        notes: "The map nearest, in least squares, to what every member's map gives on its own \
                inputs; a millionth of its mean is added to the diagonal of Σ H_i, for inputs that \
                nobody saw. The number of a member's inputs is its weight. In a file's model what \
                is no matrix is averaged.",
        papers: &[paper(
            "Jin, Ren, Preoţiuc-Pietro and Cheng",
            2023,
            "Dataless knowledge fusion by merging weights of language models",
            "ICLR",
            "2212.09849",
        )],
        ..GEOMETRY
    },
    Entry {
        name: "tsv",
        formula: "x_i = U_i Σ_i V_iᵀ, of each the top `rank` of the singular vectors (1/n of them)\n\
                  U, V = the nearest matrices with orthonormal columns to [U_1 … U_n], [V_1 … V_n]\n\
                  m = λ U diag(Σ_1 … Σ_n) Vᵀ   (divided by n in a fleet)",
        unit: "each matrix (in a fleet, each block as one)",
        time: "n + 2 singular value decompositions a matrix",
        notes: "TSV-Merge. What is no matrix is averaged. Members count the same.",
        papers: &[paper(
            "Gargiulo, Crisostomi, Bucarelli, Scardapane, Silvestri and Rodolà",
            2025,
            "Task singular vectors: reducing task interference in model merging",
            "CVPR",
            "2412.00081",
        )],
        ..GEOMETRY
    },
    Entry {
        name: "iso-c",
        formula: "Σ_i x_i = U diag(σ) Vᵀ,   m = λ mean(σ) U Vᵀ   (divided by n in a fleet)",
        unit: "each matrix (in a fleet, each block as one)",
        time: "one singular value decomposition a matrix",
        notes: "Directions that no task has stay empty. What is no matrix is averaged. Members \
                count the same.",
        papers: &[paper(
            "Marczak, Magistri, Cygert, Twardowski, Bagdanov and van de Weijer",
            2025,
            "No task left behind: isotropic model merging with common and task-specific subspaces",
            "ICML",
            "2502.04959",
        )],
        ..GEOMETRY
    },
];
