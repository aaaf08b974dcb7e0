//! Records of one key as one: [`Clusters`].
//!
//! A key that has been seen once costs its record's bytes; the accumulators are made when a second record comes. The
//! table is seeded, so that nobody who sends packets can aim at one bucket, and is bounded by the input only: every key
//! has an answer in the output. Live readers bound it by `idle`, or take flows out themselves ([`Clusters::remove`]). What
//! has left makes room: its slot is used again, and the arena is packed when most of it is of no use.

use std::hash::BuildHasher as _;

use super::Item;
use super::arena::{Arena, Place};
use super::core::{Core, Net};
use super::key::{Key, KeyBytes, Model};
use super::merged::Merged;
use super::sort::{Order, Sorter};
use crate::base::Timestamp;
use crate::base::hash::{Seed, Table};
use crate::record::{Addr, Far, FlowForm, RecordRef, tcp_status};

/// How records are merged.
#[derive(Clone, Debug)]
pub struct Rules {
    /// What makes them the same.
    pub model: Model,
    /// A record whose key is unknown is looked for the other way round.
    pub correct: bool,
    /// What is not in the key is kept; otherwise it is blanked.
    pub preserve: bool,
    /// Statistics over the merged records are kept.
    pub report: bool,
    /// A label for every flow.
    pub label: Option<String>,
    /// Seconds after which a flow that lasts is given out and begun anew; 0 for never.
    pub status: u32,
    /// Seconds after which a flow without records is given out; 0 for never.
    pub idle: u32,
}

impl Default for Rules {
    fn default() -> Rules {
        Rules { model: Model::default(), correct: true, preserve: true, report: true, label: None, status: 0, idle: 0 }
    }
}

/// One flow.
#[derive(Debug)]
enum State {
    /// One record, as it came.
    Single(Place),
    /// Several, or one that has to be changed.
    Sum(Box<Merged>),
    /// Given out.
    Gone,
}

#[derive(Debug)]
struct Slot {
    hash: u64,
    key: Place,
    state: State,
    /// When the last record was merged, in records.
    touched: u64,
    /// When the first record came, in records.
    born: u64,
    start: Timestamp,
    end: Timestamp,
}

/// Bytes of no use in the arena that are not worth packing it.
const MAX_WASTE: usize = 4 << 20;

/// When a flow was added to, counted in records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Age {
    /// Its number.
    pub at: u32,
    /// When its first record came.
    pub born: u64,
    /// When its last record came.
    pub touched: u64,
}

/// Merges records by key.
#[derive(Debug)]
pub struct Clusters {
    rules: Rules,
    seed: Seed,
    table: Table<u32>,
    slots: Vec<Slot>,
    /// Slots whose flows have left.
    free: Vec<u32>,
    arena: Arena,
    /// Bytes of the arena that nothing refers to any more.
    waste: usize,
    count: u64,
    /// Flows that leave before the end, when: start or end and slot.
    due: std::collections::BinaryHeap<std::cmp::Reverse<(Timestamp, u32)>>,
}

impl Clusters {
    /// An empty table.
    #[must_use]
    pub fn new(rules: Rules) -> Clusters {
        Clusters {
            rules,
            seed: Seed::default(),
            table: Table::new(),
            slots: Vec::new(),
            free: Vec::new(),
            arena: Arena::new(),
            waste: 0,
            count: 0,
            due: std::collections::BinaryHeap::new(),
        }
    }

    /// How records are merged.
    #[must_use]
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Flows held.
    #[must_use]
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether none is held.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// Adds a record of version 3. `core` is its fixed part where the caller has changed it, and whether it has been
    /// exchanged.
    pub fn push(&mut self, far: &Far<'_>, core: Option<(&Core, bool)>) {
        self.count += 1;
        let stored;
        let far = if self.rules.correct || !far.is_turned() {
            far
        } else {
            stored = far.as_stored();
            &stored
        };
        let turned = match core {
            Some((_, turned)) => turned,
            None => self.rules.model.is_backwards(far),
        };
        let mut key = KeyBytes::new();
        self.rules.model.build(far, turned, &mut key);
        let hash = self.seed.hash_one(key.as_slice());
        if self.rules.model.is_none {
            return self.insert(hash, &key, far, core, turned);
        }
        if let Some(at) = self.find(hash, &key) {
            return self.merge(at, far, core, turned);
        }
        let is_ip = matches!(far.flow().form, FlowForm::V4 | FlowForm::V6);
        if self.rules.correct
            && is_ip
            && core.is_none()
            && let Some((at, mine_is_right)) = self.find_reversed(far)
        {
            if mine_is_right {
                self.turn_slot(at, hash, &key);
            }
            return self.merge(at, far, core, !mine_is_right);
        }
        self.insert(hash, &key, far, core, turned);
    }

