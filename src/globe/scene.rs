//! Made-up scenes: seeded random ones for measuring, and ones read from a small CSV file for pictures.
//!
//! A scene is a [`Snapshot`] like any other, with forced colours beside it.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use super::feed::Overrides;
use crate::alert::Alert;
use crate::base::{Span, Timestamp};
use crate::cache::{HostId, HostPin, PathArc, PathId, Snapshot};
use crate::geo::{City, LatLon, Origin, Place};
use crate::record::Counts;

/// Most pins or arcs a scene may have.
pub const MOST: usize = 1_000_000;
/// The time shown when nobody says otherwise: noon over the Atlantic, near an equinox.
pub const SCENE_TIME: i64 = 1_774_533_600;

/// Why a scene cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SceneError {
    /// The words behind `--synthetic`.
    #[error("--synthetic {text:?}: expected pins=N,arcs=M,seed=S with N and M up to {MOST}, found {found:?}")]
    Words {
        /// All of it.
        text: String,
        /// The part that is wrong.
        found: String,
    },
    /// A row of a scene file.
    #[error("scene, row {row}: {problem}")]
    Row {
        /// Counted from 1, the header is 0.
        row: usize,
        /// What was expected and found.
        problem: String,
    },
    /// The file as a whole.
    #[error("scene: {0}")]
    Csv(#[from] csv::Error),
}

/// A scene ready to be shown.
#[derive(Clone, Debug, Default)]
pub struct Scene {
    /// What deserves attention in it.
    pub alerts: Arc<[Alert]>,
    /// Hosts and paths.
    pub snapshot: Arc<Snapshot>,
    /// Forced looks.
    pub overrides: Arc<Overrides>,
}

impl Scene {
    /// Moves the whole scene in time, so that `at` is shown.
    pub fn show_at(&mut self, at: Timestamp) {
        let snapshot = Arc::make_mut(&mut self.snapshot);
        let seen = Span::new(at, at);
        snapshot.now = at;
        snapshot.span = Some(seen);
        snapshot.hosts.iter_mut().for_each(|h| h.seen = seen);
        snapshot.paths.iter_mut().for_each(|p| p.seen = seen);
    }
}

/// What a random scene consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Synthetic {
    /// Number of pins.
    pub pins: usize,
    /// Number of arcs.
    pub arcs: usize,
    /// Same seed, same scene.
    pub seed: u64,
}

impl Synthetic {
    /// Reads `pins=10000,arcs=10000,seed=1`; what is not named is 0 (seed 1).
    ///
    /// # Errors
    /// [`SceneError::Words`].
    pub fn parse(text: &str) -> Result<Synthetic, SceneError> {
        let mut out = Synthetic { pins: 0, arcs: 0, seed: 1 };
        for word in text.split(',').map(str::trim).filter(|w| !w.is_empty()) {
            let wrong = || SceneError::Words { text: text.to_owned(), found: word.to_owned() };
            let (name, value) = word.split_once('=').ok_or_else(wrong)?;
            let count = || value.parse::<usize>().ok().filter(|n| *n <= MOST).ok_or_else(wrong);
            match name {
                "pins" => out.pins = count()?,
                "arcs" => out.arcs = count()?,
                "seed" => out.seed = value.parse().map_err(|_| wrong())?,
                _ => return Err(wrong()),
            }
        }
        Ok(out)
    }

    /// The scene: pins around cities (evenly over the globe when there are none), arcs between them with rates over all
    /// decades, most of them low.
    #[must_use]
    pub fn build(self, cities: &[City]) -> Scene {
        let mut rng = StdRng::seed_from_u64(self.seed);
        let mut builder = Builder::new();
        let hosts = if self.pins == 0 && self.arcs > 0 { (self.arcs / 2).clamp(2, 10_000) } else { self.pins };
        for _ in 0..hosts {
            let at = random_place(&mut rng, cities);
            builder.host(at, 10f64.powf(rng.random_range(2.0..9.0)) as u64);
        }
        if self.pins == 0 {
            builder.overrides.hidden.extend(builder.hosts.iter().map(|h| h.id));
        }
        let count = builder.hosts.len() as u32;
        for _ in 0..if count > 1 { self.arcs } else { 0 } {
            let a = rng.random_range(0..count);
            let b = (a + rng.random_range(1..count)) % count;
            // Most pairs say little, a few say much.
            let load = 10f64.powf(2.0 + 7.5 * rng.random_range(0.0..1.0f64).powi(4));
            builder.path(a, b, load);
        }
        builder.finish()
    }
}

