//! The sensor on the command line: packets from files or an interface, records to files, clients or datagrams.

mod conf;
mod interfaces;

pub(super) use conf::drive_conf;

use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use self::interfaces::Group;
use super::service::{Background, Outputs, ServiceArgs, Signals, Target, WriteArgs, say, source_id};
use super::{Outcome, Usage};
use crate::base::Warnings;
use crate::packet::{LinkType, Tunnels};
use crate::record::{Batch, SourceId};
use crate::sensor::{Keys, SensorConfig, Timeouts};
use crate::sink::{Server, Voice};
use crate::source::{
    PacketFiles, PacketOptions, Source, SourceError, Step, default_device, device_link, devices, file_link,
    filter_code, join, open_live,
};

/// How long packets may be on their way from the interface to the sensor.
const GRACE: Duration = Duration::from_millis(120);

/// Options. The packet filter follows a lone `-`.
#[derive(Debug, clap::Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Args {
    /// Read packets from these files (pcap, pcapng; `-` for standard input); several are read in the order of their
    /// names. With cisco:FILE the flows in NetFlow, IPFIX and sFlow datagrams among the packets become records too.
    #[arg(short = 'r', long = "read", num_args = 1.., value_name = "FILE")]
    read: Vec<PathBuf>,
    #[command(flatten)]
    write: WriteArgs,
    /// Capture on this interface; several, or `ind:a,b`, have a sensor each, `bond:a,b` and `dup:a,b` one together; `all`
    /// is every interface that is up, `any` is libpcap's. By default, with -P, the one that libpcap would take.
    #[arg(short = 'i', long = "interface", value_name = "DEV[/ID]")]
    interface: Vec<String>,
    /// The files hold time sequence headers (NLANR's TSH).
    #[arg(short = 't')]
    time_sequence: bool,
    /// Print what the packet filter compiles to, and end.
    #[arg(short = 'b')]
    show_filter: bool,
    /// Keep all user data of control protocols: ARP, RARP and IS-IS.
    #[arg(short = 'C')]
    control_plane: bool,
    /// Wait for more packets at the end of the file.
    #[arg(short = 'f', long = "follow")]
    follow: bool,
    /// Take packets of files so many times as fast as they were captured.
    #[arg(short = 'T', long = "speed", value_name = "TIMES")]
    speed: Option<f64>,
    /// Leave the packet filter as it is written, without optimisation.
    #[arg(short = 'O')]
    plain_filter: bool,
    /// Accepted for compatibility; ARGUS_LOG=debug says more.
    #[arg(short = 'D', value_name = "LEVEL")]
    debug: Option<String>,
    /// Status interval in seconds, fractions allowed [default: 5].
    #[arg(short = 'S', value_name = "SECS")]
    status_interval: Option<String>,
    /// Management record interval in seconds [default: 60].
    #[arg(short = 'M', value_name = "SECS")]
    mar_interval: Option<String>,
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
    #[arg(short = 'U', value_name = "BYTES")]
    user_bytes: Option<u16>,
    /// Source id: a number, an IPv4 address, the name of a host that has one, or text of at most four characters in
    /// quotes.
    #[arg(short = 'e', value_name = "ID")]
    source_id: Option<String>,
    /// Take only the first N packets, or packets A to B.
    #[arg(short = 'N', value_name = "N|A-B")]
    packets: Option<String>,
    /// Bytes taken of each captured packet; 0 for whole packets.
    #[arg(short = 's', value_name = "BYTES", default_value_t = 0)]
    snaplen: u32,
    /// Bytes that the kernel keeps for each interface until they are read, with K, M or G behind the number [default:
    /// 16M].
    #[arg(long, value_name = "SIZE", value_parser = buffer)]
    capture_buffer: Option<u32>,
    /// Leave the interface out of promiscuous mode.
    #[arg(short = 'p')]
    no_promisc: bool,
    /// Read settings from this file (argus.conf); options come before them. No system configuration is read.
    #[arg(short = 'F', value_name = "FILE")]
    config: Option<PathBuf>,
    /// Accepted for compatibility: no system configuration is read anyway.
    #[arg(short = 'X')]
    no_config: bool,
    #[command(flatten)]
    service: ServiceArgs,
    /// Look into these tunnels in UDP, so that flows are those inside: teredo, vxlan, geneve.
    #[arg(long, value_name = "KIND", value_delimiter = ',')]
    tunnels: Vec<Tunnel>,
    /// Idle times, from the configuration.
    #[arg(skip)]
    timeouts: Timeouts,
    /// What makes a flow, from the configuration.
    #[arg(skip)]
    keys: Keys,
    /// Times of each direction, from the configuration.
    #[arg(skip)]
    both_times: bool,
    /// Records of first packets, from the configuration.
    #[arg(skip)]
    start_records: bool,
    /// Outputs from the configuration.
    #[arg(skip)]
    targets: Vec<Target>,
    /// Packet filter from the configuration.
    #[arg(skip)]
    packet_filter: Option<String>,
    /// Copy the packets that are taken into this packet file.
    #[arg(long, value_name = "FILE")]
    keep_packets: Option<PathBuf>,
    /// Flows kept at once.
    #[arg(long = "max-flows", value_name = "N", default_value_t = SensorConfig::default().max_flows)]
    max_flows: usize,
    /// Print help.
    #[arg(short = 'h', long, action = clap::ArgAction::Help)]
    help: Option<bool>,
}

