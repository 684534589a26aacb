//! Two who watch one run.

use crate::engine::{Observer, Stage};
use crate::measure::{Frame, LiveReport, RoundRow, Trace};

/// Tells the first and then the second.
pub(super) struct Both<'a>(pub &'a dyn Observer, pub &'a dyn Observer);

impl Both<'_> {
    fn each(&self, tell: impl Fn(&dyn Observer)) {
        tell(self.0);
        tell(self.1);
    }
}

impl Observer for Both<'_> {
    fn begin(&self, stage: Stage, rounds: u32) {
        self.each(|one| one.begin(stage, rounds));
    }

    fn touring(&self, stage: Stage, round: u32) {
        self.each(|one| one.touring(stage, round));
    }

    fn distilling(&self, stage: Stage, round: u32) {
        self.each(|one| one.distilling(stage, round));
    }

    fn frame(&self, stage: Stage, trace: &Trace, frame: &Frame) {
        self.each(|one| one.frame(stage, trace, frame));
    }

    fn round(&self, stage: Stage, row: &RoundRow) {
        self.each(|one| one.round(stage, row));
    }

    fn live(&self, report: &LiveReport) {
        self.each(|one| one.live(report));
    }

    fn resumed(&self, stage: Stage, trace: &Trace) {
        self.each(|one| one.resumed(stage, trace));
    }

    fn end(&self, stage: Stage) {
        self.each(|one| one.end(stage));
    }
}
