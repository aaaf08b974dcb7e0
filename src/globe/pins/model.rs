//! From hosts to pin instances: plain arithmetic.

use std::net::IpAddr;

use crate::base::hash::Set;
use crate::cache::{HostPin, Snapshot};
use crate::geo::Origin;
use crate::globe::Emphasis;
use crate::globe::colouring::Kinds;
use crate::globe::feed::Overrides;
use crate::globe::inks::Inks;
use crate::globe::math::to_f32;
use crate::globe::picking::PinSpot;
use crate::globe::picking::spread::spread;
use crate::globe::scale::{CLASSES, RateShift, pack, pin_radius};

/// Height of a head's middle above its foot, in radii of the head; the same number is in `pin.wgsl`.
const CAP: f64 = 3.1;
/// What is left of a mark that has had no traffic for a whole window.
const FADED: f32 = 0.3;

const SELECTED: u32 = 1;
const HOVERED: u32 = 2;
const DIMMED: u32 = 4;
const HOME: u32 = 8;
const COUNTRY: u32 = 16;

/// As `pin.wgsl` reads it.
#[derive(Clone, Copy, Debug, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub struct PinInstance {
    /// Unit vector to its place.
    pub dir: [f32; 3],
    /// Radius of the head in pixels of a mark.
    pub size: f32,
    /// Colour and opacity.
    pub rgba: u32,
    /// Offset right and up, two i16 in 1/16 pixels of a mark.
    pub offset: u32,
    /// Selected, hovered, dimmed, home, country only.
    pub marks: u32,
    /// The host's number.
    pub id: u32,
}

impl PinInstance {
    /// Whether it stands out because it is selected.
    #[must_use]
    pub fn is_selected(&self) -> bool {
        self.marks & SELECTED != 0
    }

    /// Opacity with which it is drawn, 0 to 1.
    #[must_use]
    pub fn opacity(&self) -> f32 {
        let [.., alpha] = self.rgba.to_le_bytes();
        f32::from(alpha) / 255.0 * if self.marks & DIMMED == 0 { 1.0 } else { 0.22 }
    }

    /// The same as the picker wants it.
    #[must_use]
    pub fn spot(&self) -> PinSpot {
        let part = |shift: u32| f32::from((self.offset >> shift) as u16 as i16) / 16.0;
        // A mark for a country lies flat on its place.
        let length = if self.marks & COUNTRY == 0 { CAP as f32 * self.size } else { 0.0 };
        PinSpot { dir: self.dir, length, offset: [part(0), part(16)] }
    }
}

/// What decides how pins look besides their own values.
#[derive(Clone, Copy, Debug)]
pub struct Looks<'a> {
    /// Forced colours and hidden hosts.
    pub overrides: &'a Overrides,
    /// The kinds that colours tell apart; without them it is the rate.
    pub kinds: Option<&'a Kinds>,
    /// The theme's colours.
    pub inks: &'a Inks,
    /// By how much the scale of rates is moved.
    pub shift: RateShift,
}

/// The pins of a snapshot, and the index into `hosts` of each.
#[must_use]
pub fn place_pins(
    snapshot: &Snapshot,
    emphasis: &Emphasis,
    &Looks { overrides, kinds, inks, shift }: &Looks,
) -> (Vec<PinInstance>, Vec<u32>) {
    let shown: Vec<(u32, &HostPin)> =
        (0..).zip(&snapshot.hosts).filter(|(_, h)| !overrides.hidden.contains(&h.id)).collect();
    let offsets = spread(shown.iter().map(|(_, h)| h.place.at));
    let selected: Set<IpAddr> = emphasis.hosts.iter().copied().collect();
    let mut pins = Vec::with_capacity(shown.len());
    let mut hosts = Vec::with_capacity(shown.len());
    for ((index, host), offset) in shown.into_iter().zip(offsets) {
        let own = is_own(host);
        let colour = match overrides.pins.get(&host.id) {
            Some(colour) => *colour,
            None if kinds.is_some() => inks.kind(kinds.and_then(|k| k.of_host.get(index as usize)).copied()),
            None if own => inks.home,
            None => inks.rates[shift.class_of(host.load_in + host.load_out)],
        };
        let mut marks = if own { HOME } else { 0 };
        if host.place.origin == Origin::CountryCentre {
            marks |= COUNTRY;
        }
        if selected.contains(&host.addr) {
            marks |= SELECTED;
        } else if emphasis.dim_others {
            marks |= DIMMED;
        }
        if emphasis.hovered == Some(host.addr) {
            marks = (marks | HOVERED) & !DIMMED;
        }
        pins.push(PinInstance {
            dir: to_f32(host.place.at.to_unit()),
            size: pin_radius(host.sent.bytes.saturating_add(host.received.bytes)),
            rgba: pack(colour, fade(snapshot, host.seen.end)),
            offset: pack_offset(offset),
            marks,
            id: host.id.0,
        });
        hosts.push(index);
    }
    (pins, hosts)
}

/// Whether a pin stands for an own network.
fn is_own(host: &HostPin) -> bool {
    matches!(host.place.origin, Origin::Home | Origin::OwnMap)
}