/// Tunnels in UDP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Tunnel {
    Teredo,
    Vxlan,
    Geneve,
}

/// Runs the command.
pub(crate) fn run(mut args: Args, filter: Option<String>) -> anyhow::Result<Outcome> {
    conf::apply(&mut args)?;
    let mut options = options(&args, filter)?;
    if args.show_filter {
        return show_filter(&args, &options);
    }
    let mar_secs = u16::try_from(options.sensor.mar_interval.as_secs()).unwrap_or(u16::MAX).max(1);
    if !args.read.is_empty() {
        if !args.interface.is_empty() {
            return Err(Usage("-r and -i exclude each other".into()).into());
        }
        let mut service = ServiceArgs { daemon: false, ..args.service.clone() };
        // As with the classic sensor: a file is read to its end and nobody could connect in time.
        if !args.follow && args.speed.is_none() {
            if args.service.port.is_some() || args.service.any_port || args.service.daemon {
                say("-P and -d have no effect with -r; serve the records that are written with radium -r");
            }
            service = ServiceArgs { port: None, any_port: false, ..service };
        }
        let (files, exports) = files(&args.read);
        options.exports = exports;
        return work(&args, &service, mar_secs, &Background::default(), || {
            Ok(Box::new(PacketFiles::open(&files, options)?))
        });
    }
    let serves = args.service.any_port || args.service.port.is_some_and(|p| p != 0);
    if args.interface.is_empty() && !serves {
        return Err(Usage("nothing to read: give -r FILE or -i INTERFACE".into()).into());
    }
    let groups = interfaces::expand(interfaces::parse(&args.interface)?, devices)?;
    let background = match Background::enter(&args.service)? {
        Ok(background) => background,
        Err(outcome) => return Ok(outcome),
    };
    let result = work(&args, &args.service, mar_secs, &background, || {
        let mut groups = groups;
        if groups.is_empty() {
            groups.push(Group { devices: vec![default_device()?], id: None, together: false });
        }
        let open = |group: Group| {
            let mut options = options.clone();
            options.sensor.source_id = group.id.unwrap_or(options.sensor.source_id);
            open_live(&group.devices, options)
        };
        groups.into_iter().map(open).collect::<Result<_, _>>().map(join)
    });
    background.end(result)
}

