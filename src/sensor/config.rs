//! What the sensor can be told.

use std::time::Duration;

use super::key::Kind;
use crate::packet::Tunnels;
use crate::record::SrcId;

/// Idle times after which a flow of each kind leaves the table, counted from its last report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// UDP, ESP and other IP.
    pub ip: Duration,
    /// TCP that has not been closed.
    pub tcp: Duration,
    /// ICMP and ICMPv6.
    pub icmp: Duration,
    /// IGMP.
    pub igmp: Duration,
    /// Fragments whose first one has not been seen.
    pub fragment: Duration,
    /// ARP and RARP.
    pub arp: Duration,
    /// Everything that is not IP.
    pub other: Duration,
}

impl Default for Timeouts {
    fn default() -> Timeouts {
        let secs = Duration::from_secs;
        Timeouts {
            ip: secs(30),
            tcp: secs(60),
            icmp: secs(5),
            igmp: secs(30),
            fragment: secs(5),
            arp: secs(5),
            other: secs(30),
        }
    }
}

/// What the packets of one flow have in common before anything is added.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeyBase {
    /// Addresses, protocol and ports, or what the protocol has in their place.
    #[default]
    Classic,
    /// The two IP addresses.
    Addresses,
    /// The two hardware addresses and the ethertype.
    Stations,
}

/// What makes a flow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Keys {
    /// What packets have in common.
    pub base: KeyBase,
    /// The VLAN number too.
    pub vlan: bool,
    /// The first MPLS label too.
    pub mpls: bool,
    /// Each direction is a flow of its own.
    pub unidirectional: bool,
}

/// The sensor's settings. The defaults are those of the classic program without options.
#[derive(Clone, Debug, PartialEq)]
pub struct SensorConfig {
    /// Time after which a flow with traffic is reported again (`-S`).
    pub status_interval: Duration,
    /// Time between management records (`-M`).
    pub mar_interval: Duration,
    /// Idle times.
    pub timeouts: Timeouts,
    /// Count application bytes (`-A`).
    pub app_bytes: bool,
    /// Measure interpacket times (`-J`).
    pub jitter: bool,
    /// Keep the smallest and largest packet size (`-Z`).
    pub sizes: bool,
    /// Report hardware addresses (`-m`).
    pub macs: bool,
    /// Bytes of user data kept per direction and record (`-U`), 0 for none.
    pub user_bytes: u16,
    /// Keep all user data of control protocols (`-C`): ARP, RARP and IS-IS.
    pub control_data: bool,
    /// Report the times of each direction instead of those of both together.
    pub both_times: bool,
    /// Report each flow at its first packet too.
    pub start_records: bool,
    /// The sensor's identity (`-e`).
    pub source_id: SrcId,
    /// What makes a flow.
    pub keys: Keys,
    /// Tunnels in UDP that are looked into.
    pub tunnels: Tunnels,
    /// Flows kept at once; beyond that the least valuable one is reported early and given up.
    pub max_flows: usize,
}

impl SensorConfig {
    /// Bytes of user data kept per direction and record of a kind of flow.
    pub(super) fn user_limit(&self, kind: Kind) -> u16 {
        if self.control_data && matches!(kind, Kind::Arp | Kind::Rarp | Kind::Isis) {
            u16::MAX
        } else {
            self.user_bytes
        }
    }
}

impl Default for SensorConfig {
    fn default() -> SensorConfig {
        SensorConfig {
            status_interval: Duration::from_secs(5),
            mar_interval: Duration::from_secs(60),
            timeouts: Timeouts::default(),
            app_bytes: false,
            jitter: false,
            sizes: false,
            macs: false,
            user_bytes: 0,
            control_data: false,
            both_times: false,
            start_records: false,
            source_id: SrcId::Unset,
            keys: Keys::default(),
            tunnels: Tunnels::default(),
            max_flows: 2_000_000,
        }
    }
}
