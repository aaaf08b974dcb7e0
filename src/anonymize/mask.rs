//! Flows as a public display may show them.

use super::conf::{Hierarchy, Method, Settings};
use super::mapping::{self, Mapping};
use super::names::Names;
use crate::record::FlowSummary;

/// Addresses of displays come from the range that is set aside for no use (240.0.0.0/4): nobody has them.
const DISPLAY: (u32, u8) = (0xF000_0000, 4);

impl Settings {
    /// What suits a display that strangers see: addresses that are nobody's, drawn by the seed, without any relation
    /// between networks but that of belonging together.
    #[must_use]
    pub fn display(seed: Option<u64>) -> Settings {
        let mut settings = Settings { seed, hierarchy: Hierarchy::No, ..Settings::default() };
        (settings.net, settings.host, settings.ethernet) = (Method::Random, Method::Random, Method::Random);
        if let Some(all) = settings.pools.last_mut() {
            all.push(DISPLAY);
        }
        settings
    }
}

/// Replaces who it was in flows that are to be shown; when and where it was stays.
#[derive(Clone, Debug)]
pub struct Mask {
    map: Mapping,
    names: Names,
    keeps_asns: bool,
}

impl Mask {
    /// An empty mask. `entropy` decides what is random where the settings name no seed.
    #[must_use]
    pub fn new(settings: &Settings, entropy: u128) -> Mask {
        let prf = mapping::key(settings, entropy);
        Mask {
            map: Mapping::with(settings, prf),
            names: Names::new(settings.keep_srcid, prf),
            keeps_asns: settings.asn == Method::No,
        }
    }

    /// The flow as it may be shown.
    #[must_use]
    pub fn flow(&mut self, flow: &FlowSummary) -> FlowSummary {
        let mut shown = *flow;
        shown.srcid = self.names.sensor(flow.srcid);
        shown.key.saddr = self.map.addr(flow.key.saddr);
        shown.key.daddr = self.map.addr(flow.key.daddr);
        if matches!(flow.key.proto, 6 | 17) {
            shown.key.sport = self.map.port(flow.key.sport);
            shown.key.dport = self.map.port(flow.key.dport);
        }
        shown
    }

    /// Whether autonomous systems may be shown; they name their holders.
    #[must_use]
    pub fn keeps_asns(&self) -> bool {
        self.keeps_asns
    }
}
