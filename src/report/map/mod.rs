//! The spread map: who is where, who can reach whom, and how well each does what, over rounds.
//! Lives here: its numbers, the choice of a layout by topology, its caption; `layout` is geometry.
//! May not: measure what no frame holds.

mod layout;
mod words;

pub(super) use words::{caption, note};

use self::layout::Place;
use super::data::Kept;
use super::pack::{evenly, integers, thousandths};
use super::spread::own_levels;
use super::text;
use crate::graph::Graph;
use crate::measure::{Frame, Outcome, Trace};
use crate::scenario::{GraphKind, Scenario, Topology};
use serde::Serialize;

/// Agents that are dots of their own at most; above that, companies are.
const AGENTS_MAX: usize = 300;
/// Companies that are dots at most.
const COMPANIES_MAX: usize = 300;
/// Edges that are drawn at most.
const EDGES_MAX: usize = 6_000;
/// Fleets whose graph is drawn again at most: a second's work.
const FLEET_MAX: u32 = 200_000;
/// Tagged skills that come first among those to choose.
const TAGGED_MAX: usize = 16;
/// Levels in the page at most: dots × skills × measured rounds, some 2.7 bytes each.
const LEVELS_MAX: usize = 200_000;

/// What dots stand for and how they lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Shape {
    /// Agents in clusters by company around the core.
    Clusters,
    /// Agents on a circle in the order of their numbers, with the graph's edges as chords.
    Circle,
    /// Agents where the graph's edges pull them.
    Forces,
    /// Agents with the best connected in the middle, where there are too many for forces.
    Degrees,
    /// Agents in a grid: nobody is nearer to one than to another.
    Grid,
    /// Companies.
    Companies,
}

/// Numbers of the map, as the page's scripts read them.
#[derive(Serialize)]
pub(super) struct SpreadMap {
    shape: Shape,
    /// Numbers of the measured dots: an agent's, or a company's.
    ids: Vec<i64>,
    /// Their companies; the same numbers where they are companies.
    companies: Vec<u32>,
    /// Places in thousandths, `x` and `y` in turn, packed: measured dots, others, hubs.
    places: String,
    /// How many others there are, agents that are not measured, and how many hubs.
    others: usize,
    hubs: usize,
    /// Ends of the edges in the order of the places, packed.
    edges: String,
    edge_count: usize,
    /// Why edges are not drawn that are there; empty where all are.
    left_out: String,
    /// What dots can be coloured by: the own job, and skills, tagged ones first.
    choices: Vec<String>,
    /// The one that is shown at first: a tagged skill where there is one, else the own job.
    choice: usize,
    /// Levels, choice × frame × measured dot, packed.
    levels: String,
    /// Index of the first kept frame by which it had practised the skill, skill × measured dot,
    /// −1 for never; absent where that was not counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    practised: Option<String>,
}

/// Measured dots and the members of the panel that each stands for.
struct Dots {
    members: Vec<Vec<usize>>,
    ids: Vec<i64>,
    companies: Vec<u32>,
}

/// Where everything lies.
struct Picture {
    shape: Shape,
    dots: Vec<Place>,
    others: Vec<Place>,
    hubs: Vec<Place>,
    edges: Vec<(usize, usize)>,
    left_out: String,
}

