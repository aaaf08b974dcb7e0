//! Options that every command which shows traffic shares: sources, window, places, time.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use super::secure::SecureArgs;
use super::{Usage, ranonymize};
use crate::anonymize::{Mask, Settings};
use crate::base::time::parse_duration;
use crate::cache::{By, CacheConfig, Level, Masks};
use crate::filter::Filter;
use crate::geo::{GeoConfig, LatLon};
use crate::pipeline::{At, Plan};
use crate::source::SourceSpec;

/// Where records come from, which of them, and how they are summed and placed.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct InputArgs {
    /// Read argus records or packets from files (`-` for standard input); the content tells which
    #[arg(short = 'r', long = "read", value_name = "FILE", num_args = 1..)]
    pub(crate) read: Vec<PathBuf>,

    /// Read from an argus server or relay
    #[arg(short = 'S', long = "server", value_name = "HOST[:PORT]")]
    pub(crate) server: Vec<String>,

    #[command(flatten)]
    pub(crate) secure: SecureArgs,

    /// Watch a network interface with the built-in sensor
    #[arg(short = 'i', long = "interface", value_name = "DEVICE")]
    pub(crate) interface: Vec<String>,

    /// Packet filter for interfaces, in libpcap's language
    #[arg(long, value_name = "EXPRESSION", default_value = "", hide_default_value = true)]
    pub(crate) packet_filter: String,

    /// Length of the window that everything is summed over: 90, 250ms, 5m, 1h30m
    #[arg(long, value_name = "TIME", default_value = "120s", value_parser = duration)]
    pub(crate) window: Duration,

    /// Length of the interval that rates are taken over
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = duration)]
    pub(crate) rate_interval: Duration,

    /// The moment to show or start at: RFC 3339, seconds since 1970, +30s after the first record, -30s before the
    /// end, start, end
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(crate) at: Option<At>,

    /// Where private, loopback and link-local addresses are, in degrees: 48.14,11.58
    #[arg(long, value_name = "LAT,LON", allow_hyphen_values = true, value_parser = position)]
    pub(crate) home: Option<LatLon>,

    /// Show replacements instead of addresses, ports, systems and sensors, for displays that strangers see: the number
    /// that decides them, `random`, or a ranonymize.conf. Places and times stay
    #[arg(long, value_name = "SEED|FILE")]
    pub(crate) anonymize: Option<String>,

    /// Geolocation database in MaxMind's format instead of the bundled ones; several are asked in turn
    #[arg(long, value_name = "FILE")]
    pub(crate) geo: Vec<PathBuf>,

    /// Your own map of networks to places, CSV: network,lat,lon,name[,country]
    #[arg(long, value_name = "FILE")]
    pub(crate) places: Vec<PathBuf>,

    /// What one pin or line stands for: address, network, as, city, country
    #[arg(long, value_name = "LEVEL", default_value = "address", value_parser = By::from_str)]
    pub(crate) level: By,

    /// Prefix lengths of the networks of `--level network`, for IPv4 and IPv6
    #[arg(long, value_name = "V4[,V6]", default_value = "24,48", value_parser = Masks::from_str)]
    pub(crate) mask: Masks,

    /// Memory for records held for replay, in megabytes; beyond it recordings go into a temporary file, and live sources
    /// forget what is oldest [default: 128 for recordings, 512 with a live source]
    #[arg(long, value_name = "MB")]
    pub(crate) history: Option<u32>,

    /// Most addresses held in the window
    #[arg(long, value_name = "N", default_value_t = CacheConfig::default().max_hosts)]
    pub(crate) max_hosts: usize,

    /// Most pairs of addresses held in the window
    #[arg(long, value_name = "N", default_value_t = CacheConfig::default().max_paths)]
    pub(crate) max_paths: usize,

    /// Most flows held in the window
    #[arg(long, value_name = "N", default_value_t = CacheConfig::default().max_flows)]
    pub(crate) max_flows: usize,
}

