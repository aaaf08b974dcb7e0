//! The life of flows: when they are made, reported, and given up.

use std::time::Duration;

use super::config::{Keys, SensorConfig};
use super::flow::{Flow, Standing, UNSET};
use super::key::{Family, Identity, Kind, identify, identify_by};
use super::mar::{self, Report};
use super::table::{STATUS, Table};
use super::{count, encode};
use crate::base::Timestamp;
use crate::packet::{LinkType, Packet, RawPacket, dissect_into, dissect_through};
use crate::record::{Batch, Cause};

/// The timer runs every 0.2 s of packet time.
const TIMER_STEP: i64 = 200_000;
/// A fragment train older than this is dropped when its flow is reported.
const TRAIN_AGE: i64 = 2_000_000;
/// Fragment trains under one flow; the oldest is counted and given up beyond that.
const MAX_TRAINS: usize = 1024;

/// Flows from which on the processor's caches do not hold them all.
const MANY: usize = 4096;

/// Why the sensor ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The input is exhausted.
    Input,
    /// Somebody stops the sensor.
    Shutdown,
}

/// What the sensor has done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Packets taken.
    pub packets: u64,
    /// Their bytes on the wire.
    pub bytes: u64,
    /// Packets that belong to no flow: too short, of an unsupported link type or protocol.
    pub ignored: u64,
    /// Records written, management records included.
    pub records: u64,
    /// Flows made.
    pub flows: u64,
    /// Flows given up early because the table was full.
    pub evicted: u64,
}

/// The flow of a packet that has been looked at.
#[derive(Clone, Copy)]
struct Looked {
    id: Identity,
    /// The hash of its key.
    hash: u64,
    /// Where it seems to be.
    place: Option<u32>,
}

/// The flow engine.
#[derive(Debug)]
pub struct Sensor {
    config: SensorConfig,
    interval: i64,
    /// Nothing but the usual makes a flow's key.
    plain_keys: bool,
    table: Table,
    timer: i64,
    /// The latest packet's time, µs.
    now: i64,
    seq: u32,
    totals: Totals,
    reported: Totals,
    dropped: u64,
    reported_dropped: u64,
    started: Timestamp,
}

fn micros(d: Duration) -> i64 {
    i64::try_from(d.as_micros()).unwrap_or(i64::MAX)
}

impl Sensor {
    /// Packets that [`Sensor::packets`] looks at together.
    pub const AHEAD: usize = 16;

    /// A sensor without flows.
    #[must_use]
    pub fn new(config: SensorConfig) -> Sensor {
        Sensor {
            interval: micros(config.status_interval),
            plain_keys: config.keys == Keys::default(),
            config,
            table: Table::new(),
            timer: UNSET,
            now: 0,
            seq: 0,
            totals: Totals::default(),
            reported: Totals::default(),
            dropped: 0,
            reported_dropped: 0,
            started: Timestamp::default(),
        }
    }

    /// What has been done so far.
    #[must_use]
    pub fn totals(&self) -> Totals {
        self.totals
    }

    /// Number of flows in the table.
    #[must_use]
    pub fn flows(&self) -> usize {
        self.table.len()
    }

    /// Writes the management record that opens a stream; `now` is the wall clock.
    pub fn start(&mut self, now: Timestamp, out: &mut Batch) {
        self.started = now;
        self.management(Cause::Start, now, out);
    }

    /// Tells how many packets the capture has lost so far.
    pub fn set_dropped(&mut self, dropped: u64) {
        // The kernel's counters may begin anew when an interface comes back.
        self.reported_dropped = self.reported_dropped.min(dropped);
        self.dropped = dropped;
    }

    /// Writes a management record about the time since the last one; `now` is the wall clock.
    pub fn status(&mut self, now: Timestamp, out: &mut Batch) {
        self.management(Cause::Status, now, out);
    }

