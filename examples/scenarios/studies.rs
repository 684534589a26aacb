//! What is run of each scenario, and what is told of it beside levels of skill.

use crate::figures::*;
use hivesim::measure::economy::Day;
use hivesim::measure::{Onboarding, Outcome};
use std::ops::RangeInclusive;

/// A run's number, by the name of its column.
pub type Column = (&'static str, fn(&Outcome) -> f64);

/// A row's overrides and its runs, seed by seed.
pub type Row = (String, Vec<Outcome>);

/// What is run of a scenario.
pub struct Study {
    pub name: &'static str,
    pub seeds: RangeInclusive<u64>,
    /// Overrides, as they follow `--set`. A row without any is the file as it stands.
    pub rows: &'static [&'static str],
    /// What is told of a run beside its levels at the end.
    pub columns: &'static [Column],
    /// What is worked out over all rows.
    pub conclude: Option<fn(&[Row]) -> String>,
}

const PLAIN: Study = Study { name: "", seeds: 1..=10, rows: &[""], columns: &[], conclude: None };

/// On the job, and the same prebaked, for each tail and drift.
const PREBAKED: &[&str] = &[
    "",
    "fleet.uptake=0.0 pretraining.tasks=30000 pretraining.skills=32",
    "world.zipf=0.5",
    "world.zipf=0.5 fleet.uptake=0.0 pretraining.tasks=30000 pretraining.skills=32",
    "world.zipf=1.5",
    "world.zipf=1.5 fleet.uptake=0.0 pretraining.tasks=30000 pretraining.skills=32",
    "world.zipf=1.5 world.drift.rho=0.99",
    "world.zipf=1.5 world.drift.rho=0.99 fleet.uptake=0.0 pretraining.tasks=30000 pretraining.skills=32",
    "world.zipf=1.5 world.drift.rho=0.95",
    "world.zipf=1.5 world.drift.rho=0.95 fleet.uptake=0.0 pretraining.tasks=30000 pretraining.skills=32",
    "world.drift.rho=0.95",
    "world.drift.rho=0.95 fleet.uptake=0.0 pretraining.tasks=30000 pretraining.skills=32",
];

/// Being told, and rewards of growing horizons, for each number of answers.
const MILLION_FOLD: &[&str] = &[
    "",
    "feedback.kind=semantic feedback.horizon=1 rounds=100",
    "feedback.horizon=1 rounds=400",
    "feedback.horizon=3 rounds=3000",
    "feedback.horizon=4 rounds=10000",
    "world.answers=2 feedback.kind=semantic feedback.horizon=1 rounds=100",
    "world.answers=2 feedback.horizon=1 rounds=400",
    "world.answers=2 feedback.horizon=2 rounds=400",
    "world.answers=2 feedback.horizon=4 rounds=2000",
    "world.answers=2 feedback.horizon=6 rounds=10000",
    "world.answers=8 feedback.kind=semantic feedback.horizon=1 rounds=100",
    "world.answers=8 feedback.horizon=1 rounds=1000",
    "world.answers=8 feedback.horizon=2 rounds=10000",
];

