//! Merge flow records that share keys.

use std::path::PathBuf;

use anyhow::Context as _;

use super::tools::{self, Kit, Output, Plan, Reader, Sink, Turning};
use super::{Outcome, Usage};
use crate::aggregate::{Core, Item, Model, Rule, Rules, parse_rules};
use crate::record::codec::to_v3;
use crate::record::{Far, RecordRef};

/// Options.
#[derive(Debug, clap::Args)]
#[command(after_help = "Everything behind a lone `-` is the filter, as in: racluster -r file -m saddr - tcp")]
pub(crate) struct Args {
    #[command(flatten)]
    common: tools::Common,
    /// What makes records the same: srcid saddr[/LEN] daddr[/LEN] matrix[/LEN] proto sport dport stos dtos sttl dttl
    /// stcpb dtcpb inode smac dmac soui doui smpls dmpls svlan dvlan sco dco sas das ias addr port mac macmatrix none;
    /// without -m sensor, protocol, addresses and ports, in either direction
    #[arg(short = 'm', value_name = "KEYS")]
    keys: Vec<String>,
    /// Rules, one per line: filter="…" model="KEYS" status=SECS idle=SECS label="…" cont
    #[arg(short = 'f', value_name = "FILE")]
    conf: Option<PathBuf>,
    /// Counters as percent of the total
    #[arg(short = '%')]
    percent: bool,
    #[arg(short = 'P', hide = true)]
    order: Vec<String>,
    #[arg(short = 'V', hide = true)]
    verbose: bool,
}

const KIT: Kit = Kit {
    modes: &["norep", "rmon", "ind", "correct", "nocorrect", "preserve", "nopreserve"],
    takes_words: false,
    fields: None,
};

/// Runs the command.
pub(crate) fn run(args: Args, filter: Option<String>) -> anyhow::Result<Outcome> {
    if !args.order.is_empty() {
        return Err(Usage("option -P is not supported: pipe the output into rasort".into()).into());
    }
    let mut plan = Plan::new(args.common, filter, &KIT)?;
    if plan.shows_filter()? {
        return Ok(Outcome::Done);
    }
    let has = |mode: &str| plan.modes.iter().any(|m| m == mode);
    let (mut keys, mut conf) = (args.keys, args.conf);
    if let (true, None, Some(model)) = (keys.is_empty(), &conf, &plan.flow_model) {
        // The classic client takes the name of a file of rules there.
        let path = PathBuf::from(model);
        if path.is_file() {
            conf = Some(path);
        } else {
            keys.extend(model.split_whitespace().map(str::to_owned));
        }
    }
    let model = match keys.as_slice() {
        [] => Model::default(),
        keys => Model::parse(keys.iter().map(String::as_str))?,
    };
    let rules = Rules {
        correct: (model.is_default || has("correct")) && !has("nocorrect"),
        preserve: !has("nopreserve"),
        report: !has("norep"),
        model,
        ..Rules::default()
    };
    let rules = match &conf {
        None => vec![Rule::all(rules)],
        Some(path) => {
            let text = std::fs::read_to_string(path).with_context(|| format!("{path:?}"))?;
            tools::with_names(|names| parse_rules(&text, &rules, names)).with_context(|| format!("{path:?}"))?
        }
    };
    let mut tool = Cluster {
        rules,
        is_rmon: has("rmon"),
        per_source: has("ind"),
        percent: args.percent,
        output: Output::new(&mut plan)?,
        converted: Vec::new(),
    };
    if tool.is_rmon
        && let Some(printer) = tool.output.printer_mut()
    {
        printer.set_titles(tools::RMON_TITLES);
    }
    let mut reader = Reader::new(&mut plan)?;
    reader.run(&mut tool)?;
    tool.give_out()?;
    reader.finish(tool.output)
}

