//! The text box above the flow table: words that a row must contain.
//!
//! Words are joined by "and"; a word `or` parts what is asked in two, of which a row satisfies one. A bare word matches anywhere in the row's text; `name=value` matches one column; a
//! leading `!` turns a word around. Case does not matter. Nothing typed is an error: an unknown name is plain text.

use std::fmt::Write as _;
use std::net::IpAddr;

use crate::cache::{By, FlowRow, Snapshot};
use crate::geo::Place;
use crate::record::Addr;

/// What a row must satisfy.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Query {
    /// Alternatives; each is satisfied when all of its terms are.
    any: Vec<Vec<Term>>,
}

#[derive(Clone, Debug, PartialEq)]
struct Term {
    negated: bool,
    test: Test,
}

#[derive(Clone, Debug, PartialEq)]
enum Test {
    /// Anywhere in the row's text.
    Contains(String),
    Saddr(Net),
    Daddr(Net),
    Host(Net),
    /// The name of a pin, whole.
    Pin(String),
    Sport(u16),
    Dport(u16),
    Port(u16),
    Proto(String),
    State(String),
    Country(String),
    City(String),
    As(u32),
}

/// Names before `=`, for the hint under the box.
pub const NAMES: &str = "saddr daddr host pin sport dport port proto state co city as";

#[derive(Clone, Debug, PartialEq)]
enum Net {
    /// All addresses whose first `bits` bits equal those of the address.
    Prefix(IpAddr, u8),
    /// All addresses whose text begins so.
    Text(String),
}

impl Net {
    fn parse(text: &str) -> Net {
        let (addr, bits) = text.split_once('/').unwrap_or((text, ""));
        let Ok(addr) = addr.parse::<IpAddr>() else { return Net::Text(text.to_owned()) };
        let max = if addr.is_ipv4() { 32 } else { 128 };
        Net::Prefix(addr, bits.parse().unwrap_or(max).min(max))
    }

    fn matches(&self, addr: Addr, buf: &mut String) -> bool {
        match (self, addr.ip()) {
            (Net::Prefix(IpAddr::V4(net), bits), Some(IpAddr::V4(ip))) => {
                *bits == 0 || (u32::from(*net) ^ u32::from(ip)) >> (32 - u32::from(*bits)) == 0
            }
            (Net::Prefix(IpAddr::V6(net), bits), Some(IpAddr::V6(ip))) => {
                *bits == 0 || (u128::from(*net) ^ u128::from(ip)) >> (128 - u32::from(*bits)) == 0
            }
            (Net::Prefix(..), _) => false,
            (Net::Text(text), _) => {
                buf.clear();
                _ = write!(buf, "{addr}");
                buf.starts_with(text.as_str())
            }
        }
    }
}

impl Query {
    /// Reads what was typed.
    #[must_use]
    pub fn parse(text: &str) -> Query {
        let mut any = vec![Vec::new()];
        for word in text.split_whitespace() {
            match any.last_mut() {
                Some(terms) if !word.eq_ignore_ascii_case("or") => terms.extend(Term::parse(word)),
                _ => any.push(Vec::new()),
            }
        }
        // An "or" without words on one of its sides is still being typed.
        any.retain(|terms| !terms.is_empty());
        Query { any }
    }

    /// Whether every row passes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.any.is_empty()
    }

    /// Whether the row passes. `buf` is scratch space, reused from row to row.
    #[must_use]
    pub fn matches(&self, row: &FlowRow, snapshot: &Snapshot, buf: &mut String) -> bool {
        self.any.is_empty()
            || self.any.iter().any(|terms| terms.iter().all(|t| t.test.matches(row, snapshot, buf) != t.negated))
    }
}

impl Term {
    fn parse(word: &str) -> Option<Term> {
        let (negated, word) = match word.strip_prefix('!') {
            Some(rest) => (true, rest),
            None => (false, word),
        };
        let word = word.to_lowercase();
        (!word.is_empty()).then(|| Term { negated, test: Test::parse(&word) })
    }
}

impl Test {
    fn parse(word: &str) -> Test {
        let plain = || Test::Contains(word.to_owned());
        let Some((name, value)) = word.split_once('=') else { return plain() };
        let port = |make: fn(u16) -> Test| value.parse().map_or_else(|_| plain(), make);
        match name {
            _ if value.is_empty() => plain(),
            "saddr" => Test::Saddr(Net::parse(value)),
            "daddr" => Test::Daddr(Net::parse(value)),
            "host" | "net" => Test::Host(Net::parse(value)),
            "pin" => Test::Pin(value.replace('_', " ")),
            "sport" => port(Test::Sport),
            "dport" => port(Test::Dport),
            "port" => port(Test::Port),
            "proto" => Test::Proto(value.to_owned()),
            "state" => Test::State(value.to_owned()),
            "co" => Test::Country(value.to_owned()),
            "city" => Test::City(value.replace('_', " ")),
            "as" => value.trim_start_matches("as").parse().map_or_else(|_| plain(), Test::As),
            _ => plain(),
        }
    }

    fn matches(&self, row: &FlowRow, snapshot: &Snapshot, buf: &mut String) -> bool {
        let key = &row.last.key;
        let place = |test: &dyn Fn(&Place) -> bool| {
            [row.src_host, row.dst_host]
                .into_iter()
                .flatten()
                .filter_map(|i| snapshot.hosts.get(i as usize))
                .any(|h| test(&h.place))
        };
        match self {
            Test::Contains(text) => {
                buf.clear();
                let r = &row.last;
                if snapshot.level.by == By::Address {
                    _ = write!(
                        buf,
                        "{} {} {} {} {} {} {}",
                        r.proto_name, key.saddr, key.sport, r.dir, key.daddr, key.dport, r.state
                    );
                } else {
                    let (src, dst) = (snapshot.name_of(key.saddr), snapshot.name_of(key.daddr));
                    _ = write!(buf, "{} {src} {} {dst} {} {}", r.proto_name, r.dir, key.dport, r.state);
                }
                buf.make_ascii_lowercase();
                buf.contains(text.as_str())
            }
            Test::Saddr(net) => net.matches(key.saddr, buf),
            Test::Daddr(net) => net.matches(key.daddr, buf),
            Test::Host(net) => net.matches(key.saddr, buf) || net.matches(key.daddr, buf),
            Test::Pin(name) => [key.saddr, key.daddr].iter().any(|a| snapshot.name_of(*a).to_lowercase() == *name),
            Test::Sport(p) => key.sport == *p,
            Test::Dport(p) => key.dport == *p,
            Test::Port(p) => key.sport == *p || key.dport == *p,
            Test::Proto(name) => row.last.proto_name.eq_ignore_ascii_case(name),
            Test::State(name) => row.last.state.eq_ignore_ascii_case(name),
            Test::Country(code) => place(&|p| p.country_code().eq_ignore_ascii_case(code)),
            Test::City(name) => place(&|p| p.city.as_ref().is_some_and(|c| c.to_lowercase().contains(name))),
            Test::As(n) => place(&|p| p.asn == Some(*n)),
        }
    }
}
