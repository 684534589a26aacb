//! A panel as tiles: agents in the order of their companies, neighbours joined where there are more
//! than a page can show.

use crate::measure::{Frame, PanelMember, on_job};

/// Most tiles of a fleet; a panel of no more agents has one each.
pub(super) const TILES_MAX: usize = 4096;
/// Most skills that are told of, the most frequent.
pub(super) const SKILLS_MAX: usize = 128;
/// Stands for "not measured" among levels in a byte.
const NONE: u8 = 255;

/// Where the agents of a panel stand.
pub(super) struct Layout {
    /// The tile of each panel agent.
    tile_of: Vec<u16>,
    tiles: Vec<Tile>,
    /// All skills, and those of them that are told of.
    skills: usize,
    listed: usize,
}

/// Neighbours in the order of companies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tile {
    /// How many they are.
    pub agents: u32,
    /// The first of them, by its id.
    pub first: u32,
    /// Its company, and that of the last.
    pub companies: (u32, u32),
}

impl Layout {
    /// Cost: a sort of the panel.
    pub fn of(panel: &[PanelMember], skills: usize) -> Layout {
        let mut order: Vec<usize> = (0..panel.len()).collect();
        order.sort_by_key(|&i| panel[i].company);
        let tiles = panel.len().min(TILES_MAX);
        let mut tile_of = vec![0; panel.len()];
        let tile = |t: usize| {
            // agents of a tile, the same or one more in each
            let of = t * panel.len() / tiles..(t + 1) * panel.len() / tiles;
            of.clone().for_each(|place| tile_of[order[place]] = t as u16);
            let (first, last) = (&panel[order[of.start]], &panel[order[of.end - 1]]);
            let companies = (first.company.0, last.company.0);
            Tile { agents: of.len() as u32, first: first.agent.0, companies }
        };
        let tiles = (0..tiles).map(tile).collect();
        Layout { tile_of, tiles, skills, listed: skills.min(SKILLS_MAX) }
    }

    /// The tiles, in order.
    pub fn tiles(&self) -> &[Tile] {
        &self.tiles
    }

    /// Agents in all tiles.
    pub fn agents(&self) -> usize {
        self.tile_of.len()
    }

    /// Skills that are told of, from the most frequent on.
    pub fn listed(&self) -> usize {
        self.listed
    }
}

/// What the levels of a panel come to when one core was published.
#[derive(Default)]
pub(super) struct Levels {
    /// The round of the core.
    pub round: u32,
    /// Tile by tile, skill by skill and for agents' own jobs last.
    tiles: Vec<Vec<u8>>,
    /// Mean level of the panel, skill by skill.
    pub means: Vec<u8>,
    /// Share of the panel, or of the whole fleet where that is known, that holds each skill.
    pub shares: Vec<u8>,
}

impl Levels {
    /// Mean levels of the tiles, a byte each ([`byte`]), in a skill, or of agents on their own jobs.
    pub fn tiles(&self, skill: Option<usize>) -> &[u8] {
        let own = self.tiles.len().saturating_sub(1);
        self.tiles.get(skill.map_or(own, |skill| skill.min(own))).map_or(&[], Vec::as_slice)
    }
}

/// Sums under way, kept from frame to frame.
#[derive(Default)]
pub(super) struct Sums {
    /// Tile by tile, skill by skill and for jobs last: sum and number of levels.
    cells: Vec<(f32, u32)>,
    /// Agents that hold each skill, and those of which it is known.
    holders: Vec<(u32, u32)>,
}

impl Sums {
    /// Adds a frame up. Cost: a pass over its levels, a nanosecond or two each.
    pub fn take(
        &mut self,
        layout: &Layout,
        frame: &Frame,
        (panel, fleet, adopted): (&[PanelMember], u32, f64),
    ) -> Levels {
        let (skills, listed, columns) = (layout.skills, layout.listed, layout.listed + 1);
        self.cells.clear();
        self.cells.resize(layout.tiles.len() * columns, (0.0, 0));
        self.holders.clear();
        self.holders.resize(listed, (0, 0));
        let rows = frame.panel.chunks_exact(skills.max(1)).zip(&layout.tile_of).zip(panel);
        for ((levels, &tile), member) in rows {
            let cells = &mut self.cells[usize::from(tile) * columns..][..columns];
            for ((cell, holders), &level) in cells.iter_mut().zip(&mut self.holders).zip(levels) {
                if level.is_nan() {
                    continue;
                }
                *cell = (cell.0 + level, cell.1 + 1);
                holders.0 += u32::from(f64::from(level) >= adopted);
                holders.1 += 1;
            }
            // one skill is everyone's job
            let job = if skills == 1 { levels[0] } else { on_job(levels, &member.job) as f32 };
            if !job.is_nan() {
                let own = &mut cells[listed];
                *own = (own.0 + job, own.1 + 1);
            }
        }
        let column = |s: usize| self.cells.iter().skip(s).step_by(columns);
        let mean = |(sum, n): (f32, u32)| byte(f64::from(sum) / f64::from(n));
        let all = |s: usize| column(s).fold((0.0, 0), |all, c| (all.0 + c.0, all.1 + c.1));
        let held = |(s, &(holders, of)): (usize, &(u32, u32))| match frame.adopters.get(s) {
            Some(adopters) => byte(*adopters as f64 / f64::from(fleet)),
            None => byte(f64::from(holders) / f64::from(of)),
        };
        Levels {
            round: frame.round,
            tiles: (0..columns).map(|s| column(s).map(|cell| mean(*cell)).collect()).collect(),
            means: (0..listed).map(|s| mean(all(s))).collect(),
            shares: self.holders.iter().enumerate().map(held).collect(),
        }
    }
}