/// The studies, in the order of the page.
#[rustfmt::skip]
pub const STUDIES: &[Study] = &[
    Study { name: "first-hive", rows: &[
            "",
            "job_knowledge.personalisation=none",
            "job_knowledge.rate=1.0",
            "world.company=0.0",
            "world.company=1.0",
        ], ..PLAIN },
    Study { name: "solo-vs-hive", rows: &["", "fleet.agents=1", "fleet.agents=4", "fleet.agents=16", "fleet.agents=1024"], ..PLAIN },
    Study { name: "specialists", rows: &[
            "",
            "world.alpha=0.05",
            "world.alpha=1.0",
            "world.alpha=10.0",
            "world.alpha=10.0 fleet.tasks=12 rounds=125",
            "world.alpha=10.0 rounds=120",
        ], ..PLAIN },
    Study { name: "experience-vs-weights", rows: &[
            "",
            "distiller.exchange=weights",
            "distiller.experience.batch=1 distiller.experience.rate=1.0",
            "distiller.exchange=predictions",
            "fleet.agents=16",
            "fleet.agents=16 distiller.exchange=weights",
            "world.company=0.4",
            "world.company=0.4 distiller.exchange=weights",
        ], ..PLAIN },
    Study { name: "company-layer", rows: &[
            "",
            "job_knowledge.private_shrink=20.0",
            "job_knowledge.personalisation=fedsim",
            "job_knowledge.personalisation=none",
            "world.company=1.0",
            "world.company=1.0 job_knowledge.personalisation=fedsim",
        ], ..PLAIN },
    Study { name: "drift", rows: &["", "world.drift.rho=1.0", "world.drift.rho=0.99", "world.drift.rho=0.8"], ..PLAIN },
    Study { name: "one-reward-for-many", rows: &["", "feedback.horizon=1", "feedback.horizon=2", "feedback.horizon=8"], ..PLAIN },
    Study { name: "learn-once-share", rows: &[
            "",
            "distiller.hierarchy.global.period=1000",
            "world.company=0.0",
            "world.company=0.0 distiller.hierarchy.global.period=1000",
            "fleet.agents=200 world.company=0.4",
            "fleet.agents=200 world.company=0.4 distiller.hierarchy.global.period=1000",
            "fleet.agents=200 world.company=0.4 job_knowledge.personalisation=fedsim",
            "fleet.agents=200 world.company=1.0",
            "fleet.agents=200 world.company=1.0 distiller.hierarchy.global.period=1000",
        ], ..PLAIN },
    Study { name: "neighbourhoods", rows: &[
            "",
            "distiller.gossip.contacts=0",
            "distiller.gossip.graph=small-world",
            "distiller.gossip.graph=scale-free distiller.gossip.neighbours=2",
            "distiller.gossip.graph=complete",
            "distiller.gossip.graph=complete distiller.gossip.contacts=0",
            "distiller.topology=star",
        ], ..PLAIN },
    Study { name: "merge-too-often",
        // a landscape is one draw, and landscapes differ: it takes many
        seeds: 1..=40, rows: &[
            "",
            "learner.every=5",
            "learner.every=10",
            "learner.every=20",
            "learner.every=50",
            "learner.every=100",
            "learner.every=50 learner.publish=majority",
            "distiller.topology=gossip",
            "distiller.topology=gossip distiller.gossip.graph=scale-free",
            "distiller.topology=gossip distiller.gossip.graph=regular",
            "distiller.topology=gossip distiller.gossip.graph=small-world",
            "distiller.topology=gossip distiller.gossip.graph=ring",
        ], ..PLAIN },
    Study { name: "podium", rows: &[
            "",
            "market.leak=0.0",
            "market.leak=0.1",
            "market.delay=10",
            "market.movers=0.02",
            "world.drift.rho=1.0",
            "world.drift.rho=1.0 market.leak=0.0",
            "world.drift.rho=1.0 market.delay=10",
        ], ..PLAIN },
    Study { name: "game-set-match", rows: &["", "market.leak=0.5", "market.preference=3.0", "hives.1.efficiency=0.25"], ..PLAIN },
    Study {
        name: "macrophage",
        rows: &[
            "world.skills=2048",
            "world.skills=2048 fleet.uptake=0.0 pretraining.tasks=40000",
            "",
            "fleet.uptake=0.0 pretraining.tasks=40000",
            "fleet.uptake=0.0 pretraining.tasks=40000 pretraining.skills=32",
            "world.skills=128",
            "world.skills=128 fleet.uptake=0.0 pretraining.tasks=40000",
            "world.skills=32",
            "world.skills=32 fleet.uptake=0.0 pretraining.tasks=40000",
            "world.skills=8",
            "world.skills=8 fleet.uptake=0.0 pretraining.tasks=40000",
        ],
        columns: &[("value a task in all rounds", value_a_task)],
        ..PLAIN
    },
    Study {
        name: "prebaked-vs-on-the-job",
        rows: PREBAKED,
        columns: &[("value a task in all rounds", value_a_task)],
        conclude: Some(prebaked),
        ..PLAIN
    },
    Study {
        name: "verifiable-vs-semantic",
        rows: &[
            "world.answers=4",
            "world.answers=4 feedback.kind=verifiable",
            "",
            "feedback.kind=verifiable",
            "world.answers=16",
            "world.answers=16 feedback.kind=verifiable rounds=2000",
            "world.answers=32",
            "world.answers=32 feedback.kind=verifiable rounds=6000",
        ],
        columns: &[("tasks to half", tasks_to_half), ("bits a task till then", bits_to_half)],
        conclude: Some(ratios),
        ..PLAIN
    },
    Study {
        name: "million-fold",
        rows: MILLION_FOLD,
        columns: &[("tasks to half", tasks_to_half), ("bits a task till then", bits_to_half)],
        conclude: Some(exponent),
        ..PLAIN
    },
    Study {
        name: "gradual",
        rows: &[
            "",
            "hives.0.efficiency=1.0 hives.1.growth=1.0 hives.2.growth=1.0",
            "market.leak=0.3",
            "world.drift.rho=1.0",
        ],
        ..PLAIN
    },
    Study {
        name: "onboarding",
        rows: &[
            "",
            "job_knowledge.personalisation=none",
            "world.company=0.0",
            "world.company=1.0",
            "fleet.newcomers.round=6",
        ],
        columns: &[
            ("copies: day one", |o| of_newcomers(&o.hive, Onboarding::day_one)),
            ("colleagues on that day", |o| of_newcomers(&o.hive, colleagues)),
            ("rounds till within 0.02 of colleagues", |o| of_newcomers(&o.hive, settled)),
            ("hires: day one", |o| of_newcomers(&o.bounds[0].1, Onboarding::day_one)),
            ("rounds till hires are where copies began", ramp_of_hires),
        ],
        ..PLAIN
    },
    Study {
        name: "lemon-market",
        rows: &[
            "",
            "distiller.combine.probes=2",
            "distiller.combine.probes=256",
            "distiller.combine.kind=mean",
            "fleet.uptake_spread=0.0",
            "fleet.uptake_spread=0.0 distiller.combine.kind=mean",
        ],
        columns: &[
            ("hires: sd", |o| last_measured(&o.bounds[0].1).panel_skill_sd),
            ("hires: best", best_hire),
        ],
        ..PLAIN
    },
    Study {
        name: "zipf-scaling",
        rows: &[
            "world.zipf=1.25",
            "",
            "world.zipf=2.0",
            "fleet.agents=64",
            "distiller.topology=pooled",
        ],
        columns: &[("exponent of the loss", loss_exponent), ("each learned in 20 tasks", learned_in_twenty)],
        ..PLAIN
    },
    Study {
        name: "households",
        rows: &[
            "",
            "world.companies=5 fleet.agents=50",
            "world.companies=6 fleet.agents=60",
            "world.companies=8 fleet.agents=80",
            "world.companies=24 fleet.agents=240",
            "world.companies=104 fleet.agents=1040",
            "world.companies=5 fleet.agents=50 fleet.tasks=500",
            "fleet.tasks=10",
        ],
        columns: &[
            ("level in an unseen household", |o| of_newcomers(&o.hive, Onboarding::day_one)),
            ("of the perfect core", unseen_level),
        ],
        ..PLAIN
    },
    Study {
        name: "make-it-up-in-volume",
        rows: &[
            "",
            "fleet.agents=16 fleet.uptake=0.1",
            "fleet.agents=160 fleet.uptake=0.1",
            "fleet.agents=1024 fleet.uptake=0.1",
            "distiller.exchange=experience",
            "fleet.agents=16 fleet.uptake=0.1 distiller.exchange=experience",
            "fleet.agents=160 fleet.uptake=0.1 distiller.exchange=experience",
            "fleet.agents=1024 fleet.uptake=0.1 distiller.exchange=experience",
        ],
        ..PLAIN
    },
    Study {
        name: "revenue-gap",
        rows: &["", "world.company=0.2", "feedback.noise=0.1"],
        columns: &[
            ("right at work at the end", |o| last_row(o).work_accuracy),
            ("days that pay at the end", |o| Day::HUNDRED.success(last_row(o).work_accuracy)),
            ("rounds to 9/10 of the skill", |o| when_able(o).0),
            ("days that pay by then", |o| when_able(o).1),
            ("rounds to one day in a hundred", first_pay),
        ],
        ..PLAIN
    },
    Study {
        name: "stragglers",
        rows: &[
            "",
            "distiller.schedule.kind=synchronous rounds=30 measure.every=1",
            "distiller.schedule.kind=synchronous rounds=30 measure.every=1 fleet.stragglers.deadline=2",
            "distiller.schedule.kind=synchronous rounds=30 measure.every=1 fleet.stragglers.deadline=2 fleet.stragglers.partial=drop",
            "distiller.schedule.learnings=50 rounds=120 measure.every=1",
            "distiller.schedule.kind=asynchronous rounds=6000 measure.every=50",
            "distiller.schedule.staleness.kind=constant",
            "distiller.combine.kind=median",
            "fleet.speed.kind=lognormal",
            "fleet.speed.kind=lognormal distiller.schedule.kind=synchronous rounds=30 measure.every=1",
            "fleet.speed.kind=equal fleet.jitter=0.05",
            "fleet.speed.kind=equal fleet.jitter=0.05 distiller.schedule.kind=synchronous rounds=30 measure.every=1",
            "fleet.speed.kind=equal fleet.jitter=0.05 distiller.schedule.kind=synchronous rounds=30 measure.every=1 distiller.server.eta=2.0",
            "fleet.speed.kind=equal fleet.jitter=0.05 distiller.schedule.kind=synchronous rounds=30 measure.every=1 distiller.server.eta=4.4",
        ],
        columns: &[
            ("time to 0.8", time_to_four_fifths),
            ("time at the end", |o| last_row(o).time),
            ("mean staleness", mean_staleness),
        ],
        ..PLAIN
    },
    Study {
        name: "flat-out",
        rows: &[
            "",
            "engine.kind=pool",
            "engine.kind=pool fleet.jitter=0.05",
            "engine.live.time_scale=20",
            "engine.live.capacity=20",
            "engine.live.capacity=4000",
            "engine.live.capacity=200 engine.live.full=drop-oldest",
            "engine.live.full=merge-early engine.live.capacity=100",
            "engine.live.fabric=channel-tokio",
            "engine.live.fabric=map-dashmap",
            "engine.live.fabric=map-mutex",
        ],
        columns: &[
            ("learnings merged", learnings_merged),
            ("dropped", learnings_dropped),
            ("mean staleness", mean_staleness),
        ],
        ..PLAIN
    },
    Study {
        name: "compression",
        rows: &[
            "",
            "distiller.compression.feedback=false",
            "distiller.compression.scope=contribution",
            "distiller.compression.kind=none",
            "distiller.compression.kind=top-k",
            "distiller.compression.kind=top-k distiller.compression.feedback=false",
            "distiller.compression.kind=top-k distiller.compression.share=0.01",
            "distiller.compression.kind=top-k distiller.compression.share=0.01 distiller.compression.feedback=false",
            "distiller.compression.kind=random-k",
            "distiller.compression.kind=random-k distiller.compression.feedback=false",
            "distiller.compression.kind=random-k distiller.compression.feedback=false distiller.compression.scaled=true",
            "distiller.compression.kind=int8",
            "distiller.compression.kind=int8 distiller.compression.feedback=true",
        ],
        columns: &[
            ("MB sent up", megabytes_up),
            ("MB until the core is at 0.8", megabytes_to_four_fifths),
        ],
        ..PLAIN
    },
    Study {
        name: "mid-course",
        rows: &[
            "",
            "changes=[]",
            "changes=[] attack.share=0.0",
            "changes.0.round=21",
            "changes=[] distiller.combine.kind=multi-krum",
            "changes.0.set=[\"distiller.combine.kind=median\"]",
            "changes=[] distiller.combine.kind=median",
            "changes.0.set=[\"distiller.combine.kind=krum\"]",
            "changes.0.set=[\"distiller.combine.kind=geometric-median\"]",
            "changes.0.set=[\"attack.share=0\"]",
        ],
        columns: &[
            ("core before the attack", |o| core_at(o, 19)),
            ("core when it is noticed", |o| core_at(o, 29)),
            ("rounds until it is back", rounds_to_mend),
        ],
        ..PLAIN
    },
    Study {
        name: "rumour",
        rows: &[
            "",
            "distiller.gossip.direction=push rounds=40",
            "distiller.gossip.direction=pull rounds=40",
            "distiller.gossip.graph=small-world rounds=200",
            "fleet.agents=1000",
        ],
        columns: &[("rounds until all know", rounds_till_all)],
        ..PLAIN
    },
    Study {
        name: "digits",
        rows: &["", "job_knowledge.personalisation=fedsim"],
        ..PLAIN
    },
];
