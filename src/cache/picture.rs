//! From the tables of the window to the picture of one moment.

use std::cmp::Reverse;
use std::net::IpAddr;
use std::sync::Arc;

use super::level::Level;
use super::order::Order;
use super::slab::NONE;
use super::snapshot::{FlowRow, Health, HostId, HostPin, PathArc, PathId, Series, Snapshot, Totals, Unplaced};
use super::window::{Flow, Host, Lane, WindowCache};
use crate::base::{Span, Timestamp};
use crate::record::Counts;

/// At most this many addresses without a place are listed.
const MAX_UNPLACED: usize = 1000;

/// What the picture shows that the window does not know.
#[derive(Clone, Debug, Default)]
pub struct Outside {
    /// From the first to the last record known so far.
    pub span: Option<Span>,
    /// Traffic over the whole recording.
    pub series: Arc<Series>,
    /// How much of the window is filled after a jump, in percent, as long as records of it are missing.
    pub filled: Option<u8>,
    /// Condition of sources and stores.
    pub health: Health,
}

/// What one address sent and received within the window, whether it has a place or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressSum {
    /// The address.
    pub addr: IpAddr,
    /// What it sent.
    pub sent: Counts,
    /// What it received.
    pub received: Counts,
    /// Number of flows.
    pub flows: u32,
    /// Whether it has a place.
    pub placed: bool,
}

/// What is kept from picture to picture.
#[derive(Debug, Default)]
pub(super) struct Orders {
    /// Something that a picture shows has changed since the last one.
    pub(super) dirty: bool,
    pub(super) hosts: Order,
    pub(super) flows: Order,
    /// The last picture's rows and its time; good for another picture of the same moment.
    rows: Option<(i64, Arc<[FlowRow]>)>,
}

impl Orders {
    /// For tables that have been emptied.
    pub(super) fn reset(&mut self) {
        *self = Orders { dirty: true, ..Orders::default() };
    }
}

/// Where things of the tables stand in the picture, by their numbers.
struct Layout {
    /// Index into the list of pins.
    pins: Vec<Option<u32>>,
    /// Earliest start of a flow's record, by host and by pair.
    host_first: Vec<i64>,
    pair_first: Vec<i64>,
    /// The same of each flow, in the order of the picture.
    flow_first: Vec<i64>,
}

impl WindowCache {
    /// Whether the next picture would differ from the last one in more than its time.
    #[must_use]
    pub fn changed(&self) -> bool {
        self.orders.dirty
    }

    /// The picture at the end of the window.
    pub fn snapshot(&mut self, outside: Outside) -> Snapshot {
        self.refresh_orders();
        let mut layout = self.layout();
        let hosts = self.pins(&mut layout);
        let paths = self.arcs(&layout);
        let unplaced = self.unplaced();
        let totals = self.totals(hosts.len() as u64);
        let flows = match self.orders.rows.take().filter(|(at, _)| *at == self.now && !self.orders.dirty) {
            Some((_, rows)) => rows,
            None => self.rows(&layout),
        };
        self.orders.rows = Some((self.now, Arc::clone(&flows)));
        self.orders.dirty = false;
        Snapshot {
            now: self.now(),
            window: self.config.window,
            rate_interval: self.config.rate_interval,
            span: outside.span,
            level: Level::default(),
            members: Arc::default(),
            hosts,
            paths,
            flows,
            unplaced,
            series: outside.series,
            filled: outside.filled,
            totals,
            health: outside.health,
        }
    }

    /// What each address in the window sent and received, sorted by address.
    #[must_use]
    pub fn addresses(&self) -> Vec<AddressSum> {
        let sum = |h: &Host| AddressSum {
            addr: h.addr,
            sent: h.out.window.counts(),
            received: h.inward.window.counts(),
            flows: h.flows,
            placed: h.place.is_ok(),
        };
        let mut all: Vec<AddressSum> = self.hosts.iter().map(|(_, h)| sum(h)).collect();
        all.sort_unstable_by_key(|a| a.addr);
        all
    }

    fn refresh_orders(&mut self) {
        let (hosts, flows) = (&self.hosts, &self.flows);
        self.orders.hosts.refresh(hosts.bound(), |id| hosts.get(id).map(|h| h.addr));
        self.orders.flows.refresh(flows.bound(), |id| flows.get(id).map(|f| (f.newest.key, f.newest.srcid)));
    }

    fn layout(&self) -> Layout {
        let mut layout = Layout {
            pins: vec![None; self.hosts.bound()],
            host_first: vec![i64::MAX; self.hosts.bound()],
            pair_first: vec![i64::MAX; self.pairs.bound()],
            flow_first: Vec::with_capacity(self.orders.flows.ids().len()),
        };
        for flow in self.orders.flows.ids().iter().filter_map(|id| self.flows.get(*id)) {
            let first = flow.starts.first();
            layout.flow_first.push(first);
            let lower = |list: &mut Vec<i64>, id: u32| {
                if let Some(f) = list.get_mut(id as usize) {
                    *f = first.min(*f);
                }
            };
            lower(&mut layout.host_first, flow.src_host);
            lower(&mut layout.host_first, flow.dst_host);
            lower(&mut layout.pair_first, flow.pair);
        }
        layout
    }

    /// A stretch cut to the window. What begins before it, or is not known exactly, begins with it.
    fn seen(&self, first: Option<i64>, last: i64) -> Span {
        let opening = self.now.saturating_sub(self.lengths.window);
        let first = first.filter(|f| *f != i64::MAX).unwrap_or(opening).max(opening);
        Span::new(Timestamp::from_nanos(first), Timestamp::from_nanos(last.min(self.now)))
    }

