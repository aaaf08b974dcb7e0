//! One flow: what is known of it since its last record, and what lasts.

use super::esp::Esp;
use super::fragment::Train;
use super::icmp;
use super::jitter::Jitter;
use super::key::{Identity, Key, Kind};
use super::rtp::Media;
use super::tcp::Tcp;
use super::udt::Udt;
use crate::packet::{Ether, Packet};

/// A time that has not been set.
pub(super) const UNSET: i64 = i64::MIN;
/// No flow; the end of a queue.
pub(super) const NONE: u32 = u32::MAX;

/// Marks of one direction.
pub(super) mod mark {
    /// An IP packet was seen; for the flow's life.
    pub(crate) const IP: u8 = 1;
    /// An 802.1Q tag was seen.
    pub(crate) const VLAN: u8 = 2;
    /// An MPLS label was seen.
    pub(crate) const MPLS: u8 = 4;
    /// Fragments were seen in this record.
    pub(crate) const FRAGMENTS: u8 = 8;
    /// The hardware address changed.
    pub(crate) const MAC_CHANGED: u8 = 16;
    /// A packet was counted; for the flow's life.
    pub(crate) const SEEN: u8 = 32;
}

/// One direction of a flow. Times are in µs since 1970.
#[derive(Clone, Copy, Debug)]
pub(super) struct Side {
    pub(super) bytes: u64,
    pub(super) app: u64,
    /// First packet of the record.
    pub(super) start: i64,
    /// Latest packet of the record but the first.
    pub(super) end: i64,
    /// Previous packet, kept over records.
    pub(super) last: i64,
    pub(super) pkts: u32,
    pub(super) options: u32,
    pub(super) mpls: u32,
    pub(super) encaps: u32,
    pub(super) min: u16,
    pub(super) max: u16,
    pub(super) vlan: u16,
    pub(super) ip_id: u16,
    pub(super) ttl: u8,
    pub(super) tos: u8,
    pub(super) marks: u8,
}

impl Side {
    const NEW: Side = Side {
        bytes: 0,
        app: 0,
        start: UNSET,
        end: UNSET,
        last: UNSET,
        pkts: 0,
        options: 0,
        mpls: 0,
        encaps: 0,
        min: 0,
        max: 0,
        vlan: 0,
        ip_id: 0,
        ttl: 0,
        tos: 0,
        marks: 0,
    };

    /// A packet of the direction at `now`.
    #[inline]
    pub(super) fn see(&mut self, now: i64) {
        if self.start == UNSET {
            self.start = now;
        } else {
            self.end = now;
        }
    }

    #[inline]
    pub(super) fn size(&mut self, bytes: u32) {
        let bytes = u16::try_from(bytes).unwrap_or(u16::MAX);
        self.min = if self.max == 0 { bytes } else { self.min.min(bytes) };
        self.max = self.max.max(bytes);
    }

    fn reset_record(&mut self) {
        self.bytes = 0;
        self.app = 0;
        self.start = UNSET;
        self.end = UNSET;
        self.pkts = 0;
        self.min = 0;
        self.max = 0;
        self.options = 0;
        self.encaps = 0;
        self.vlan = 0;
        self.mpls = 0;
        self.marks &= !(mark::VLAN | mark::MPLS | mark::FRAGMENTS);
    }
}

/// How much is lost when a flow is given up early, least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// A single packet, or a TCP connection without a complete handshake: what floods and scans are made of.
    HalfOpen,
    /// Several packets of one side.
    OneWay,
    /// Both sides have spoken, or the flow is no candidate because it goes with another one.
    Sound,
}

/// What a protocol keeps beyond counters.
#[derive(Debug)]
pub(super) enum State {
    None,
    /// Not in a box: most flows are TCP, and a box costs one more wait for memory per packet.
    Tcp(Tcp),
    Icmp(Box<icmp::State>),
    Media(Box<Media>),
    Udt(Box<Udt>),
    Esp(Esp),
    /// The hardware address of the host that answered an ARP request.
    Answer([u8; 6]),
    Fragment,
}

/// What few flows have.
#[derive(Debug, Default)]
pub(super) struct Rare {
    pub(super) mapped: Option<icmp::Mapped>,
    /// User data by direction, where a packet promised some.
    pub(super) user: [Option<Vec<u8>>; 2],
    /// The flow is a fragment train.
    pub(super) train: Option<Train>,
    /// Fragment trains under this flow.
    pub(super) trains: Vec<u32>,
    /// The flow DSR's body, where the key is only a hash of it.
    pub(super) body: Vec<u8>,
}