fn random_place(rng: &mut StdRng, cities: &[City]) -> LatLon {
    if cities.is_empty() || rng.random_range(0..5u32) == 0 {
        let lat = rng.random_range(-0.82f64..0.94).asin().to_degrees();
        return LatLon { lat, lon: rng.random_range(-180.0..180.0) };
    }
    let at = cities[rng.random_range(0..cities.len())].at;
    let (lat, lon) = (at.lat + rng.random_range(-1.2..1.2), at.lon + rng.random_range(-1.6..1.6));
    LatLon::new(lat.clamp(-89.0, 89.0), lon).unwrap_or(at)
}

struct Builder {
    hosts: Vec<HostPin>,
    paths: Vec<PathArc>,
    overrides: Overrides,
    seen: Span,
}

impl Builder {
    fn new() -> Builder {
        let now = Timestamp::from_parts(SCENE_TIME, 0);
        Builder { hosts: Vec::new(), paths: Vec::new(), overrides: Overrides::default(), seen: Span::new(now, now) }
    }

    /// Adds a host; its address is the next one of a documentation network.
    fn host(&mut self, at: LatLon, bytes: u64) -> u32 {
        let index = self.hosts.len() as u32;
        let addr = Ipv6Addr::from((0x2001_0db8_u128 << 96) | u128::from(index + 1));
        self.hosts.push(HostPin {
            id: HostId(index),
            addr: IpAddr::V6(addr),
            group: None,
            place: Place::new(at, Origin::Database),
            sent: Counts { pkts: bytes / 1000 + 1, bytes, appbytes: 0 },
            received: Counts::default(),
            load_out: bytes as f64 * 8.0 / 120.0,
            load_in: 0.0,
            flows: 1,
            seen: self.seen,
        });
        index
    }

    fn path(&mut self, a: u32, b: u32, load: f64) {
        let bytes = (load * 15.0).clamp(1.0, 1e18) as u64;
        self.paths.push(PathArc {
            id: PathId(self.paths.len() as u32),
            a,
            b,
            ab: Counts { pkts: bytes / 1000 + 1, bytes, appbytes: 0 },
            ba: Counts::default(),
            load_ab: load,
            load_ba: 0.0,
            rate_ab: load / 8000.0,
            rate_ba: 0.0,
            flows: 1,
            seen: self.seen,
        });
    }

    fn finish(self) -> Scene {
        let snapshot = Snapshot {
            now: self.seen.end,
            window: Duration::from_secs(120),
            rate_interval: Duration::from_secs(2),
            span: Some(self.seen),
            hosts: self.hosts,
            paths: self.paths,
            ..Snapshot::default()
        };
        Scene { snapshot: Arc::new(snapshot), overrides: Arc::new(self.overrides), ..Scene::default() }
    }
}

/// Reads a scene file: header `kind,lat,lng,lat2,lng2,bps,color`, rows `pin,LAT,LNG,,,,#rrggbb` and
/// `arc,LAT,LNG,LAT2,LNG2,BPS,#rrggbb`; colours may be empty. An arc runs from the first place to the second.
///
/// # Errors
/// A row that is not so, or more than a million rows.
pub fn parse_scene(bytes: &[u8]) -> Result<Scene, SceneError> {
    let mut builder = Builder::new();
    let mut reader = csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(bytes);
    for (i, record) in reader.records().enumerate() {
        let row = i + 1;
        if row > MOST {
            return Err(SceneError::Row { row, problem: format!("more than {MOST} rows") });
        }
        add_row(&mut builder, &record?).map_err(|problem| SceneError::Row { row, problem })?;
    }
    Ok(builder.finish())
}

