//! The sums of the window and the tables behind them.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::net::IpAddr;
use std::sync::Arc;

use super::asleep::{Asleep, Bucket, bucket_of};
use super::config::CacheConfig;
use super::entry::{Ends, Entry, Lacks, Tables};
use super::slab::{NONE, Slab};
use super::spread::{Lengths, Share, Shares, Spread};
use super::starts::Starts;
use crate::base::Timestamp;
use crate::base::hash::Map;
use crate::geo::Located;
use crate::record::{Counts, FlowKey, FlowSummary, SourceId, SrcId};

/// Which way time went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "after a step back the records of the window have to be pushed again"]
pub enum Moved {
    /// Forward, or not at all: the window is up to date.
    Forward,
    /// Back: the window is empty now, push what overlaps it.
    Back,
}

/// A sum that neither overflows nor loses anything when it is taken back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sum {
    pkts: u128,
    bytes: u128,
    appbytes: u128,
}

impl Sum {
    fn change(&mut self, old: Counts, new: Counts) {
        let step = |sum: &mut u128, old: u64, new: u64| *sum = sum.wrapping_add(new.into()).wrapping_sub(old.into());
        step(&mut self.pkts, old.pkts, new.pkts);
        step(&mut self.bytes, old.bytes, new.bytes);
        step(&mut self.appbytes, old.appbytes, new.appbytes);
    }

    pub(super) fn counts(self) -> Counts {
        let narrow = |n: u128| u64::try_from(n).unwrap_or(u64::MAX);
        Counts { pkts: narrow(self.pkts), bytes: narrow(self.bytes), appbytes: narrow(self.appbytes) }
    }
}

/// What flows one way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Lane {
    pub(super) window: Sum,
    pub(super) rate: Sum,
}

impl Lane {
    fn change(&mut self, old: &Share, new: &Share) {
        self.window.change(old.window, new.window);
        self.rate.change(old.rate, new.rate);
    }
}

/// An address.
#[derive(Debug)]
pub(super) struct Host {
    pub(super) addr: IpAddr,
    pub(super) place: Located,
    pub(super) out: Lane,
    pub(super) inward: Lane,
    pub(super) flows: u32,
    /// Latest end of its records. Exact as long as it is in the table, as the record that ends last leaves last.
    pub(super) last: i64,
    /// Records and flows that refer to it.
    refs: u32,
}

/// A pair of addresses, the lower one first.
#[derive(Debug)]
pub(super) struct Pair {
    pub(super) a: u32,
    pub(super) b: u32,
    pub(super) ab: Lane,
    pub(super) ba: Lane,
    pub(super) flows: u32,
    pub(super) last: i64,
    refs: u32,
}

/// A flow.
#[derive(Debug)]
pub(super) struct Flow {
    pub(super) newest: Arc<FlowSummary>,
    pub(super) source: SourceId,
    pub(super) src: Lane,
    pub(super) dst: Lane,
    pub(super) records: u32,
    pub(super) src_host: u32,
    pub(super) dst_host: u32,
    pub(super) pair: u32,
    /// When its records start.
    pub(super) starts: Starts,
}

/// A record whose time has not come.
#[derive(Debug)]
struct Pending {
    flow: FlowSummary,
    source: SourceId,
    src: Located,
    dst: Located,
}

/// Sums over everything.
#[derive(Debug, Default)]
pub(super) struct Sums {
    pub(super) records: u64,
    pub(super) ended: u64,
    pub(super) src: Lane,
    pub(super) dst: Lane,
    pub(super) no_address: u64,
    pub(super) refused_hosts: u64,
    pub(super) refused_paths: u64,
    pub(super) refused_flows: u64,
    pub(super) refused_records: u64,
}

impl Sums {
    fn each_lack(&mut self, lacks: Lacks, change: impl Fn(&mut u64)) {
        for (lacking, count) in [
            (lacks.addresses, &mut self.no_address),
            (lacks.host, &mut self.refused_hosts),
            (lacks.pair, &mut self.refused_paths),
            (lacks.flow, &mut self.refused_flows),
        ] {
            if lacking {
                change(count);
            }
        }
    }
}

/// The rolling window.
#[derive(Debug)]
pub struct WindowCache {
    pub(super) config: CacheConfig,
    pub(super) lengths: Lengths,
    pub(super) now: i64,
    pub(super) hosts: Slab<Host>,
    pub(super) pairs: Slab<Pair>,
    pub(super) flows: Slab<Flow>,
    pub(super) sums: Sums,
    pub(super) orders: super::picture::Orders,
    host_ids: Map<IpAddr, u32>,
    pair_ids: Map<(u32, u32), u32>,
    flow_ids: Map<(FlowKey, SrcId), u32>,
    asleep: Asleep,
    /// Those that are due in the bucket of `now`, and when.
    awake: Slab<Entry>,
    alarms: BinaryHeap<Reverse<(i64, u32)>>,
    pending: BTreeMap<(i64, u64), Box<Pending>>,
    serial: u64,
}

