//! The picture of one moment, as every screen and report reads it.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use super::level::{Group, Level, Members};
use crate::base::{Span, Timestamp};
use crate::geo::Place;
use crate::record::{Counts, FlowSummary, SourceId};

/// Number of an address in the cache; stays the same as long as the address stays in the window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostId(pub u32);

/// Number of a pair of addresses in the cache; stays the same as long as the pair stays in the window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PathId(pub u32);

/// One address that has a place, or a group of them.
#[derive(Clone, Debug, PartialEq)]
pub struct HostPin {
    /// Its number.
    pub id: HostId,
    /// The address. Of a group it is the key: the network's address, else one in `100::/64` made from what the members
    /// share.
    pub addr: IpAddr,
    /// What it stands for when the level merges addresses.
    pub group: Option<Arc<Group>>,
    /// Where it is.
    pub place: Place,
    /// What it sent within the window.
    pub sent: Counts,
    /// What it received within the window.
    pub received: Counts,
    /// Bits per second sent over the last rate interval.
    pub load_out: f64,
    /// Bits per second received over the last rate interval.
    pub load_in: f64,
    /// Number of flows within the window that have it as an end.
    pub flows: u32,
    /// First and last packet within the window.
    pub seen: Span,
}

/// Traffic between two placed addresses. `a` has the numerically lower address.
#[derive(Clone, Debug, PartialEq)]
pub struct PathArc {
    /// Its number.
    pub id: PathId,
    /// Index into [`Snapshot::hosts`].
    pub a: u32,
    /// Index into [`Snapshot::hosts`].
    pub b: u32,
    /// What `a` sent to `b` within the window.
    pub ab: Counts,
    /// What `b` sent to `a` within the window.
    pub ba: Counts,
    /// Bits per second from `a` to `b` over the last rate interval.
    pub load_ab: f64,
    /// Bits per second from `b` to `a`.
    pub load_ba: f64,
    /// Packets per second from `a` to `b`.
    pub rate_ab: f64,
    /// Packets per second from `b` to `a`.
    pub rate_ba: f64,
    /// Number of flows within the window.
    pub flows: u32,
    /// First and last packet within the window.
    pub seen: Span,
}

/// One flow within the window: all its records in one row.
#[derive(Clone, Debug, PartialEq)]
pub struct FlowRow {
    /// The newest record's extract: key, state, direction, cause. Pictures of the same record share it.
    pub last: Arc<FlowSummary>,
    /// Where the flow's records came from.
    pub source: SourceId,
    /// First and last packet within the window.
    pub seen: Span,
    /// What the source sent within the window.
    pub src: Counts,
    /// What the destination sent within the window.
    pub dst: Counts,
    /// Bits per second from the source over the last rate interval.
    pub load_src: f64,
    /// Bits per second from the destination.
    pub load_dst: f64,
    /// Records merged into the row.
    pub records: u32,
    /// Index of `saddr` in [`Snapshot::hosts`], if it has a place.
    pub src_host: Option<u32>,
    /// Index of `daddr` in [`Snapshot::hosts`], if it has a place.
    pub dst_host: Option<u32>,
}

/// An address that has no place.
#[derive(Clone, Debug, PartialEq)]
pub struct Unplaced {
    /// The address.
    pub addr: IpAddr,
    /// What it sent within the window.
    pub sent: Counts,
    /// What it received within the window.
    pub received: Counts,
    /// Number of flows within the window.
    pub flows: u32,
    /// Why it has no place, in a few words: `private network`, `not in the database`.
    pub why: &'static str,
}

