//! The checks, by name.

use super::Size::{Full, Quick};
use super::paper;
use super::{
    Check, averaging, choice, compression, consensus, fedprox, feedback, labs, landscapes,
};
use super::{attacks, practice, schedules, sharing, spreading, strategies};
use crate::text::{name as shown, nearest};

/// All checks, in the order of the page.
pub fn checks() -> &'static [Check] {
    CHECKS
}

/// The check of a name.
///
/// # Errors
/// What was found, the nearest name, and all names.
pub fn find(name: &str) -> Result<&'static Check, String> {
    CHECKS.iter().find(|check| check.name == name).ok_or_else(|| {
        let names: Vec<&str> = CHECKS.iter().map(|check| check.name).collect();
        let meant = nearest(name, names.iter().copied())
            .map_or(String::new(), |near| format!("; did you mean `{near}`?"));
        format!("no check `{}`{meant}; there are {}", shown(name), names.join(", "))
    })
}

const CHECKS: &[Check] = &[
    Check {
        name: "averaging-variance",
        law: "The mean of n independent contributions of variance 1 has variance 1/n.",
        source: "elementary",
        from: Quick,
        run: averaging::variance,
    },
    Check {
        name: "fedavg-quadratics",
        law: "FedAvg on quadratics a(x−b)²/2, τ local steps of rate η, weights w: the core goes to \
              Σwqb/Σwq with q = 1−(1−ηa)^τ, and a round leaves 1−Σwq of the gap. Where agents \
              differ in a or τ, this is not the minimum of the mean loss: the bias that FedNova and \
              SCAFFOLD are about.",
        source: "Wang et al. 2020 (FedNova), derived",
        from: Quick,
        run: averaging::quadratics,
    },
    Check {
        name: "tracking",
        law: "A core follows a random walk of step q through N agents who see it with noise σ and \
              each move by the share η: mean square error ((1−η)²q²+η²σ²/N)/(1−(1−η)²).",
        source: "derived (AR(1))",
        from: Quick,
        run: averaging::tracking,
    },
    Check {
        name: "company-shrinkage",
        law: "Company truths of variance τ², seen n times with noise σ²: a company alone is off by \
              σ²/n, the fleet's mean by τ², and `nested` at λ = σ²/τ² by τ²σ²/(nτ²+σ²). Alone and \
              mean are as good at n = σ²/τ². Here τ² = 1, σ² = 20.",
        source: "James & Stein 1961; Efron & Morris 1973",
        from: Quick,
        run: sharing::companies,
    },
    Check {
        name: "delay-stability",
        law: "x(t+1) = x(t) − a x(t−k) is stable if and only if 0 < a < 2cos(kπ/(2k+1)).",
        source: "Levin & May 1976",
        from: Quick,
        run: consensus::delay,
    },
    Check {
        name: "buffered-in-step",
        law: "A distiller that publishes with every n learnings of n agents who are equally fast does \
              what one does for whom all keep step: not a number of the course differs.",
        source: "by construction (FedBuff with K = n: Nguyen et al. 2022)",
        from: Quick,
        run: schedules::in_step,
    },
    Check {
        name: "staleness",
        law: "W agents at work and K learnings a publication: a merged learning is on average (W−1)/K \
              publications old, whatever the agents' speeds.",
        source: "derived (as Little's law, Little 1961)",
        from: Quick,
        run: schedules::staleness,
    },
    Check {
        name: "buffered-pace",
        law: "Agents whose work takes d_i: a publication of K learnings takes K/Σ(1/d_i), a round in \
              step max d_i.",
        source: "elementary renewal theorem",
        from: Quick,
        run: schedules::pace,
    },
    Check {
        name: "buffered-sooner",
        law: "Under heavy stragglers (Pareto, tail 1.1) a hive that publishes with every few learnings \
              comes sooner to a given skill than one that waits for all: here to 80 % of what the one \
              in step ends with, on as many learnings. The bound is hivesim's own.",
        source: "Nguyen et al. 2022 (order)",
        from: Quick,
        run: schedules::sooner,
    },
    Check {
        name: "sign-descent",
        law: "f(x) = ε|x₁+x₂|+|x₁−x₂| from (1, 1): steps by signs of subgradients never leave \
              x₁+x₂ = 2. With error feedback the mean of T iterates has f at most \
              ‖x₀‖²/2γT + γσ²(1/2+2√(1−δ)/δ), and ‖e‖ is at most 2√(1−δ)γσ/δ, δ = 1/2, \
              σ² = 2(1+ε²). Here ε = 1/2.",
        source: "Karimireddy et al. 2019",
        from: Quick,
        run: compression::signs,
    },
    Check {
        name: "compression-variance",
        law: "n agents send the same x: the mean is off by (d/k−1)‖x‖²/n in the square for random-k \
              times d/k, and by Σp(1−p)s²/n for bytes of step s, p where x divides two of them.",
        source: "Alistarh et al. 2017 (QSGD); Stich et al. 2018",
        from: Quick,
        run: compression::draws,
    },
    Check {
        name: "error-feedback",
        law: "Where agents send one bit a number, error feedback leads a hive to the skill that it \
              has with whole contributions, within 0.015; without, it stays 0.02 below or more. \
              Means over seeds.",
        source: "Seide et al. 2014; Karimireddy et al. 2019 (order)",
        from: Quick,
        run: compression::feedback,
    },
    Check {
        name: "ring-consensus",
        law: "Agents on a ring who take the mean of themselves and two neighbours: a round leaves \
              the second eigenvalue, 1/3 + 2/3 cos(2π/n), of the distance from consensus.",
        source: "DeGroot 1974; Golub & Jackson 2010",
        from: Quick,
        run: consensus::ring,
    },
    Check {
        name: "graph-consensus",
        law: "Agents of a fleet on a random graph who each take the mean of themselves and all \
              their neighbours: along the second eigenvector of the matrix a round leaves its \
              second eigenvalue.",
        source: "DeGroot 1974; Golub & Jackson 2010",
        from: Quick,
        run: consensus::graphs,
    },
    Check {
        name: "pairwise-gossip",
        law: "Two of n agents, drawn at random, take their mean: a tick leaves 1 − 1/(n−1) of the \
              expected squared distance from consensus.",
        source: "Boyd et al. 2006",
        from: Quick,
        run: consensus::pairs,
    },
    Check {
        name: "mean-field-rounds",
        law: "One synchronous round of random calls takes the share u that does not know to \
              u e^−(1−u) by push, u² by pull, u² e^−(1−u) by both.",
        source: "Karp et al. 2000; derived",
        from: Quick,
        run: spreading::rounds,
    },
    Check {
        name: "rumour-rounds",
        law: "Synchronous rounds until all n agents know what one did: log2 n + ln n by push, \
              log2 n + log2 ln n by pull, log3 n + log2 ln n by push-pull, each up to a constant, \
              which the difference between two sizes is rid of.",
        source: "Frieze & Grimmett 1985; Pittel 1987; Karp et al. 2000; Doerr & Kostrygin 2017",
        from: Quick,
        run: spreading::rumours,
    },
    Check {
        name: "asynchronous-rumour",
        law: "Clocks of rate 1 and random calls: from one agent to all takes on average \
              2(n−1)/n · H(n−1) by push, half of that by push-pull.",
        source: "sum of a pure birth process",
        from: Quick,
        run: spreading::clocks,
    },
    Check {
        name: "si-logistic",
        law: "Everybody who knows tells one other at rate β: i(t) = i0 e^βt/(1−i0+i0 e^βt). Here \
              i0 = 0.01, β = 0.5, n = 100,000.",
        source: "Kiss, Miller & Simon 2017",
        from: Quick,
        run: spreading::logistic,
    },
    Check {
        name: "bass",
        law: "Told by the distiller at rate p and by those who have it at rate q F: \
              F(t) = (1−e^−(p+q)t)/(1+(q/p)e^−(p+q)t), which grows fastest at ln(q/p)/(p+q). Here \
              p = 0.01, q = 0.4, n = 100,000.",
        source: "Bass 1969",
        from: Quick,
        run: spreading::bass,
    },
    Check {
        name: "failures-per-skill",
        law: "N agents come upon a skill with probability p a task, H tasks a round, and know it \
              from their first failure, all others a round later: Nπ/(1−(1−π)^N) failures in the \
              skill's lifetime, π = 1−(1−p)^H; N where nobody shares.",
        source: "derived (truncated binomial)",
        from: Quick,
        run: sharing::failures,
    },
    Check {
        name: "power-law-of-practice",
        law: "Agents whose errors fall exponentially at rates that are gamma distributed, shape a, \
              rate b: the mean error is (1+t/b)^−a, a power law that no single agent follows. Here \
              a = 0.5, b = 4.",
        source: "Newell & Rosenbloom 1981; Heathcote et al. 2000",
        from: Quick,
        run: practice::mixture,
    },
    Check {
        name: "zipf-exponent",
        law: "Skills of frequency p ∝ s^−(1+α), known from the first failure: the loss falls as \
              n^−β over tasks and as N^−β over a pooled fleet, β = α/(1+α).",
        source: "Hutter 2021; Michaud et al. 2023",
        from: Quick,
        run: practice::zipf,
    },
    Check {
        name: "told-and-rewarded",
        law: "A softmax policy over K answers from chance to probability .9, by gradient flow: told \
              ln(p/(1−p)) + 1/(1−p), rewarded 2ln(p/(1−p)) + 1/(1−p) − 1/p, as differences, times \
              (K−1)/K. The expected reward gradient is p times the told one, so that a reward takes \
              the longer the more answers there are.",
        source: "Williams 1992; derived",
        from: Quick,
        run: feedback::told_and_rewarded,
    },
    Check {
        name: "whole-days",
        law: "A day of n tasks pays only if all are right: p^n.",
        source: "Kremer 1993 (O-ring)",
        from: Quick,
        run: feedback::whole_days,
    },
    Check {
        name: "breakdown-points",
        law: "The least number of attackers of 21 that moves the core without bound: 1 for the \
              mean, f+1 for the f-trimmed mean, 11 for medians; Krum is proven against f wherever \
              n > 2f+2. One attacker moves the mean by 1/21 of what it sends.",
        source: "Yin et al. 2018; Blanchard et al. 2017",
        from: Quick,
        run: strategies::breakdown,
    },
    Check {
        name: "heterogeneous-attacks",
        law: "Where agents differ much, colluders who stay among honest contributions turn the median and \
              Krum, and mixing each contribution with its neighbours, or in buckets, wins much of it \
              back. Bounds are hivesim's own, between what such papers report for other worlds.",
        source: "Karimireddy, He & Jaggi 2022; Allouah et al. 2023; Baruch et al. 2019; Xie et al. 2020",
        from: Quick,
        run: attacks::heterogeneous,
    },
    Check {
        name: "sign-flip",
        law: "A share s that sends −a times what it learned leaves 1−s(1+a) of the mean: a hive \
              stops learning at 1/(1+a). The level is of the core after 30 rounds of one \
              skill in the mixed-effects world, the row between the last fleet of 200 that learns and the first \
              that does not.",
        source: "derived",
        from: Quick,
        run: strategies::sign_flip,
    },
    Check {
        name: "sign-conflict",
        law: "Contributions with correlation ρ differ in sign in arccos(ρ)/π of their entries.",
        source: "Sheppard 1899",
        from: Quick,
        run: strategies::sign_conflict,
    },
    Check {
        name: "dare-variance",
        law: "DARE that drops with probability q is off by the variance q/(1−q) Σδ².",
        source: "Yu et al. 2024, derived",
        from: Quick,
        run: strategies::dare,
    },
    Check {
        name: "best-of-n",
        law: "The best of n by noisy scores is better than the mean by E[max of n] s_t²/√(s_t²+s_e²). \
              Here s_t = 1.",
        source: "Cochran 1951 (selection on a correlated score)",
        from: Quick,
        run: choice::best_of,
    },
    Check {
        name: "rugged-crossing",
        law: "On an NK landscape (N = 20, K = 5; 100 agents) those who can copy everybody lead \
              early and stall, and those on a ring overtake them.",
        source: "Lazer & Friedman 2007; figures of a plain loop",
        from: Quick,
        run: landscapes::crossing,
    },
    Check {
        name: "leader-changes",
        law: "The gap between two labs is an AR(1) of coefficient e^−λΔ: the leader changes with \
              probability arccos(e^−λΔ)/π from one look to the next.",
        source: "Sheppard 1899; Kedem 1994",
        from: Quick,
        run: labs::leaders,
    },
    Check {
        name: "runaway",
        law: "Two labs, customers by softmax(θx), learning at φ times the share, leak λ: no runaway \
              if and only if φθ/2 < λ; else the leader's share is 1/(1+e^−2v), v = r tanh v, \
              r = φθ/2λ.",
        source: "derived (pitchfork)",
        from: Quick,
        run: labs::runaway,
    },
    Check {
        name: "paper-world",
        law: "The entropy of a device's answers in synthetic(α, β), from the authors' generator run \
              in numpy.",
        source: "Li et al. 2020 (FedProx)",
        from: Quick,
        run: paper::answers,
    },
    Check {
        name: "plain-loop",
        law: "FedAvg and FedProx come to the training losses of a plain loop in double precision on \
              the same data, agents and order of examples, with stragglers kept and dropped.",
        source: "McMahan et al. 2017; Li et al. 2020",
        from: Quick,
        run: fedprox::plain_loop,
    },
    Check {
        name: "partial-work",
        law: "On synthetic(1, 1) with 90 % stragglers merging what they did get done, μ = 0, ends at \
              a lower and steadier training loss and a higher accuracy than dropping it, on the same \
              data, devices and stragglers.",
        source: "Li et al. 2020, Figure 2 and section 5.2",
        from: Quick,
        run: fedprox::partial_work,
    },
    Check {
        name: "fedprox-figure-2",
        law: "On synthetic(1, 1) with 90 % stragglers FedProx, μ = 1, ends at a lower and steadier \
              loss than FedAvg on the same data; on the IID set it costs accuracy. Means over the \
              last half of 100 rounds, two seeds.",
        source: "Li et al. 2020, Figure 2 (order and shape)",
        from: Full,
        run: fedprox::figure,
    },
];
