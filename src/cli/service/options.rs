//! Options of the server and of outputs.

use std::ffi::OsString;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, Command};

use super::super::Usage;
use super::identity::Identity;
use super::is_yes;
use crate::base::rc::Setting;
use crate::filter::Filter;
use crate::record::SrcId;
use crate::secure::{ServerTls, TlsError, TlsFiles};
use crate::sink::{Network, ServerConfig, Voice};

/// How to serve, and how to run.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct ServiceArgs {
    /// Serve records on this TCP port; 561 is customary, 0 is none
    #[arg(short = 'P', long = "port", value_name = "PORT")]
    pub(crate) port: Option<u16>,
    /// Take any free port and say which
    #[arg(long, conflicts_with = "port")]
    pub(crate) any_port: bool,
    /// Addresses to serve on, separated by commas; `any` for all [default: this machine only]
    #[arg(short = 'B', long = "bind", value_name = "ADDR", value_delimiter = ',')]
    pub(crate) bind: Vec<String>,
    /// Networks that clients may come from, such as 10.0.0.0/8; may be repeated [default: all]
    #[arg(long, value_name = "NETWORK", value_delimiter = ',')]
    pub(crate) allow: Vec<Network>,
    /// Most clients at once
    #[arg(long, value_name = "N", default_value_t = ServerConfig::default().max_clients)]
    pub(crate) max_clients: usize,
    /// Megabytes that may wait for one client before it is cut off
    #[arg(long, value_name = "MB", default_value_t = 32)]
    pub(crate) client_queue: usize,
    /// Serve inside TLS only, with this certificate in PEM; clients connect with argus-tls://
    #[arg(long, value_name = "FILE")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// Private key to the certificate, in PEM
    #[arg(long, value_name = "FILE")]
    pub(crate) tls_key: Option<PathBuf>,
    /// Serve only clients that show a certificate by an authority in this file, in PEM
    #[arg(long, value_name = "FILE")]
    pub(crate) tls_client_ca: Option<PathBuf>,
    /// Run in the background
    #[arg(short = 'd', long = "daemon")]
    pub(crate) daemon: bool,
    /// Write messages of the background process to this file
    #[arg(long, value_name = "FILE")]
    pub(crate) log: Option<PathBuf>,
    /// Write the process id to this file while running
    #[arg(long, value_name = "FILE")]
    pub(crate) pid_file: Option<PathBuf>,
    /// Change the root directory when interfaces and ports are open; output files are then below it
    #[arg(short = 'c', long = "chroot", value_name = "DIR")]
    pub(crate) chroot: Option<PathBuf>,
    /// Become this user when interfaces and ports are open; output files then belong to it
    #[arg(short = 'u', value_name = "USER")]
    pub(crate) user: Option<String>,
    /// Become a member of this group only, likewise
    #[arg(short = 'g', value_name = "GROUP")]
    pub(crate) group: Option<String>,
}

