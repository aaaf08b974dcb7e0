//! argus.conf: settings as options that the command line did not give.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::{Args as _, FromArgMatches as _};

use super::super::Usage;
use super::super::service::{Target, at_setting, check_source_id, fill, is_yes, read_settings, warn_of_unknown};
use super::{Args, Tunnel, buffer, seconds};
use crate::base::rc::{self, Setting};
use crate::sensor::{KeyBase, Keys};

/// Fills in what the configuration says and the command line does not.
///
/// # Errors
/// The file cannot be read, or a value makes no sense; the text names the line.
pub(super) fn apply(args: &mut Args) -> anyhow::Result<()> {
    let Some(path) = args.config.clone() else { return Ok(()) };
    let settings = read_settings(&path)?;
    let mut found = Found::default();
    let mut unknown = Vec::new();
    for setting in &settings {
        match found.take(args, setting) {
            Ok(true) => {}
            Ok(false) => unknown.push(setting),
            Err(problem) => return Err(at_setting(&path, setting, &problem).into()),
        }
    }
    found.finish(args);
    warn_of_unknown(&path, &unknown);
    Ok(())
}

/// Settings that need others to make sense.
#[derive(Debug, Default)]
struct Found {
    set_pid: bool,
    pid_path: Option<PathBuf>,
    interfaces: Vec<String>,
}

impl Found {
    /// Takes one setting; false if it has no effect here.
    fn take(&mut self, args: &mut Args, setting: &Setting) -> Result<bool, String> {
        let value = setting.value.as_str();
        let Some(key) = setting.key.strip_prefix("ARGUS_") else { return Ok(false) };
        if value.is_empty() {
            return Ok(true);
        }
        match key {
            "MONITOR_ID" => {
                check_source_id(value)?;
                fill(&mut args.source_id, value.to_owned());
            }
            "INTERFACE" => self.interfaces.push(value.to_owned()),
            "GO_PROMISCUOUS" => args.no_promisc |= !is_yes(setting)?,
            "OUTPUT_FILE" | "OUTPUT_STREAM" => args.targets.push(Target::from_setting(value)?),
            "SET_PID" => self.set_pid = is_yes(setting)?,
            "PID_PATH" => self.pid_path = Some(value.into()),
            "FLOW_STATUS_INTERVAL" => {
                seconds("", value).map_err(|_| A_TIME)?;
                fill(&mut args.status_interval, value.to_owned());
            }
            "MAR_STATUS_INTERVAL" => {
                seconds("", value).map_err(|_| A_TIME)?;
                fill(&mut args.mar_interval, value.to_owned());
            }
            "CAPTURE_DATA_LEN" => fill(&mut args.user_bytes, number(value)?),
            "FILTER" => args.packet_filter = Some(value.to_owned()),
            "FILTER_OPTIMIZER" => args.plain_filter |= !is_yes(setting)?,
            "PACKET_CAPTURE_FILE" => fill(&mut args.keep_packets, value.into()),
            "PCAP_BUF_SIZE" => fill(&mut args.capture_buffer, buffer(value)?),
            "DEBUG_LEVEL" => return Ok(false),
            _ => {
                return Ok(args.service.take(key, setting)?
                    || measurements(args, key, setting)?
                    || timeout(args, key, setting)?);
            }
        }
        Ok(true)
    }

    /// Joins what belongs together.
    fn finish(self, args: &mut Args) {
        if args.interface.is_empty() && args.read.is_empty() {
            args.interface = self.interfaces;
        }
        if self.set_pid {
            let device = args.interface.first().map_or("any".into(), |word| bare_device(word));
            args.service.set_pid_file(self.pid_path, &format!("argus.{device}.0.pid"));
        }
    }
}

const A_TIME: &str = "a number of seconds above 0 is expected";

fn number<T: FromStr>(value: &str) -> Result<T, String> {
    value.parse().map_err(|_| "a number is expected, and not too large a one".to_owned())
}

/// `ind:eth0/id` and the like without what surrounds the name.
fn bare_device(text: &str) -> String {
    let name = text.rsplit_once(':').map_or(text, |(_, name)| name);
    name.split(['/', ',']).next().unwrap_or(name).trim().to_owned()
}

