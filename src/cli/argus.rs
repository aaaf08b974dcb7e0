//! The sensor on the command line: packets from files or an interface, records to files or standard output.

use std::fs::OpenOptions;
use std::io::{BufWriter, Write};
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context as _;

use super::{Outcome, Usage};
use crate::base::Warnings;
use crate::record::{Batch, SourceId, SrcId};
use crate::sensor::SensorConfig;
use crate::source::{PacketFiles, PacketOptions, Source, SourceError, Step, open_live};

/// Options. The packet filter follows a lone `-`.
#[derive(Debug, clap::Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Args {
    /// Read packets from these files (pcap, pcapng; `-` for standard input); several are read in the order of their names.
    #[arg(short = 'r', long = "read", num_args = 1.., value_name = "FILE")]
    read: Vec<PathBuf>,
    /// Append records to this file, `-` for standard output; may be repeated.
    #[arg(short = 'w', long = "write", value_name = "FILE")]
    write: Vec<PathBuf>,
    /// Capture on this interface; `any` for all.
    #[arg(short = 'i', long = "interface", value_name = "DEV")]
    interface: Option<String>,
    /// Status interval in seconds, fractions allowed.
    #[arg(short = 'S', value_name = "SECS", default_value = "5")]
    status_interval: String,
    /// Management record interval in seconds.
    #[arg(short = 'M', value_name = "SECS", default_value = "60")]
    mar_interval: String,
    /// Count application bytes.
    #[arg(short = 'A')]
    app_bytes: bool,
    /// Measure interpacket times.
    #[arg(short = 'J')]
    jitter: bool,
    /// Accepted for compatibility; changes nothing.
    #[arg(short = 'R')]
    response: bool,
    /// Keep smallest and largest packet sizes.
    #[arg(short = 'Z')]
    sizes: bool,
    /// Report hardware addresses.
    #[arg(short = 'm')]
    macs: bool,
    /// Keep this many bytes of user data per direction and record.
    #[arg(short = 'U', value_name = "BYTES", default_value_t = 0)]
    user_bytes: u16,
    /// Source id: a number, an IPv4 address, or text of at most four characters in quotes.
    #[arg(short = 'e', value_name = "ID")]
    source_id: Option<String>,
    /// Take only the first N packets, or packets A to B.
    #[arg(short = 'N', value_name = "N|A-B")]
    packets: Option<String>,
    /// Bytes taken of each captured packet; 0 for whole packets.
    #[arg(short = 's', value_name = "BYTES", default_value_t = 0)]
    snaplen: u32,
    /// Leave the interface out of promiscuous mode.
    #[arg(short = 'p')]
    no_promisc: bool,
    /// Accepted for compatibility: no system configuration is read.
    #[arg(short = 'X')]
    no_config: bool,
    /// Flows kept at once.
    #[arg(long = "max-flows", value_name = "N", default_value_t = SensorConfig::default().max_flows)]
    max_flows: usize,
    /// Print help.
    #[arg(long, action = clap::ArgAction::Help)]
    help: Option<bool>,
    #[command(flatten)]
    missing: Missing,
}

/// Options of the classic program that this one does not have yet.
#[derive(Debug, clap::Args)]
struct Missing {
    #[arg(short = 'F', hide = true, value_name = "FILE")]
    config: Option<String>,
    #[arg(short = 'P', hide = true, value_name = "PORT")]
    port: Option<String>,
    #[arg(short = 'B', hide = true, value_name = "ADDR")]
    bind: Option<String>,
    #[arg(short = 'd', hide = true)]
    daemon: bool,
    #[arg(short = 'f', hide = true)]
    follow: bool,
    #[arg(short = 'T', hide = true, value_name = "SPEED")]
    replay: Option<String>,
    #[arg(short = 't', hide = true)]
    tsh: bool,
    #[arg(short = 'C', hide = true)]
    control_plane: bool,
    #[arg(short = 'b', hide = true)]
    show_filter: bool,
    #[arg(short = 'O', hide = true)]
    unoptimised: bool,
    #[arg(short = 'c', hide = true, value_name = "DIR")]
    chroot: Option<String>,
    #[arg(short = 'g', hide = true, value_name = "GROUP")]
    group: Option<String>,
    #[arg(short = 'u', hide = true, value_name = "USER")]
    user: Option<String>,
    #[arg(short = 'D', hide = true, value_name = "LEVEL")]
    debug: Option<String>,
}