    /// Takes packets that follow one another, as [`Sensor::packet`] takes one.
    ///
    /// Their flows are looked up together before anything is counted: waiting for memory is most of a packet's cost once
    /// there are many flows, and many waits at once take no longer than one.
    pub fn packets(&mut self, packets: &[RawPacket<'_>], out: &mut Batch) {
        for group in packets.chunks(Sensor::AHEAD) {
            // Filled in place: a walked packet is large.
            let mut walked = [const { None }; Sensor::AHEAD];
            let mut looked = [None; Sensor::AHEAD];
            for (raw, (walked, looked)) in group.iter().zip(walked.iter_mut().zip(&mut looked)) {
                dissect_into(raw.link, raw.data, raw.wire_len, self.config.tunnels, walked);
                *looked = walked.as_ref().and_then(|packet| self.look(packet));
            }
            if self.table.len() >= MANY {
                let now = group.first().map_or(0, |raw| raw.at.micros());
                self.fetch(&mut looked, now);
            }
            for (raw, (walked, looked)) in group.iter().zip(walked.iter().zip(&looked)) {
                self.take(raw, walked.as_ref(), looked.as_ref(), out);
            }
        }
    }

    /// Takes one packet, captured at `at` on a link of type `link`: `frame` of its `wire_len` bytes. Records that
    /// become due are appended to `out`.
    pub fn packet(&mut self, at: Timestamp, link: LinkType, frame: &[u8], wire_len: u32, out: &mut Batch) {
        let walked = dissect_through(link, frame, wire_len, self.config.tunnels);
        let looked = walked.as_ref().and_then(|packet| self.look(packet));
        let raw = RawPacket { at, link, data: frame, wire_len };
        self.take(&raw, walked.as_ref(), looked.as_ref(), out);
    }

    /// The flow that a packet belongs to; nothing for packets that make none.
    #[inline]
    fn look(&self, packet: &Packet<'_>) -> Option<Looked> {
        let id = self.identity(packet)?;
        Some(Looked { id, hash: self.table.hash(&id.key), place: None })
    }

    /// Guesses where flows lie and reads a little of each, so that all of it is on its way from memory.
    fn fetch(&self, looked: &mut [Option<Looked>], now: i64) {
        for l in looked.iter_mut().flatten() {
            l.place = self.table.guess(l.hash);
        }
        let places = looked.iter().flatten().filter_map(|l| l.place);
        std::hint::black_box(places.clone().fold(0, |sum, at| sum ^ self.table.touch(at)));
        let moving = places.filter(|&at| self.is_moving(self.table.flow(at), now));
        std::hint::black_box(moving.fold(0, |sum, at| sum ^ self.table.touch_neighbours(at)));
    }

    /// Whether a packet at `now` makes the flow change its place among the queues.
    #[inline]
    fn is_moving(&self, flow: &Flow, now: i64) -> bool {
        flow.queue != STATUS || now.saturating_sub(flow.stamp) >= self.interval
    }

    /// Has the flow that comes behind one on its queue on its way from memory while that one is worked on.
    #[inline]
    fn fetch_younger(&self, at: u32) {
        if let Some(next) = self.table.younger(at) {
            std::hint::black_box(self.table.touch(next));
        }
    }

    #[inline]
    fn identity(&self, packet: &Packet<'_>) -> Option<Identity> {
        if self.plain_keys { identify(packet) } else { identify_by(self.config.keys, packet) }
    }

    /// Takes a packet; `walked` is nothing if it is too short or of an unsupported link type, `looked` if it makes no flow.
    #[inline]
    fn take(&mut self, raw: &RawPacket<'_>, walked: Option<&Packet<'_>>, looked: Option<&Looked>, out: &mut Batch) {
        self.totals.packets += 1;
        self.totals.bytes += u64::from(raw.wire_len);
        let Some(packet) = walked else {
            self.totals.ignored += 1;
            return;
        };
        let now = raw.at.micros();
        self.now = now;
        match looked {
            Some(looked) => self.flow_packet(packet, looked, raw.link, now, out),
            None => self.totals.ignored += 1,
        }
        self.run_timer(now, out);
    }

    /// Tells the time when no packet does.
    pub fn tick(&mut self, now: Timestamp, out: &mut Batch) {
        self.now = now.micros();
        self.run_timer(self.now, out);
    }

    /// Reports all flows, oldest first, and closes the stream with a management record; `now` is the wall clock.
    pub fn finish(&mut self, end: End, now: Timestamp, out: &mut Batch) {
        let cause = (end == End::Shutdown).then_some(Cause::Shutdown);
        for queue in 0..self.table.queues() {
            let mut next = self.table.oldest(queue);
            while let Some(at) = next {
                next = self.table.younger(at);
                self.fetch_younger(at);
                if queue == STATUS {
                    self.report(at, cause, out);
                }
                // Nothing else has anything left to say.
                if self.table.flow(at).rare.is_some() {
                    self.give_up(at, out);
                }
            }
        }
        self.table.clear();
        self.management(Cause::Stop, now, out);
    }

    #[inline]
    fn flow_packet(&mut self, packet: &Packet<'_>, looked: &Looked, link: LinkType, now: i64, out: &mut Batch) {
        let Looked { id, hash, place } = looked;
        // Another flow may lie there, and packets since then may have removed the flow or made it.
        let found = place.filter(|&at| self.table.flow(at).key == id.key);
        let at = match found.or_else(|| self.table.find(*hash, &id.key)) {
            Some(at) => {
                if id.kind != Kind::Fragment4 || !self.table.flow(at).has_parent() {
                    self.touch(at, link, now, out);
                }
                at
            }
            None => self.create(packet, id, *hash, now, out),
        };
        if id.kind == Kind::Fragment4 {
            return self.later_fragment(at, packet, id, now, out);
        }
        let flow = self.table.flow_mut(at);
        if count::reuses(flow, packet) {
            self.reopen(at, packet, id, now, out);
        }
        let flow = self.table.flow_mut(at);
        let fresh = flow.pkts() == 0 && flow.seq == 0;
        count::packet(flow, packet, id, &self.config, self.interval, now);
        if flow.standing != Standing::Sound && !fresh {
            let standing = flow.standing_now();
            if standing != flow.standing {
                self.table.stand(at, standing);
            }
        }
        count::after(self, at, packet, id, now);
        if self.config.start_records && self.table.flow(at).opening {
            self.report(at, None, out);
        }
    }

    fn create(&mut self, packet: &Packet<'_>, id: &Identity, hash: u64, now: i64, out: &mut Batch) -> u32 {
        while self.table.len() >= self.config.max_flows.max(1) && self.evict(out) {}
        self.totals.flows += 1;
        let at = self.table.insert(hash, Flow::new(id, packet));
        self.table.enqueue(at, STATUS, now);
        self.table.stand(at, Standing::HalfOpen);
        at
    }

    /// Makes room: a half-open flow goes first, then a one-way one, then one that rests after its report, and only when
    /// there is nothing else the busy one that has waited longest. False if the table is empty.
    #[cold]
    fn evict(&mut self, out: &mut Batch) -> bool {
        let resting = || (1..self.table.queues()).find_map(|q| self.table.oldest(q));
        let victim = self.table.weakest().or_else(resting).or_else(|| self.table.oldest(STATUS));
        let Some(at) = victim else { return false };
        self.report(at, None, out);
        self.give_up(at, out);
        self.totals.evicted += 1;
        true
    }

    /// A flow gets a packet: what is due is reported, and the flow moves to where it belongs.
    #[inline]
    fn touch(&mut self, at: u32, link: LinkType, now: i64, out: &mut Batch) {
        let flow = self.table.flow(at);
        if flow.queue != STATUS {
            self.table.enqueue(at, STATUS, now);
        } else if now.saturating_sub(flow.stamp) >= self.interval {
            self.report_due(now, out);
            let blocked = self.table.flow(at).queue == STATUS;
            // For links without Ethernet headers the flow is reported even if an older one with a later stamp blocks.
            if blocked && matches!(link.0, 0 | 8 | 9 | 12 | 14 | 101 | 228 | 229) {
                self.report(at, None, out);
            }
            self.table.enqueue(at, STATUS, now);
        }
    }

    /// Reports the flows at the old end of the status queue whose interval is over.
    fn report_due(&mut self, now: i64, out: &mut Batch) {
        while let Some(at) = self.table.oldest(STATUS) {
            if now.saturating_sub(self.table.flow(at).stamp) < self.interval {
                return;
            }
            self.fetch_younger(at);
            self.flush(at, now, out);
        }
    }

    /// Reports a flow and lets it rest.
    fn flush(&mut self, at: u32, now: i64, out: &mut Batch) {
        self.report(at, None, out);
        let timeout = self.timeout(self.table.flow(at));
        let queue = self.table.queue_for(timeout);
        self.table.enqueue(at, queue, now);
    }

    fn timeout(&self, flow: &Flow) -> i64 {
        let t = &self.config.timeouts;
        micros(match flow.kind {
            Kind::Tcp if flow.is_closed() => Duration::from_secs(10),
            Kind::Tcp => t.tcp,
            Kind::Icmp | Kind::Icmp6 => t.icmp,
            Kind::Igmp => t.igmp,
            Kind::Fragment4 | Kind::Fragment6 => t.fragment,
            Kind::Arp | Kind::Rarp => t.arp,
            Kind::Udp | Kind::Esp | Kind::Ip => t.ip,
            Kind::Isis | Kind::Wlan | Kind::Layer2 => t.other,
        })
    }

    #[inline]
    fn run_timer(&mut self, now: i64, out: &mut Batch) {
        // Nothing is before a timer that is not set.
        if now >= self.timer {
            self.timer_due(now, out);
        }
    }

    #[cold]
    fn timer_due(&mut self, now: i64, out: &mut Batch) {
        if self.timer == UNSET {
            self.timer = now;
        }
        if now.saturating_sub(self.timer) > TIMER_STEP {
            self.timer = now;
        }
        self.timer = self.timer.saturating_add(TIMER_STEP);
        self.report_due(now, out);
        for queue in 1..self.table.queues() {
            let timeout = self.table.timeout(queue);
            while let Some(at) = self.table.oldest(queue) {
                if now.saturating_sub(self.table.flow(at).stamp) < timeout {
                    break;
                }
                self.fetch_younger(at);
                self.give_up(at, out);
            }
        }
    }

    /// Removes a flow; fragments that still wait under it are reported.
    fn give_up(&mut self, at: u32, out: &mut Batch) {
        let flow = self.table.flow_mut(at);
        if let Some(rare) = flow.rare.as_deref_mut() {
            let trains = std::mem::take(&mut rare.trains);
            let parent = rare.train.as_ref().and_then(|t| t.parent);
            for train in trains {
                self.report(train, Some(Cause::Timeout), out);
                self.table.remove(train);
            }
            if let Some((parent, _)) = parent {
                self.forget_train(parent, at);
            }
        }
        self.table.remove(at);
    }

    fn forget_train(&mut self, parent: u32, train: u32) {
        if let Some(rare) = self.table.flow_mut(parent).rare.as_deref_mut() {
            rare.trains.retain(|&t| t != train);
        }
    }

    /// Sends a record if the flow has counted anything since its last one.
    fn report(&mut self, at: u32, cause: Option<Cause>, out: &mut Batch) {
        self.collect_trains(at);
        let flow = self.table.flow_mut(at);
        if flow.reported || flow.pkts() == 0 {
            return;
        }
        if flow.seq == 0 {
            self.seq = self.seq.wrapping_add(1);
            flow.seq = self.seq;
        }
        let opening = std::mem::take(&mut flow.opening);
        let cause = cause.unwrap_or(if opening { Cause::Start } else { Cause::Status });
        flow.reported = true;
        let config = &self.config;
        out.push_with(|bytes| encode::write(flow, cause, config, bytes));
        self.totals.records += 1;
    }

    /// A SYN opens the flow's ports again: the old connection is reported, the new one begins afresh.
    #[cold]
    fn reopen(&mut self, at: u32, packet: &Packet<'_>, id: &Identity, now: i64, out: &mut Batch) {
        let flow = self.table.flow_mut(at);
        let side = flow.side_of(id.reverse);
        count::arrive(flow, packet, side, now);
        self.report(at, Some(Cause::Stop), out);
        let flow = self.table.flow_mut(at);
        flow.reopen(id.reverse);
        self.table.enqueue(at, STATUS, now);
    }

    fn later_fragment(&mut self, at: u32, packet: &Packet<'_>, id: &Identity, now: i64, out: &mut Batch) {
        let flow = self.table.flow_mut(at);
        count::fragment(flow, packet, id, &self.config, self.interval, now);
        let Some(train) = flow.rare.as_deref().and_then(|r| r.train.as_ref()) else { return };
        if !train.is_whole() {
            return;
        }
        match train.parent {
            Some((parent, _)) => {
                self.merge_train(parent, at);
                if self.table.flow(parent).queue != STATUS {
                    self.table.enqueue(parent, STATUS, now);
                }
                self.give_up(at, out);
            }
            None => {
                self.report(at, Some(Cause::Stop), out);
                self.give_up(at, out);
            }
        }
    }

    /// Opens a fragment train under the flow of a first fragment of `len` bytes, or adopts the one that came before.
    ///
    /// A train under a flow is on no queue: it lives and is reported with its flow.
    pub(super) fn open_train(&mut self, parent: u32, id: &Identity, packet: &Packet<'_>, len: u32, now: i64) {
        let family = self.table.flow(parent).key.family();
        if family != Family::V4 as u8 {
            // Where ports are no part of the key, later fragments find their flow by themselves.
            return;
        }
        let hash = self.table.hash(&id.key);
        let at = match self.table.find(hash, &id.key) {
            Some(at) => at,
            None => self.table.insert(hash, Flow::new(id, packet)),
        };
        let side = self.table.flow(parent).side_of(id.reverse);
        let train = self.table.flow_mut(at).rare().train.get_or_insert_default();
        let orphan = train.parent.is_none();
        // Another flow's first fragment with the same number: the train stays in that flow's list.
        let owner = train.parent.map_or(parent, |(owner, _)| owner);
        train.cover(0, len, true);
        let whole = train.is_whole();
        if orphan {
            train.parent = Some((parent, side));
            train.born = now;
            self.table.unlink(at);
            self.table.stand(at, Standing::Sound);
            self.limit_trains(parent);
            self.table.flow_mut(parent).rare().trains.push(at);
            self.adopt_times(parent, side, at);
        }
        if whole {
            self.merge_train(parent, at);
            self.forget_train(owner, at);
            self.table.remove(at);
        }
    }

    /// Counts and gives up the oldest train under a flow that has too many.
    fn limit_trains(&mut self, parent: u32) {
        let trains = self.table.flow(parent).rare.as_deref().map_or(&[][..], |r| &r.trains);
        if let (true, Some(&oldest)) = (trains.len() >= MAX_TRAINS, trains.first()) {
            self.merge_train(parent, oldest);
            self.forget_train(parent, oldest);
            self.table.remove(oldest);
            self.totals.evicted += 1;
        }
    }

    /// A flow takes over the times of the fragments that came before its first one.
    fn adopt_times(&mut self, parent: u32, side: usize, train: u32) {
        let (start, end) = self.table.flow(train).span();
        if let (true, Some(s)) = (start != UNSET, self.table.flow_mut(parent).sides.get_mut(side)) {
            s.start = start;
            s.end = if end == start { UNSET } else { end };
        }
    }

    /// Adds what a train has counted to its flow, and empties the train.
    fn merge_train(&mut self, parent: u32, train: u32) {
        let from = self.table.flow_mut(train);
        let Some((_, side)) = from.rare.as_deref().and_then(|r| r.train.as_ref()).and_then(|t| t.parent) else {
            return;
        };
        let mut end = UNSET;
        let (mut pkts, mut bytes) = (0, 0);
        for s in &mut from.sides {
            pkts += std::mem::take(&mut s.pkts);
            bytes += std::mem::take(&mut s.bytes);
            end = end.max(s.start).max(s.end);
        }
        if pkts == 0 {
            return;
        }
        let flow = self.table.flow_mut(parent);
        if flow.reported {
            flow.reset_record();
        }
        if let Some(s) = flow.sides.get_mut(side) {
            s.pkts += pkts;
            s.bytes += bytes;
            if s.start == UNSET {
                s.start = end;
            } else if end > s.start {
                s.end = s.end.max(end);
            }
        }
    }

    fn collect_trains(&mut self, at: u32) {
        let Some(rare) = self.table.flow(at).rare.as_deref() else { return };
        if rare.trains.is_empty() {
            return;
        }
        for train in rare.trains.clone() {
            self.merge_train(at, train);
        }
        let trains = self.table.flow_mut(at).rare.as_deref_mut().map(|r| std::mem::take(&mut r.trains));
        for train in trains.unwrap_or_default() {
            let born = self.table.flow(train).rare.as_deref().and_then(|r| r.train.as_ref()).map_or(0, |t| t.born);
            if self.now.saturating_sub(born) > TRAIN_AGE {
                self.table.remove(train);
            } else {
                self.table.flow_mut(at).rare().trains.push(train);
            }
        }
    }

    /// The flow that an ICMP error speaks of, if it is in the table.
    pub(super) fn find(&self, id: &Identity) -> Option<u32> {
        self.table.find(self.table.hash(&id.key), &id.key)
    }

    pub(super) fn flow_mut(&mut self, at: u32) -> &mut Flow {
        self.table.flow_mut(at)
    }

    fn management(&mut self, cause: Cause, now: Timestamp, out: &mut Batch) {
        let clamp = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
        let (total, before) = (self.totals, self.reported);
        let report = Report {
            started: self.started,
            now,
            next_seq: self.seq,
            packets: total.packets - before.packets,
            bytes: total.bytes - before.bytes,
            // What the sensor had no room for, in packets and in flows: either makes the records say less than there was.
            dropped: clamp((self.dropped - self.reported_dropped) + (total.evicted - before.evicted)),
            records: clamp(total.records - before.records),
            flows: clamp(total.flows - before.flows),
            queued: clamp(self.table.len() as u64),
        };
        self.reported = total;
        self.reported_dropped = self.dropped;
        let config = &self.config;
        out.push_with(|bytes| mar::write(cause, &report, config, bytes));
        self.totals.records += 1;
    }
}
