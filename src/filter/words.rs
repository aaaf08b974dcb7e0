//! The words of the language. What a word asks of a record is in `flags`; this file is its form.

use crate::record::fields::{self, Field};

use super::ast::Dir;
use super::flags::FLAGS;
use crate::record::Far;

/// A word that asks by itself, without a value.
pub(super) struct Flag {
    pub(super) word: &'static str,
    /// What it is true of.
    pub(super) about: &'static str,
    /// Whether it may stand before another primary to narrow it: `tcp port 80`.
    pub(super) is_proto: bool,
    pub(super) test: fn(&Far<'_>, Dir) -> bool,
}

impl std::fmt::Debug for Flag {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.word)
    }
}

impl PartialEq for Flag {
    fn eq(&self, other: &Flag) -> bool {
        self.word == other.word
    }
}

/// Other spellings of flags.
const FLAG_ALIASES: &[(&str, &str)] = &[
    ("est", "con"),
    ("start", "init"),
    ("reset", "rst"),
    ("outoforder", "ooo"),
    ("multipath", "mpath"),
    ("mar", "man"),
    ("drop", "retrans"),
    ("icmpv6", "icmp6"),
    ("ipv6-icmp", "icmp6"),
];

/// The flag of a word or of another spelling of it.
pub(super) fn flag(word: &str) -> Option<&'static Flag> {
    let word = FLAG_ALIASES.iter().find(|(a, _)| *a == word).map_or(word, |(_, w)| *w);
    FLAGS.iter().find(|f| f.word == word)
}

/// What a primary with a value asks about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Host,
    Net,
    Port,
    Proto,
    SrcId,
    Inode,
    Gateway,
    Country,
    Encaps,
    Label,
    /// A named pair of fields, or one field of the whole record.
    Number(&'static Number),
}

/// The kinds that are no numbers.
pub(super) const KINDS: &[(&str, Kind, &str)] = &[
    ("host", Kind::Host, "address of an end"),
    ("net", Kind::Net, "prefix that an end lies in"),
    ("port", Kind::Port, "TCP or UDP port: number, name or range"),
    ("proto", Kind::Proto, "IP protocol number; ethertype behind `ether`"),
    ("srcid", Kind::SrcId, "identity of the sensor"),
    ("inode", Kind::Inode, "router that sent the ICMP error a flow is about"),
    ("gateway", Kind::Gateway, "router that an ICMP redirect names"),
    ("co", Kind::Country, "country code of an end"),
    ("encaps", Kind::Encaps, "encapsulation seen"),
    ("label", Kind::Label, "text contained in the label"),
];

/// A word for a number of a record.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Number {
    pub(super) word: &'static str,
    /// Field of the source; of the whole record when `dst` is none.
    pub(super) src: &'static str,
    pub(super) dst: Option<&'static str>,
}

const fn sides(word: &'static str, src: &'static str, dst: &'static str) -> Number {
    Number { word, src, dst: Some(dst) }
}

const fn whole(word: &'static str, field: &'static str) -> Number {
    Number { word, src: field, dst: None }
}