/// Sums over everything in the window, and what could not be held or shown.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Totals {
    /// Records within the window.
    pub records: u64,
    /// Flows within the window.
    pub flows: u64,
    /// Addresses within the window, placed or not.
    pub hosts: u64,
    /// Pairs of addresses within the window, placed or not.
    pub paths: u64,
    /// What sources sent.
    pub src: Counts,
    /// What destinations sent.
    pub dst: Counts,
    /// Bits per second over the last rate interval, all directions.
    pub load: f64,
    /// Packets per second over the last rate interval.
    pub rate: f64,
    /// Records per second over the last rate interval.
    pub records_per_sec: f64,
    /// Addresses without a place.
    pub unplaced_hosts: u64,
    /// Bytes between ends of which at least one has no place.
    pub unplaced_bytes: u64,
    /// Records without IP addresses (ARP, other layer 2).
    pub no_address_records: u64,
    /// Records whose addresses were turned away because the table of hosts is full.
    pub refused_hosts: u64,
    /// Records whose pair was turned away because the table of paths is full.
    pub refused_paths: u64,
    /// Records whose flow was turned away because the table of flows is full.
    pub refused_flows: u64,
    /// Records turned away whole since the last jump because the table of records is full.
    pub refused_records: u64,
}

/// State of one source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceState {
    /// Being opened or connected.
    Opening,
    /// Delivering live records.
    Live,
    /// Reading a file.
    Reading,
    /// Read to its end.
    Ended,
    /// Lost; the next attempt comes by itself.
    Retrying(String),
    /// Given up, with the reason.
    Failed(String),
}

/// How one source is doing.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceHealth {
    /// Its number.
    pub id: SourceId,
    /// As the user named it: path, `host:port` or interface.
    pub name: String,
    /// Kind in a word: `argus file`, `argus stream`, `packet file`, `interface`.
    pub kind: &'static str,
    /// What it is doing.
    pub state: SourceState,
    /// Flow records delivered.
    pub records: u64,
    /// Records or packets known to be lost: dropped by capture, by a full channel, or missing in the sequence.
    pub dropped: u64,
    /// Damaged records skipped.
    pub damaged: u64,
    /// Whether it is a live source (interface or stream) and not a file.
    pub live: bool,
}

/// How the machinery behind the picture is doing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Health {
    /// All sources in the order they were named.
    pub sources: Vec<SourceHealth>,
    /// Distinct warnings for the user, oldest first.
    pub warnings: Vec<String>,
    /// Records the filter let through.
    pub accepted: u64,
    /// Records the filter rejected.
    pub rejected: u64,
    /// Records held for replay.
    pub history_records: u64,
    /// Records that replay does not hold: those that live sources left longest ago, and those of recordings when there
    /// is neither memory nor a temporary file for them.
    pub history_refused: u64,
    /// From when on records are held for replay, where older ones had to go; nothing if none had to.
    pub kept_from: Option<Timestamp>,
    /// The geolocation databases in use: file name and build date.
    pub databases: Vec<String>,
}

/// Traffic over the whole span of the recording, for the time line.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    /// Start of the first bin.
    pub start: Timestamp,
    /// Width of one bin.
    pub bin: Duration,
    /// Bits in each bin.
    pub bits: Vec<f64>,
}

/// The picture of one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Snapshot {
    /// The time shown: the playhead.
    pub now: Timestamp,
    /// Length of the window that ends at `now`.
    pub window: Duration,
    /// Length of the rate interval that ends at `now`.
    pub rate_interval: Duration,
    /// From the first to the last record known so far, over all sources.
    pub span: Option<Span>,
    /// What one pin stands for; `hosts`, `paths` and `flows` are of this level.
    pub level: Level,
    /// The addresses behind the pins; empty where each address is a pin.
    pub members: Arc<Members>,
    /// Placed addresses, sorted by address (IPv4 before IPv6).
    pub hosts: Vec<HostPin>,
    /// Pairs whose ends are both placed, sorted by (`a`, `b`).
    pub paths: Vec<PathArc>,
    /// Flows, sorted by key.
    pub flows: Arc<[FlowRow]>,
    /// Addresses without a place, most bytes first; at most 1,000, `totals.unplaced_hosts` counts all.
    pub unplaced: Vec<Unplaced>,
    /// Traffic over the whole recording.
    pub series: Arc<Series>,
    /// After a jump into a large recording, as long as records of the window are missing: how much of the window is
    /// filled, in percent, from `now` backwards.
    pub filled: Option<u8>,
    /// Sums.
    pub totals: Totals,
    /// Condition of sources and stores.
    pub health: Health,
}
