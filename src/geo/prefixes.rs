//! Values that hang on networks: what is known of an address is what its networks say.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::base::hash::Map;

/// At most this many networks are kept.
pub(super) const MAX_NETWORKS: usize = 2_000_000;

/// Networks with a value each.
#[derive(Debug)]
pub(super) struct Prefixes<T> {
    v4: Table<T>,
    v6: Table<T>,
}

/// Masked networks with their prefix lengths, IPv4 as the low 32 bits.
#[derive(Debug)]
struct Table<T> {
    values: Map<(u8, u128), T>,
    /// Prefix lengths in use, shortest first.
    lens: Vec<u8>,
    width: u8,
}

impl<T> Default for Prefixes<T> {
    fn default() -> Prefixes<T> {
        let table = |width| Table { values: Map::default(), lens: Vec::new(), width };
        Prefixes { v4: table(32), v6: table(128) }
    }
}

impl<T: Default> Prefixes<T> {
    /// The value of a network, made if there is none; bits behind the prefix do not count. `None` if no further network
    /// is taken.
    pub(super) fn entry(&mut self, addr: IpAddr, len: u8) -> Option<&mut T> {
        let is_full = self.len() >= MAX_NETWORKS;
        let (table, bits) = match addr {
            IpAddr::V4(a) => (&mut self.v4, u128::from(a.to_bits())),
            IpAddr::V6(a) => (&mut self.v6, a.to_bits()),
        };
        let len = len.min(table.width);
        let key = (len, mask(bits, len, table.width));
        if is_full && !table.values.contains_key(&key) {
            return None;
        }
        if let Err(at) = table.lens.binary_search(&len) {
            table.lens.insert(at, len);
        }
        Some(table.values.entry(key).or_default())
    }

    /// Calls with the value of every network that the addresses from `first` to `last` are made of; false if the two
    /// are no range, or if there are too many networks.
    pub(super) fn cover(&mut self, first: IpAddr, last: IpAddr, mut call: impl FnMut(&mut T)) -> bool {
        let (mut at, end, width) = match (first, last) {
            (IpAddr::V4(a), IpAddr::V4(b)) => (u128::from(a.to_bits()), u128::from(b.to_bits()), 32),
            (IpAddr::V6(a), IpAddr::V6(b)) => (a.to_bits(), b.to_bits(), 128),
            _ => return false,
        };
        if end < at {
            return false;
        }
        loop {
            // The largest aligned block that begins here and does not pass the end.
            let aligned = at.trailing_zeros().min(width);
            let room = (end - at).checked_add(1).map_or(width, u128::ilog2);
            let bits = aligned.min(room);
            let addr = match width {
                32 => IpAddr::V4(Ipv4Addr::from_bits(u32::try_from(at).unwrap_or(u32::MAX))),
                _ => IpAddr::V6(Ipv6Addr::from_bits(at)),
            };
            match self.entry(addr, u8::try_from(width - bits).unwrap_or(0)) {
                Some(value) => call(value),
                None => return false,
            }
            let next = 1u128.checked_shl(bits).and_then(|size| at.checked_add(size));
            match next {
                Some(next) if next <= end => at = next,
                _ => return true,
            }
        }
    }
}

impl<T> Prefixes<T> {
    /// Number of networks.
    pub(super) fn len(&self) -> usize {
        self.v4.values.len() + self.v6.values.len()
    }

    /// The values of all networks that hold an address, the largest network first.
    pub(super) fn holding(&self, addr: IpAddr) -> impl DoubleEndedIterator<Item = &T> {
        let (table, bits) = match addr.to_canonical() {
            IpAddr::V4(a) => (&self.v4, u128::from(a.to_bits())),
            IpAddr::V6(a) => (&self.v6, a.to_bits()),
        };
        table.lens.iter().filter_map(move |&len| table.values.get(&(len, mask(bits, len, table.width))))
    }

    /// The value of the smallest network that holds an address.
    pub(super) fn nearest(&self, addr: IpAddr) -> Option<&T> {
        self.holding(addr).next_back()
    }
}