impl Missing {
    /// The first one that was used, with what to do instead.
    fn used(&self) -> Option<(&'static str, &'static str)> {
        [
            (self.config.is_some(), "-F", "give the settings as options"),
            (self.port.is_some(), "-P", "write to a file and serve that"),
            (self.bind.is_some(), "-B", "write to a file and serve that"),
            (self.daemon, "-d", "leave it to the service manager"),
            (self.follow, "-f", "read the file again when it is complete"),
            (self.replay.is_some(), "-T", "the globe replays files at any speed"),
            (self.tsh, "-t", "convert the file to pcap"),
            (self.control_plane, "-C", "use -U for user data"),
            (self.show_filter, "-b", "tcpdump -d prints compiled filters"),
            (self.unoptimised, "-O", "filters are always optimised"),
            (self.chroot.is_some(), "-c", "leave it to the service manager"),
            (self.group.is_some(), "-g", "leave it to the service manager"),
            (self.user.is_some(), "-u", "leave it to the service manager"),
            (self.debug.is_some(), "-D", "set ARGUS_LOG=debug"),
        ]
        .into_iter()
        .find_map(|(used, option, instead)| used.then_some((option, instead)))
    }
}

/// Runs the command.
pub(crate) fn run(args: &Args, filter: Option<String>) -> anyhow::Result<Outcome> {
    if let Some((option, instead)) = args.missing.used() {
        return Err(Usage(format!("option {option} of the classic sensor is not available; {instead}")).into());
    }
    let options = options(args, filter)?;
    let mut source: Box<dyn Source> = match (&args.interface, args.read.is_empty()) {
        (None, false) => {
            let mut files = args.read.clone();
            files.sort();
            Box::new(PacketFiles::open(&files, options)?)
        }
        (Some(device), true) => open_live(device, options)?,
        (None, true) => return Err(Usage("nothing to read: give -r FILE or -i INTERFACE".into()).into()),
        (Some(_), false) => return Err(Usage("-r and -i exclude each other".into()).into()),
    };
    if args.write.is_empty() {
        return Err(Usage("nowhere to write: give -w FILE, or -w - for standard output".into()).into());
    }
    let mut outputs = args.write.iter().map(|p| Output::open(p)).collect::<anyhow::Result<Vec<_>>>()?;
    drive(source.as_mut(), &mut outputs)
}

fn options(args: &Args, filter: Option<String>) -> Result<PacketOptions, Usage> {
    let sensor = SensorConfig {
        status_interval: seconds("-S", &args.status_interval)?,
        mar_interval: seconds("-M", &args.mar_interval)?,
        app_bytes: args.app_bytes,
        jitter: args.jitter,
        sizes: args.sizes,
        macs: args.macs,
        user_bytes: args.user_bytes,
        source_id: args.source_id.as_deref().map(source_id).transpose()?.unwrap_or_default(),
        max_flows: args.max_flows.max(1),
        ..SensorConfig::default()
    };
    Ok(PacketOptions {
        sensor,
        filter: filter.unwrap_or_default(),
        range: args.packets.as_deref().map(range).transpose()?,
        snaplen: args.snaplen,
        no_promisc: args.no_promisc,
    })
}

fn seconds(option: &str, text: &str) -> Result<Duration, Usage> {
    let value = text.parse().ok().filter(|v: &f64| *v > 0.0 && *v <= 1e9);
    value
        .map(Duration::from_secs_f64)
        .ok_or_else(|| Usage(format!("{option} {text:?}: a number of seconds above 0 is expected")))
}

/// A number, an IPv4 address, or up to four characters in quotes.
fn source_id(text: &str) -> Result<SrcId, Usage> {
    if let Ok(n) = text.parse() {
        return Ok(SrcId::Int(n));
    }
    if let Ok(a) = text.parse::<Ipv4Addr>() {
        return Ok(SrcId::V4(a));
    }
    let bare = text.trim_matches('"');
    let mut id = [0; 4];
    match id.get_mut(..bare.len()) {
        Some(room) if !bare.is_empty() => {
            room.copy_from_slice(bare.as_bytes());
            Ok(SrcId::Text(id))
        }
        _ => Err(Usage(format!("-e {text:?}: a number, an IPv4 address or at most four characters are expected"))),
    }
}