/// Opens everything and moves records until the end.
fn work(
    args: &Args,
    service: &ServiceArgs,
    mar_interval_secs: u16,
    background: &Background,
    source: impl FnOnce() -> Result<Box<dyn Source>, SourceError>,
) -> anyhow::Result<Outcome> {
    let mut targets = args.write.targets()?;
    if targets.is_empty() {
        targets.clone_from(&args.targets);
    }
    let server = service.server(Voice::Sensor, mar_interval_secs)?;
    if targets.is_empty() && server.is_none() {
        return Err(Usage("nowhere to write: give -w FILE, or -w - for standard output, or -P PORT".into()).into());
    }
    let signals = Signals::install()?;
    let mut source = source()?;
    let server = server.map(Server::start).transpose()?;
    let serving = server.as_ref().map(|s| s.addrs().iter().map(ToString::to_string).collect::<Vec<_>>().join(" and "));
    background.note()?;
    service.confine()?;
    let mut outputs = Outputs::open(targets, server)?;
    match serving {
        Some(places) => background.ready(&format!("capturing on {}, serving on {places}", source.info().name)),
        None if source.info().live => background.ready(&format!("capturing on {}", source.info().name)),
        None => {}
    }
    let outcome = drive(source.as_mut(), &mut outputs, &signals);
    // Outputs are brought to a good end whatever has happened.
    let finished = outputs.finish();
    let outcome = outcome?;
    finished.map(|()| outcome)
}

fn options(args: &Args, filter: Option<String>) -> Result<PacketOptions, Usage> {
    let interval = |option, given: &Option<String>, default| match given {
        Some(text) => seconds(option, text),
        None => Ok(default),
    };
    let defaults = SensorConfig::default();
    let sensor = SensorConfig {
        status_interval: interval("-S", &args.status_interval, defaults.status_interval)?,
        mar_interval: interval("-M", &args.mar_interval, defaults.mar_interval)?,
        timeouts: args.timeouts,
        app_bytes: args.app_bytes,
        jitter: args.jitter,
        sizes: args.sizes,
        macs: args.macs,
        user_bytes: args.user_bytes.unwrap_or(0),
        control_data: args.control_plane,
        both_times: args.both_times,
        start_records: args.start_records,
        source_id: match &args.source_id {
            Some(text) => source_id(text).map_err(|problem| Usage(format!("-e {text:?}: {problem}")))?,
            None => defaults.source_id,
        },
        keys: args.keys,
        tunnels: Tunnels {
            teredo: args.tunnels.contains(&Tunnel::Teredo),
            vxlan: args.tunnels.contains(&Tunnel::Vxlan),
            geneve: args.tunnels.contains(&Tunnel::Geneve),
        },
        max_flows: args.max_flows.max(1),
    };
    Ok(PacketOptions {
        sensor,
        filter: filter.or_else(|| args.packet_filter.clone()).unwrap_or_default(),
        range: args.packets.as_deref().map(range).transpose()?,
        snaplen: args.snaplen,
        buffer: args.capture_buffer,
        no_promisc: args.no_promisc,
        plain_filter: args.plain_filter,
        follow: args.follow,
        speed: args.speed.map(speed).transpose()?,
        time_sequence: args.time_sequence,
        exports: false,
        keep: args.keep_packets.clone(),
    })
}

/// A size in bytes, with K, M or G (of 1024) behind the number.
fn buffer(text: &str) -> Result<u32, String> {
    let (digits, unit) = match text.char_indices().last() {
        Some((at, letter @ ('k' | 'K' | 'm' | 'M' | 'g' | 'G'))) => (&text[..at], letter.to_ascii_uppercase()),
        _ => (text, ' '),
    };
    let unit = match unit {
        'K' => 1 << 10,
        'M' => 1 << 20,
        'G' => 1 << 30,
        _ => 1,
    };
    let bytes = digits.parse::<u32>().ok().and_then(|n| n.checked_mul(unit));
    bytes.filter(|&n| n > 0 && i32::try_from(n).is_ok()).ok_or_else(|| {
        "a number of bytes from 1 to below 2G is expected, with K, M or G behind it as wanted".to_owned()
    })
}