impl ServiceArgs {
    /// Takes a setting that all configurations of services know, without the prefix of its key. What the command line
    /// says stays. False if it is another setting.
    ///
    /// # Errors
    /// The value makes no sense; the text says what is expected.
    pub(crate) fn take(&mut self, key: &str, setting: &Setting) -> Result<bool, String> {
        let value = setting.value.as_str();
        match key {
            "DAEMON" => self.daemon |= is_yes(setting)?,
            "ACCESS_PORT" => fill(&mut self.port, value.parse().map_err(|_| "a port from 0 to 65535 is expected")?),
            "BIND_IP" if self.bind.is_empty() => self.bind = value.split(',').map(str::to_owned).collect(),
            "BIND_IP" => {}
            "TLS_CERT" => fill(&mut self.tls_cert, value.into()),
            "TLS_KEY" => fill(&mut self.tls_key, value.into()),
            "TLS_CLIENT_CA" => fill(&mut self.tls_client_ca, value.into()),
            "CHROOT_DIR" => fill(&mut self.chroot, value.into()),
            "SETUSER_ID" => fill(&mut self.user, value.to_owned()),
            "SETGROUP_ID" => fill(&mut self.group, value.to_owned()),
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// The process id file that a configuration asks for, unless the command line names one.
    pub(crate) fn set_pid_file(&mut self, dir: Option<PathBuf>, name: &str) {
        self.pid_file.get_or_insert_with(|| dir.unwrap_or_else(|| "/var/run".into()).join(name));
    }

    /// The server asked for, if any.
    ///
    /// # Errors
    /// An address is none, or certificate and key are of no use.
    pub(crate) fn server(&self, voice: Voice, mar_interval_secs: u16) -> anyhow::Result<Option<ServerConfig>> {
        let port = match (self.any_port, self.port) {
            (true, _) => 0,
            (false, None | Some(0)) => return Ok(None),
            (false, Some(port)) => port,
        };
        let mut bind = Vec::new();
        for word in &self.bind {
            match word.trim() {
                "any" | "*" => bind.extend([IpAddr::V4(Ipv4Addr::UNSPECIFIED), IpAddr::V6(Ipv6Addr::UNSPECIFIED)]),
                "localhost" => bind.extend([IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)]),
                word => bind.push(word.parse().map_err(|_| {
                    Usage(format!("-B {word:?}: expected an IP address of this machine, localhost or any"))
                })?),
            }
        }
        Ok(Some(ServerConfig {
            bind,
            port,
            max_clients: self.max_clients,
            allow: self.allow.clone(),
            queue_bytes: self.client_queue.clamp(1, 65_536) << 20,
            voice,
            mar_interval_secs,
            tls: self.tls()?,
            ..ServerConfig::default()
        }))
    }

    /// The files of this program inside TLS, with those of the authorities that vouch for the other side.
    pub(crate) fn tls_files(&self, ca: Option<PathBuf>) -> TlsFiles {
        TlsFiles { cert: self.tls_cert.clone(), key: self.tls_key.clone(), ca }
    }

    fn tls(&self) -> Result<Option<ServerTls>, TlsError> {
        let files = self.tls_files(self.tls_client_ca.clone());
        (files != TlsFiles::default()).then(|| ServerTls::load(&files)).transpose()
    }

    /// Gives up what is not needed when interfaces and ports are open: the root directory, then group and user, as far
    /// as that is asked for.
    ///
    /// # Errors
    /// There is no such user or group; the system refuses, or has no such thing.
    pub(crate) fn confine(&self) -> anyhow::Result<()> {
        // Names are looked up in files that may lie outside the new root.
        let identity = Identity::find(self.user.as_deref(), self.group.as_deref())?;
        self.change_root()?;
        identity.assume()
    }

    fn change_root(&self) -> anyhow::Result<()> {
        use anyhow::Context as _;
        let Some(dir) = &self.chroot else { return Ok(()) };
        #[cfg(unix)]
        return std::os::unix::fs::chroot(dir)
            .and_then(|()| std::env::set_current_dir("/"))
            .with_context(|| format!("changing the root directory to {dir:?}"));
        #[cfg(not(unix))]
        return Err(Usage("option -c is not available on this system".into())).with_context(|| format!("{dir:?}"));
    }
}

/// Sets what is not set yet: the command line comes before the configuration.
pub(crate) fn fill<T>(option: &mut Option<T>, value: T) {
    option.get_or_insert(value);
}

/// A place that records are written to, and which of them.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// A path, `-`, or `argus-udp://host[:port]`.
    pub(crate) place: String,
    pub(crate) filter: Filter,
}

impl Target {
    /// From a place and the text of a filter.
    ///
    /// # Errors
    /// The text is no filter.
    pub(crate) fn new(place: &str, filter: &str) -> Result<Target, Usage> {
        let filter = Filter::parse(filter).map_err(|e| Usage(format!("-w {place}: {e}")))?;
        Ok(Target { place: place.to_owned(), filter })
    }

    /// From the words of a setting: `file`, or `file "filter"`.
    ///
    /// # Errors
    /// The text is no filter.
    pub(crate) fn from_setting(value: &str) -> Result<Target, String> {
        let (place, filter) = place_and_filter(value);
        Target::new(&place, &filter).map_err(|e| e.0)
    }
}

/// `-w place [filter]`, repeated; each keeps its own filter.
#[derive(Clone, Debug, Default)]
pub(crate) struct WriteArgs {
    /// Place and filter of each.
    words: Vec<(String, String)>,
}

impl WriteArgs {
    /// The places with their filters.
    ///
    /// # Errors
    /// A text is no filter.
    pub(crate) fn targets(&self) -> Result<Vec<Target>, Usage> {
        self.words.iter().map(|(place, filter)| Target::new(place, filter)).collect()
    }
}

impl clap::Args for WriteArgs {
    fn augment_args(command: Command) -> Command {
        command.arg(pair_arg("write", 'w', "FILE").long("write").help(
            "Append records to a file, `-` for standard output, or send them as datagrams to \
                     argus-udp://host[:port]; a filter for this output may follow; may be repeated",
        ))
    }

    fn augment_args_for_update(command: Command) -> Command {
        WriteArgs::augment_args(command)
    }
}

impl clap::FromArgMatches for WriteArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<WriteArgs, clap::Error> {
        Ok(WriteArgs { words: pairs(matches, "write") })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = WriteArgs::from_arg_matches(matches)?;
        Ok(())
    }
}

/// An option that takes a place and perhaps a filter, and may be repeated.
pub(crate) fn pair_arg(name: &'static str, short: char, place: &'static str) -> Arg {
    Arg::new(name)
        .short(short)
        .num_args(1..=2)
        .value_names([place, "FILTER"])
        .value_parser(clap::value_parser!(OsString))
        .action(ArgAction::Append)
}

/// The places of such an option, each with its filter or an empty text.
pub(crate) fn pairs(matches: &ArgMatches, name: &str) -> Vec<(String, String)> {
    let text = |word: Option<&OsString>| word.map(|w| w.to_string_lossy().into_owned()).unwrap_or_default();
    let found = matches.get_occurrences::<OsString>(name);
    found.into_iter().flatten().map(|mut words| (text(words.next()), text(words.next()))).collect()
}