    fn view(&self, place: Place) -> Option<Far<'_>> {
        view(&self.arena, place, self.rules.correct)
    }

    fn find(&self, hash: u64, key: &[u8]) -> Option<u32> {
        let is_same = |&at: &u32| self.slots.get(at as usize).is_some_and(|s| self.arena.get(s.key) == key);
        self.table.find(hash, is_same).copied()
    }

    /// The flow in the other direction, and whether the record's direction is the right one.
    fn find_reversed(&self, far: &Far<'_>) -> Option<(u32, bool)> {
        let mut key = KeyBytes::new();
        self.rules.model.build(far, true, &mut key);
        let at = self.find(self.seed.hash_one(key.as_slice()), &key)?;
        let Some(mine) = far.tcp_status() else { return Some((at, false)) };
        let theirs = match &self.slots.get(at as usize)?.state {
            State::Single(place) => self.view(*place)?.tcp_status()?,
            State::Sum(m) => match &m.core.net {
                Net::Tcp(tcp) => tcp.status,
                _ => 0,
            },
            State::Gone => return None,
        };
        match (mine & tcp_status::SYN != 0, theirs & tcp_status::SYN != 0) {
            (true, true) => None,
            (mine_is_right, _) => Some((at, mine_is_right)),
        }
    }

    /// Turns a flow round and puts it under a new key.
    fn turn_slot(&mut self, at: u32, hash: u64, key: &[u8]) {
        let place = self.arena.push(key);
        let Some(slot) = self.slots.get_mut(at as usize) else { return };
        if let Ok(entry) = self.table.find_entry(slot.hash, |&i| i == at) {
            entry.remove();
        }
        self.waste += slot.key.byte_len();
        match &mut slot.state {
            &mut State::Single(record) => {
                if let Some(far) = view(&self.arena, record, self.rules.correct) {
                    let mut core = Core::read(&far);
                    core.exchange();
                    slot.state = State::Sum(Box::new(Merged::new(core, &far, true)));
                    self.waste += record.byte_len();
                }
            }
            State::Sum(m) => m.exchange(),
            State::Gone => {}
        }
        (slot.hash, slot.key) = (hash, place);
        let slots = &self.slots;
        self.table.insert_unique(hash, at, |&i| slots.get(i as usize).map_or(0, |s| s.hash));
    }

    fn insert(&mut self, hash: u64, key: &[u8], far: &Far<'_>, core: Option<(&Core, bool)>, turned: bool) {
        let Some(at) = self.free.pop().or_else(|| u32::try_from(self.slots.len()).ok()) else { return };
        if self.waste > MAX_WASTE && self.waste > self.arena.byte_len() / 2 {
            self.pack();
        }
        let key = self.arena.push(key);
        let state = if core.is_none() && !turned {
            State::Single(self.arena.push(far.record().bytes()))
        } else {
            State::Sum(Box::new(Merged::new(fixed_part(far, core, turned), far, turned)))
        };
        let span = core.map_or(far.times().span, |(c, _)| c.span());
        let (touched, born) = (self.count, self.count);
        let slot = Slot { hash, key, state, touched, born, start: span.start, end: span.end };
        match self.slots.get_mut(at as usize) {
            Some(old) => *old = slot,
            None => self.slots.push(slot),
        }
        let slots = &self.slots;
        self.table.insert_unique(hash, at, |&i| slots.get(i as usize).map_or(0, |s| s.hash));
        if self.rules.status > 0 || self.rules.idle > 0 {
            self.due.push(std::cmp::Reverse((self.due_time(span.start, span.end), at)));
        }
    }

    fn merge(&mut self, at: u32, far: &Far<'_>, core: Option<(&Core, bool)>, turned: bool) {
        let Some(slot) = self.slots.get_mut(at as usize) else { return };
        slot.touched = self.count;
        let exchanged = (core.is_none() && turned).then(|| fixed_part(far, None, true));
        let own = core.map(|(c, _)| c).or(exchanged.as_ref());
        let span = own.map_or(far.times().span, Core::span);
        slot.start = slot.start.min(span.start);
        slot.end = slot.end.max(span.end);
        if let State::Single(place) = slot.state
            && let Some(first) = view(&self.arena, place, self.rules.correct)
        {
            slot.state = State::Sum(Box::new(Merged::from_far(&first)));
            self.waste += place.byte_len();
        }
        if let State::Sum(m) = &mut slot.state {
            m.add(own, far, turned);
        }
    }

    fn due_time(&self, start: Timestamp, end: Timestamp) -> Timestamp {
        let after = |t: Timestamp, secs: u32| match secs {
            0 => Timestamp::MAX,
            s => t + std::time::Duration::from_secs(s.into()),
        };
        after(start, self.rules.status).min(after(end, self.rules.idle))
    }

    /// Gives out the flows whose time has come when records of `now` arrive.
    pub fn expire(&mut self, now: Timestamp, mut give: impl FnMut(Item<'_>)) {
        while let Some(&std::cmp::Reverse((due, at))) = self.due.peek() {
            if due > now {
                return;
            }
            self.due.pop();
            let Some(slot) = self.slots.get(at as usize) else { continue };
            let real = self.due_time(slot.start, slot.end);
            if matches!(slot.state, State::Gone) {
                continue;
            }
            if real > now {
                self.due.push(std::cmp::Reverse((real, at)));
                continue;
            }
            let mut bytes = Vec::new();
            if let Some(item) = self.item(at, &mut bytes) {
                give(item);
            }
            self.remove(at);
        }
    }

    /// Takes a flow out. To be used with rules that do not give flows out by themselves.
    pub fn remove(&mut self, at: u32) {
        let Some(slot) = self.slots.get_mut(at as usize) else { return };
        let record = match std::mem::replace(&mut slot.state, State::Gone) {
            State::Gone => return,
            State::Single(place) => place.byte_len(),
            State::Sum(_) => 0,
        };
        self.waste += slot.key.byte_len() + record;
        if let Ok(entry) = self.table.find_entry(slot.hash, |&i| i == at) {
            entry.remove();
        }
        self.free.push(at);
    }

    /// Moves what is still of use into a new arena.
    fn pack(&mut self) {
        let mut packed = Arena::new();
        for slot in &mut self.slots {
            match &mut slot.state {
                State::Gone => continue,
                State::Single(place) => *place = packed.push(self.arena.get(*place)),
                State::Sum(_) => {}
            }
            slot.key = packed.push(self.arena.get(slot.key));
        }
        (self.arena, self.waste) = (packed, 0);
    }

    /// Bytes of the records and keys that are kept, those of no use included.
    #[cfg(test)]
    pub(super) fn held_bytes(&self) -> usize {
        self.arena.byte_len() + self.slots.len() * size_of::<Slot>()
    }

    /// Records added so far.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Every flow held: its number, which it keeps, and after how many records its first and its last record came.
    pub fn ages(&self) -> impl Iterator<Item = Age> {
        let age = |(at, s): (u32, &Slot)| match s.state {
            State::Gone => None,
            _ => Some(Age { at, born: s.born, touched: s.touched }),
        };
        (0u32..).zip(&self.slots).filter_map(age)
    }

    /// One flow by its number; `bytes` takes its record.
    pub fn item<'a>(&self, at: u32, bytes: &'a mut Vec<u8>) -> Option<Item<'a>> {
        bytes.clear();
        let is_sum = self.encode(at as usize, bytes);
        Some(Item { record: RecordRef::new(bytes)?, is_sum, as_stored: !self.rules.correct })
    }

    /// Appends the record of a slot; whether it is a sum.
    fn encode(&self, at: usize, out: &mut Vec<u8>) -> bool {
        let Some(slot) = self.slots.get(at) else { return false };
        match &slot.state {
            State::Gone => false,
            State::Single(place) => {
                let bytes = self.arena.get(*place);
                if !self.changes() {
                    out.extend_from_slice(bytes);
                    return false;
                }
                if let Some(far) = self.view(*place) {
                    self.dressed(Merged::from_far(&far)).write(out);
                }
                false
            }
            State::Sum(m) => {
                if self.changes() {
                    self.dressed((**m).clone()).write(out);
                } else {
                    m.write(out);
                }
                m.is_sum()
            }
        }
    }

    /// Whether flows are given out otherwise than they are kept.
    fn changes(&self) -> bool {
        let r = &self.rules;
        let is_cut = |k: &Key| matches!(k, Key::Saddr(p) | Key::Daddr(p) if p.0.is_some());
        !r.preserve || !r.report || r.label.is_some() || r.model.has(is_cut)
    }

    /// A flow as the rules have it.
    fn dressed(&self, mut m: Merged) -> Merged {
        let r = &self.rules;
        if !r.preserve {
            blank(&mut m, &r.model);
        }
        let flow = &mut m.core.flow;
        let is_ip = matches!(flow.form, FlowForm::V4 | FlowForm::V6);
        for key in r.model.keys.iter().filter(|_| is_ip) {
            let (addr, mask, prefix) = match key {
                Key::Saddr(p) => (&mut flow.key.saddr, &mut flow.src_mask, p),
                Key::Daddr(p) => (&mut flow.key.daddr, &mut flow.dst_mask, p),
                _ => continue,
            };
            let (cut, len) = prefix.of(*addr);
            *addr = cut;
            *mask = len.or(*mask);
        }
        if let Some(label) = &r.label {
            m.add_label(label);
        }
        if !r.report {
            m.forget_sum();
        }
        m
    }

    /// Gives out everything in the order of the rules and begins anew.
    pub fn drain(&mut self, mut give: impl FnMut(Item<'_>)) {
        let mut slots: Vec<(u64, u32)> = (0u32..).zip(&self.slots).map(|(i, s)| (s.touched, i)).collect();
        slots.retain(|(_, i)| self.slots.get(*i as usize).is_some_and(|s| !matches!(s.state, State::Gone)));
        slots.sort_unstable();
        let mut bytes = Vec::new();
        let order = Order::parse(self.rules.model.order.iter().copied()).unwrap_or_default();
        if order.is_empty() {
            for (_, at) in slots {
                bytes.clear();
                let is_sum = self.encode(at as usize, &mut bytes);
                if let Some(record) = RecordRef::new(&bytes) {
                    give(Item { record, is_sum, as_stored: !self.rules.correct });
                }
            }
        } else {
            let mut sorter = Sorter::new(order, !self.rules.correct);
            for (_, at) in slots {
                bytes.clear();
                let is_sum = self.encode(at as usize, &mut bytes);
                if let Some(far) = RecordRef::new(&bytes)
                    .and_then(|record| Item { record, is_sum, as_stored: !self.rules.correct }.far())
                {
                    sorter.push(&far);
                }
            }
            sorter.sort(false);
            sorter.items().for_each(give);
        }
        self.clear();
    }

    /// Shows everything held, in no particular order.
    pub fn each(&self, mut show: impl FnMut(Item<'_>)) {
        let mut bytes = Vec::new();
        for at in 0..self.slots.len() {
            bytes.clear();
            let is_sum = self.encode(at, &mut bytes);
            if let Some(record) = RecordRef::new(&bytes) {
                show(Item { record, is_sum, as_stored: !self.rules.correct });
            }
        }
    }

    fn clear(&mut self) {
        self.table.clear();
        self.slots.clear();
        self.free.clear();
        self.arena.clear();
        self.waste = 0;
        self.due.clear();
    }
}

/// The view of a record that is kept as it came.
fn view(arena: &Arena, place: Place, correct: bool) -> Option<Far<'_>> {
    let far = Far::decode(RecordRef::new(arena.get(place))?)?;
    Some(if correct { far } else { far.as_stored() })
}

