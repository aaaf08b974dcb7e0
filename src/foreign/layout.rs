//! Where the fixed formats keep their fields: one table per layout, shared by files and datagrams.
//!
//! # Source
//! Cisco's published NetFlow export formats; the record layouts of flow-tools files (head of 16 bytes, then the body).

use std::net::{IpAddr, Ipv4Addr};

use super::bytes::{Order, number};
use super::flow::ForeignFlow;

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Src,
    Dst,
    Packets,
    Octets,
    First,
    Last,
    Sport,
    Dport,
    Proto,
    Tos,
    Flags,
    Sas,
    Das,
    Smask,
    Dmask,
    Flows,
}

/// A layout: length of a record, and (field, offset, size) for what is used of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) len: usize,
    /// Whether the addresses are those of networks, with the masks as their lengths.
    prefixes: bool,
    parts: &'static [(Part, usize, usize)],
}

/// The clocks of a report.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Clock {
    /// Time of the report, microseconds since 1970.
    pub(super) unix: i64,
    /// The same moment in milliseconds of up time.
    pub(super) uptime: u32,
}

impl Clock {
    pub(super) fn new(secs: u64, nanos: u64, uptime: u64) -> Clock {
        let micros = (nanos / 1_000).min(999_999);
        Clock { unix: (secs * 1_000_000 + micros) as i64, uptime: uptime as u32 }
    }

    /// A moment given in milliseconds of up time, which wraps around.
    pub(super) fn at(self, millis: u32) -> i64 {
        let behind = millis.wrapping_sub(self.uptime) as i32;
        self.unix + i64::from(behind) * 1_000
    }
}

impl Layout {
    /// The flow of one record, which begins where the table's offsets count from.
    pub(super) fn decode(&self, bytes: &[u8], order: Order, clock: Clock, exporter: Option<IpAddr>) -> ForeignFlow {
        let mut flow = ForeignFlow { exporter, start: clock.unix, end: clock.unix, ..ForeignFlow::default() };
        let (mut smask, mut dmask) = (0, 0);
        for &(part, at, size) in self.parts {
            let n = number(bytes, at, size, order);
            let addr = || IpAddr::V4(Ipv4Addr::from(n as u32));
            match part {
                Part::Src => flow.src = addr(),
                Part::Dst => flow.dst = addr(),
                Part::Packets => flow.sent.0 = n,
                Part::Octets => flow.sent.1 = n,
                Part::First => flow.start = clock.at(n as u32),
                Part::Last => flow.end = clock.at(n as u32),
                Part::Sport => flow.sport = n as u16,
                Part::Dport => flow.dport = n as u16,
                Part::Proto => flow.proto = n as u8,
                Part::Tos => flow.tos = Some(n as u8),
                Part::Flags => flow.tcp_flags = n as u8,
                Part::Sas => flow.sas = n as u32,
                Part::Das => flow.das = n as u32,
                Part::Smask => smask = n as u8,
                Part::Dmask => dmask = n as u8,
                Part::Flows => flow.flows = n as u32,
            }
        }
        if self.prefixes {
            flow.masks = Some((smask.min(32), dmask.min(32)));
        }
        flow
    }
}

use Part::{Das, Dmask, Dport, Dst, First, Flags, Flows, Last, Octets, Packets, Proto, Sas, Smask, Sport, Src, Tos};

/// The head of a flow-tools record: seconds, nanoseconds, up time, exporter.
pub(super) const HEAD: usize = 16;

/// Fields that versions 1, 5, 6, 7 and 1005 have in common in flow-tools files, from the end of the head.
macro_rules! common {
    ($($more:tt)*) => {
        &[
            (Src, 0, 4), (Dst, 4, 4), (Packets, 16, 4), (Octets, 20, 4), (First, 24, 4), (Last, 28, 4),
            (Sport, 32, 2), (Dport, 34, 2), (Proto, 36, 1), (Tos, 37, 1), (Flags, 38, 1), $($more)*
        ]
    };
}

/// The body of a flow-tools record (behind its head) of an export version.
pub(super) fn file_body(version: u16, method: u8) -> Option<&'static Layout> {
    const PLAIN: &[(Part, usize, usize)] = common!();
    const WITH_AS: &[(Part, usize, usize)] = common!((Sas, 44, 2), (Das, 46, 2));
    static V1: Layout = addresses(44, PLAIN);
    static V5: Layout = addresses(48, WITH_AS);
    static V6: Layout = addresses(56, WITH_AS);
    static V7: Layout = addresses(52, WITH_AS);
    static V1005: Layout = addresses(56, WITH_AS);
    match version {
        1 => Some(&V1),
        5 => Some(&V5),
        6 => Some(&V6),
        7 => Some(&V7),
        8 => method.checked_sub(1).and_then(|m| METHODS.get(usize::from(m))),
        1005 => Some(&V1005),
        _ => None,
    }
}