/// What is to be measured; false for other keys.
fn measurements(args: &mut Args, key: &str, setting: &Setting) -> Result<bool, String> {
    let option = match key {
        "GENERATE_JITTER_DATA" => &mut args.jitter,
        "GENERATE_MAC_DATA" => &mut args.macs,
        "GENERATE_APPBYTE_METRIC" => &mut args.app_bytes,
        "GENERATE_PACKET_SIZE" => &mut args.sizes,
        "GENERATE_RESPONSE_TIME_DATA" => &mut args.response,
        "GENERATE_BIDIRECTIONAL_TIMESTAMPS" => &mut args.both_times,
        "GENERATE_START_RECORDS" => &mut args.start_records,
        "CAPTURE_FULL_CONTROL_DATA" => &mut args.control_plane,
        // Always so; the classic sensor does not heed it either.
        "GENERATE_TCP_PERF_METRIC" => return is_yes(setting),
        "TUNNEL_DISCOVERY" => {
            if is_yes(setting)? && !args.tunnels.contains(&Tunnel::Teredo) {
                args.tunnels.push(Tunnel::Teredo);
            }
            return Ok(true);
        }
        _ => return flow_key(&mut args.keys, key, &setting.value),
    };
    *option |= is_yes(setting)?;
    Ok(true)
}

/// What makes a flow; false for other keys.
fn flow_key(keys: &mut Keys, key: &str, value: &str) -> Result<bool, String> {
    match (key, value.to_ascii_uppercase().as_str()) {
        ("FLOW_TYPE", "BIDIRECTIONAL") => keys.unidirectional = false,
        ("FLOW_TYPE", "UNIDIRECTIONAL") => keys.unidirectional = true,
        ("FLOW_TYPE", _) => return Err("Bidirectional or Unidirectional is expected".into()),
        ("FLOW_KEY", words) => {
            *keys = Keys { unidirectional: keys.unidirectional, ..Keys::default() };
            for word in words.split('+').map(str::trim) {
                match word {
                    "CLASSIC_5_TUPLE" => keys.base = KeyBase::Classic,
                    "LAYER_3_MATRIX" => keys.base = KeyBase::Addresses,
                    "LAYER_2_MATRIX" => keys.base = KeyBase::Stations,
                    "VLAN" => keys.vlan = true,
                    "LOCAL_MPLS" | "COMPLETE_MPLS" => keys.mpls = true,
                    _ => {
                        return Err("CLASSIC_5_TUPLE, LAYER_3_MATRIX or LAYER_2_MATRIX is expected, then as wanted \
                                    +VLAN, +LOCAL_MPLS, +COMPLETE_MPLS"
                            .into());
                    }
                }
            }
        }
        _ => return Ok(false),
    }
    Ok(true)
}

/// Idle times; false for other keys.
fn timeout(args: &mut Args, key: &str, setting: &Setting) -> Result<bool, String> {
    let t = &mut args.timeouts;
    let option: &mut Duration = match key {
        "IP_TIMEOUT" => &mut t.ip,
        "TCP_TIMEOUT" => &mut t.tcp,
        "ICMP_TIMEOUT" => &mut t.icmp,
        "IGMP_TIMEOUT" => &mut t.igmp,
        "FRAG_TIMEOUT" => &mut t.fragment,
        "ARP_TIMEOUT" => &mut t.arp,
        "OTHER_TIMEOUT" => &mut t.other,
        _ => return Ok(false),
    };
    *option = seconds("", &setting.value).map_err(|Usage(_)| A_TIME)?;
    Ok(true)
}

