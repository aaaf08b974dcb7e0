//! Merge flow records that share keys, one stretch of time after the other.

use std::collections::BTreeMap;
use std::time::Duration;

use super::tools::{self, Kit, Output, Plan, Reader, Sink, Turning};
use super::{Outcome, Usage};
use crate::aggregate::{Clusters, Core, Item, Merged, Model, Order, Rules, Sorter, Width};
use crate::base::{Span, Timestamp, Zone};
use crate::record::codec::to_v3;
use crate::record::{Far, RecordRef};

/// Options.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Everything behind a lone `-` is the filter, as in: rabins -r file -M hard time 5m -m proto - tcp"
)]
pub(crate) struct Args {
    #[command(flatten)]
    common: tools::Common,
    /// What makes records the same, as in racluster
    #[arg(short = 'm', value_name = "KEYS")]
    keys: Vec<String>,
    /// Order within a bin: fields as in rasort; without -P by start
    #[arg(short = 'P', value_name = "FIELDS")]
    order: Vec<String>,
    /// Give a bin out so many seconds after its end, instead of all at the end of the input
    #[arg(short = 'B', value_name = "SECONDS")]
    hold: Option<u32>,
}

const KIT: Kit = Kit {
    modes: &["time", "count", "hard", "zero", "nomodify", "norep", "correct", "nocorrect", "preserve", "nopreserve"],
    takes_words: true,
    fields: None,
};

/// How the input is divided.
#[derive(Clone, Copy, Debug)]
enum Division {
    Time(Width),
    /// After so many records.
    Count(u64),
}

/// Runs the command.
pub(crate) fn run(args: Args, filter: Option<String>) -> anyhow::Result<Outcome> {
    let mut plan = Plan::new(args.common, filter, &KIT)?;
    if plan.shows_filter()? {
        return Ok(Outcome::Done);
    }
    let (division, rest) = division(&plan.modes)?;
    let has = |mode: &str| rest.iter().any(|m| m == mode);
    if let Some(word) = rest.iter().find(|m| !KIT.modes.contains(&m.as_str())) {
        return Err(
            Usage(format!("mode '{word}' is not supported; rabins needs time N{{s,m,h,d,w,M,y}} or count N")).into()
        );
    }
    let model = match args.keys.as_slice() {
        [] => Model::default(),
        keys => Model::parse(keys.iter().map(String::as_str))?,
    };
    let rules = Rules {
        correct: (model.is_default || has("correct")) && !has("nocorrect"),
        preserve: !has("nopreserve"),
        report: !has("norep"),
        model: Model { order: Vec::new(), ..model },
        ..Rules::default()
    };
    let order = plan.sort_keys(&args.order);
    let mut tool = Bins {
        division,
        rules,
        order: Order::parse(order.iter().map(String::as_str))?,
        hard: has("hard"),
        zero: has("zero").then(|| plan.time.as_ref().and_then(crate::base::TimeRange::ends)),
        splits: !has("nomodify"),
        hold: args.hold.map(|s| Duration::from_secs(s.into())),
        zone: plan.zone.clone(),
        bins: BTreeMap::new(),
        seen: 0,
        given_until: None,
        output: Output::new(&mut plan)?,
        converted: Vec::new(),
    };
    let mut reader = Reader::new(&mut plan)?;
    reader.run(&mut tool)?;
    tool.give_out(None)?;
    tool.fill_up()?;
    reader.finish(tool.output)
}

/// What `time 5s` or `count 100` asks for, and the other words.
fn division(words: &[String]) -> Result<(Division, Vec<String>), Usage> {
    let mut found = None;
    let mut rest = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let value = |words: &mut std::slice::Iter<'_, String>| words.next().cloned().unwrap_or_default();
        match word.as_str() {
            "time" => {
                let v = value(&mut words);
                let width = Width::parse(&v);
                let wrong = || Usage(format!("-M time {v}: expected a number and one of s m h d w M y, such as 5m"));
                found = Some(Division::Time(width.ok_or_else(wrong)?));
            }
            "count" => {
                let v = value(&mut words);
                let n = v.parse().ok().filter(|n| *n > 0);
                found =
                    Some(Division::Count(n.ok_or_else(|| Usage(format!("-M count {v}: expected a number above 0")))?));
            }
            _ => rest.push(word.clone()),
        }
    }
    let found =
        found.ok_or_else(|| Usage("-M time N{s,m,h,d,w,M,y} or -M count N is needed, such as -M time 5m".into()))?;
    Ok((found, rest))
}

struct Bins {
    division: Division,
    rules: Rules,
    order: Order,
    hard: bool,
    /// Whether bins without records are given out too, and in which range.
    zero: Option<Option<(Timestamp, Timestamp)>>,
    splits: bool,
    hold: Option<Duration>,
    zone: Zone,
    /// Bins by start, with their end. As many as the input has, or as are held back.
    bins: BTreeMap<Timestamp, (Timestamp, Clusters)>,
    seen: u64,
    /// End of the last bin given out.
    given_until: Option<Timestamp>,
    output: Output,
    converted: Vec<u8>,
}