/// The two of a setting: `place`, or `place "filter"`; quotation marks are taken off.
pub(crate) fn place_and_filter(value: &str) -> (String, String) {
    let (place, filter) = value.trim().split_once(char::is_whitespace).unwrap_or((value.trim(), ""));
    let bare = |t: &str| t.trim().trim_matches(['"', '\'']).trim().to_owned();
    (bare(place), bare(filter))
}

/// A number, an IPv4 address, up to four characters in quotes, or the name of a host that has an IPv4 address;
/// `` `hostname` `` is the name of this one.
///
/// # Errors
/// It is none of these; the text says what is expected.
pub(crate) fn source_id(text: &str) -> Result<SrcId, String> {
    if let Ok(n) = text.parse() {
        return Ok(SrcId::Int(n));
    }
    if let Ok(a) = text.parse::<Ipv4Addr>() {
        return Ok(SrcId::V4(a));
    }
    if text == "`hostname`" {
        let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        return address_of(name.trim())
            .ok_or_else(|| format!("this host's name {:?} has no IPv4 address", name.trim()));
    }
    if !text.starts_with('"')
        && let Some(id) = address_of(text)
    {
        return Ok(id);
    }
    let bare = text.trim_matches('"');
    let mut id = [0; 4];
    match id.get_mut(..bare.len()) {
        Some(room) if !bare.is_empty() => {
            room.copy_from_slice(bare.as_bytes());
            Ok(SrcId::Text(id))
        }
        _ => Err("a number, an IPv4 address, a host's name or at most four characters are expected".into()),
    }
}

/// Whether a text may be a source id, without asking for the address of a host.
///
/// # Errors
/// As [`source_id`].
pub(crate) fn check_source_id(text: &str) -> Result<(), String> {
    if text == "`hostname`" || may_be_host(text) { Ok(()) } else { source_id(text).map(|_| ()) }
}

fn may_be_host(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'))
}

/// The first IPv4 address of a host.
fn address_of(host: &str) -> Option<SrcId> {
    use std::net::ToSocketAddrs as _;
    // What cannot be a name is not asked for.
    if !may_be_host(host) {
        return None;
    }
    let found = (host, 0).to_socket_addrs().ok()?;
    found.map(|a| a.ip()).find_map(|ip| match ip {
        IpAddr::V4(a) => Some(SrcId::V4(a)),
        IpAddr::V6(_) => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_id_is_a_number_an_address_or_four_characters() {
        assert_eq!(source_id("77"), Ok(SrcId::Int(77)));
        assert_eq!(source_id("10.1.2.3"), Ok(SrcId::V4(Ipv4Addr::new(10, 1, 2, 3))));
        assert_eq!(source_id("\"abc\""), Ok(SrcId::Text(*b"abc\0")));
        assert_eq!(source_id("localhost"), Ok(SrcId::V4(Ipv4Addr::LOCALHOST)));
        assert!(source_id("too long").is_err());
        assert!(source_id("").is_err());
    }

    #[test]
    fn every_output_keeps_its_own_filter() {
        #[derive(clap::Parser)]
        struct Line {
            #[command(flatten)]
            write: WriteArgs,
            #[arg(short)]
            x: bool,
        }
        let line = <Line as clap::Parser>::parse_from(["p", "-w", "a", "udp", "-w", "-", "-x", "-w", "c", "port 80"]);
        let targets: Vec<_> = line.write.targets().unwrap();
        let shown: Vec<_> = targets.iter().map(|t| (t.place.as_str(), t.filter.to_string())).collect();
        assert_eq!(shown, [("a", "udp".into()), ("-", String::new()), ("c", "port eq 80".into())]);
        assert!(line.x);
        assert!(Target::new("a", "tcp and (").is_err());
        let set = Target::from_setting("/x/y.out \"tcp and port 80\"").unwrap();
        assert_eq!((set.place.as_str(), set.filter.to_string().as_str()), ("/x/y.out", "tcp and port eq 80"));
    }

    #[test]
    fn a_server_is_started_only_when_a_port_is_named() {
        let args = |port, bind: &[&str]| ServiceArgs {
            port,
            bind: bind.iter().map(ToString::to_string).collect(),
            client_queue: 1,
            ..ServiceArgs::default()
        };
        assert!(args(None, &[]).server(Voice::Sensor, 60).unwrap().is_none());
        assert!(args(Some(0), &[]).server(Voice::Sensor, 60).unwrap().is_none());
        let config = args(Some(561), &["10.0.0.1", "any"]).server(Voice::Sensor, 60).unwrap().unwrap();
        assert_eq!((config.port, config.bind.len(), config.queue_bytes), (561, 3, 1 << 20));
        assert!(args(Some(561), &["nowhere"]).server(Voice::Sensor, 60).is_err());
    }
}