/// The named numbers. Besides these, the name of every numeric field is a word.
pub(super) static NUMBERS: &[Number] = &[
    sides("pkts", "spkts", "dpkts"),
    sides("bytes", "sbytes", "dbytes"),
    sides("appbytes", "sappbytes", "dappbytes"),
    sides("data", "sappbytes", "dappbytes"),
    sides("rate", "srate", "drate"),
    sides("load", "sload", "dload"),
    sides("loss", "sloss", "dloss"),
    sides("ploss", "sploss", "dploss"),
    sides("gap", "sgap", "dgap"),
    sides("retr", "sretrans", "dretrans"),
    sides("ttl", "sttl", "dttl"),
    sides("tos", "stos", "dtos"),
    sides("dsb", "sdscp", "ddscp"),
    sides("ipid", "sipid", "dipid"),
    sides("vid", "svid", "dvid"),
    sides("vpri", "svpri", "dvpri"),
    sides("mid", "smpls", "dmpls"),
    sides("tcpb", "stcpb", "dtcpb"),
    sides("win", "swin", "dwin"),
    sides("as", "sas", "das"),
    sides("asn", "sas", "das"),
    sides("jit", "sjit", "djit"),
    sides("jitact", "sjitact", "djitact"),
    sides("jitidle", "sjitidl", "djitidl"),
    sides("inter", "sintpkt", "dintpkt"),
    sides("intpkt", "sintpkt", "dintpkt"),
    sides("intpktact", "sintpktact", "dintpktact"),
    sides("intpktidle", "sintpktidl", "dintpktidl"),
    sides("maxsz", "smaxsz", "dmaxsz"),
    sides("minsz", "sminsz", "dminsz"),
    sides("meansz", "smeansz", "dmeansz"),
    whole("dur", "dur"),
    whole("pcr", "pcr"),
    whole("abr", "abr"),
    whole("seq", "seq"),
    whole("trans", "trans"),
    whole("tcprtt", "tcprtt"),
    whole("synack", "synack"),
    whole("ackdat", "ackdat"),
];

/// An encapsulation by its word and its bits in the encapsulation DSR.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Encapsulation {
    pub(super) word: &'static str,
    pub(super) bits: u32,
}

const fn encapsulation(word: &'static str, bits: u32) -> Encapsulation {
    Encapsulation { word, bits }
}

/// The encapsulations.
///
/// # Source
/// Bits of DSR 20, `docs/records.md`; words of the manual of `ra`.
pub(super) static ENCAPSULATIONS: &[Encapsulation] = &[
    encapsulation("mpls", 0x1),
    encapsulation("eth", 0x2),
    encapsulation("802q", 0x4),
    encapsulation("vlan", 0x4),
    encapsulation("llc", 0x8),
    encapsulation("pppoe", 0x10),
    encapsulation("isl", 0x20),
    encapsulation("gre", 0x40),
    encapsulation("ah", 0x80),
    encapsulation("ipnip", 0x100),
    encapsulation("ipnip6", 0x200),
    encapsulation("hdlc", 0x400),
    encapsulation("chdlc", 0x800),
    encapsulation("atm", 0x1000),
    encapsulation("sll", 0x2000),
    encapsulation("fddi", 0x4000),
    encapsulation("slip", 0x8000),
    encapsulation("arc", 0x10000),
    encapsulation("wlan", 0x20000),
    encapsulation("prism", 0x40000),
    encapsulation("avs", 0x80000),
    encapsulation("teredo", 0x0040_0000),
    encapsulation("juniper", 0x0200_0000),
    encapsulation("erspan", 0x0400_0000),
];

/// The kind that a word names.
pub(super) fn kind(word: &str) -> Option<Kind> {
    if let Some((_, kind, _)) = KINDS.iter().find(|(w, ..)| *w == word) {
        return Some(*kind);
    }
    NUMBERS.iter().find(|n| n.word == word).map(Kind::Number)
}

/// The numeric field that a word names.
pub(super) fn quantity(word: &str) -> Option<&'static Field> {
    fields::find(word).filter(|f| f.is_numeric())
}

/// Every word, for suggestions.
pub(super) fn all() -> impl Iterator<Item = &'static str> {
    const GRAMMAR: [&str; 9] = ["src", "dst", "and", "or", "not", "gt", "lt", "gte", "lte"];
    GRAMMAR
        .into_iter()
        .chain(KINDS.iter().map(|(w, ..)| *w))
        .chain(NUMBERS.iter().map(|n| n.word))
        .chain(FLAGS.iter().map(|f| f.word))
        .chain(FLAG_ALIASES.iter().map(|(a, _)| *a))
        .chain(fields::FIELDS.iter().filter(|f| f.is_numeric()).map(|f| f.name))
}
