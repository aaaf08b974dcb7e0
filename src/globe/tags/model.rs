//! Which pins are named, in which order, and what the number at a path says: plain arithmetic.

use std::net::IpAddr;

use crate::base::hash::Set;
use crate::cache::{PathArc, Snapshot};
use crate::globe::hud::text;

/// Characters of a pin's name.
const NAME: usize = 26;

/// How many pins are named for their rates at a height of the eye (radii).
#[must_use]
pub fn busiest_named(height: f64) -> usize {
    match height {
        h if h > 2.0 => 3,
        h if h > 0.3 => 8,
        _ => 30,
    }
}

/// Why a pin is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// It is selected, or an end of what is.
    Selected,
    /// An alert belongs to it.
    Alerting,
    /// It is among those with the most traffic at this moment, and of equal ones within the window.
    Busy,
}

struct Ranked {
    i: usize,
    why: Why,
    rate: f64,
    volume: u64,
    addr: IpAddr,
}

/// Pins to be named, most important first, as indices into `hosts`; each once. `hosts` are indices into
/// [`Snapshot::hosts`] of the pins that stand alone.
#[must_use]
pub fn named(
    snapshot: &Snapshot,
    hosts: &[u32],
    selected: &[IpAddr],
    alerting: &Set<IpAddr>,
    busiest: usize,
) -> Vec<(usize, Why)> {
    let mut all: Vec<Ranked> = hosts
        .iter()
        .enumerate()
        .filter_map(|(i, host)| {
            let h = snapshot.hosts.get(*host as usize)?;
            let rate = h.load_in + h.load_out;
            let why = if selected.contains(&h.addr) {
                Why::Selected
            } else if alerting.contains(&h.addr) {
                Why::Alerting
            } else {
                Why::Busy
            };
            let volume = h.sent.bytes.saturating_add(h.received.bytes);
            Some(Ranked { i, why, rate, volume, addr: h.addr })
        })
        .collect();
    let order = |x: &Ranked, y: &Ranked| {
        let busier = y.rate.total_cmp(&x.rate).then(y.volume.cmp(&x.volume));
        x.why.cmp(&y.why).then(busier).then(x.addr.cmp(&y.addr))
    };
    // All that must be named and as many busy ones as may be; the rest need no order.
    let must = all.iter().filter(|x| x.why != Why::Busy).count();
    let keep = (must + busiest).min(all.len());
    if keep < all.len() {
        all.select_nth_unstable_by(keep, order);
        all.truncate(keep);
    }
    all.sort_by(order);
    all.into_iter().map(|r| (r.i, r.why)).collect()
}

/// What stands beside a pin.
#[must_use]
pub fn name_of(snapshot: &Snapshot, host: u32) -> String {
    snapshot.hosts.get(host as usize).map(|h| text::shorten(&h.name(), NAME)).unwrap_or_default()
}

/// What stands at a path whose ends are `by` (right, down) apart on the screen, from its first to its second address:
/// both rates, each with an arrow that points the way it runs on the screen.
#[must_use]
pub fn numbers_of(path: &PathArc, by: [f32; 2]) -> String {
    let upright = by[1].abs() > 2.0 * by[0].abs();
    let (ahead, back) = if upright { ('\u{2193}', '\u{2191}') } else { ('\u{2192}', '\u{2190}') };
    // The one that runs to the right, or down, stands first.
    let first_leads = if upright { by[1] >= 0.0 } else { by[0] >= 0.0 };
    let (one, other) = if first_leads { (path.load_ab, path.load_ba) } else { (path.load_ba, path.load_ab) };
    format!("{ahead} {}   {back} {}", text::load(one), text::load(other))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::globe::fixture;

    fn all(s: &Snapshot) -> Vec<u32> {
        (0..s.hosts.len() as u32).collect()
    }

    #[test]
    fn the_selected_come_before_alerts_and_these_before_the_busy() {
        let s = fixture::snapshot();
        let rate = |i: usize| s.hosts[i].load_in + s.hosts[i].load_out;
        let mut order: Vec<usize> = (0..s.hosts.len()).filter(|i| rate(*i) > 0.0).collect();
        order.sort_by(|x, y| rate(*y).total_cmp(&rate(*x)));
        assert!(order.len() > 2, "the fixture has busy pins");
        let plain = named(&s, &all(&s), &[], &Set::default(), 2);
        assert_eq!(plain, [(order[0], Why::Busy), (order[1], Why::Busy)]);
        let least = *order.last().expect("busy pins");
        let alerting: Set<IpAddr> = [s.hosts[order[1]].addr].into_iter().collect();
        let chosen = [s.hosts[least].addr];
        let found = named(&s, &all(&s), &chosen, &alerting, 1);
        assert_eq!(found, [(least, Why::Selected), (order[1], Why::Alerting), (order[0], Why::Busy)]);
    }

    #[test]
    fn more_pins_are_named_from_near() {
        assert!(busiest_named(3.0) < busiest_named(1.0) && busiest_named(1.0) < busiest_named(0.1));
    }

    #[test]
    fn arrows_point_where_traffic_runs_on_the_screen() {
        let s = fixture::snapshot();
        let path = PathArc { load_ab: 2e6, load_ba: 3e3, ..s.paths[0].clone() };
        assert_eq!(numbers_of(&path, [100.0, 10.0]), "\u{2192} 2.00 Mbit/s   \u{2190} 3.00 kbit/s");
        assert_eq!(numbers_of(&path, [-100.0, 10.0]), "\u{2192} 3.00 kbit/s   \u{2190} 2.00 Mbit/s");
        assert_eq!(numbers_of(&path, [3.0, -80.0]), "\u{2193} 3.00 kbit/s   \u{2191} 2.00 Mbit/s");
    }
}