impl SpreadMap {
    /// The map of the hive's panel; none where no level was measured.
    pub fn of(outcome: &Outcome, kept: &Kept) -> Option<Self> {
        let hive = &outcome.hive;
        if !hive.frames.iter().any(|frame| frame.panel.iter().any(|x| x.is_finite())) {
            return None;
        }
        let dots = Dots::of(hive);
        let picture = Picture::of(&outcome.scenario, hive, &dots);
        let frames: Vec<&Frame> = kept.frames.iter().map(|&f| &hive.frames[f]).collect();
        let room = LEVELS_MAX / (dots.ids.len() * frames.len()).max(1);
        // what one company alone practises says most about spreading
        let tags = hive.tags.iter().map(|tag| tag.skill).filter(|&s| s < hive.skills.len());
        let mut skills: Vec<usize> = tags.take(TAGGED_MAX.min(room.max(2) - 1)).collect();
        let rest: Vec<usize> =
            kept.skills.iter().copied().filter(|s| !skills.contains(s)).collect();
        let free = (room.max(2) - 1).saturating_sub(skills.len());
        skills.extend(evenly(rest.len(), free).iter().map(|&s| rest[s]));
        let own: Vec<Vec<f64>> = frames.iter().map(|frame| own_levels(hive, frame)).collect();
        let jobs = own.iter().flat_map(|levels| dots.means(|i| levels[i]));
        let width = hive.skills.len();
        let of_skill = skills.iter().flat_map(|&s| {
            let dots = &dots;
            frames.iter().flat_map(move |frame| {
                dots.means(move |i| f64::from(frame.panel[i * width + s])).collect::<Vec<_>>()
            })
        });
        let levels = thousandths(jobs.collect::<Vec<_>>().into_iter().chain(of_skill));
        let places = [&picture.dots, &picture.others, &picture.hubs];
        let flat = places.iter().flat_map(|places| places.iter().flatten().copied());
        let ends = picture.edges.iter().flat_map(|&(a, b)| [a as i16, b as i16]);
        Some(SpreadMap {
            shape: picture.shape,
            places: thousandths(flat),
            others: picture.others.len(),
            hubs: picture.hubs.len(),
            edges: integers(ends),
            edge_count: picture.edges.len(),
            left_out: picture.left_out,
            choices: std::iter::once("own job".to_string())
                .chain(skills.iter().map(|&s| hive.skills[s].clone()))
                .collect(),
            choice: usize::from(!hive.tags.is_empty()),
            levels,
            practised: dots.practice(&frames, &skills, width),
            ids: dots.ids,
            companies: dots.companies,
        })
    }
}

impl Dots {
    fn of(hive: &Trace) -> Self {
        let panel = &hive.panel;
        if panel.len() <= AGENTS_MAX {
            return Dots {
                members: (0..panel.len()).map(|i| vec![i]).collect(),
                ids: panel.iter().map(|member| i64::from(member.agent.0)).collect(),
                companies: panel.iter().map(|member| member.company.0).collect(),
            };
        }
        let mut companies: Vec<u32> = panel.iter().map(|member| member.company.0).collect();
        companies.sort_unstable();
        companies.dedup();
        let companies: Vec<u32> =
            evenly(companies.len(), COMPANIES_MAX).iter().map(|&i| companies[i]).collect();
        let mut members = vec![Vec::new(); companies.len()];
        for (i, member) in panel.iter().enumerate() {
            if let Ok(at) = companies.binary_search(&member.company.0) {
                members[at].push(i);
            }
        }
        Dots { members, ids: companies.iter().map(|&c| i64::from(c)).collect(), companies }
    }

    fn are_agents(&self) -> bool {
        self.members.iter().all(|members| members.len() == 1)
    }

    /// Means over each dot's members of those that have a level, NaN where none has.
    fn means<'a>(&'a self, level: impl Fn(usize) -> f64 + 'a) -> impl Iterator<Item = f64> + 'a {
        self.members.iter().map(move |members| {
            let known = members.iter().map(|&i| level(i)).filter(|x| x.is_finite());
            let (sum, n) = known.fold((0.0, 0), |(sum, n), x| (sum + x, n + 1));
            sum / f64::from(n)
        })
    }

    fn practice(&self, frames: &[&Frame], skills: &[usize], width: usize) -> Option<String> {
        if frames.iter().any(|frame| frame.practised.is_empty()) {
            return None;
        }
        let first = |members: &Vec<usize>, s: usize| {
            let has = |frame: &&Frame| members.iter().any(|&i| frame.practised[i * width + s] > 0);
            frames.iter().position(has).map_or(-1, |f| f as i16)
        };
        Some(integers(skills.iter().flat_map(|&s| self.members.iter().map(move |m| first(m, s)))))
    }
}

impl Picture {
    fn of(scenario: &Scenario, hive: &Trace, dots: &Dots) -> Picture {
        let n = dots.ids.len();
        if !dots.are_agents() {
            return Picture::plain(Shape::Companies, layout::sunflower(n));
        }
        let crowd = scenario.learner.is_of_numbers();
        let gossip = scenario.distiller.gossip.graph;
        match scenario.distiller.topology {
            Topology::Gossip if gossip == GraphKind::Complete && crowd => {
                Picture::plain(Shape::Grid, layout::grid(n))
            }
            Topology::Gossip if gossip == GraphKind::Complete => {
                let circle = (0..n).map(|i| layout::on_circle(i, n)).collect();
                Picture::plain(Shape::Circle, circle)
            }
            Topology::Gossip => Picture::graph(scenario, hive),
            Topology::Star | Topology::Hierarchical if !crowd => {
                Picture::clusters(&dots.companies, hive.hives.is_empty())
            }
            _ => Picture::plain(Shape::Grid, layout::grid(n)),
        }
    }