impl Sink for Bins {
    fn management(&mut self, record: RecordRef<'_>) -> anyhow::Result<()> {
        Ok(self.output.management(record)?)
    }

    fn turning(&self) -> Turning {
        Turning::Bytes
    }

    fn flow(&mut self, far: &Far<'_>, _: u64) -> anyhow::Result<()> {
        if far.record().version() == 3 {
            return self.add(far);
        }
        let mut bytes = std::mem::take(&mut self.converted);
        bytes.clear();
        to_v3(far.record(), &mut bytes);
        let done = RecordRef::new(&bytes).and_then(Far::decode).map_or(Ok(()), |far| self.add(&far));
        self.converted = bytes;
        done
    }
}

impl Bins {
    fn add(&mut self, far: &Far<'_>) -> anyhow::Result<()> {
        self.seen += 1;
        let width = match self.division {
            Division::Time(width) => width,
            Division::Count(n) => {
                self.clusters(Span::default()).push(far, None);
                return if self.seen.is_multiple_of(n) { self.give_out(None) } else { Ok(()) };
            }
        };
        let span = far.times().span;
        if !self.splits || span.end <= width.bin(span.start, &self.zone).end {
            let bin = width.bin(span.start, &self.zone);
            self.clusters(bin).push(far, None);
        } else {
            let core = Core::read(far);
            let mut pieces = Vec::new();
            core.split(width, &self.zone, |piece, bin| pieces.push((*piece, bin)));
            for (piece, bin) in pieces {
                self.clusters(bin).push(far, Some((&piece, false)));
            }
        }
        match self.hold {
            Some(hold) => self.give_out(Some(span.start - hold)),
            None => Ok(()),
        }
    }

    fn clusters(&mut self, bin: Span) -> &mut Clusters {
        let rules = &self.rules;
        &mut self.bins.entry(bin.start).or_insert_with(|| (bin.end, Clusters::new(rules.clone()))).1
    }

    /// Gives out the bins that ended by then, or all of them.
    fn give_out(&mut self, until: Option<Timestamp>) -> anyhow::Result<()> {
        while let Some(first) = self.bins.first_entry() {
            if until.is_some_and(|t| first.get().0 > t) {
                break;
            }
            let (start, (end, mut clusters)) = first.remove_entry();
            let bin = Span { start, end };
            self.give_empty(start)?;
            let mut sorter = Sorter::new(self.order.clone(), !self.rules.correct);
            clusters.drain(|item| {
                if let Some(far) = item.far() {
                    sorter.push(&far);
                }
            });
            sorter.sort(false);
            for item in sorter.items() {
                put(&mut self.output, item, self.hard.then_some(bin))?;
            }
            self.given_until = Some(end);
        }
        Ok(self.output.flush()?)
    }

    /// Gives out the empty bins up to a moment.
    fn give_empty(&mut self, until: Timestamp) -> anyhow::Result<()> {
        let (Some(range), Division::Time(width)) = (self.zero, self.division) else { return Ok(()) };
        let Some(mut at) = self.given_until.or(range.map(|r| r.0)) else { return Ok(()) };
        while at < until {
            let bin = width.bin(at, &self.zone);
            if bin.start >= until || bin.end <= at {
                break;
            }
            let bytes = Merged::nothing(bin);
            if let Some(far) = RecordRef::new(&bytes).and_then(Far::decode) {
                self.output.write(&far, 0)?;
            }
            at = bin.end;
            self.given_until = Some(at);
        }
        Ok(())
    }

    /// Gives out the empty bins behind the last one, up to the end of the range.
    fn fill_up(&mut self) -> anyhow::Result<()> {
        if let Some(Some((_, end))) = self.zero {
            self.give_empty(end)?;
        }
        Ok(())
    }
}

/// Gives a record out, over the whole of its bin if that is wanted.
fn put(output: &mut Output, item: Item<'_>, bin: Option<Span>) -> anyhow::Result<()> {
    let Some(far) = item.far() else { return Ok(()) };
    let Some(bin) = bin else { return Ok(output.write(&far, 0)?) };
    let mut merged = Merged::from_far(&far);
    merged.core.fill(bin);
    let mut bytes = Vec::new();
    merged.write(&mut bytes);
    let item = RecordRef::new(&bytes).map(|record| Item { record, ..item });
    Ok(item.and_then(|i| i.far()).map_or(Ok(()), |far| output.write(&far, 0))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn divisions_are_read() {
        let read = |t: &str| division(&t.split(' ').map(String::from).collect::<Vec<_>>());
        let (d, rest) = read("hard time 5m zero").unwrap();
        assert!(matches!(d, Division::Time(Width::Fixed(300_000_000_000))) && rest == ["hard", "zero"]);
        assert!(matches!(read("count 10").unwrap().0, Division::Count(10)));
        for (words, part) in
            [("hard", "is needed"), ("time", "-M time :"), ("time 5x", "-M time 5x"), ("count 0", "above 0")]
        {
            assert!(read(words).unwrap_err().to_string().contains(part), "{words}");
        }
    }
}
