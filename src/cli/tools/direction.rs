//! Which end of a connection is taken for its source where the packets do not tell: RA_PORT_DIRECTION, RA_LOCAL_DIRECTION.

use crate::geo::AddressNames;
use crate::record::fields::Services;
use crate::record::{Far, FlowForm};

/// Ports that stand for a server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct ServerPorts {
    /// Those below 1024.
    pub(super) well_known: bool,
    /// Those with a name.
    pub(super) services: bool,
    /// Those from 1024 to 49151.
    pub(super) registered: bool,
}

impl ServerPorts {
    /// Words such as `services,wellknown`.
    pub(super) fn parse(text: &str) -> Option<ServerPorts> {
        let mut ports = ServerPorts::default();
        for word in text.split([',', ' ']).filter(|w| !w.is_empty()) {
            match word {
                "wellknown" => ports.well_known = true,
                "services" => ports.services = true,
                "registered" => ports.registered = true,
                _ => return None,
            }
        }
        Some(ports)
    }

    /// Whether the source's port says that it is the server; none where the ports say nothing.
    ///
    /// # Source
    /// Observed with `ra` 3.0.8.2: well-known ports decide first and for good, the lower one is the server's. A source
    /// port with a name is a server's unless the other one has a name too and is lower. A registered port on either
    /// side makes the lower one the server's.
    fn is_server(self, (source, destination): (u16, u16), is_service: impl Fn(u16) -> bool) -> Option<bool> {
        let is_lower = source < destination;
        if self.well_known && (source < 1024 || destination < 1024) {
            return Some(is_lower);
        }
        let (named, other_named) = (self.services && is_service(source), self.services && is_service(destination));
        if named && (!other_named || is_lower) {
            return Some(true);
        }
        let is_registered = |port: u16| (1024..=49_151).contains(&port);
        if self.registered && (is_registered(source) || is_registered(destination)) {
            return Some(is_lower);
        }
        (named || other_named).then_some(false)
    }
}

/// Addresses that are at home, and which end of a flow they are.
#[derive(Debug)]
pub(super) struct Locality {
    pub(super) addresses: AddressNames,
    /// Whether they are the source rather than the destination.
    pub(super) is_source: bool,
}

/// Tells which flows are to be turned round.
#[derive(Debug, Default)]
pub(in crate::cli) struct Direction {
    pub(super) ports: ServerPorts,
    pub(super) services: Option<Services>,
    pub(super) local: Option<Locality>,
}

impl Direction {
    fn is_idle(&self) -> bool {
        self.ports == ServerPorts::default() && self.local.is_none()
    }

    /// Whether a record is to be turned round.
    pub(super) fn turns(&self, far: &Far<'_>) -> bool {
        if self.is_idle() || !far.is_ambiguous() {
            return false;
        }
        let flow = far.flow();
        if !matches!(flow.form, FlowForm::V4 | FlowForm::V6) {
            return false;
        }
        let is_service = |port| self.services.as_ref().is_some_and(|s| s.name(flow.key.proto, port).is_some());
        if let Some(turns) = self.ports.is_server((flow.key.sport, flow.key.dport), is_service) {
            return turns;
        }
        let Some(local) = &self.local else { return false };
        let is_local = |a: crate::record::Addr| a.ip().is_some_and(|ip| local.addresses.names(ip).next().is_some());
        let ends = (is_local(flow.key.saddr), is_local(flow.key.daddr));
        ends == if local.is_source { (false, true) } else { (true, false) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_choose_ports_that_tell() {
        let is_service = |port| [22, 80, 3306, 5060].contains(&port);
        for (words, ports, expected) in [
            ("wellknown", (80, 40_000), Some(true)),
            ("wellknown", (443, 80), Some(false)),
            ("wellknown", (5060, 3306), None),
            ("services", (3306, 1023), Some(true)),
            ("services,wellknown", (3306, 1023), Some(false)),
            ("services", (3306, 5060), Some(true)),
            ("services", (1023, 40_000), None),
            ("services,registered", (1023, 5060), Some(true)),
            ("registered", (1024, 60_000), Some(true)),
            ("registered", (50_000, 60_000), None),
        ] {
            let found = ServerPorts::parse(words).unwrap().is_server(ports, is_service);
            assert_eq!(found, expected, "{words} {ports:?}");
        }
        assert_eq!(ServerPorts::parse("service"), None);
    }
}
