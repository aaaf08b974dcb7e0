//! When to draw less and when to draw more again: plain arithmetic, told the length of each frame.

use crate::base::units::grouped;

/// Frames that are measured before anything is decided.
const FRAMES: u32 = 50;
/// Below this part of the wished rate there is a step down.
const TOO_SLOW: f64 = 0.9;
/// At this part of it there is room.
const GOOD: f64 = 0.97;
/// Seconds of room before a step up, and the most that a failed step up makes of it.
const HEADROOM: f64 = 10.0;
const LONGEST_WAIT: f64 = 320.0;
/// Seconds within which a step down says that the step up before it was wrong.
const RELAPSE: f64 = 30.0;
/// A longer frame is a pause (a hidden window, a suspended machine) and says nothing.
const PAUSE: f64 = 3.0;

/// How much is drawn: each step leaves out more than the one before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// Everything.
    #[default]
    Full,
    /// Arcs of fewer segments.
    CoarseArcs,
    /// Fewer names as well.
    FewNames,
    /// Fewer pixels as well.
    Reduced,
    /// Only the busiest arcs as well.
    FewArcs,
}

impl Step {
    /// All steps, down from the full picture.
    pub const ALL: [Step; 5] = [Step::Full, Step::CoarseArcs, Step::FewNames, Step::Reduced, Step::FewArcs];

    /// What is left out of a picture with so many arcs, in a few words; nothing at the full picture.
    #[must_use]
    pub fn words(self, arcs: usize) -> String {
        let plain = match self {
            Step::Full => "",
            Step::CoarseArcs => "busy: coarser arcs",
            Step::FewNames => "busy: coarser arcs, fewer names",
            Step::Reduced | Step::FewArcs => "busy: coarser arcs, fewer names, 75 % resolution",
        };
        match self.most_arcs().filter(|most| *most < arcs) {
            Some(most) => format!("{plain}, top {} of {} arcs", grouped(most as u64), grouped(arcs as u64)),
            None => plain.to_owned(),
        }
    }

    /// Share of the pixels in each direction.
    #[must_use]
    pub fn resolution(self) -> f64 {
        if self >= Step::Reduced { 0.75 } else { 1.0 }
    }

    /// By how much farther a drawn arc may leave the true one.
    #[must_use]
    pub fn arc_tolerance(self) -> f64 {
        if self >= Step::CoarseArcs { 4.0 } else { 1.0 }
    }

    /// Most names at once.
    #[must_use]
    pub fn most_names(self) -> usize {
        if self >= Step::FewNames { 20 } else { 64 }
    }

    /// Most arcs; `None` where the renderer's own bound holds.
    #[must_use]
    pub fn most_arcs(self) -> Option<usize> {
        (self >= Step::FewArcs).then_some(5_000)
    }
}

/// The measurement.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quality {
    step: usize,
    frames: u32,
    secs: f64,
    /// Seconds of room so far, and how many are needed.
    room: f64,
    wait: f64,
    /// Seconds since the last step up.
    since_up: f64,
}

impl Default for Quality {
    fn default() -> Quality {
        Quality { step: 0, frames: 0, secs: 0.0, room: 0.0, wait: HEADROOM, since_up: f64::INFINITY }
    }
}

impl Quality {
    /// How much is drawn now.
    #[must_use]
    pub fn step(&self) -> Step {
        Step::ALL.get(self.step).copied().unwrap_or_default()
    }

    /// Takes in the length of a frame in seconds, where `rate` frames per second are wished. True if the step is
    /// another one now.
    pub fn frame(&mut self, secs: f64, rate: f64) -> bool {
        if !(secs > 0.0 && secs < PAUSE && rate > 0.0) {
            (self.frames, self.secs) = (0, 0.0);
            return false;
        }
        self.frames += 1;
        self.secs += secs;
        self.since_up += secs;
        if self.frames < FRAMES {
            return false;
        }
        let part = f64::from(self.frames) / self.secs / rate;
        let took = self.secs;
        (self.frames, self.secs) = (0, 0.0);
        self.decide(part, took)
    }