/// What is printed as percent, and its title then.
pub(super) const SHARES: &[(&str, &str)] = &[
    ("trans", "pTrans"),
    ("pkts", "pTotPkts"),
    ("spkts", "pSrcPkts"),
    ("dpkts", "pDstPkts"),
    ("bytes", "pTotBytes"),
    ("sbytes", "pSrcBytes"),
    ("dbytes", "pDstBytes"),
    ("appbytes", "pAppBytes"),
    ("sappbytes", "pSAppBytes"),
    ("dappbytes", "pDAppBytes"),
    ("loss", "pLoss"),
    ("sloss", "pSrcLoss"),
    ("dloss", "pDstLoss"),
    ("retrans", "pRetran"),
    ("sretrans", "pSrcRetr"),
    ("dretrans", "pDstRetr"),
    ("nacks", "pNacks"),
    ("snacks", "pSrcNack"),
    ("dnacks", "pDstNack"),
    ("solo", "pSolo"),
    ("ssolo", "pSrcSolo"),
    ("dsolo", "pDstSolo"),
    ("first", "pFirst"),
    ("sfirst", "pSrcFirs"),
    ("dfirst", "pDstFirs"),
];

struct Cluster {
    rules: Vec<Rule>,
    is_rmon: bool,
    per_source: bool,
    percent: bool,
    output: Output,
    /// A record of version 5 as one of version 3.
    converted: Vec<u8>,
}

impl Sink for Cluster {
    fn management(&mut self, record: RecordRef<'_>) -> anyhow::Result<()> {
        Ok(self.output.management(record)?)
    }

    fn prints_at_the_end(&self) -> bool {
        true
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

    fn end_of_source(&mut self) -> anyhow::Result<()> {
        if self.per_source { self.give_out() } else { Ok(()) }
    }
}

impl Cluster {
    fn add(&mut self, far: &Far<'_>) -> anyhow::Result<()> {
        let now = far.times().span.start;
        let output = &mut self.output;
        for rule in &mut self.rules {
            let (takes, goes_on) = rule.takes(far);
            let mut failed = None;
            rule.clusters.expire(now, |item| {
                if let Err(e) = put(output, item) {
                    failed = Some(e);
                }
            });
            if let Some(e) = failed {
                return Err(e);
            }
            if takes && self.is_rmon {
                let mut core = Core::read(far);
                rule.clusters.push(far, Some((&core, false)));
                core.exchange();
                rule.clusters.push(far, Some((&core, true)));
            } else if takes {
                rule.clusters.push(far, None);
            }
            if !goes_on {
                break;
            }
        }
        Ok(())
    }

    /// Gives out everything merged so far.
    fn give_out(&mut self) -> anyhow::Result<()> {
        if self.percent {
            self.set_shares();
        }
        for rule in &mut self.rules {
            let output = &mut self.output;
            let mut failed = None;
            rule.clusters.drain(|item| {
                if failed.is_none()
                    && let Err(e) = put(output, item)
                {
                    failed = Some(e);
                }
            });
            if let Some(e) = failed {
                return Err(e);
            }
        }
        self.output.flush()?;
        Ok(())
    }

    /// Finds the totals and has the counters printed as parts of them.
    fn set_shares(&mut self) {
        let mut totals: Vec<_> =
            SHARES.iter().filter_map(|(n, _)| Some((crate::record::fields::find(n)?, 0.0))).collect();
        for rule in &self.rules {
            rule.clusters.each(|item| {
                let Some(far) = item.far() else { return };
                totals.iter_mut().for_each(|(field, sum)| *sum += field.number(&far).unwrap_or(0.0));
            });
        }
        if let Some(printer) = self.output.printer_mut() {
            printer.set_titles(SHARES);
            printer.set_shares(totals.into_iter().map(|(f, sum)| (f.name, sum)).collect());
        }
    }
}

fn put(output: &mut Output, item: Item<'_>) -> anyhow::Result<()> {
    Ok(item.far().map_or(Ok(()), |far| output.write(&far, 0))?)
}
