//! Worlds where every agent holds fixed local data: the paper world and data sets.

use super::dataset::{FederatedData, Split};
use super::{Climate, Desk, Facts, Probe, TaskBuffer, Tasks, World};
use crate::ids::{AgentId, CompanyId, Round, SkillId};

/// One skill, one agent a user, skill measured as test accuracy.
#[derive(Clone, Debug)]
pub struct FiniteWorld {
    facts: Facts,
    train: Split,
    test: Split,
}

impl FiniteWorld {
    /// A world of the first `agents` users of `data`.
    pub fn new(data: FederatedData, agents: usize) -> Self {
        let FederatedData { features, answers, train, test, mut users } = data;
        users.truncate(agents);
        let facts = Facts {
            agents,
            companies: agents,
            inputs: features + 1,
            answers,
            skills: vec!["test accuracy".into()],
            frequencies: vec![1.0],
            values: vec![1.0],
            names: users,
            finite: true,
        };
        FiniteWorld { facts, train, test }
    }

    fn tasks<'a>(&self, examples: &'a Split, agent: AgentId) -> Tasks<'a> {
        let inputs = self.facts.inputs;
        let range = examples.offsets[agent.index()]..examples.offsets[agent.index() + 1];
        Tasks {
            inputs,
            x: &examples.x[range.start * inputs..range.end * inputs],
            skills: &[],
            answers: &examples.y[range],
        }
    }
}

impl World for FiniteWorld {
    fn facts(&self) -> &Facts {
        &self.facts
    }

    fn company(&self, agent: AgentId) -> CompanyId {
        CompanyId(agent.0)
    }

    fn job(&self, _: AgentId) -> Vec<f32> {
        vec![1.0]
    }

    fn climate(&self, _: Round, _: Option<(Round, &Climate)>) -> Climate {
        Climate::fixed()
    }

    fn deal<'a>(
        &'a self,
        _: &Climate,
        agent: AgentId,
        _: Round,
        _: u32,
        _: &'a mut Desk,
    ) -> Tasks<'a> {
        self.tasks(&self.train, agent)
    }

    fn probe<'a>(
        &'a self,
        _: &Climate,
        agent: AgentId,
        _: SkillId,
        _: &'a mut Desk,
    ) -> Option<Probe<'a>> {
        let tasks = self.tasks(&self.test, agent);
        (!tasks.is_empty()).then_some(Probe { tasks, chance: 0.0, oracle: 1.0, odds: None })
    }

    fn holdings(&self, agent: AgentId) -> Option<(Tasks<'_>, Tasks<'_>)> {
        Some((self.tasks(&self.train, agent), self.tasks(&self.test, agent)))
    }

    /// Nobody may look at the agents' own data, and there is no other: none.
    fn shared_inputs(&self, _: Round, _: usize, to: &mut TaskBuffer) {
        to.clear(self.facts.inputs);
    }
}
