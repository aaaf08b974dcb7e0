//! Several sources as one, each at its own pace.

use super::{Source, SourceError, SourceInfo, Step};
use crate::base::Warnings;
use crate::record::Batch;

struct Several {
    /// With whether it has ended.
    sources: Vec<(Box<dyn Source>, bool)>,
}

/// Joins sources; their records come in turns. It ends when all of them have ended, or one of them fails.
#[must_use]
pub fn join(mut sources: Vec<Box<dyn Source>>) -> Box<dyn Source> {
    match sources.pop() {
        Some(only) if sources.is_empty() => only,
        last => Box::new(Several { sources: sources.into_iter().chain(last).map(|s| (s, false)).collect() }),
    }
}

impl Source for Several {
    fn info(&self) -> SourceInfo {
        let infos: Vec<_> = self.sources.iter().map(|(s, _)| s.info()).collect();
        SourceInfo {
            name: infos.iter().map(|i| i.name.as_str()).collect::<Vec<_>>().join(", "),
            kind: infos.first().map_or("nothing", |i| i.kind),
            live: infos.iter().any(|i| i.live),
            dropped: infos.iter().map(|i| i.dropped).sum(),
            damaged: infos.iter().map(|i| i.damaged).sum(),
        }
    }

    fn poll(&mut self, batch: &mut Batch, warnings: &mut Warnings) -> Result<Step, SourceError> {
        let mut all = Step::End;
        for (source, ended) in self.sources.iter_mut().filter(|(_, ended)| !ended) {
            let step = source.poll(batch, warnings)?;
            *ended = step == Step::End;
            all = match (all, step) {
                (Step::More, _) | (_, Step::More) => Step::More,
                (Step::Idle(a), Step::Idle(b)) => Step::Idle(a.min(b)),
                (Step::Idle(wait), Step::End) | (Step::End, Step::Idle(wait)) => Step::Idle(wait),
                (Step::End, Step::End) => Step::End,
            };
        }
        Ok(all)
    }

    fn trouble(&self) -> Option<String> {
        self.sources.iter().find_map(|(s, _)| s.trouble())
    }

    fn stop(&mut self, batch: &mut Batch) {
        self.sources.iter_mut().filter(|(_, ended)| !ended).for_each(|(s, _)| s.stop(batch));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// Gives one record a poll, so many times.
    struct Counted(u8);

    impl Source for Counted {
        fn info(&self) -> SourceInfo {
            SourceInfo { name: self.0.to_string(), kind: "test", live: true, dropped: 1, damaged: 0 }
        }

        fn poll(&mut self, batch: &mut Batch, _: &mut Warnings) -> Result<Step, SourceError> {
            let Some(left) = self.0.checked_sub(1) else { return Ok(Step::End) };
            self.0 = left;
            batch.push(&[0x13, 0x10, 0, 1]);
            Ok(Step::Idle(Duration::from_millis(u64::from(left))))
        }
    }

    #[test]
    fn sources_come_in_turns_and_all_come_to_their_end() {
        let mut joined = join(vec![Box::new(Counted(3)), Box::new(Counted(1))]);
        assert_eq!((joined.info().name.as_str(), joined.info().dropped), ("3, 1", 2));
        let (mut batch, mut warnings) = (Batch::default(), Warnings::new());
        let mut steps = Vec::new();
        while steps.last() != Some(&Step::End) {
            steps.push(joined.poll(&mut batch, &mut warnings).expect("well"));
        }
        let idle = |ms| Step::Idle(Duration::from_millis(ms));
        assert_eq!(steps, [idle(0), idle(1), idle(0), Step::End]);
        assert_eq!(batch.len(), 4);
        assert_eq!(join(vec![Box::new(Counted(7))]).info().name, "7");
    }
}
