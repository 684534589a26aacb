//! The names of things: newtypes for what could be mixed up.

use serde::{Deserialize, Serialize};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(pub u32);

        impl $name {
            /// The number as an index.
            #[inline]
            pub const fn index(self) -> usize {
                self.0 as usize
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id! {
    /// An agent; ids are dense, from 0.
    AgentId
}
id! {
    /// A skill: a family of tasks with its own truth; ids are dense, from 0, most frequent first.
    SkillId
}
id! {
    /// A company: a context with its own variation of every skill; ids are dense, from 0.
    CompanyId
}
id! {
    /// A version of the core: 0 is the initial one, version `r` is published after round `r`.
    CoreVersion
}
id! {
    /// A round: the work from one pull to the next publication; the first is 1.
    Round
}