fn add_row(builder: &mut Builder, record: &csv::StringRecord) -> Result<(), String> {
    let field = |i: usize| record.get(i).unwrap_or("");
    let place = |i: usize| {
        let number = |s: &str| s.parse::<f64>().ok();
        number(field(i))
            .zip(number(field(i + 1)))
            .and_then(|(lat, lon)| LatLon::new(lat, lon))
            .ok_or_else(|| format!("{:?}, {:?} is no place in degrees", field(i), field(i + 1)))
    };
    let colour = parse_colour(field(6))?;
    match field(0) {
        "pin" => {
            let index = builder.host(place(1)?, 1_000_000);
            if let Some(colour) = colour {
                builder.overrides.pins.insert(HostId(index), colour);
            }
        }
        "arc" => {
            let bps = field(5);
            let load: f64 =
                if bps.is_empty() { 0.0 } else { bps.parse().map_err(|_| format!("{bps:?} is no rate"))? };
            if !load.is_finite() || load < 0.0 {
                return Err(format!("{bps:?} is no rate in bit/s"));
            }
            let (from, to) = (place(1)?, place(3)?);
            let (a, b) = (builder.host(from, 1000), builder.host(to, 1000));
            builder.overrides.hidden.extend([HostId(a), HostId(b)]);
            if let Some(colour) = colour {
                builder.overrides.arcs.insert(PathId(builder.paths.len() as u32), colour);
            }
            builder.path(a, b, load);
        }
        other => return Err(format!("{other:?} is neither \"pin\" nor \"arc\"")),
    }
    Ok(())
}

/// `#rrggbb`, or nothing.
fn parse_colour(text: &str) -> Result<Option<[u8; 3]>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    let wrong = || format!("{text:?} is no colour like #e69f00");
    let hex = text.strip_prefix('#').filter(|h| h.len() == 6 && h.is_ascii()).ok_or_else(wrong)?;
    let value = u32::from_str_radix(hex, 16).map_err(|_| wrong())?;
    let [_, r, g, b] = value.to_be_bytes();
    Ok(Some([r, g, b]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_scene() {
        let make = |seed| Synthetic { pins: 50, arcs: 30, seed }.build(&[]);
        assert_eq!(make(3).snapshot, make(3).snapshot);
        assert_ne!(make(3).snapshot, make(4).snapshot);
        assert_eq!((make(3).snapshot.hosts.len(), make(3).snapshot.paths.len()), (50, 30));
    }

    #[test]
    fn words_are_read_and_wrong_ones_named() {
        assert_eq!(Synthetic::parse("pins=5,arcs=7,seed=9").expect("right"), Synthetic { pins: 5, arcs: 7, seed: 9 });
        for wrong in ["pins", "pins=x", "boats=3", "pins=99999999"] {
            assert!(Synthetic::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_scene_file_gives_pins_and_arcs_with_their_colours() {
        let text = "kind,lat,lng,lat2,lng2,bps,color\npin,50,8,,,,#e69f00\narc,35.7,139.7,37.8,-122.4,1e6,\n";
        let scene = parse_scene(text.as_bytes()).expect("right");
        assert_eq!((scene.snapshot.hosts.len(), scene.snapshot.paths.len()), (3, 1));
        assert_eq!(scene.overrides.pins.get(&HostId(0)), Some(&[0xe6, 0x9f, 0x00]));
        assert_eq!(scene.overrides.hidden.len(), 2);
        assert!((scene.snapshot.paths[0].load_ab - 1e6).abs() < 1.0);
    }

    #[test]
    fn wrong_rows_are_named() {
        let check = |row: &str, part: &str| {
            let text = format!("kind,lat,lng,lat2,lng2,bps,color\n{row}\n");
            let error = parse_scene(text.as_bytes()).expect_err("wrong").to_string();
            assert!(error.contains("row 1") && error.contains(part), "{error}");
        };
        check("pin,99,8,,,,", "no place");
        check("boat,1,2,,,,", "neither");
        check("arc,1,2,3,4,fast,", "no rate");
        check("pin,1,2,,,,red", "no colour");
    }
}
