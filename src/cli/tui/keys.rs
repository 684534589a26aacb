//! What keys do.

use crate::controls::Controls;
use crate::halt::Halt;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

/// The fastest and the slowest pace that keys set, publications a second.
const PACES: (f64, f64) = (64.0, 0.125);

/// What a key says of the view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// It goes on.
    Nothing,
    /// It closes, as the run was already stopped.
    Enough,
}

/// What is chosen by keys.
#[derive(Clone, Debug, Default)]
pub(super) struct Keys {
    /// The skill that is shown.
    skill: usize,
    /// Skills that there are.
    skills: usize,
    stopped: bool,
    /// A change that is being typed.
    typed: Option<String>,
    /// What came of the last one, until the next key.
    answer: String,
}

/// How the run is held, to be shown.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Hold {
    pub skill: usize,
    pub paused: bool,
    pub pace: Option<f64>,
    pub stopped: bool,
    /// Changes of keys that there are.
    pub changes: usize,
    /// A change that is being typed.
    pub typed: Option<String>,
    /// What came of the last one.
    pub answer: String,
}

impl Keys {
    /// There are so many skills to choose from.
    pub fn keep_within(&mut self, skills: usize) {
        self.skills = skills;
        self.skill = self.skill.min(skills.saturating_sub(1));
    }

    /// How the run is held.
    pub fn hold(&self, controls: &Controls) -> Hold {
        Hold {
            skill: self.skill,
            paused: controls.is_paused(),
            pace: controls.pace(),
            stopped: self.stopped,
            changes: controls.changes().len(),
            typed: self.typed.clone(),
            answer: self.answer.clone(),
        }
    }

    /// Does what a key is for.
    pub fn press(&mut self, key: KeyEvent, controls: &Controls, halt: &Halt) -> Said {
        if key.kind == KeyEventKind::Release {
            return Said::Nothing;
        }
        let (fastest, slowest) = PACES;
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        self.answer.clear();
        if self.typed.is_some() && !control {
            self.type_on(key.code, controls);
            return Said::Nothing;
        }
        match key.code {
            KeyCode::Char('c') if control => return self.stop(halt),
            KeyCode::Char('c' | ':') => self.typed = Some(String::new()),
            KeyCode::Char('q') | KeyCode::Esc => return self.stop(halt),
            KeyCode::Char(' ' | 'p') if controls.is_paused() => controls.resume(),
            KeyCode::Char(' ' | 'p') => controls.pause(),
            KeyCode::Char('s' | '.') => controls.step(),
            KeyCode::Char('f' | '0') => controls.set_pace(None),
            KeyCode::Char('-') => {
                controls
                    .set_pace(Some(controls.pace().map_or(fastest, |p| (p / 2.0).max(slowest))));
            }
            KeyCode::Char('+' | '=') => {
                let faster = controls.pace().map(|pace| pace * 2.0);
                controls.set_pace(faster.filter(|pace| *pace <= fastest));
            }
            KeyCode::Right | KeyCode::Char('n') => self.choose(1),
            KeyCode::Left | KeyCode::Char('b') => self.choose(self.skills.saturating_sub(1)),
            _ => {}
        }
        Said::Nothing
    }

    /// Types a change, as of `--set`, and makes it.
    fn type_on(&mut self, key: KeyCode, controls: &Controls) {
        let Some(text) = &mut self.typed else { return };
        match key {
            KeyCode::Char(c) => text.push(c),
            KeyCode::Backspace => drop(text.pop()),
            KeyCode::Esc => self.typed = None,
            KeyCode::Enter => {
                let set = self.typed.take().unwrap_or_default();
                self.answer = match controls.change(std::slice::from_ref(&set)) {
                    _ if set.trim().is_empty() => String::new(),
                    Ok(round) => format!("{set} from the work that leads to core {round} on"),
                    // one line is all there is for it
                    Err(why) => why.lines().next().unwrap_or_default().to_owned(),
                };
            }
            _ => {}
        }
    }

    fn choose(&mut self, further: usize) {
        self.skill = (self.skill + further) % self.skills.max(1);
    }