/// The record of an export datagram.
pub(super) fn datagram_body(version: u16) -> Option<&'static Layout> {
    macro_rules! exported {
        ($($more:tt)*) => {
            &[
                (Src, 0, 4), (Dst, 4, 4), (Packets, 16, 4), (Octets, 20, 4), (First, 24, 4), (Last, 28, 4),
                (Sport, 32, 2), (Dport, 34, 2), $($more)*
            ]
        };
    }
    const WITH_AS: &[(Part, usize, usize)] =
        exported!((Flags, 37, 1), (Proto, 38, 1), (Tos, 39, 1), (Sas, 40, 2), (Das, 42, 2));
    static V1: Layout = addresses(52, exported!((Proto, 38, 1), (Tos, 39, 1), (Flags, 40, 1)));
    static V5: Layout = addresses(48, WITH_AS);
    static V67: Layout = addresses(52, WITH_AS);
    match version {
        1 => Some(&V1),
        5 => Some(&V5),
        6 | 7 => Some(&V67),
        _ => None,
    }
}

/// The record of a flow-tools stream of version 1, behind its two times.
pub(super) static OLD_FILE_BODY: Layout = Layout {
    len: 52,
    prefixes: false,
    parts: &[
        (Src, 0, 4),
        (Dst, 4, 4),
        (Packets, 16, 4),
        (Octets, 20, 4),
        (First, 24, 4),
        (Last, 28, 4),
        (Sport, 32, 2),
        (Dport, 34, 2),
        (Proto, 38, 1),
        (Tos, 39, 1),
        (Flags, 40, 1),
        (Sas, 44, 2),
        (Das, 46, 2),
    ],
};

/// Whether the head of a flow-tools record has exporter and up time exchanged.
pub(super) fn exporter_first(version: u16, method: u8) -> bool {
    version == 8 && matches!(method, 3 | 11 | 12)
}

/// Sums over flows: how many, packets, octets, first, last.
macro_rules! sums {
    ($($more:tt)*) => {
        &[(Flows, 0, 4), (Packets, 4, 4), (Octets, 8, 4), (First, 12, 4), (Last, 16, 4), $($more)*]
    };
}

/// Sums for destinations, which do not say over how many flows.
macro_rules! plain_sums {
    ($($more:tt)*) => {
        &[(Packets, 0, 4), (Octets, 4, 4), (First, 8, 4), (Last, 12, 4), (Dst, 16, 4), $($more)*]
    };
}

const fn addresses(len: usize, parts: &'static [(Part, usize, usize)]) -> Layout {
    Layout { len, prefixes: false, parts }
}

const fn networks(len: usize, parts: &'static [(Part, usize, usize)]) -> Layout {
    Layout { len, prefixes: true, parts }
}

/// The aggregations of version 8, methods 1 to 14, as flow-tools keeps them.
static METHODS: [Layout; 14] = [
    // Autonomous systems.
    addresses(32, sums!((Sas, 20, 2), (Das, 22, 2))),
    // Protocol and ports.
    addresses(32, sums!((Proto, 20, 1), (Sport, 24, 2), (Dport, 26, 2))),
    // Source prefix.
    networks(32, sums!((Src, 20, 4), (Smask, 24, 1), (Sas, 26, 2))),
    // Destination prefix.
    networks(32, sums!((Dst, 20, 4), (Dmask, 24, 1), (Das, 28, 2))),
    // Both prefixes.
    networks(40, sums!((Src, 20, 4), (Dst, 24, 4), (Dmask, 28, 1), (Smask, 29, 1), (Sas, 32, 2), (Das, 34, 2))),
    // Destination.
    addresses(36, plain_sums!((Tos, 32, 1))),
    // Source and destination.
    addresses(40, plain_sums!((Src, 20, 4), (Tos, 36, 1))),
    // Full flow.
    addresses(48, plain_sums!((Src, 20, 4), (Dport, 32, 2), (Sport, 34, 2), (Tos, 40, 1), (Proto, 44, 1))),
    // Autonomous systems and type of service.
    addresses(32, sums!((Sas, 20, 2), (Das, 22, 2), (Tos, 30, 1))),
    // Protocol, ports and type of service.
    addresses(32, sums!((Sport, 20, 2), (Dport, 22, 2), (Proto, 30, 1), (Tos, 31, 1))),
    // Source prefix and type of service.
    networks(32, sums!((Src, 20, 4), (Smask, 24, 1), (Tos, 25, 1), (Sas, 26, 2))),
    // Destination prefix and type of service.
    networks(32, sums!((Dst, 20, 4), (Das, 26, 2), (Dmask, 28, 1), (Tos, 29, 1))),
    // Both prefixes and type of service.
    networks(
        44,
        sums!((Src, 20, 4), (Dst, 24, 4), (Sas, 28, 2), (Das, 30, 2), (Dmask, 36, 1), (Smask, 37, 1), (Tos, 40, 1)),
    ),
    // Both prefixes, ports and type of service.
    networks(
        44,
        sums!(
            (Src, 20, 4),
            (Dst, 24, 4),
            (Sport, 28, 2),
            (Dport, 30, 2),
            (Dmask, 36, 1),
            (Smask, 37, 1),
            (Tos, 40, 1),
            (Proto, 41, 1)
        ),
    ),
];
