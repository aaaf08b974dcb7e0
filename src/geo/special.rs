//! Addresses that no database can place: private, local and reserved ranges.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

type Row4 = ([u8; 4], u8, bool, &'static str);
type Row6 = ([u16; 8], u8, bool, &'static str);

/// IPv4 blocks: network, prefix length, whether it belongs to the own site, name. Narrow before wide.
const V4: &[Row4] = &[
    ([255, 255, 255, 255], 32, false, "broadcast address"),
    ([0, 0, 0, 0], 32, false, "unspecified address"),
    ([0, 0, 0, 0], 8, false, "reserved address"),
    ([10, 0, 0, 0], 8, true, "private network"),
    ([100, 64, 0, 0], 10, true, "carrier-grade NAT"),
    ([127, 0, 0, 0], 8, true, "loopback address"),
    ([169, 254, 0, 0], 16, true, "link-local address"),
    ([172, 16, 0, 0], 12, true, "private network"),
    ([192, 0, 0, 0], 24, false, "reserved address"),
    ([192, 0, 2, 0], 24, false, "documentation address"),
    ([192, 168, 0, 0], 16, true, "private network"),
    ([198, 18, 0, 0], 15, false, "benchmark address"),
    ([198, 51, 100, 0], 24, false, "documentation address"),
    ([203, 0, 113, 0], 24, false, "documentation address"),
    ([224, 0, 0, 0], 4, false, "multicast address"),
    ([240, 0, 0, 0], 4, false, "reserved address"),
];

/// IPv6 blocks, the same way.
const V6: &[Row6] = &[
    ([0, 0, 0, 0, 0, 0, 0, 0], 128, false, "unspecified address"),
    ([0, 0, 0, 0, 0, 0, 0, 1], 128, true, "loopback address"),
    ([0x100, 0, 0, 0, 0, 0, 0, 0], 64, false, "discard address"),
    ([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32, false, "documentation address"),
    ([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20, false, "documentation address"),
    ([0x2001, 0, 0, 0, 0, 0, 0, 0], 32, false, "Teredo tunnel"),
    ([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7, true, "private network"),
    ([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10, true, "link-local address"),
    ([0xfec0, 0, 0, 0, 0, 0, 0, 0], 10, true, "private network"),
    ([0xff00, 0, 0, 0, 0, 0, 0, 0], 8, false, "multicast address"),
];

/// What the address is for, in two words, if it is none of the public unicast addresses.
///
/// # Source
/// IANA special-purpose address registries (RFC 6890 and its updates).
#[must_use]
pub fn special_use(addr: IpAddr) -> Option<&'static str> {
    row(addr).map(|(_, name)| name)
}

/// Whether the address can only be one of the own site: private, loopback, link-local, unique local, carrier-grade NAT.
#[must_use]
pub fn is_local(addr: IpAddr) -> bool {
    row(addr).is_some_and(|(local, _)| local)
}

fn row(addr: IpAddr) -> Option<(bool, &'static str)> {
    match addr.to_canonical() {
        IpAddr::V4(a) => V4.iter().find(|r| same_prefix4(a, Ipv4Addr::from(r.0), r.1)).map(|r| (r.2, r.3)),
        IpAddr::V6(a) => V6.iter().find(|r| same_prefix6(a, Ipv6Addr::from(r.0), r.1)).map(|r| (r.2, r.3)),
    }
}

fn same_prefix4(a: Ipv4Addr, b: Ipv4Addr, len: u8) -> bool {
    (a.to_bits() ^ b.to_bits()).checked_shr(32 - u32::from(len)).unwrap_or(0) == 0
}

fn same_prefix6(a: Ipv6Addr, b: Ipv6Addr, len: u8) -> bool {
    (a.to_bits() ^ b.to_bits()).checked_shr(128 - u32::from(len)).unwrap_or(0) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn special_ranges_have_their_names() {
        for (addr, name) in [
            ("10.1.2.3", Some("private network")),
            ("172.31.255.255", Some("private network")),
            ("172.32.0.0", None),
            ("100.127.0.1", Some("carrier-grade NAT")),
            ("100.128.0.1", None),
            ("127.0.0.1", Some("loopback address")),
            ("169.254.1.1", Some("link-local address")),
            ("255.255.255.255", Some("broadcast address")),
            ("224.0.0.251", Some("multicast address")),
            ("8.8.8.8", None),
            ("::1", Some("loopback address")),
            ("::ffff:192.168.1.1", Some("private network")),
            ("fd00::1", Some("private network")),
            ("fe80::1", Some("link-local address")),
            ("ff02::fb", Some("multicast address")),
            ("2001:638::1", None),
        ] {
            assert_eq!(special_use(addr.parse().expect("an address")), name, "{addr}");
        }
    }

    #[test]
    fn only_the_own_site_is_local() {
        for (addr, local) in
            [("192.168.0.1", true), ("fe80::1", true), ("::1", true), ("224.0.0.1", false), ("1.1.1.1", false)]
        {
            assert_eq!(is_local(addr.parse().expect("an address")), local, "{addr}");
        }
    }
}
