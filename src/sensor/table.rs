//! The flow table: flows in a slab, an index by key, and intrusive queues by age.
//!
//! Queue 0 holds flows with something to report, oldest stamp first. The others hold reported flows, one queue per
//! timeout; a flow that rests there for its timeout is removed. A flow is always on exactly one queue.
//!
//! Flows that are worth little are threaded once more, by their standing, so that under attack the next one to go is
//! found at once however many there are.

use super::flow::{Flow, NONE, Standing, State};
use super::key::Key;
use crate::base::hash;
use crate::base::hash::Seed;

/// The queue of flows with something to report.
pub(super) const STATUS: u8 = 0;

#[derive(Clone, Copy, Debug)]
struct Queue {
    head: u32,
    tail: u32,
    /// µs.
    timeout: i64,
}

/// Where a flow lies, with the part of its key's hash that the index does not look at.
#[derive(Clone, Copy, Debug)]
struct Place {
    at: u32,
    tag: u32,
}

/// The lower half of a hash; the index tells neighbours apart by bits of the upper half.
#[inline]
fn tag(hash: u64) -> u32 {
    hash as u32
}

/// All flows.
#[derive(Debug)]
pub(super) struct Table {
    flows: Vec<Flow>,
    free: Vec<u32>,
    index: hash::Table<Place>,
    seed: Seed,
    queues: Vec<Queue>,
    /// Oldest and youngest flow of each standing but [`Standing::Sound`].
    weak: [[u32; 2]; 2],
}

impl Table {
    pub(super) fn new() -> Table {
        let status = Queue { head: NONE, tail: NONE, timeout: 0 };
        Table {
            flows: Vec::new(),
            free: Vec::new(),
            index: hash::Table::new(),
            seed: Seed::default(),
            queues: vec![status],
            weak: [[NONE; 2]; 2],
        }
    }

    /// Number of flows.
    pub(super) fn len(&self) -> usize {
        self.index.len()
    }

    #[inline]
    pub(super) fn flow(&self, at: u32) -> &Flow {
        &self.flows[at as usize]
    }

    #[inline]
    pub(super) fn flow_mut(&mut self, at: u32) -> &mut Flow {
        &mut self.flows[at as usize]
    }

    #[inline]
    pub(super) fn hash(&self, key: &Key) -> u64 {
        key.hash(&self.seed)
    }

    #[inline]
    pub(super) fn find(&self, hash: u64, key: &Key) -> Option<u32> {
        let same = |p: &Place| p.tag == tag(hash) && self.flows[p.at as usize].key == *key;
        self.index.find(hash, same).map(|p| p.at)
    }

    /// The flow that [`Table::find`] will find in all likelihood, without a look at the flow itself.
    #[inline]
    pub(super) fn guess(&self, hash: u64) -> Option<u32> {
        self.index.find(hash, |p| p.tag == tag(hash)).map(|p| p.at)
    }

    /// Reads a little of every part of a flow. What comes back means nothing, but has to be used.
    #[inline]
    pub(super) fn touch(&self, at: u32) -> u64 {
        let flow = self.flow(at);
        let [a, b] = &flow.sides;
        let state = match &flow.state {
            State::Tcp(tcp) => tcp.touch(),
            _ => 0,
        };
        let [c, .., d] = &flow.jitter;
        let sides = a.bytes ^ b.bytes ^ u64::from(a.marks) ^ u64::from(b.marks);
        sides ^ flow.stamp.cast_unsigned() ^ state ^ c.touch() ^ d.touch() ^ u64::from(flow.seq)
    }

    /// As [`Table::touch`], of the neighbours that a flow parts from when it moves.
    #[inline]
    pub(super) fn touch_neighbours(&self, at: u32) -> u32 {
        let flow = self.flow(at);
        let stamp = |at: u32| self.flows.get(at as usize).map_or(0, |f| f.next ^ f.prev);
        stamp(flow.prev) ^ stamp(flow.next)
    }

    /// Puts a flow in; its key must not be there yet. It is on no queue.
    pub(super) fn insert(&mut self, hash: u64, flow: Flow) -> u32 {
        let at = match self.free.pop() {
            Some(at) => {
                self.flows[at as usize] = flow;
                at
            }
            None => {
                self.flows.push(flow);
                (self.flows.len() - 1) as u32
            }
        };
        let (flows, seed) = (&self.flows, &self.seed);
        let place = Place { at, tag: tag(hash) };
        self.index.insert_unique(hash, place, |p| flows[p.at as usize].key.hash(seed));
        at
    }

