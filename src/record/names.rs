//! Names of protocols, ethertypes and states as the columns `proto` and `state` print them.
//!
//! # Source
//! The tables are those that the classic clients print (`docs/records.md`).

/// IP protocol names by number; empty where the clients know no name.
const PROTOCOLS: [&str; 256] = [
    "ip", "icmp", "igmp", "ggp", "ipnip", "st2", "tcp", "cbt", "egp", "igp", "bbn-rcc", "nvp", "pup",
    "argus", "emcon", "xnet", "chaos", "udp", "mux", "dcn", "hmp", "prm", "xns-idp", "trunk-1", "trunk-2",
    "leaf-1", "leaf-2", "rdp", "irtp", "iso-tp4", "netblt", "mfe-nsp", "merit-inp", "sep", "3pc", "idpr",
    "xtp", "ddp", "idpr-cmtp", "tp++", "il", "ipv6", "sdrp", "ipv6-route", "ipv6-frag", "idrp", "rsvp",
    "gre", "mhrp", "bna", "esp", "ah", "i-nlsp", "swipe", "narp", "mobile", "tlsp", "skip", "ipv6-icmp",
    "ipv6-no", "ipv6-opts", "any", "cftp", "any", "sat-expak", "kryptolan", "rvd", "ippc", "any", "sat-mon",
    "visa", "ipcv", "cpnx", "cphb", "wsn", "pvp", "br-sat-mon", "sun-nd", "wb-mon", "wb-expak", "iso-ip",
    "vmtp", "secure-vmtp", "vines", "ttp", "nsfnet-igp", "dgp", "tcf", "eigrp", "ospf", "sprite-rpc",
    "larp", "mtp", "ax.25", "ipip", "micp", "aes-sp3-d", "etherip", "encap", "pri-enc", "gmtp", "ifmp",
    "pnni", "pim", "aris", "scps", "qnx", "a/n", "ipcomp", "snp", "compaq-peer", "ipx-n-ip", "vrrp",
    "pgm", "zero", "l2tp", "ddx", "iatp", "stp", "srp", "uti", "smp", "sm", "ptp", "isis", "fire", "crtp",
    "crudp", "sccopmce", "iplt", "sps", "pipe", "sctp", "fc", "rsvp", "", "", "", "", "", "", "", "",
    "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "",
    "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "",
    "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "",
    "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "",
    "", "", "", "", "", "", "", "", "", "", "ib", "", "",
];

/// Name of an IP protocol; `unas` when it has none.
#[must_use]
pub fn protocol(number: u8) -> &'static str {
    match PROTOCOLS.get(usize::from(number)) {
        Some(&"") | None => "unas",
        Some(name) => name,
    }
}

/// Number of an IP protocol by its printed name, the lowest if several share it.
#[must_use]
pub fn protocol_number(name: &str) -> Option<u8> {
    let at = PROTOCOLS.iter().position(|p| !p.is_empty() && *p == name)?;
    u8::try_from(at).ok()
}

/// Ethertypes that have a name, ascending; 0 stands for LLC frames.
const ETHERTYPES: &[(u16, &str)] = &[
    (0x0000, "llc"),
    (0x0083, "isis"),
    (0x0600, "idp"),
    (0x0800, "ip"),
    (0x0801, "x75"),
    (0x0802, "nbs"),
    (0x0805, "x25"),
    (0x0806, "arp"),
    (0x0808, "frarp"),
    (0x0900, "ubdeb"),
    (0x0a00, "pup.3"),
    (0x6000, "decun"),
    (0x6001, "decdl"),
    (0x6002, "decrc"),
    (0x6003, "decro"),
    (0x6004, "lat"),
    (0x6005, "decdp"),
    (0x6006, "deccp"),
    (0x6007, "lavc"),
    (0x8035, "rarp"),
    (0x8038, "declb"),
    (0x803d, "decee"),
    (0x803e, "decun"),
    (0x809b, "atalk"),
    (0x80d5, "sna"),
    (0x80f3, "aarp"),
    (0x8100, "well"),
    (0x8137, "ipx/spx"),
    (0x814c, "snmp"),
    (0x86dd, "ipv6"),
    (0x8808, "mac"),
    (0x8809, "slow"),
    (0x880b, "ppp"),
    (0x8847, "mplsu"),
    (0x8863, "pppoe"),
    (0x8864, "pppoe"),
    (0x886f, "nlb"),
    (0x888e, "eapol"),
    (0x88a2, "aoe"),
    (0x88b7, "oui"),
    (0x88ca, "tipc"),
    (0x88cc, "lldp"),
    (0x9000, "loop"),
    (0xffff, "*"),
];

