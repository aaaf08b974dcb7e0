//! Ports: one table for all protocols.

use super::conf::{PortMethod, Settings, Shift};
use super::prf::{Prf, Topic};

/// What each port becomes. Ports that stay are nobody else's replacement, so no two become one.
#[derive(Clone, Debug)]
pub(super) struct Ports {
    table: Vec<u16>,
}

impl Ports {
    pub(super) fn new(settings: &Settings, prf: Prf) -> Ports {
        let free: Vec<u16> = (0..=u16::MAX).filter(|p| !is_kept(settings, *p)).collect();
        let count = free.len() as u64;
        let mut table: Vec<u16> = (0..=u16::MAX).collect();
        let offset = match settings.ports {
            PortMethod::Offset(Shift::Fixed(n)) => {
                u64::try_from(n.rem_euclid(i64::try_from(count.max(1)).unwrap_or(1))).unwrap_or(0)
            }
            PortMethod::Offset(Shift::Random) => 1 + prf.below(Topic::Port, &[], count.saturating_sub(1)),
            PortMethod::Offset(Shift::None) | PortMethod::Random | PortMethod::No => 0,
        };
        let mut new = free.clone();
        if settings.ports == PortMethod::Random {
            for at in (1..new.len()).rev() {
                let other = prf.below(Topic::Port, &at.to_be_bytes(), at as u64 + 1);
                new.swap(at, usize::try_from(other).unwrap_or(at));
            }
        } else if let Some(by) = offset.checked_rem(count) {
            new.rotate_left(usize::try_from(by).unwrap_or(0));
        }
        for (from, to) in free.iter().zip(new) {
            if let Some(slot) = table.get_mut(usize::from(*from)) {
                *slot = to;
            }
        }
        Ports { table }
    }

    /// The replacement of a port.
    pub(super) fn map(&self, port: u16) -> u16 {
        self.table.get(usize::from(port)).copied().unwrap_or(port)
    }
}

/// The ends of the range stand for no port at all and stay, as in the classic tool.
fn is_kept(settings: &Settings, port: u16) -> bool {
    let by_range = match port {
        0..=1023 => settings.keep_wellknown_ports,
        1024..=49_151 => settings.keep_registered_ports,
        _ => settings.keep_private_ports,
    };
    matches!(port, 0 | u16::MAX) || by_range || settings.keep_ports.contains(&port)
}
