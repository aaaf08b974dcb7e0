//! One moment as data.

use std::io::{self, BufWriter, Write};

use super::input::InputArgs;
use super::{Outcome, Usage};
use crate::base::units::si;
use crate::cache::{By, Health, Snapshot, SourceState};
use crate::export::{self, origin};
use crate::pipeline::{At, Moment, moment_at};
use crate::record::{Addr, Counts};

/// Options.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    input: InputArgs,

    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Json)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// Everything, one JSON object
    Json,
    /// Pins and paths, one table
    Csv,
    /// Pins as points, paths as great circles
    Geojson,
    /// The same for globes and maps that read KML
    Kml,
    /// A table to read
    Text,
}

/// Runs the command.
pub(crate) fn run(args: &Args, filter: Option<&str>) -> anyhow::Result<Outcome> {
    let plan = args.input.plan(filter)?;
    if plan.sources.is_empty() {
        return Err(Usage("no source given: name files with -r".into()).into());
    }
    let moment = moment_at(plan, args.input.at.unwrap_or(At::END))?;
    let health = &moment.snapshot.health;
    for warning in &health.warnings {
        writeln!(io::stderr(), "argus-globe: {warning}")?;
    }
    let mut out = BufWriter::new(io::stdout().lock());
    let format = match args.format {
        Format::Json => Some(export::Format::Json),
        Format::Csv => Some(export::Format::Csv),
        Format::Geojson => Some(export::Format::GeoJson),
        Format::Kml => Some(export::Format::Kml),
        Format::Text => None,
    };
    match format {
        Some(format) => export::write(&mut out, format, &moment.snapshot, Some(&moment.addresses))?,
        None => write_text(&mut out, &moment)?,
    }
    out.flush()?;
    Ok(if is_damaged(health) { Outcome::Damaged } else { Outcome::Done })
}

/// Whether some input could not be read whole.
pub(super) fn is_damaged(health: &Health) -> bool {
    health.sources.iter().any(|s| s.damaged > 0 || matches!(s.state, SourceState::Failed(_)))
}

fn write_text(out: &mut impl Write, moment: &Moment) -> io::Result<()> {
    let s = &moment.snapshot;
    writeln!(out, "{}  window {} s", s.now, s.window.as_secs_f64())?;
    write_totals(out, s)?;
    if s.level.by == By::Address {
        writeln!(out, "\naddresses with a place")?;
    } else {
        writeln!(out, "\naddresses with a place, by {}", s.level)?;
    }
    for h in &s.hosts {
        let place = [h.place.city.as_deref().unwrap_or(""), h.place.country_code()].join(" ");
        let system = h.place.asn.map(|n| format!("AS{n}")).unwrap_or_default();
        writeln!(
            out,
            "  {:<39} {:>8.3} {:>9.3} {} {}",
            h.name(),
            h.place.at.lat,
            h.place.at.lon,
            volumes(h.sent, h.received),
            [place.trim(), &system, &format!("({})", origin(h.place.origin))].join("  ")
        )?;
    }
    writeln!(out, "\naddresses without a place")?;
    for u in &s.unplaced {
        writeln!(out, "  {:<39} {:18} {} {}", u.addr.to_string(), "", volumes(u.sent, u.received), u.why)?;
    }
    writeln!(out, "\nflows")?;
    for f in s.flows.iter() {
        let end = |addr: Addr, port: u16| match (s.name_of(addr), s.level.by, port) {
            (name, _, 0) => name,
            (addr, By::Address, port) => format!("{addr}.{port}"),
            (name, _, port) => format!("{name} port {port}"),
        };
        writeln!(
            out,
            "  {:<5} {:>45} {:^5} {:<45} {} {}",
            f.last.proto_name,
            end(f.last.key.saddr, f.last.key.sport),
            f.last.dir,
            end(f.last.key.daddr, f.last.key.dport),
            volumes(f.src, f.dst),
            f.last.state
        )?;
    }
    Ok(())
}

fn volumes(a: Counts, b: Counts) -> String {
    format!("{:>9} > {:>9} <", si(a.bytes as f64, "B"), si(b.bytes as f64, "B"))
}

fn write_totals(out: &mut impl Write, s: &Snapshot) -> io::Result<()> {
    let t = &s.totals;
    writeln!(
        out,
        "{} records  {} flows  {} addresses ({} without a place)  {} pairs",
        t.records, t.flows, t.hosts, t.unplaced_hosts, t.paths
    )?;
    writeln!(
        out,
        "{} sent by sources, {} by destinations  {}  {}",
        si(t.src.bytes as f64, "B"),
        si(t.dst.bytes as f64, "B"),
        si(t.load, "bit/s"),
        si(t.rate, "pkt/s")
    )?;
    let refused = t.refused_hosts + t.refused_paths + t.refused_flows + t.refused_records;
    if refused > 0 {
        writeln!(
            out,
            "turned away by full tables: {} records for addresses, {} for pairs, {} for flows, {} whole",
            t.refused_hosts, t.refused_paths, t.refused_flows, t.refused_records
        )?;
    }
    Ok(())
}