    fn decide(&mut self, part: f64, took: f64) -> bool {
        if part < TOO_SLOW {
            self.room = 0.0;
            if self.since_up < RELAPSE {
                // What did not hold is tried less and less often.
                self.wait = (self.wait * 2.0).min(LONGEST_WAIT);
                self.since_up = f64::INFINITY;
            }
            let lower = (self.step + 1).min(Step::ALL.len() - 1);
            let changed = lower != self.step;
            self.step = lower;
            return changed;
        }
        self.room = if part >= GOOD { self.room + took } else { 0.0 };
        if self.step == 0 || self.room < self.wait {
            return false;
        }
        self.step -= 1;
        (self.room, self.since_up) = (0.0, 0.0);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lets frames of a length pass for some seconds; the steps that were taken.
    fn run(q: &mut Quality, frame: f64, secs: f64) -> Vec<Step> {
        let count = (secs / frame).round() as u32;
        let mut steps = Vec::new();
        for _ in 0..count {
            if q.frame(frame, 60.0) {
                steps.push(q.step());
            }
        }
        steps
    }

    #[test]
    fn under_load_it_goes_down_in_order_and_up_again_after_ten_seconds_of_room() {
        let mut q = Quality::default();
        assert_eq!(run(&mut q, 1.0 / 60.0, 30.0), []);
        assert_eq!(run(&mut q, 1.0 / 30.0, 30.0), [Step::CoarseArcs, Step::FewNames, Step::Reduced, Step::FewArcs]);
        assert_eq!(run(&mut q, 1.0 / 60.0, 9.0), []);
        assert_eq!(run(&mut q, 1.0 / 60.0, 2.0), [Step::Reduced]);
        assert_eq!(run(&mut q, 1.0 / 60.0, 36.0), [Step::FewNames, Step::CoarseArcs, Step::Full]);
    }

    #[test]
    fn one_slow_frame_and_one_pause_change_nothing() {
        let mut q = Quality::default();
        for _ in 0..20 {
            run(&mut q, 1.0 / 60.0, 1.0);
            assert!(!q.frame(0.08, 60.0) && !q.frame(60.0, 60.0));
        }
        assert_eq!(q.step(), Step::Full);
    }

    #[test]
    fn between_slow_and_good_it_stays() {
        let mut q = Quality::default();
        run(&mut q, 1.0 / 30.0, 50.0 / 30.0);
        let step = q.step();
        assert_eq!(run(&mut q, 1.0 / 56.5, 60.0), []);
        assert_eq!(q.step(), step);
    }

    #[test]
    fn a_step_up_that_does_not_hold_is_tried_less_often() {
        let mut q = Quality::default();
        run(&mut q, 1.0 / 30.0, 50.0 / 30.0);
        let mut waits = Vec::new();
        for _ in 0..8 {
            let mut waited = 0.0;
            while !q.frame(1.0 / 60.0, 60.0) {
                waited += 1.0 / 60.0;
            }
            waits.push(waited);
            while !q.frame(1.0 / 30.0, 60.0) {}
        }
        assert!(waits[0] < 12.0 && waits[1] > 18.0 && waits[3] > 75.0, "{waits:?}");
        assert!(waits.iter().all(|w| *w < LONGEST_WAIT + 2.0), "{waits:?}");
    }

    #[test]
    fn each_step_leaves_out_more() {
        for pair in Step::ALL.windows(2) {
            let (x, y) = (pair[0], pair[1]);
            assert!(x.arc_tolerance() <= y.arc_tolerance() && x.most_names() >= y.most_names());
            assert!(x.resolution() >= y.resolution());
            assert!(x.most_arcs().unwrap_or(usize::MAX) >= y.most_arcs().unwrap_or(usize::MAX));
            assert!(y.words(18_210).starts_with(&x.words(18_210)) && y.words(18_210).len() > x.words(18_210).len());
        }
    }
}