/// Name of an ethertype, if it has one; `llc` for 0.
#[must_use]
pub fn ethertype(number: u16) -> Option<&'static str> {
    let at = ETHERTYPES.binary_search_by_key(&number, |e| e.0).ok()?;
    ETHERTYPES.get(at).map(|e| e.1)
}

/// Ethertype by its printed name, the lowest if several share it.
#[must_use]
pub fn ethertype_number(name: &str) -> Option<u16> {
    ETHERTYPES.iter().find(|e| e.1 == name).map(|e| e.0)
}

const UNREACHABLE: [&str; 16] = [
    "URN", "URH", "URO", "URP", "URF", "URS", "URNU", "URHU", "URISO", "URNPRO", "URHPRO", "URNTOS", "URHTOS", "URFIL",
    "URPRE", "URCUT",
];

/// State of an ICMP flow by type and code; empty for a type without a name.
#[must_use]
pub fn icmp_state(kind: u8, code: u8) -> &'static str {
    match kind {
        0 => "ECR",
        3 => UNREACHABLE.get(usize::from(code)).copied().unwrap_or("UR"),
        4 => "SRC",
        5 => "RED",
        6 => "AHA",
        8 => "ECO",
        9 => "RTA",
        10 => "RTS",
        11 => "TXD",
        12 => "PAR",
        13 => "TST",
        14 => "TSR",
        15 => "IRQ",
        16 => "IRR",
        17 => "MAS",
        18 => "MSR",
        19 => "SEC",
        20..=29 => "ROB",
        30 => "TRC",
        31 => "DCE",
        32 => "MHR",
        33 => "WAY",
        34 => "IAH",
        35 => "MRQ",
        36 => "MRP",
        37 => "DNQ",
        38 => "DNP",
        39 => "SKP",
        40 => "PHO",
        _ => "",
    }
}

/// State of an ICMPv6 flow by type and code.
#[must_use]
pub fn icmp6_state(kind: u8, code: u8) -> &'static str {
    match (kind, code) {
        (1, 0) => "URNR",
        (1, 1) => "URAD",
        (1, 2) => "URBS",
        (1, 3) => "URAR",
        (1, 4) => "URP",
        (1, 5) => "URSF",
        (1, 6) => "URRR",
        (1, _) => "URES",
        (2, _) => "PTB",
        (3, 0) => "TXT",
        (3, _) => "TXR",
        (4, 0) => "PPH",
        (4, 1) => "PPNH",
        (4, _) => "PPO",
        (128, _) => "ECO",
        (129, _) => "ECR",
        (130, _) => "MRQ",
        (131 | 143, _) => "MHR",
        (133, _) => "NRS",
        (134, _) => "NRA",
        (135, _) => "NNS",
        (136, _) => "NNA",
        (137, _) => "RED",
        _ => "UNK",
    }
}

/// State of an IS-IS flow by PDU type.
#[must_use]
pub fn isis_state(pdu: u32) -> &'static str {
    match pdu {
        15 => "L1-IIH",
        16 => "L2-IIH",
        18 => "L1-LSP",
        20 => "L2-LSP",
        24 => "L1-CSNP",
        25 => "L2-CSNP",
        26 => "L1-PSNP",
        27 => "L2-PSNP",
        _ => "UNK",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_both_ways() {
        for (n, s) in [(6, "tcp"), (17, "udp"), (253, "ib"), (200, "unas"), (0, "ip")] {
            assert_eq!(protocol(n), s);
        }
        assert_eq!((protocol_number("ipv6-icmp"), protocol_number("unas")), (Some(58), None));
        assert_eq!((ethertype(0x88cc), ethertype(0), ethertype(1)), (Some("lldp"), Some("llc"), None));
        assert_eq!(ethertype_number("pppoe"), Some(0x8863));
    }

    #[test]
    fn ethertypes_are_sorted_for_the_search() {
        assert!(ETHERTYPES.windows(2).all(|w| w[0].0 < w[1].0));
    }

    #[test]
    fn unreachable_codes_have_their_suffix() {
        assert_eq!((icmp_state(3, 1), icmp_state(3, 3), icmp_state(3, 99)), ("URH", "URP", "UR"));
    }
}