/// One flow.
#[derive(Debug)]
pub(super) struct Flow {
    pub(super) key: Key,
    /// Neighbours in the queue.
    pub(super) prev: u32,
    pub(super) next: u32,
    /// Neighbours among the flows of the same standing, by age.
    pub(super) peers: [u32; 2],
    pub(super) standing: Standing,
    /// When it was put on its queue, µs.
    pub(super) stamp: i64,
    /// Number of its queue.
    pub(super) queue: u8,
    pub(super) kind: Kind,
    /// The first packet ran against the canonical order.
    pub(super) reverse: bool,
    /// A record has been sent and nothing has been counted since.
    pub(super) reported: bool,
    /// The next record opens the flow, or opens it again.
    pub(super) opening: bool,
    /// Number of the flow, given with its first record; 0 before.
    pub(super) seq: u32,
    pub(super) sides: [Side; 2],
    pub(super) ether: Option<Ether>,
    pub(super) state: State,
    /// All zero where it is not asked for.
    pub(super) jitter: Jitter,
    pub(super) rare: Option<Box<Rare>>,
}

impl Flow {
    /// A flow that `packet` opens; nothing is counted yet.
    #[inline]
    pub(super) fn new(id: &Identity, packet: &Packet<'_>) -> Flow {
        Flow {
            key: id.key,
            prev: NONE,
            next: NONE,
            peers: [NONE; 2],
            standing: Standing::Sound,
            stamp: 0,
            queue: 0,
            kind: id.kind,
            reverse: id.reverse,
            reported: false,
            opening: true,
            seq: 0,
            sides: [Side::NEW; 2],
            ether: packet.ether,
            state: State::None,
            jitter: Jitter::default(),
            rare: None,
        }
    }

    /// The direction of a packet: 0 source, 1 destination.
    #[inline]
    pub(super) fn side_of(&self, reverse: bool) -> usize {
        usize::from(self.reverse != reverse)
    }

    /// Clears what belongs to one record.
    #[cold]
    pub(super) fn reset_record(&mut self) {
        self.reported = false;
        for side in &mut self.sides {
            side.reset_record();
        }
        self.jitter = Jitter::default();
        match &mut self.state {
            State::Tcp(t) => t.reset_record(),
            State::Media(m) => m.reset_record(),
            State::Esp(e) => e.reset_record(),
            State::None | State::Icmp(_) | State::Udt(_) | State::Answer(_) | State::Fragment => {}
        }
        if let Some(rare) = &mut self.rare {
            rare.mapped = None;
            rare.user = [None, None];
        }
    }

    /// Begins afresh: the packet with `reverse` opens the same ports again. Number, place in the table, and what is
    /// known of both ends stay.
    pub(super) fn reopen(&mut self, reverse: bool) {
        self.reset_record();
        if self.reverse != reverse {
            self.reverse = reverse;
            self.sides.swap(0, 1);
            if let Some(e) = &mut self.ether {
                std::mem::swap(&mut e.src, &mut e.dst);
            }
        }
        self.opening = true;
        self.state = State::None;
    }

    /// Whether a TCP connection has been closed, so that the flow may go sooner.
    pub(super) fn is_closed(&self) -> bool {
        matches!(&self.state, State::Tcp(t) if t.is_closed())
    }

    /// Packets since the last record.
    #[inline]
    pub(super) fn pkts(&self) -> u64 {
        let [a, b] = &self.sides;
        u64::from(a.pkts) + u64::from(b.pkts)
    }

    /// Start and end of the record, µs.
    ///
    /// The end is the latest of the four times. The start replaces an earlier candidate only by whole seconds, in the
    /// order source start and end, destination start and end, as the classic sensor does it.
    pub(super) fn span(&self) -> (i64, i64) {
        let [a, b] = &self.sides;
        let mut start = UNSET;
        let mut end = UNSET;
        for t in [a.start, a.end, b.start, b.end].into_iter().filter(|&t| t != UNSET) {
            if start == UNSET || t.div_euclid(1_000_000) < start.div_euclid(1_000_000) {
                start = t;
            }
            end = end.max(t);
        }
        (start, end)
    }

    /// How much would be lost with the flow now that it has had more than one packet.
    pub(super) fn standing_now(&self) -> Standing {
        match &self.state {
            State::Tcp(t) if t.is_half_open() => Standing::HalfOpen,
            _ if self.sides.iter().all(|s| s.marks & mark::SEEN != 0) => Standing::Sound,
            _ => Standing::OneWay,
        }
    }

    /// Whether it is a fragment train under a flow.
    pub(super) fn has_parent(&self) -> bool {
        self.rare.as_deref().and_then(|r| r.train.as_ref()).is_some_and(|t| t.parent.is_some())
    }

    /// The rare part, made when it is missing.
    pub(super) fn rare(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }
}