/// What a pin is in the ring of a cluster: its class of rate, or the kind behind all classes for own networks.
pub(crate) fn kind_of(host: &HostPin, shift: RateShift) -> usize {
    if is_own(host) { CLASSES } else { shift.class_of(host.load_in + host.load_out) }
}

/// Opacity of something last seen at a time: 1 at the playhead, 0.3 a window before.
pub(crate) fn fade(snapshot: &Snapshot, seen: crate::base::Timestamp) -> f32 {
    let window = snapshot.window.as_secs_f32();
    if window <= 0.0 {
        return 1.0;
    }
    let age = (snapshot.now.since(seen).as_secs_f32() / window).clamp(0.0, 1.0);
    1.0 - (1.0 - FADED) * age
}

/// Two i16 in 1/16 pixels.
fn pack_offset([x, y]: [f32; 2]) -> u32 {
    let part = |v: f32| u32::from((v * 16.0).round().clamp(-32_768.0, 32_767.0) as i16 as u16);
    part(x) | part(y) << 16
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::time::Duration;

    use super::*;
    use crate::base::{Span, Timestamp};
    use crate::cache::HostId;
    use crate::geo::{LatLon, Place};
    use crate::globe::inks::inks;
    use crate::record::Counts;

    fn host(n: u8, lat: f64, lon: f64, bytes: u64) -> HostPin {
        let at = |s| Timestamp::from_parts(s, 0);
        HostPin {
            id: HostId(n.into()),
            addr: IpAddr::V4(Ipv4Addr::new(192, 0, 2, n)),
            group: None,
            place: Place::new(LatLon { lat, lon }, Origin::Database),
            sent: Counts { pkts: 1, bytes, appbytes: 0 },
            received: Counts::default(),
            load_out: 0.0,
            load_in: 0.0,
            flows: 1,
            seen: Span::new(at(0), at(60)),
        }
    }

    fn plain(overrides: &Overrides) -> Looks<'_> {
        Looks { overrides, kinds: None, inks: inks(), shift: RateShift::default() }
    }

    fn snapshot(hosts: Vec<HostPin>) -> Snapshot {
        Snapshot { now: Timestamp::from_parts(120, 0), window: Duration::from_secs(120), hosts, ..Snapshot::default() }
    }

    #[test]
    fn size_follows_volume_and_opacity_follows_age() {
        let s = snapshot(vec![host(1, 10.0, 10.0, 1_000), host(2, 20.0, 20.0, 1_000_000_000)]);
        let (pins, hosts) = place_pins(&s, &Emphasis::default(), &plain(&Overrides::default()));
        assert_eq!(hosts, [0, 1]);
        assert!(pins[1].size > pins[0].size);
        let alpha = (pins[0].rgba >> 24) as f32 / 255.0;
        assert!((alpha - 0.65).abs() < 0.01, "half a window old: {alpha}");
    }

    #[test]
    fn hidden_hosts_have_no_pin_and_chosen_ones_stand_out() {
        let s = snapshot(vec![host(1, 10.0, 10.0, 1), host(2, 20.0, 20.0, 1), host(3, 0.0, 0.0, 1)]);
        let overrides = Overrides { hidden: [HostId(1)].into_iter().collect(), ..Overrides::default() };
        let emphasis = Emphasis { hosts: vec![s.hosts[2].addr], dim_others: true, ..Emphasis::default() };
        let (pins, hosts) = place_pins(&s, &emphasis, &plain(&overrides));
        assert_eq!(hosts, [1, 2]);
        assert_eq!((pins[0].marks, pins[1].marks), (DIMMED, SELECTED));
    }

    #[test]
    fn a_kind_colours_its_pins_and_own_networks_keep_their_shape() {
        let mut own = host(2, 20.0, 20.0, 1);
        own.place.origin = Origin::OwnMap;
        let s = snapshot(vec![host(1, 10.0, 10.0, 1), own]);
        let kinds = Kinds { of_host: vec![3, 6], ..Kinds::default() };
        let overrides = Overrides::default();
        let (pins, _) = place_pins(&s, &Emphasis::default(), &Looks { kinds: Some(&kinds), ..plain(&overrides) });
        let colour = |i: usize| pins[i].rgba & 0x00ff_ffff;
        assert_eq!(colour(0), pack(inks().kinds[3], 0.0));
        assert_eq!((colour(1), pins[1].marks), (pack(inks().rest, 0.0), HOME));
        let (pins, _) = place_pins(&s, &Emphasis::default(), &plain(&overrides));
        assert_eq!(pins[1].rgba & 0x00ff_ffff, pack(inks().home, 0.0));
    }

    #[test]
    fn pins_at_one_place_stand_apart() {
        let s = snapshot(vec![host(1, 10.0, 10.0, 1), host(2, 10.0, 10.0, 1)]);
        let (pins, _) = place_pins(&s, &Emphasis::default(), &plain(&Overrides::default()));
        assert_ne!(pins[0].offset, pins[1].offset);
        assert_eq!(pack_offset([-1.0, 2.0]), 0x0020_fff0);
    }
}
