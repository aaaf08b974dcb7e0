//! The parsed filter: a tree of tests, and its canonical text.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::lexer::Compare;
use super::words::{Encapsulation, Flag};
use crate::record::fields::Field;

/// Which end of the flow a test looks at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Dir {
    /// Not said: either end.
    #[default]
    Any,
    Src,
    Dst,
    /// Either end, said in words.
    Or,
    /// Both ends.
    And,
}

impl Dir {
    /// Joins what is true of the source and of the destination.
    pub(super) fn join(self, src: impl FnOnce() -> bool, dst: impl FnOnce() -> bool) -> bool {
        match self {
            Dir::Any | Dir::Or => src() || dst(),
            Dir::Src => src(),
            Dir::Dst => dst(),
            Dir::And => src() && dst(),
        }
    }

    fn text(self) -> &'static str {
        match self {
            Dir::Any => "",
            Dir::Src => "src ",
            Dir::Dst => "dst ",
            Dir::Or => "src or dst ",
            Dir::And => "src and dst ",
        }
    }
}

/// How a term is joined to what stands on its left. Both have the same rank.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Join {
    And,
    Or,
}

/// A part of a filter.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expr {
    Test(Test),
    Not(Box<Expr>),
    /// Terms joined from left to right.
    Chain(Box<Expr>, Vec<(Join, Expr)>),
}

/// One primary.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Test {
    /// A protocol that the record must have besides.
    pub(super) guard: Option<&'static Flag>,
    pub(super) dir: Dir,
    pub(super) what: What,
}

/// What a primary asks.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum What {
    Flag(&'static Flag),
    Host(IpAddr),
    Net(Net),
    Mac([u8; 6]),
    Port(Range),
    Proto(u8),
    EtherType(u16),
    SrcId(Id),
    Inode(IpAddr),
    Gateway(IpAddr),
    /// A numeric field, or one for each side.
    Number {
        word: &'static str,
        src: &'static Field,
        dst: Option<&'static Field>,
        range: Range,
    },
    Country([u8; 2]),
    Encaps(&'static Encapsulation),
    Label(String),
}

/// A sensor's identity as the filter names it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Id {
    /// A dotted quad or a number: four bytes.
    Word(u32),
    /// An IPv6 address.
    V6(Ipv6Addr),
    /// Text: up to four characters, or a UUID in its usual form.
    Text(String),
}

/// Addresses that share their first bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Net {
    V4 { addr: u32, mask: u32 },
    V6 { addr: u128, len: u8 },
}

impl Net {
    /// Whether the address lies inside.
    pub(super) fn contains(self, ip: IpAddr) -> bool {
        match (self, ip) {
            (Net::V4 { addr, mask }, IpAddr::V4(ip)) => ip.to_bits() & mask == addr,
            (Net::V6 { addr, len }, IpAddr::V6(ip)) => ip.to_bits() & mask_v6(len) == addr,
            _ => false,
        }
    }
}

/// The 128-bit mask of a prefix length up to 128.
pub(super) fn mask_v6(len: u8) -> u128 {
    u128::MAX.checked_shl(128 - u32::from(len.min(128))).unwrap_or(0)
}

/// The numbers a value may have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Range {
    Compare(Compare, f64),
    /// From the first to the last, both included.
    Between(f64, f64),
}

impl Range {
    pub(super) fn holds(self, value: f64) -> bool {
        match self {
            Range::Compare(op, limit) => op.holds(value, limit),
            Range::Between(low, high) => low <= value && value <= high,
        }
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Range::Compare(op, v) => write!(f, "{} {v}", op.word()),
            Range::Between(a, b) => write!(f, "eq {a}-{b}"),
        }
    }
}

/// Text in the quotation marks that it does not contain itself.
struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = if self.0.contains(['"', '\u{201c}', '\u{201d}']) { '\'' } else { '"' };
        write!(f, "{mark}{}{mark}", self.0)
    }
}

impl fmt::Display for Net {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Net::V4 { addr, mask } => {
                let ones = mask.leading_ones();
                if mask.count_ones() == ones {
                    write!(f, "{}/{ones}", Ipv4Addr::from_bits(addr))
                } else {
                    write!(f, "{} mask {}", Ipv4Addr::from_bits(addr), Ipv4Addr::from_bits(mask))
                }
            }
            Net::V6 { addr, len } => write!(f, "{}/{len}", Ipv6Addr::from_bits(addr)),
        }
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Id::Word(w) => Ipv4Addr::from_bits(*w).fmt(f),
            Id::V6(a) => a.fmt(f),
            Id::Text(t) => Quoted(t).fmt(f),
        }
    }
}

impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(guard) = self.guard {
            write!(f, "{} ", guard.word)?;
        }
        f.write_str(self.dir.text())?;
        match &self.what {
            What::Flag(flag) => f.write_str(flag.word),
            What::Host(ip) => write!(f, "host {ip}"),
            What::Net(net) => write!(f, "net {net}"),
            What::Mac([a, b, c, d, e, g]) => {
                write!(f, "ether host {a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
            }
            What::Port(range) => write!(f, "port {range}"),
            What::Proto(p) => write!(f, "proto {p}"),
            What::EtherType(t) => write!(f, "ether proto {t:#06x}"),
            What::SrcId(id) => write!(f, "srcid {id}"),
            What::Inode(ip) => write!(f, "inode {ip}"),
            What::Gateway(ip) => write!(f, "gateway {ip}"),
            What::Number { word, range, .. } => write!(f, "{word} {range}"),
            What::Country([a, b]) => write!(f, "co {}{}", char::from(*a), char::from(*b)),
            What::Encaps(e) => write!(f, "encaps {}", e.word),
            What::Label(text) => write!(f, "label {}", Quoted(text)),
        }
    }
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Expr::Test(test) => test.fmt(f),
            Expr::Not(inner) => {
                f.write_str("not ")?;
                Operand(inner).fmt(f)
            }
            Expr::Chain(first, rest) => {
                Operand(first).fmt(f)?;
                for (join, term) in rest {
                    f.write_str(if *join == Join::And { " and " } else { " or " })?;
                    Operand(term).fmt(f)?;
                }
                Ok(())
            }
        }
    }
}

/// A part that stands inside another: a chain needs parentheses there.
struct Operand<'a>(&'a Expr);

impl fmt::Display for Operand<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            chain @ Expr::Chain(..) => write!(f, "({chain})"),
            other => other.fmt(f),
        }
    }
}
