//! States of runs in memory.

use hivesim::engine::{Extent, Kept, Moment, Source, State, Vault};
use hivesim::state::Writer;
use std::io::Cursor;
use std::sync::Mutex;

/// A state in memory: its head, and its agents, those of an earlier one first where it begins there.
#[derive(Clone)]
pub struct Memory {
    pub moment: Moment,
    pub head: Vec<u8>,
    pub agents: Vec<Vec<u8>>,
}

impl Memory {
    pub fn kept(&self) -> Kept {
        let source = |bytes: &Vec<u8>| Source {
            bytes: bytes.len() as u64,
            from: Box::new(Cursor::new(bytes.clone())),
        };
        Kept { head: source(&self.head), agents: self.agents.iter().map(source).collect() }
    }
}

/// Keeps every state, of two in three only the agents that changed, and says of every third that it
/// could not.
#[derive(Default)]
pub struct Memories(pub Mutex<Vec<Memory>>);

fn written(write: impl FnOnce(&mut Writer<'_>)) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = Writer::new(&mut bytes);
    write(&mut writer);
    writer.end().expect("memory takes all");
    bytes
}

impl Vault for Memories {
    fn wants(&self, _: Moment) -> bool {
        true
    }

    fn keep(&self, moment: Moment, state: State<'_>) -> bool {
        let mut all = self.0.lock().unwrap();
        let last = all.last().filter(|last| last.moment.stage == moment.stage);
        let mut agents = Vec::new();
        if let Some(given) = state.agents {
            assert!((0.0..=1.0).contains(&given.changed));
            let extent = match last {
                Some(last) if !moment.round.is_multiple_of(3) => {
                    agents = last.agents.clone();
                    Extent::Changed
                }
                _ => Extent::All,
            };
            agents.push(written(|out| (given.write)(extent, out)));
        }
        all.push(Memory { moment, head: written(state.head), agents });
        !all.len().is_multiple_of(3)
    }
}