    fn stop(&mut self, halt: &Halt) -> Said {
        halt.set();
        if std::mem::replace(&mut self.stopped, true) { Said::Enough } else { Said::Nothing }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Scenario;

    fn controls() -> Controls {
        Controls::new(Scenario::parse("", "keys", &[]).unwrap())
    }

    fn press(keys: &mut Keys, controls: &Controls, code: KeyCode) -> Said {
        keys.press(KeyEvent::new(code, KeyModifiers::NONE), controls, &Halt::default())
    }

    #[test]
    fn keys_hold_the_run_and_let_it_go() {
        let (mut keys, controls) = (Keys::default(), controls());
        let mut key = |c| press(&mut keys, &controls, KeyCode::Char(c));
        key(' ');
        assert!(controls.is_paused());
        key('p');
        assert!(!controls.is_paused());
        key('s');
        assert!(controls.is_paused());
        let mut paces = Vec::new();
        for c in ['-', '-', '-', '+', '+', '+', '-', 'f'] {
            key(c);
            paces.push(controls.pace());
        }
        let some = Some;
        assert_eq!(
            paces,
            [some(64.0), some(32.0), some(16.0), some(32.0), some(64.0), None, some(64.0), None]
        );
        (0..20).for_each(|_| {
            key('-');
        });
        assert_eq!(controls.pace(), Some(0.125));
    }

    #[test]
    fn a_change_is_typed_made_and_answered() {
        let (mut keys, controls) = (Keys::default(), controls());
        let mut enter = |text: &str, last: KeyCode| {
            press(&mut keys, &controls, KeyCode::Char('c'));
            text.chars().for_each(|c| {
                press(&mut keys, &controls, KeyCode::Char(c));
            });
            assert_eq!(keys.hold(&controls).typed.as_deref(), Some(text));
            press(&mut keys, &controls, last);
            keys.hold(&controls)
        };
        let made = enter("faults.loss=0.5", KeyCode::Enter);
        assert!(made.answer.starts_with("faults.loss=0.5 from the work"), "{}", made.answer);
        assert_eq!((made.changes, made.typed), (1, None));
        // letters that are keys are text here
        let wrong = enter("faults.loos=0.5 qps-+", KeyCode::Enter);
        assert!(wrong.answer.contains("faults.loos"), "{}", wrong.answer);
        assert_eq!(wrong.changes, 1);
        assert!(!controls.is_paused());
        let left = enter("faults.loss=0.7", KeyCode::Esc);
        assert_eq!((left.changes, left.answer.as_str()), (1, ""));
        assert_eq!(enter("", KeyCode::Enter).changes, 1);
        press(&mut keys, &controls, KeyCode::Char(':'));
        press(&mut keys, &controls, KeyCode::Char('a'));
        press(&mut keys, &controls, KeyCode::Backspace);
        assert_eq!(keys.hold(&controls).typed.as_deref(), Some(""));
    }

    #[test]
    fn skills_go_round() {
        let (mut keys, controls) = (Keys::default(), controls());
        keys.keep_within(3);
        let mut at = |code| {
            press(&mut keys, &controls, code);
            keys.hold(&controls).skill
        };
        let codes = [KeyCode::Right, KeyCode::Right, KeyCode::Right, KeyCode::Left, KeyCode::Left];
        assert_eq!(codes.map(&mut at), [1, 2, 0, 2, 1]);
        keys.keep_within(0);
        press(&mut keys, &controls, KeyCode::Right);
        assert_eq!(keys.hold(&controls).skill, 0);
    }

    #[test]
    fn the_first_stop_stops_the_run_and_the_second_closes_the_view() {
        let (mut keys, controls, halt) = (Keys::default(), controls(), Halt::default());
        let stop = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
        assert_eq!(keys.press(stop, &controls, &halt), Said::Nothing);
        assert!(halt.is_set() && keys.hold(&controls).stopped);
        assert_eq!(keys.press(KeyCode::Char('q').into(), &controls, &halt), Said::Enough);
    }
}