    fn plain(shape: Shape, dots: Vec<Place>) -> Picture {
        let (others, hubs, edges) = (Vec::new(), Vec::new(), Vec::new());
        Picture { shape, dots, others, hubs, edges, left_out: String::new() }
    }

    /// Companies around the core, or, of several hives, around nothing: who works under which hive
    /// changes and is not recorded.
    fn clusters(companies: &[u32], one_core: bool) -> Picture {
        let mut numbers = companies.to_vec();
        numbers.sort_unstable();
        numbers.dedup();
        let group_of: Vec<usize> =
            companies.iter().map(|c| numbers.binary_search(c).unwrap_or(0)).collect();
        let (dots, centres) = layout::clusters(&group_of, numbers.len());
        let mut picture = Picture::plain(Shape::Clusters, dots);
        if one_core && centres.len() > 1 {
            let n = companies.len();
            // the core first, then a hub a company, hidden under its agents
            picture.edges = (0..centres.len()).map(|c| (n, n + 1 + c)).collect();
            picture.hubs = std::iter::once([0.0, 0.0]).chain(centres).collect();
        }
        picture
    }

    /// The panel, and the others where they have room, on the graph that agents call over.
    fn graph(scenario: &Scenario, hive: &Trace) -> Picture {
        let agents = scenario.fleet.agents.max(hive.panel.len() as u32);
        let panel: Vec<u32> = hive.panel.iter().map(|member| member.agent.0).collect();
        let kind = scenario.distiller.gossip.graph;
        let drawn = match agents {
            _ if scenario.fleet.agents == 0 => {
                Err("The graph is not drawn, as the data set says how many agents there are".into())
            }
            n if n > FLEET_MAX => Err(format!(
                "The graph of more than {} agents is not drawn",
                text::count(u64::from(FLEET_MAX))
            )),
            n => Graph::drawn(&scenario.distiller.gossip, n, scenario.seed.0)
                .map_err(|error| format!("The edges are not drawn: {error}")),
        };
        let graph = match drawn {
            Ok(graph) => graph,
            Err(why) => {
                let all = agents as usize;
                let circle = panel.iter().map(|&a| layout::on_circle(a as usize, all)).collect();
                return Picture { left_out: why, ..Picture::plain(Shape::Circle, circle) };
            }
        };
        let mut shown = panel.clone();
        if agents as usize <= AGENTS_MAX {
            let measured: std::collections::BTreeSet<u32> = panel.iter().copied().collect();
            shown.extend((0..agents).filter(|agent| !measured.contains(agent)));
        }
        let at: std::collections::BTreeMap<u32, usize> =
            shown.iter().enumerate().map(|(i, &agent)| (agent, i)).collect();
        let mut edges: Vec<(usize, usize)> = Vec::new();
        for (i, &agent) in shown.iter().enumerate() {
            let near = graph.neighbours(agent).unwrap_or_default().iter();
            edges.extend(near.filter_map(|b| at.get(b)).filter(|&&j| i < j).map(|&j| (i, j)));
        }
        let (shape, places) = match kind {
            GraphKind::ScaleFree | GraphKind::Edges if shown.len() == agents as usize => {
                let ends: Vec<_> = edges.iter().map(|&(a, b)| (a as u32, b as u32)).collect();
                (Shape::Forces, layout::forces(shown.len(), &ends))
            }
            GraphKind::ScaleFree | GraphKind::Edges => {
                let degrees: Vec<u32> = shown.iter().map(|&agent| graph.degree(agent)).collect();
                (Shape::Degrees, layout::by_degree(&degrees))
            }
            _ => {
                let all = agents as usize;
                let circle = shown.iter().map(|&a| layout::on_circle(a as usize, all)).collect();
                (Shape::Circle, circle)
            }
        };
        let mut picture = Picture::plain(shape, places);
        picture.others = picture.dots.split_off(panel.len());
        if edges.len() > EDGES_MAX {
            picture.left_out = format!(
                "The {} edges between these agents are too many to draw",
                text::count(edges.len() as u64)
            );
        } else {
            picture.edges = edges;
        }
        picture
    }
}