    fn bits_per_sec(&self, lane: &Lane) -> f64 {
        lane.rate.counts().bytes as f64 * 8.0 / self.config.rate_interval.as_secs_f64()
    }

    fn pkts_per_sec(&self, lane: &Lane) -> f64 {
        lane.rate.counts().pkts as f64 / self.config.rate_interval.as_secs_f64()
    }

    fn pins(&self, layout: &mut Layout) -> Vec<HostPin> {
        let mut pins = Vec::new();
        for &id in self.orders.hosts.ids() {
            let Some(host) = self.hosts.get(id) else { continue };
            let Ok(place) = &host.place else { continue };
            if let Some(slot) = layout.pins.get_mut(id as usize) {
                *slot = u32::try_from(pins.len()).ok();
            }
            pins.push(HostPin {
                id: HostId(id),
                addr: host.addr,
                group: None,
                place: place.as_ref().clone(),
                sent: host.out.window.counts(),
                received: host.inward.window.counts(),
                load_out: self.bits_per_sec(&host.out),
                load_in: self.bits_per_sec(&host.inward),
                flows: host.flows,
                seen: self.seen(layout.host_first.get(id as usize).copied(), host.last),
            });
        }
        pins
    }

    fn arcs(&self, layout: &Layout) -> Vec<PathArc> {
        let pin = |id: u32| layout.pins.get(id as usize).copied().flatten();
        let mut arcs = Vec::new();
        for (id, pair) in self.pairs.iter() {
            let (Some(a), Some(b)) = (pin(pair.a), pin(pair.b)) else { continue };
            arcs.push(PathArc {
                id: PathId(id),
                a,
                b,
                ab: pair.ab.window.counts(),
                ba: pair.ba.window.counts(),
                load_ab: self.bits_per_sec(&pair.ab),
                load_ba: self.bits_per_sec(&pair.ba),
                rate_ab: self.pkts_per_sec(&pair.ab),
                rate_ba: self.pkts_per_sec(&pair.ba),
                flows: pair.flows,
                seen: self.seen(layout.pair_first.get(id as usize).copied(), pair.last),
            });
        }
        arcs.sort_unstable_by_key(|p| (p.a, p.b));
        arcs
    }

    fn rows(&self, layout: &Layout) -> Arc<[FlowRow]> {
        let pin = |id: u32| layout.pins.get(id as usize).copied().flatten();
        let row = |(flow, first): (&Flow, i64)| FlowRow {
            last: Arc::clone(&flow.newest),
            source: flow.source,
            seen: self.seen(Some(first), flow.newest.span.end.nanos()),
            src: flow.src.window.counts(),
            dst: flow.dst.window.counts(),
            load_src: self.bits_per_sec(&flow.src),
            load_dst: self.bits_per_sec(&flow.dst),
            records: flow.records,
            src_host: pin(flow.src_host),
            dst_host: pin(flow.dst_host),
        };
        let flows: Vec<&Flow> = self.orders.flows.ids().iter().filter_map(|id| self.flows.get(*id)).collect();
        // Rows are large: an iterator of known length is written straight into its final place.
        flows.into_iter().zip(layout.flow_first.iter().copied()).map(row).collect()
    }

    fn unplaced(&self) -> Vec<Unplaced> {
        let volume = |h: &Host| {
            let (out, inward) = (h.out.window.counts().bytes, h.inward.window.counts().bytes);
            (Reverse(u128::from(out) + u128::from(inward)), h.addr)
        };
        let mut found: Vec<_> =
            self.hosts.iter().filter_map(|(_, h)| h.place.as_ref().err().map(|why| (volume(h), *why, h))).collect();
        found.sort_unstable_by_key(|f| f.0);
        found.truncate(MAX_UNPLACED);
        let shown = |(_, why, h): (_, &'static str, &Host)| Unplaced {
            addr: h.addr,
            sent: h.out.window.counts(),
            received: h.inward.window.counts(),
            flows: h.flows,
            why,
        };
        found.into_iter().map(shown).collect()
    }

    fn totals(&self, placed: u64) -> Totals {
        let seconds = self.config.rate_interval.as_secs_f64();
        let sums = &self.sums;
        let hosts = self.hosts.len() as u64;
        let nowhere = |id: u32| id == NONE || self.hosts.get(id).is_none_or(|h| h.place.is_err());
        let unplaced_bytes = self
            .pairs
            .iter()
            .filter(|(_, p)| nowhere(p.a) || nowhere(p.b))
            .map(|(_, p)| u128::from(p.ab.window.counts().bytes) + u128::from(p.ba.window.counts().bytes))
            .sum::<u128>();
        Totals {
            records: sums.records,
            flows: self.flows.len() as u64,
            hosts,
            paths: self.pairs.len() as u64,
            src: sums.src.window.counts(),
            dst: sums.dst.window.counts(),
            load: self.bits_per_sec(&sums.src) + self.bits_per_sec(&sums.dst),
            rate: self.pkts_per_sec(&sums.src) + self.pkts_per_sec(&sums.dst),
            records_per_sec: sums.ended as f64 / seconds,
            unplaced_hosts: hosts - placed,
            unplaced_bytes: u64::try_from(unplaced_bytes).unwrap_or(u64::MAX),
            no_address_records: sums.no_address,
            refused_hosts: sums.refused_hosts,
            refused_paths: sums.refused_paths,
            refused_flows: sums.refused_flows,
            refused_records: sums.refused_records,
        }
    }
}