    /// Takes a flow off its queue and out of the index, and gives its place free.
    pub(super) fn remove(&mut self, at: u32) {
        self.unlink(at);
        self.stand(at, Standing::Sound);
        let hash = self.hash(&self.flow(at).key);
        if let Ok(entry) = self.index.find_entry(hash, |p| p.at == at) {
            entry.remove();
            let flow = self.flow_mut(at);
            // No packet has this key.
            flow.key = Key::default();
            flow.state = State::None;
            flow.rare = None;
            self.free.push(at);
        }
    }

    /// The queue for a timeout, made when it is new.
    pub(super) fn queue_for(&mut self, timeout: i64) -> u8 {
        let found = self.queues.iter().skip(1).position(|q| q.timeout == timeout).map(|i| i + 1);
        let number = found.unwrap_or_else(|| {
            self.queues.push(Queue { head: NONE, tail: NONE, timeout });
            self.queues.len() - 1
        });
        // There are no more timeouts than kinds of flow.
        number as u8
    }

    /// Number of queues, the status queue included.
    pub(super) fn queues(&self) -> u8 {
        self.queues.len() as u8
    }

    pub(super) fn timeout(&self, queue: u8) -> i64 {
        self.queues[queue as usize].timeout
    }

    /// The flow that has been on a queue longest.
    #[inline]
    pub(super) fn oldest(&self, queue: u8) -> Option<u32> {
        let head = self.queues[queue as usize].head;
        (head != NONE).then_some(head)
    }

    /// The flow that came on the same queue next.
    pub(super) fn younger(&self, at: u32) -> Option<u32> {
        let next = self.flow(at).next;
        (next != NONE).then_some(next)
    }

    /// Gives up all flows at once.
    pub(super) fn clear(&mut self) {
        *self = Table::new();
    }

    /// The flow that may go first: of the lowest standing, and of those the one that has had it longest.
    pub(super) fn weakest(&self) -> Option<u32> {
        self.weak.iter().map(|ends| ends[0]).find(|&at| at != NONE)
    }

    /// Moves a flow to the young end of those of a standing.
    pub(super) fn stand(&mut self, at: u32, standing: Standing) {
        let flow = self.flow_mut(at);
        let from = std::mem::replace(&mut flow.standing, standing);
        let [before, behind] = std::mem::replace(&mut flow.peers, [NONE; 2]);
        if let Some(ends) = self.weak.get_mut(from as usize) {
            for (end, (gone, neighbour)) in ends.iter_mut().zip([(before, behind), (behind, before)]) {
                if gone == NONE {
                    *end = neighbour;
                }
            }
            if before != NONE {
                self.flow_mut(before).peers[1] = behind;
            }
            if behind != NONE {
                self.flow_mut(behind).peers[0] = before;
            }
        }
        let Some([oldest, youngest]) = self.weak.get_mut(standing as usize) else { return };
        let last = std::mem::replace(youngest, at);
        if last == NONE {
            *oldest = at;
        } else {
            self.flow_mut(last).peers[1] = at;
        }
        self.flow_mut(at).peers[0] = last;
    }

    /// Moves a flow to the young end of a queue.
    #[inline]
    pub(super) fn enqueue(&mut self, at: u32, queue: u8, now: i64) {
        self.unlink(at);
        let q = &mut self.queues[queue as usize];
        let tail = std::mem::replace(&mut q.tail, at);
        if tail == NONE {
            q.head = at;
        } else {
            self.flows[tail as usize].next = at;
        }
        let flow = self.flow_mut(at);
        flow.prev = tail;
        flow.next = NONE;
        flow.queue = queue;
        flow.stamp = now;
    }

    /// Takes a flow off its queue; it stays in the table.
    #[inline]
    pub(super) fn unlink(&mut self, at: u32) {
        let flow = self.flow_mut(at);
        let (prev, next, queue) = (flow.prev, flow.next, flow.queue);
        flow.prev = NONE;
        flow.next = NONE;
        let q = &mut self.queues[queue as usize];
        if prev == NONE && q.head != at {
            // On no queue.
            return;
        }
        if prev == NONE {
            q.head = next;
        }
        if next == NONE {
            q.tail = prev;
        }
        if prev != NONE {
            self.flows[prev as usize].next = next;
        }
        if next != NONE {
            self.flows[next as usize].prev = prev;
        }
    }
}