impl WindowCache {
    /// An empty window that ends at the earliest time.
    #[must_use]
    pub fn new(config: CacheConfig) -> WindowCache {
        let config = config.bounded();
        let nanos = |d: std::time::Duration| i64::try_from(d.as_nanos()).unwrap_or(i64::MAX);
        WindowCache {
            config,
            lengths: Lengths { window: nanos(config.window), rate: nanos(config.rate_interval) },
            now: i64::MIN,
            hosts: Slab::new(config.max_hosts),
            pairs: Slab::new(config.max_paths),
            flows: Slab::new(config.max_flows),
            sums: Sums::default(),
            orders: super::picture::Orders::default(),
            host_ids: Map::default(),
            pair_ids: Map::default(),
            flow_ids: Map::default(),
            asleep: Asleep::default(),
            awake: Slab::new(config.max_records),
            alarms: BinaryHeap::new(),
            pending: BTreeMap::new(),
            serial: 0,
        }
    }

    /// Lengths and limits.
    #[must_use]
    pub fn config(&self) -> CacheConfig {
        self.config
    }

    /// The end of the window.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        Timestamp::from_nanos(self.now)
    }

    /// Adds a record, in any order of time: one that is over before the window begins is passed over, one that begins
    /// behind `now` waits. `src` and `dst` say where its addresses are or why that is unknown.
    pub fn push(&mut self, flow: &FlowSummary, src: &Located, dst: &Located, source: SourceId) {
        let (start, end) = (flow.span.start.nanos(), flow.span.end.nanos());
        if end <= self.now.saturating_sub(self.lengths.window) {
            return;
        }
        let record = Pending { flow: *flow, source, src: src.clone(), dst: dst.clone() };
        if start <= self.now {
            self.enter(&record);
        } else if self.pending.len() < self.config.max_records {
            self.serial += 1;
            self.pending.insert((start, self.serial), Box::new(record));
        } else {
            self.sums.refused_records += 1;
            self.orders.dirty = true;
        }
    }

    /// Moves the end of the window. Forward costs what enters, leaves or lies across an edge; a step back empties the
    /// window for the caller to fill it anew.
    pub fn move_to(&mut self, now: Timestamp) -> Moved {
        let now = now.nanos();
        if now < self.now {
            self.restart(Timestamp::from_nanos(now));
            return Moved::Back;
        }
        self.now = now;
        self.visit_awake();
        while let Some(bucket) = self.asleep.take(bucket_of(now)) {
            self.wake(&bucket);
            self.visit_awake();
        }
        while let Some(first) = self.pending.first_entry().filter(|p| p.key().0 <= now) {
            let record = first.remove();
            if record.flow.span.end.nanos() > now.saturating_sub(self.lengths.window) {
                self.enter(&record);
            }
        }
        Moved::Forward
    }

    /// Empties everything and puts the end of the window at `now`.
    pub fn restart(&mut self, now: Timestamp) {
        // The next window is likely to need about the same memory.
        self.now = now.nanos();
        self.hosts.clear();
        self.pairs.clear();
        self.flows.clear();
        self.asleep.clear();
        self.awake.clear();
        self.alarms.clear();
        self.host_ids.clear();
        self.pair_ids.clear();
        self.flow_ids.clear();
        self.pending.clear();
        self.sums = Sums::default();
        self.orders.reset();
    }

    fn enter(&mut self, record: &Pending) {
        let flow = &record.flow;
        self.orders.dirty = true;
        let ips = (flow.key.saddr.ip(), flow.key.daddr.ip());
        if self.sums.records >= self.config.max_records as u64 {
            self.sums.refused_records += 1;
            return;
        }
        let spread = Spread::of(flow);
        let end = spread.end;
        let src = ips.0.map_or(NONE, |a| self.host(a, &record.src, end));
        let dst = ips.1.map_or(NONE, |a| self.host(a, &record.dst, end));
        let both = src != NONE && dst != NONE;
        let pair = if both { self.pair(src, dst, end) } else { NONE };
        let flow = self.flow(record, src, dst, pair);
        let lacks = Lacks {
            addresses: ips.0.is_none() && ips.1.is_none(),
            host: (ips.0.is_some() && src == NONE) || (ips.1.is_some() && dst == NONE),
            pair: both && pair == NONE,
            flow: flow == NONE,
        };
        self.sums.records += 1;
        self.sums.each_lack(lacks, |n| *n += 1);
        self.visit(Entry { spread, due: self.now, ends: Ends { flow, pair, src, dst }, lacks }, Shares::default());
    }

    /// The number of an address, with one more reference to it.
    fn host(&mut self, addr: IpAddr, place: &Located, end: i64) -> u32 {
        let id = match self.host_ids.get(&addr) {
            Some(id) => *id,
            None => {
                let host = Host {
                    addr,
                    place: place.clone(),
                    out: Lane::default(),
                    inward: Lane::default(),
                    flows: 0,
                    last: end,
                    refs: 0,
                };
                let Some(id) = self.hosts.insert(host) else { return NONE };
                self.host_ids.insert(addr, id);
                self.orders.hosts.added(id);
                id
            }
        };
        if let Some(host) = self.hosts.get_mut(id) {
            host.refs += 1;
            host.last = host.last.max(end);
            if more_trusted(place, &host.place) {
                host.place = place.clone();
            }
        }
        id
    }

    fn pair(&mut self, src: u32, dst: u32, end: i64) -> u32 {
        let key = if self.addr(src) <= self.addr(dst) { (src, dst) } else { (dst, src) };
        let id = match self.pair_ids.get(&key) {
            Some(id) => *id,
            None => {
                let (ab, ba) = (Lane::default(), Lane::default());
                let Some(id) = self.pairs.insert(Pair { a: key.0, b: key.1, ab, ba, flows: 0, last: end, refs: 0 })
                else {
                    return NONE;
                };
                self.pair_ids.insert(key, id);
                id
            }
        };
        if let Some(pair) = self.pairs.get_mut(id) {
            pair.refs += 1;
            pair.last = pair.last.max(end);
        }
        id
    }

    fn addr(&self, id: u32) -> Option<IpAddr> {
        self.hosts.get(id).map(|h| h.addr)
    }

    /// The number of the record's flow, which takes over the record's extract if that is its newest.
    fn flow(&mut self, record: &Pending, src_host: u32, dst_host: u32, pair: u32) -> u32 {
        let key = (record.flow.key, record.flow.srcid);
        if let Some(&id) = self.flow_ids.get(&key) {
            if let Some(flow) = self.flows.get_mut(id) {
                let age = |f: &FlowSummary| (f.span.end, f.span.start, f.seq);
                if age(&record.flow) >= age(&flow.newest) {
                    flow.source = record.source;
                    match Arc::get_mut(&mut flow.newest) {
                        Some(newest) => *newest = record.flow,
                        None => flow.newest = Arc::new(record.flow),
                    }
                }
                flow.records += 1;
                flow.starts.add(record.flow.span.start.nanos());
            }
            return id;
        }
        let flow = Flow {
            newest: Arc::new(record.flow),
            source: record.source,
            src: Lane::default(),
            dst: Lane::default(),
            records: 1,
            src_host,
            dst_host,
            pair,
            starts: Starts::new(record.flow.span.start.nanos()),
        };
        let Some(id) = self.flows.insert(flow) else { return NONE };
        self.flow_ids.insert(key, id);
        self.orders.flows.added(id);
        self.for_ends_of_flow(src_host, dst_host, pair, |refs, flows| {
            *refs += 1;
            *flows += 1;
        });
        id
    }

    /// Applies a change to the references and flow counts of the distinct ends of a flow and of its pair.
    fn for_ends_of_flow(&mut self, src: u32, dst: u32, pair: u32, change: impl Fn(&mut u32, &mut u32)) {
        if let Some(h) = self.hosts.get_mut(src) {
            change(&mut h.refs, &mut h.flows);
        }
        if let Some(h) = self.hosts.get_mut(dst).filter(|_| dst != src) {
            change(&mut h.refs, &mut h.flows);
        }
        if let Some(p) = self.pairs.get_mut(pair) {
            change(&mut p.refs, &mut p.flows);
        }
    }

    /// Visits those awake whose time has come.
    fn visit_awake(&mut self) {
        while let Some(Reverse((_, id))) = self.alarms.peek().filter(|a| a.0.0 <= self.now).copied() {
            self.alarms.pop();
            if let Some(entry) = self.awake.remove(id) {
                self.revisit(entry);
            }
        }
    }

    /// Visits the records of a bucket that are due, and keeps the others awake.
    fn wake(&mut self, bucket: &Bucket) {
        for block in &bucket.blocks {
            let mut rest = block.as_slice();
            while let Some(entry) = Entry::read(&mut rest, bucket.base, self) {
                if entry.due <= self.now { self.revisit(entry) } else { self.stay_awake(entry) }
            }
        }
    }

    fn stay_awake(&mut self, entry: Entry) {
        if let Some(id) = self.awake.insert(entry) {
            self.alarms.push(Reverse((entry.due, id)));
        }
    }

    fn revisit(&mut self, entry: Entry) {
        let old = entry.spread.shares(entry.due - 1, self.lengths);
        self.visit(entry, old);
    }

    /// Sums a record anew at `now` and says when to come again, or removes it. `old` is what it counts for so far.
    fn visit(&mut self, entry: Entry, old: Shares) {
        let (now, lengths) = (self.now, self.lengths);
        let new = entry.spread.shares(now, lengths);
        if old != new {
            self.change(entry.ends, &old, &new);
        }
        // At the end of representable time nothing can be due later than now; such a record leaves.
        let Some(due) = entry.spread.next_change(now, lengths).filter(|due| *due > now) else {
            self.leave(&entry);
            return;
        };
        let entry = Entry { due, ..entry };
        if bucket_of(due) == bucket_of(now) {
            self.stay_awake(entry);
        } else {
            self.asleep.put(&entry, entry.ends.shortest(self));
        }
    }

    fn change(&mut self, Ends { flow, pair, src, dst }: Ends, old: &Shares, new: &Shares) {
        self.orders.dirty = true;
        let sums = &mut self.sums;
        sums.src.change(&old.src, &new.src);
        sums.dst.change(&old.dst, &new.dst);
        sums.ended = sums.ended.wrapping_add(new.ended).wrapping_sub(old.ended);
        if let Some(flow) = self.flows.get_mut(flow) {
            flow.src.change(&old.src, &new.src);
            flow.dst.change(&old.dst, &new.dst);
        }
        if let Some(pair) = self.pairs.get_mut(pair) {
            let (from_src, from_dst) =
                if pair.a == src { (&mut pair.ab, &mut pair.ba) } else { (&mut pair.ba, &mut pair.ab) };
            from_src.change(&old.src, &new.src);
            from_dst.change(&old.dst, &new.dst);
        }
        if let Some(host) = self.hosts.get_mut(src) {
            host.out.change(&old.src, &new.src);
            host.inward.change(&old.dst, &new.dst);
        }
        if let Some(host) = self.hosts.get_mut(dst) {
            host.out.change(&old.dst, &new.dst);
            host.inward.change(&old.src, &new.src);
        }
    }

    fn leave(&mut self, entry: &Entry) {
        self.orders.dirty = true;
        self.sums.records -= 1;
        self.sums.each_lack(entry.lacks, |n| *n -= 1);
        let Ends { flow, pair, src, dst } = entry.ends;
        self.leave_flow(flow, entry.spread.start);
        self.release_host(src);
        self.release_host(dst);
        self.release_pair(pair);
    }

    fn leave_flow(&mut self, id: u32, start: i64) {
        let Some(flow) = self.flows.get_mut(id) else { return };
        flow.records -= 1;
        if flow.records > 0 {
            flow.starts.remove(start);
            return;
        }
        let Some(flow) = self.flows.remove(id) else { return };
        self.flow_ids.remove(&(flow.newest.key, flow.newest.srcid));
        self.orders.flows.removed(id);
        self.for_ends_of_flow(flow.src_host, flow.dst_host, flow.pair, |_, flows| *flows -= 1);
        self.release_host(flow.src_host);
        if flow.dst_host != flow.src_host {
            self.release_host(flow.dst_host);
        }
        self.release_pair(flow.pair);
    }

    fn release_host(&mut self, id: u32) {
        let Some(host) = self.hosts.get_mut(id) else { return };
        host.refs -= 1;
        if host.refs == 0 {
            self.host_ids.remove(&host.addr);
            self.hosts.remove(id);
            self.orders.hosts.removed(id);
        }
    }

    fn release_pair(&mut self, id: u32) {
        let Some(pair) = self.pairs.get_mut(id) else { return };
        pair.refs -= 1;
        if pair.refs == 0 {
            self.pair_ids.remove(&(pair.a, pair.b));
            self.pairs.remove(id);
        }
    }
}

impl Tables for WindowCache {
    fn ends_of_flow(&self, flow: u32) -> Option<Ends> {
        self.flows.get(flow).map(|f| Ends { flow, pair: f.pair, src: f.src_host, dst: f.dst_host })
    }

    fn ends_of_pair(&self, pair: u32, first_is_source: bool) -> Option<Ends> {
        let (a, b) = self.pairs.get(pair).map(|p| (p.a, p.b))?;
        let (src, dst) = if first_is_source { (a, b) } else { (b, a) };
        Some(Ends { flow: NONE, pair, src, dst })
    }
}

/// Whether a new answer about a place replaces the one in the table: any place beats none, a more trusted origin beats
/// a less trusted one.
fn more_trusted(new: &Located, old: &Located) -> bool {
    match (new, old) {
        (Ok(new), Ok(old)) => !Arc::ptr_eq(new, old) && new.origin < old.origin,
        (Ok(_), Err(_)) => true,
        (Err(_), _) => false,
    }
}