/// Takes `text` as a configuration of the sensor: how many settings were taken, or nothing if it is none.
pub(in crate::cli) fn drive_conf(text: &str) -> Option<usize> {
    let matches = Args::augment_args(clap::Command::new("argus")).try_get_matches_from(["argus"]).ok()?;
    let mut args = Args::from_arg_matches(&matches).ok()?;
    let mut found = Found::default();
    let mut taken = 0;
    for setting in &rc::parse(text).ok()? {
        taken += usize::from(found.take(&mut args, setting).ok()?);
    }
    found.finish(&mut args);
    Some(taken)
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    fn parsed(line: &str, conf: &str) -> Result<(Args, Vec<String>), String> {
        let mut args = Line::parse_from(line.split(' ')).args;
        let (mut found, mut unknown) = (Found::default(), Vec::new());
        for setting in rc::parse(conf).expect("settings") {
            if !found.take(&mut args, &setting)? {
                unknown.push(setting.key);
            }
        }
        found.finish(&mut args);
        Ok((args, unknown))
    }

    #[test]
    fn settings_fill_what_the_command_line_leaves_open() {
        let conf = "ARGUS_ACCESS_PORT=561\nARGUS_FLOW_STATUS_INTERVAL=7\nARGUS_INTERFACE=ind:eth0/10.0.0.1\n\
            ARGUS_OUTPUT_FILE=/x/y \"udp\"\nARGUS_GENERATE_MAC_DATA=yes\nARGUS_TCP_TIMEOUT=90\nARGUS_SET_PID=yes\n\
            ARGUS_PID_PATH=/run\nARGUS_NEW=1\nARGUS_MONITOR_ID=localhost\nARGUS_BIND_IP=\nRA_X=1\n\
            ARGUS_GENERATE_TCP_PERF_METRIC=no\n";
        let (args, unknown) = parsed("argus -S 9", conf).expect("well formed");
        assert_eq!((args.service.port, args.status_interval.as_deref()), (Some(561), Some("9")));
        assert_eq!(
            (args.interface.as_slice(), args.macs, args.jitter),
            (&["ind:eth0/10.0.0.1".to_owned()][..], true, false)
        );
        assert_eq!(args.timeouts.tcp, Duration::from_secs(90));
        assert_eq!((args.targets[0].place.as_str(), args.targets[0].filter.to_string()), ("/x/y", "udp".into()));
        assert_eq!(args.service.pid_file.as_deref(), Some(std::path::Path::new("/run/argus.eth0.0.pid")));
        assert_eq!(unknown, ["ARGUS_NEW", "RA_X", "ARGUS_GENERATE_TCP_PERF_METRIC"]);
    }

    #[test]
    fn what_makes_a_flow_can_be_set() {
        let keys = |conf: &str| parsed("argus", conf).map(|(args, _)| args.keys);
        let plain = Keys::default();
        assert_eq!(keys("ARGUS_FLOW_KEY=\"CLASSIC_5_TUPLE\"\nARGUS_FLOW_TYPE=Bidirectional"), Ok(plain));
        assert_eq!(keys("ARGUS_FLOW_KEY=CLASSIC_5_TUPLE+VLAN"), Ok(Keys { vlan: true, ..plain }));
        let both = "ARGUS_FLOW_TYPE=unidirectional\nARGUS_FLOW_KEY=\"LAYER_3_MATRIX+COMPLETE_MPLS\"";
        let wanted = Keys { base: KeyBase::Addresses, mpls: true, unidirectional: true, ..plain };
        assert_eq!(keys(both), Ok(wanted));
        assert_eq!(keys("ARGUS_FLOW_KEY=LAYER_2_MATRIX"), Ok(Keys { base: KeyBase::Stations, ..plain }));
        for conf in ["ARGUS_FLOW_KEY=LAYER_4_MATRIX", "ARGUS_FLOW_KEY=VLAN+", "ARGUS_FLOW_TYPE=x"] {
            assert!(keys(conf).is_err(), "{conf}");
        }
        let (args, _) = parsed("argus", "ARGUS_PCAP_BUF_SIZE=64K").expect("well formed");
        assert_eq!(args.capture_buffer, Some(65_536));
        let (args, _) = parsed("argus --capture-buffer 2M", "ARGUS_PCAP_BUF_SIZE=\"1G\"").expect("well formed");
        assert_eq!(args.capture_buffer, Some(2 << 20));
        let (args, _) = parsed("argus", "ARGUS_TUNNEL_DISCOVERY=yes").expect("well formed");
        assert_eq!(args.tunnels, [Tunnel::Teredo]);
    }

    #[test]
    fn values_that_make_no_sense_are_refused() {
        for conf in [
            "ARGUS_ACCESS_PORT=x",
            "ARGUS_DAEMON=maybe",
            "ARGUS_PCAP_BUF_SIZE=4G",
            "ARGUS_PCAP_BUF_SIZE=M",
            "ARGUS_TCP_TIMEOUT=0",
            "ARGUS_MONITOR_ID=too long",
        ] {
            assert!(parsed("argus", conf).is_err(), "{conf}");
        }
    }
}
