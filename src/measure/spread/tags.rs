//! Tagged skills: practised by one group alone, so that whoever else has them was taught.

use super::Adoption;
use crate::measure::Frame;
use serde::{Deserialize, Serialize};

/// A skill with the only group that practises it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tag {
    /// The skill.
    pub skill: usize,
    /// The group: a company, a hive.
    pub origin: usize,
}

/// The skills that the members of one group alone have practised, from the tasks done of each
/// skill, `agents × skills`, and each agent's group.
///
/// A panel shows what its own agents practise: only where it is the whole fleet, or the world is
/// known to give a skill to one group, is a tag certain.
pub fn tagged(practised: &[u64], groups: &[usize]) -> Vec<Tag> {
    let skills = practised.len() / groups.len().max(1);
    let one = |skill: usize| {
        let tasks = practised.iter().skip(skill).step_by(skills.max(1));
        let mut who = tasks.zip(groups).filter(|(tasks, _)| **tasks > 0).map(|(_, group)| *group);
        let origin = who.next()?;
        who.all(|group| group == origin).then_some(Tag { skill, origin })
    };
    (0..skills).filter_map(one).collect()
}

/// Who taught whom: the mean level of the skills tagged by each origin at each group's agents,
/// `origin × receiver` row by row, `of × of` numbers. The diagonal is the origins' own level.
/// NaN where an origin has no tag or a receiver no probed agent.
///
/// `levels` are `agents × skills`, NaN where there is no probe; `groups` gives each agent's,
/// below `of`.
pub fn taught(tags: &[Tag], levels: &[f32], groups: &[usize], of: usize) -> Vec<f64> {
    let skills = levels.len() / groups.len().max(1);
    let (mut sums, mut counts) = (vec![0.0; of * of], vec![0_u32; of * of]);
    for tag in tags {
        let column = levels.iter().skip(tag.skill).step_by(skills.max(1));
        for (&level, group) in column.zip(groups).filter(|(level, _)| !level.is_nan()) {
            sums[tag.origin * of + group] += f64::from(level);
            counts[tag.origin * of + group] += 1;
        }
    }
    sums.iter().zip(&counts).map(|(sum, &n)| sum / f64::from(n)).collect()
}

impl Tag {
    /// Adoption of the tagged skill by all agents outside its origin: its curve says when the
    /// others have it ([`Curve::time_to`](super::Curve::time_to)).
    ///
    /// Frames hold `agents × skills` levels, `groups` each agent's group.
    pub fn elsewhere(
        &self,
        frames: &[Frame],
        skills: usize,
        groups: &[usize],
        adopted: f64,
    ) -> Adoption {
        let rounds = frames.iter().map(|frame| f64::from(frame.round)).collect();
        let others = groups.iter().enumerate().filter(|(_, group)| **group != self.origin);
        let levels = others.flat_map(|(agent, _)| {
            frames.iter().map(move |frame| frame.panel[agent * skills + self.skill])
        });
        Adoption::from_levels(rounds, levels, adopted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Four agents of groups 0, 0, 1, 2 and three skills.
    const GROUPS: [usize; 4] = [0, 0, 1, 2];

    #[test]
    fn a_tag_is_a_skill_that_one_group_alone_practises() {
        #[rustfmt::skip]
        let practised = [
            4, 0, 1,
            9, 0, 0,
            0, 3, 2,
            0, 0, 0,
        ];
        let tags = tagged(&practised, &GROUPS);
        assert_eq!(tags, [Tag { skill: 0, origin: 0 }, Tag { skill: 1, origin: 1 }]);
        assert!(tagged(&[0; 12], &GROUPS).is_empty());
        assert!(tagged(&[], &[]).is_empty());
    }

    #[test]
    fn the_matrix_holds_what_each_group_has_of_anothers_skills() {
        let tags = [Tag { skill: 0, origin: 0 }, Tag { skill: 1, origin: 1 }];
        #[rustfmt::skip]
        let levels = [
            1.0, 0.25,      0.0,
            0.5, 0.75,      0.0,
            0.5, 1.0,       0.0,
            0.0, f32::NAN,  0.0,
        ];
        let got = taught(&tags, &levels, &GROUPS, 3);
        assert_eq!(got[..3], [0.75, 0.5, 0.0]);
        assert_eq!(got[3..5], [0.5, 1.0]);
        // nobody of group 2 is probed in skill 1, and it tags nothing
        assert!(got[5].is_nan() && got[6..].iter().all(|x| x.is_nan()));
    }

    #[test]
    fn a_trace_has_its_matrix_by_company() {
        let member = |company| crate::measure::PanelMember {
            agent: crate::ids::AgentId(company),
            name: String::new(),
            company: crate::ids::CompanyId(company),
            joins: 1,
            job: vec![1.0],
        };
        let frame = |round, panel: [f32; 3]| Frame {
            round,
            panel: panel.to_vec(),
            core: Vec::new(),
            practised: Vec::new(),
            adopters: Vec::new(),
        };
        let mut trace = crate::measure::Trace {
            skills: vec!["s0".into()],
            frequencies: vec![1.0],
            panel: [4, 7, 9].map(member).to_vec(),
            frames: vec![frame(0, [0.5, 0.0, 0.0]), frame(2, [1.0, 0.5, 0.0])],
            tags: vec![Tag { skill: 0, origin: 4 }],
            complete: true,
            ..crate::measure::Trace::default()
        };
        let matrix = super::super::Matrix::of(&trace, 0.5).unwrap();
        assert_eq!(matrix.companies, [4, 7, 9]);
        assert_eq!(matrix.rounds[1][..3], [1.0, 0.5, 0.0]);
        assert_eq!(matrix.means(1), (1.0, 0.25));
        assert_eq!(matrix.halves, [Some(2.0)]);
        trace.tags.clear();
        assert!(super::super::Matrix::of(&trace, 0.5).is_none());
    }

    #[test]
    fn others_have_a_tagged_skill_when_those_outside_its_origin_do() {
        let frame = |round, elsewhere: [f32; 2]| Frame {
            round,
            panel: vec![1.0, 1.0, elsewhere[0], elsewhere[1]],
            core: Vec::new(),
            practised: Vec::new(),
            adopters: Vec::new(),
        };
        let frames = [frame(0, [0.0, 0.0]), frame(4, [0.6, 0.0]), frame(8, [0.6, 0.9])];
        let tag = Tag { skill: 0, origin: 0 };
        let curve = tag.elsewhere(&frames, 1, &GROUPS, 0.5).curve();
        assert_eq!(curve.values, [0.0, 0.5, 1.0]);
        assert_eq!(curve.time_to(0.5), Some(4.0));
        assert_eq!(curve.time_to(0.75), Some(6.0));
    }
}