/// The first `len` of `width` bits, the others zero.
fn mask(bits: u128, len: u8, width: u8) -> u128 {
    let drop = u32::from(width - len.min(width));
    bits.checked_shr(drop).unwrap_or(0).checked_shl(drop).unwrap_or(0)
}

/// An address, or a network as `address/length`.
pub(super) fn parse_network(text: &str) -> Result<(IpAddr, u8), String> {
    let (addr, len) = text.split_once('/').map_or((text, None), |(a, l)| (a, Some(l)));
    let addr: IpAddr = addr.trim().parse().map_err(|_| format!("{text:?} is not a network"))?;
    let width = if addr.is_ipv4() { 32 } else { 128 };
    let len = match len {
        None => width,
        Some(l) => l
            .trim()
            .parse::<u8>()
            .ok()
            .filter(|l| *l <= width)
            .ok_or_else(|| format!("prefix length of {text:?} must be 0 to {width}"))?,
    };
    Ok((addr, len))
}

/// The last address of a network.
pub(super) fn last_of(addr: IpAddr, len: u8) -> IpAddr {
    match addr {
        IpAddr::V4(a) => IpAddr::V4(Ipv4Addr::from_bits(a.to_bits() | u32::MAX.checked_shr(len.into()).unwrap_or(0))),
        IpAddr::V6(a) => IpAddr::V6(Ipv6Addr::from_bits(a.to_bits() | u128::MAX.checked_shr(len.into()).unwrap_or(0))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn networks_are_told_from_the_largest_to_the_smallest() {
        let mut p: Prefixes<u8> = Prefixes::default();
        for (addr, len, value) in [("10.3.7.9", 32, 3), ("10.3.1.1", 16, 2), ("0.0.0.0", 0, 1), ("fd00::", 8, 9)] {
            *p.entry(ip(addr), len).expect("room") = value;
        }
        let told = |addr: &str| p.holding(ip(addr)).copied().collect::<Vec<_>>();
        assert_eq!(told("10.3.7.9"), [1, 2, 3]);
        assert_eq!(told("::ffff:10.3.0.1"), [1, 2]);
        assert_eq!((told("fd12::1"), told("fe80::1")), (vec![9], vec![]));
        assert_eq!(p.nearest(ip("10.3.0.0")), Some(&2));
    }

    #[test]
    fn a_range_is_covered_exactly() {
        for (first, last) in [
            ("192.168.0.17", "192.168.0.20"),
            ("0.0.0.0", "255.255.255.255"),
            ("10.0.0.0", "10.0.0.0"),
            ("255.255.255.254", "255.255.255.255"),
            ("1.2.3.4", "9.8.7.6"),
            ("::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
            ("fd00::1", "fd00::1:0"),
        ] {
            let mut p: Prefixes<bool> = Prefixes::default();
            assert!(p.cover(ip(first), ip(last), |v| *v = true));
            assert!(p.len() < 250 && p.nearest(ip(first)).is_some() && p.nearest(ip(last)).is_some(), "{first}");
            let outside = |addr: IpAddr, step: i32| match addr {
                IpAddr::V4(a) => a.to_bits().checked_add_signed(step).map(|b| IpAddr::V4(Ipv4Addr::from_bits(b))),
                IpAddr::V6(_) => None,
            };
            for addr in [outside(ip(first), -1), outside(ip(last), 1)].into_iter().flatten() {
                assert!(p.nearest(addr).is_none(), "{addr}");
            }
        }
        assert!(!Prefixes::<bool>::default().cover(ip("2.0.0.0"), ip("1.0.0.0"), |_| {}));
        assert!(!Prefixes::<bool>::default().cover(ip("2.0.0.0"), ip("::1"), |_| {}));
    }

    #[test]
    fn networks_end_where_they_should() {
        assert_eq!(last_of(ip("10.1.0.0"), 16), ip("10.1.255.255"));
        assert_eq!(last_of(ip("0.0.0.0"), 0), ip("255.255.255.255"));
        assert_eq!(last_of(ip("fd00::"), 128), ip("fd00::"));
        assert_eq!(parse_network("10.0.0.0/33").map_err(|e| e.len() > 10), Err(true));
    }
}