fn seconds(option: &str, text: &str) -> Result<Duration, Usage> {
    let value = text.parse().ok().filter(|v: &f64| *v > 0.0 && *v <= 1e9);
    value
        .map(Duration::from_secs_f64)
        .ok_or_else(|| Usage(format!("{option} {text:?}: a number of seconds above 0 is expected")))
}

fn speed(times: f64) -> Result<f64, Usage> {
    let is_good = times.is_finite() && times > 0.0;
    is_good.then_some(times).ok_or_else(|| Usage(format!("-T {times}: a number above 0 is expected, 1 for real time")))
}

/// Packet files in the order of their names, and whether one is to be searched for flow exports (`cisco:FILE`). Where a
/// file of that very name exists it is meant.
fn files(words: &[PathBuf]) -> (Vec<PathBuf>, bool) {
    let mut exports = false;
    let mut files: Vec<_> = words
        .iter()
        .map(|word| match word.to_str().and_then(|w| w.strip_prefix("cisco:")) {
            Some(path) if !word.exists() => {
                exports = true;
                path.into()
            }
            _ => word.clone(),
        })
        .collect();
    files.sort();
    (files, exports)
}

/// Prints what the packet filter compiles to for the input at hand, Ethernet if none is named.
fn show_filter(args: &Args, options: &PacketOptions) -> anyhow::Result<Outcome> {
    let group = interfaces::parse(&args.interface)?.into_iter().next();
    let device = group.and_then(|g| g.devices.into_iter().next()).filter(|d| d != interfaces::ALL);
    let link = match (files(&args.read).0.first(), device) {
        (Some(_), _) if options.time_sequence => Some(LinkType::RAW),
        (Some(file), _) => file_link(file)?,
        (None, Some(device)) => Some(device_link(&device)?),
        (None, None) => None,
    };
    if options.filter.is_empty() {
        return Ok(Outcome::Done);
    }
    let lines = filter_code(&options.filter, link.unwrap_or(LinkType::ETHERNET), options.plain_filter);
    let mut out = std::io::stdout().lock();
    for line in lines.map_err(anyhow::Error::msg)? {
        writeln!(out, "{line}")?;
    }
    Ok(Outcome::Done)
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

/// Moves records from the source to the outputs until the source ends or somebody interrupts.
fn drive(source: &mut dyn Source, outputs: &mut Outputs, signals: &Signals) -> anyhow::Result<Outcome> {
    let mut batch = Batch::new(SourceId::default());
    let (mut warnings, mut told) = (Warnings::new(), 0);
    let mut damaged = false;
    loop {
        // A sensor may run for months: what it has to say is said at once.
        warnings.messages().iter().skip(told).for_each(|message| say(message));
        told = warnings.messages().len();
        batch.clear();
        let step = source.poll(&mut batch, &mut warnings);
        let stopped = signals.must_stop();
        if stopped {
            if source.info().live {
                // The kernel holds packets back for a moment; those seen before the order belong to the records.
                std::thread::sleep(GRACE);
                let _ = source.poll(&mut batch, &mut warnings);
            }
            source.stop(&mut batch);
        }
        outputs.write(&batch)?;
        if stopped {
            break;
        }
        if signals.must_reopen() {
            outputs.reopen()?;
        }
        match step {
            Ok(Step::More) => {}
            Ok(Step::Idle(wait)) => {
                outputs.rest()?;
                std::thread::sleep(wait);
            }
            Ok(Step::End) => break,
            Err(error @ SourceError::Damaged { .. }) => {
                warnings.add(error.to_string());
                damaged = true;
                break;
            }
            Err(error) => return Err(error.into()),
        }
    }
    warnings.messages().iter().skip(told).for_each(|message| say(message));
    Ok(if damaged || warnings.count() > 0 { Outcome::Damaged } else { Outcome::Done })
}

#[cfg(test)]
mod tests {
    use super::*;

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