/// A level or share in a byte: 0 to 254 for 0 to 1, 255 where there is none.
pub(super) fn byte(x: f64) -> u8 {
    if x.is_nan() { NONE } else { (x.clamp(0.0, 1.0) * 254.0).round() as u8 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{AgentId, CompanyId};

    fn panel(companies: impl Iterator<Item = u32>) -> Vec<PanelMember> {
        let member = |(i, company)| PanelMember {
            agent: AgentId(i as u32),
            name: String::new(),
            company: CompanyId(company),
            joins: 1,
            job: vec![0.75, 0.25],
        };
        companies.enumerate().map(member).collect()
    }

    #[test]
    fn agents_stand_in_the_order_of_companies_one_a_tile_where_there_is_room() {
        let panel = panel([1, 0, 1, 0].into_iter());
        let layout = Layout::of(&panel, 2);
        let firsts: Vec<u32> = layout.tiles().iter().map(|tile| tile.first).collect();
        assert_eq!(firsts, [1, 3, 0, 2]);
        let nan = f32::NAN;
        let levels = vec![1.0, 0.0, 0.5, 0.5, nan, nan, nan, 1.0];
        let frame = Frame { round: 7, panel: levels, ..Frame::default() };
        let levels = Sums::default().take(&layout, &frame, (&panel, 4, 0.5));
        assert_eq!(levels.round, 7);
        assert_eq!(levels.tiles(Some(0)), [127, 255, 254, 255]);
        assert_eq!(levels.tiles(Some(1)), [127, 254, 0, 255]);
        // on their jobs: 0.75 · 1 + 0.25 · 0, and of what has no probe no share counts
        assert_eq!(levels.tiles(None), [127, 254, byte(0.75), 255]);
        assert_eq!(levels.means, [byte(0.75), 127]);
        assert_eq!(levels.shares, [254, byte(2.0 / 3.0)]);
    }

    #[test]
    fn a_million_agents_share_tiles_evenly_and_nobody_is_left_out() {
        let panel = panel((0..1_000_000).map(|agent| agent % 997));
        let layout = Layout::of(&panel, 2);
        assert_eq!(layout.tiles().len(), TILES_MAX);
        assert_eq!(layout.tiles().iter().map(|tile| tile.agents).sum::<u32>(), 1_000_000);
        assert!(layout.tiles().iter().all(|tile| matches!(tile.agents, 244 | 245)));
        let rising = layout.tiles().windows(2).all(|t| t[0].companies.1 <= t[1].companies.0);
        assert!(rising, "companies stand together");
        let levels = (0..1_000_000).flat_map(|agent| [(agent % 997) as f32 / 996.0, 1.0]);
        let frame = Frame { panel: levels.collect(), ..Frame::default() };
        let levels = Sums::default().take(&layout, &frame, (&panel, 1_000_000, 0.5));
        let tiles = levels.tiles(Some(0));
        assert!(tiles.is_sorted() && tiles[0] == 0 && tiles[TILES_MAX - 1] == 254);
        assert_eq!(levels.means[0], 127);
    }

    #[test]
    fn the_whole_fleet_counts_where_it_is_known() {
        let panel = panel([0].into_iter());
        let layout = Layout::of(&panel, 2);
        let adopters = vec![30, 0];
        let frame = Frame { panel: vec![1.0, 1.0], adopters, ..Frame::default() };
        let levels = Sums::default().take(&layout, &frame, (&panel, 120, 0.5));
        assert_eq!(levels.shares, [byte(0.25), 0]);
    }
}
