//! Link types of captures.

use std::fmt;

/// The link type of a capture, by its number in capture files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LinkType(pub u32);

impl LinkType {
    /// BSD loopback: 4-byte address family in the writer's byte order.
    pub const NULL: LinkType = LinkType(0);
    /// Ethernet.
    pub const ETHERNET: LinkType = LinkType(1);
    /// SLIP with a 16-byte header.
    pub const SLIP: LinkType = LinkType(8);
    /// PPP.
    pub const PPP: LinkType = LinkType(9);
    /// Raw IP, as some systems number it in files.
    pub const RAW_BSD: LinkType = LinkType(12);
    /// Raw IP, as OpenBSD numbers it.
    pub const RAW_OPENBSD: LinkType = LinkType(14);
    /// PPP with HDLC framing.
    pub const PPP_SERIAL: LinkType = LinkType(50);
    /// Raw IP, version 4 or 6.
    pub const RAW: LinkType = LinkType(101);
    /// Cisco HDLC.
    pub const CISCO_HDLC: LinkType = LinkType(104);
    /// 802.11 without a radio header.
    pub const WLAN: LinkType = LinkType(105);
    /// OpenBSD loopback: 4-byte address family in network byte order.
    pub const LOOP: LinkType = LinkType(108);
    /// Linux cooked capture, version 1.
    pub const LINUX_SLL: LinkType = LinkType(113);
    /// 802.11 behind a radiotap header.
    pub const WLAN_RADIOTAP: LinkType = LinkType(127);
    /// Raw IPv4.
    pub const IPV4: LinkType = LinkType(228);
    /// Raw IPv6.
    pub const IPV6: LinkType = LinkType(229);
    /// Linux cooked capture, version 2.
    pub const LINUX_SLL2: LinkType = LinkType(276);

    /// Whether frames of this type can be walked.
    #[must_use]
    pub fn is_supported(self) -> bool {
        matches!(
            self,
            LinkType::NULL
                | LinkType::ETHERNET
                | LinkType::SLIP
                | LinkType::PPP
                | LinkType::RAW_BSD
                | LinkType::RAW_OPENBSD
                | LinkType::PPP_SERIAL
                | LinkType::RAW
                | LinkType::CISCO_HDLC
                | LinkType::WLAN
                | LinkType::LOOP
                | LinkType::LINUX_SLL
                | LinkType::WLAN_RADIOTAP
                | LinkType::IPV4
                | LinkType::IPV6
                | LinkType::LINUX_SLL2
        )
    }
}

impl fmt::Display for LinkType {
    /// The number in decimal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