impl InputArgs {
    /// The sources in the order of files, servers, interfaces.
    ///
    /// # Errors
    /// A name is none of a server.
    fn sources(&self) -> Result<Vec<SourceSpec>, Usage> {
        let files = self.read.iter().map(|path| Ok(SourceSpec::from_file(path.as_os_str())));
        let servers = self.server.iter().map(|s| SourceSpec::from_remote(s).map_err(|e| Usage(format!("-S {e}"))));
        let live = |device: &String| SourceSpec::Live { device: device.clone(), filter: self.packet_filter.clone() };
        let servers = servers.map(|s| s.map(|spec| self.secure.equip(spec)));
        files.chain(servers).chain(self.interface.iter().map(|d| Ok(live(d)))).collect()
    }

    /// What one pin stands for.
    pub(crate) fn level(&self) -> Level {
        Level { by: self.level, masks: self.mask }
    }

    /// What the pipeline is to do; `filter` is the text behind the lone dash.
    ///
    /// # Errors
    /// A server's name or the filter is none, or there are too many sources.
    pub(crate) fn plan(&self, filter: Option<&str>) -> anyhow::Result<Plan> {
        let sources = self.sources()?;
        if sources.len() > usize::from(u16::MAX) {
            return Err(Usage(format!("at most {} sources are possible, {} are given", u16::MAX, sources.len())).into());
        }
        let cache = CacheConfig {
            window: self.window,
            rate_interval: self.rate_interval,
            max_hosts: self.max_hosts,
            max_paths: self.max_paths,
            max_flows: self.max_flows,
            ..CacheConfig::default()
        };
        let history_bytes = self.history.map(|mb| usize::try_from(u64::from(mb) << 20).unwrap_or(usize::MAX));
        let geo = GeoConfig { databases: self.geo.clone(), places: self.places.clone(), home: self.home };
        Ok(Plan {
            sources,
            filter: filter.map(Filter::parse).transpose()?,
            mask: self.anonymize.as_deref().map(mask).transpose()?,
            geo,
            cache: cache.bounded(),
            history_bytes,
            at: self.at,
            level: self.level(),
            ..Plan::default()
        })
    }
}

/// The mask that a number, `random` or a configuration asks for.
fn mask(text: &str) -> anyhow::Result<Mask> {
    let settings = match text.parse() {
        Ok(seed) => Settings::display(Some(seed)),
        Err(_) if text == "random" => Settings::display(None),
        Err(_) => ranonymize::read(text.as_ref())?,
    };
    Ok(Mask::new(&settings, ranonymize::entropy()))
}

fn duration(text: &str) -> Result<Duration, String> {
    let found = parse_duration(text).ok_or("expected a length of time such as 90, 250ms, 5m or 1h30m")?;
    if (CacheConfig::MIN_WINDOW..=CacheConfig::MAX_WINDOW).contains(&found) {
        Ok(found)
    } else {
        Err("expected a length of time from 100ms to 73200d".into())
    }
}

/// Latitude and longitude in degrees, separated by a comma.
///
/// # Errors
/// What was expected.
pub(crate) fn position(text: &str) -> Result<LatLon, String> {
    let number = |t: &str| f64::from_str(t.trim()).ok();
    let (lat, lon) = text.split_once(',').ok_or("expected latitude and longitude in degrees, such as 48.14,11.58")?;
    number(lat)
        .zip(number(lon))
        .and_then(|(lat, lon)| LatLon::new(lat, lon))
        .ok_or_else(|| "latitude must be a number from -90 to 90, longitude one from -180 to 180".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_and_lengths_are_checked() {
        assert_eq!(position("-33.9, 151.2"), Ok(LatLon { lat: -33.9, lon: 151.2 }));
        for bad in ["", "1", "91,0", "x,1", "1;2"] {
            assert!(position(bad).is_err(), "{bad}");
        }
        assert_eq!(duration("5m"), Ok(Duration::from_secs(300)));
        for bad in ["0", "5y", "-3s", "99999d"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }
}