fn range(text: &str) -> Result<(u64, u64), Usage> {
    let parsed = match text.split_once('-') {
        Some((a, b)) => a.parse().ok().zip(b.parse().ok()),
        None => text.parse().ok().map(|n| (1, n)),
    };
    parsed
        .filter(|(a, b)| *a >= 1 && a <= b)
        .ok_or_else(|| Usage(format!("-N {text:?}: a number of packets or a range A-B is expected")))
}

/// A place that records go to.
struct Output {
    name: String,
    writer: BufWriter<Box<dyn Write>>,
}

impl Output {
    fn open(path: &Path) -> anyhow::Result<Output> {
        let writer: Box<dyn Write> = if path.as_os_str() == "-" {
            Box::new(std::io::stdout())
        } else {
            let file = OpenOptions::new().append(true).create(true).open(path);
            Box::new(file.with_context(|| format!("opening {path:?} for writing"))?)
        };
        Ok(Output { name: path.display().to_string(), writer: BufWriter::with_capacity(1 << 16, writer) })
    }

    fn write(&mut self, batch: &Batch) -> anyhow::Result<()> {
        for record in batch.iter() {
            self.writer.write_all(record).with_context(|| format!("writing {:?}", self.name))?;
        }
        Ok(())
    }

    fn flush(&mut self) -> anyhow::Result<()> {
        self.writer.flush().with_context(|| format!("writing {:?}", self.name))
    }
}

/// Moves records from the source to the outputs until the source ends or somebody interrupts.
fn drive(source: &mut dyn Source, outputs: &mut [Output]) -> anyhow::Result<Outcome> {
    let stopped = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stopped);
    ctrlc::set_handler(move || flag.store(true, Ordering::SeqCst)).context("installing the signal handler")?;
    let mut batch = Batch::new(SourceId::default());
    let mut warnings = Warnings::new();
    let mut damaged = false;
    loop {
        batch.clear();
        let step = source.poll(&mut batch, &mut warnings);
        if stopped.load(Ordering::SeqCst) {
            source.stop(&mut batch);
        }
        outputs.iter_mut().try_for_each(|o| o.write(&batch))?;
        if stopped.load(Ordering::SeqCst) {
            break;
        }
        match step {
            Ok(Step::More) => {}
            Ok(Step::Idle(wait)) => {
                outputs.iter_mut().try_for_each(Output::flush)?;
                std::thread::sleep(wait);
            }
            Ok(Step::End) => break,
            Err(error @ SourceError::Damaged { .. }) => {
                warnings.add(error.to_string());
                damaged = true;
                break;
            }
            Err(error) => {
                outputs.iter_mut().try_for_each(Output::flush)?;
                return Err(error.into());
            }
        }
    }
    outputs.iter_mut().try_for_each(Output::flush)?;
    let mut stderr = std::io::stderr().lock();
    for message in warnings.messages() {
        writeln!(stderr, "argus-globe: {message}")?;
    }
    Ok(if damaged || warnings.count() > 0 { Outcome::Damaged } else { Outcome::Done })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_id_is_a_number_an_address_or_four_characters() {
        assert_eq!(source_id("77").unwrap(), SrcId::Int(77));
        assert_eq!(source_id("10.1.2.3").unwrap(), SrcId::V4(Ipv4Addr::new(10, 1, 2, 3)));
        assert_eq!(source_id("\"abc\"").unwrap(), SrcId::Text(*b"abc\0"));
        assert!(source_id("hello").is_err());
        assert!(source_id("").is_err());
    }

    #[test]
    fn packets_are_counted_from_one() {
        assert_eq!(range("10").unwrap(), (1, 10));
        assert_eq!(range("3-7").unwrap(), (3, 7));
        for bad in ["", "0", "7-3", "0-5", "x"] {
            assert!(range(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_interval_is_above_zero() {
        assert_eq!(seconds("-S", "0.5").unwrap(), Duration::from_millis(500));
        for bad in ["0", "-1", "nan", "inf", "five"] {
            assert!(seconds("-S", bad).is_err(), "{bad}");
        }
    }
}