/// The fixed part of a record, in the direction in which it is merged.
fn fixed_part(far: &Far<'_>, core: Option<(&Core, bool)>, turned: bool) -> Core {
    if let Some((core, _)) = core {
        return *core;
    }
    let mut own = Core::read(far);
    if turned {
        own.exchange();
    }
    own
}

/// Takes away what is not in the key.
fn blank(m: &mut Merged, model: &Model) {
    m.strip();
    let has = |is: fn(&Key) -> bool| model.has(is);
    let flow = &mut m.core.flow;
    if !matches!(flow.form, FlowForm::V4 | FlowForm::V6) {
        return;
    }
    let zero = |addr: Addr| match addr {
        Addr::V6(_) => Addr::V6(std::net::Ipv6Addr::UNSPECIFIED),
        _ => Addr::V4(std::net::Ipv4Addr::UNSPECIFIED),
    };
    if !has(|k| matches!(k, Key::Saddr(_))) {
        (flow.key.saddr, flow.src_mask) = (zero(flow.key.saddr), Some(0));
    }
    if !has(|k| matches!(k, Key::Daddr(_))) {
        (flow.key.daddr, flow.dst_mask) = (zero(flow.key.daddr), Some(0));
    }
    if !has(|k| matches!(k, Key::Proto)) {
        flow.key.proto = 0;
    }
    let (sport, dport) = (has(|k| matches!(k, Key::Sport)), has(|k| matches!(k, Key::Dport)));
    m.core.blank_ports(sport, dport);
}
