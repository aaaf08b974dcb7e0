//! Tables that classic labellers read: names of networks, and the registries' lists of delegated addresses.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use super::data::code;
use super::prefixes::{Prefixes, last_of, parse_network};
use crate::base::Warnings;

/// Longest name of a network.
const MAX_NAME: usize = 100;

/// Names of networks. An address has the names of all networks that hold it.
///
/// A line is an address, a network (`10.0.0.0/8`, and in IPv4 without its zeros `10/8`) or a range (`a-b`), then a blank
/// and a name of one word; what follows is a comment. So is what follows a `#` at the start of a line.
#[derive(Debug, Default)]
pub struct AddressNames {
    names: Prefixes<Vec<Arc<str>>>,
}

impl AddressNames {
    /// Adds the lines of a file, called `name` in the warnings.
    pub fn add(&mut self, text: &str, name: &str, warnings: &mut Warnings) {
        let lines = (1..).zip(text.lines()).filter(|(_, line)| {
            let line = line.trim();
            !(line.is_empty() || line.starts_with('#'))
        });
        let mut bad = Bad::default();
        for (number, line) in lines {
            if self.line(line).is_none() {
                bad.add(number);
            }
        }
        bad.report(name, "address, network or range", warnings);
    }

    fn line(&mut self, line: &str) -> Option<()> {
        let (first, last, rest) = span(line.trim())?;
        let word = rest.trim_start_matches('"').split(|c: char| c.is_whitespace() || c == '"').next().unwrap_or("");
        let word: String = word.chars().filter(|c| !c.is_control()).take(MAX_NAME).collect();
        let word: Arc<str> = word.into();
        let done = self.names.cover(first, last, |names| {
            if !word.is_empty() {
                names.push(word.clone());
            }
        });
        done.then_some(())
    }

    /// The names of an address, those of the largest network first.
    pub fn names(&self, addr: IpAddr) -> impl Iterator<Item = &str> {
        self.names.holding(addr).flatten().map(|name| &**name)
    }
}

/// First and last address, and what stands behind them.
fn span(line: &str) -> Option<(IpAddr, IpAddr, &str)> {
    let end = line.find(char::is_whitespace).unwrap_or(line.len());
    let (word, rest) = line.split_at_checked(end)?;
    let rest = rest.trim_start();
    // A range may have blanks around its dash.
    let (from, to, rest) = match (word.split_once('-'), rest.strip_prefix("- ")) {
        (Some((from, to)), _) => (from, to, rest),
        (None, Some(tail)) => {
            let tail = tail.trim_start();
            let end = tail.find(char::is_whitespace).unwrap_or(tail.len());
            let (to, rest) = tail.split_at_checked(end)?;
            (word, to, rest.trim_start())
        }
        (None, None) => (word, word, rest),
    };
    let ((first, _), (addr, len)) = (network(from)?, network(to)?);
    let first = if from == to { Prefix(first, len).first() } else { first };
    Some((first, last_of(addr, len), rest))
}

/// A network; one of IPv4 may leave its last zeros out.
fn network(text: &str) -> Option<(IpAddr, u8)> {
    if let Ok(found) = parse_network(text) {
        return Some(found);
    }
    let (addr, len) = text.split_once('/')?;
    let mut octets = [0; 4];
    let mut parts = addr.split('.');
    for (at, part) in parts.by_ref().take(4).enumerate() {
        *octets.get_mut(at)? = part.parse().ok()?;
    }
    let len = len.parse().ok().filter(|len| *len <= 32)?;
    parts.next().is_none().then_some((IpAddr::V4(octets.into()), len))
}

struct Prefix(IpAddr, u8);

impl Prefix {
    fn first(&self) -> IpAddr {
        let len = u32::from(self.1);
        match self.0 {
            IpAddr::V4(a) => IpAddr::V4(Ipv4Addr::from_bits(a.to_bits() & !u32::MAX.checked_shr(len).unwrap_or(0))),
            IpAddr::V6(a) => IpAddr::V6(Ipv6Addr::from_bits(a.to_bits() & !u128::MAX.checked_shr(len).unwrap_or(0))),
        }
    }
}

/// Countries to which the registries gave addresses, from their lists
/// `registry|CC|ipv4|start|count|date|status` and `registry|CC|ipv6|start|prefix length|date|status`.
#[derive(Debug, Default)]
pub struct Delegations {
    countries: Prefixes<[u8; 2]>,
}

impl Delegations {
    /// Reads a list; `name` is for the warnings.
    #[must_use]
    pub fn parse(text: &str, name: &str, warnings: &mut Warnings) -> Delegations {
        let mut list = Delegations::default();
        let mut bad = Bad::default();
        for (number, line) in (1..).zip(text.lines()) {
            let parts: Vec<&str> = line.trim().split('|').collect();
            let [_, cc, kind @ ("ipv4" | "ipv6"), start, count, ..] = parts[..] else {
                let is_other = line.trim().is_empty() || line.starts_with('#') || parts.len() > 2;
                if !is_other {
                    bad.add(number);
                }
                continue;
            };
            // Lines of totals have no start.
            if start != "*" && list.line(cc, kind, start, count).is_none() {
                bad.add(number);
            }
        }
        bad.report(name, "delegation of addresses", warnings);
        list
    }

    fn line(&mut self, cc: &str, kind: &str, start: &str, count: &str) -> Option<()> {
        // What is free or reserved has no country.
        if cc.is_empty() {
            return Some(());
        }
        let country = code(cc)?;
        let first: IpAddr = start.parse().ok()?;
        let last = match (first, kind) {
            (IpAddr::V4(a), "ipv4") => {
                let count: u64 = count.parse().ok().filter(|n| *n > 0)?;
                let last = u64::from(a.to_bits()).checked_add(count - 1)?;
                IpAddr::V4(Ipv4Addr::from_bits(u32::try_from(last).ok()?))
            }
            (IpAddr::V6(_), "ipv6") => last_of(first, count.parse().ok().filter(|len| *len <= 128)?),
            _ => return None,
        };
        self.countries.cover(first, last, |value| *value = country).then_some(())
    }

    /// The country of an address.
    #[must_use]
    pub fn country(&self, addr: IpAddr) -> Option<[u8; 2]> {
        self.countries.nearest(addr).copied()
    }
}

/// Lines without use.
#[derive(Default)]
struct Bad {
    count: u64,
    first: usize,
}

impl Bad {
    fn add(&mut self, line: usize) {
        self.count += 1;
        if self.count == 1 {
            self.first = line;
        }
    }

    fn report(&self, name: &str, what: &str, warnings: &mut Warnings) {
        match self.count {
            0 => {}
            1 => {
                warnings.add(format!("{name}:{}: expected {what}; line skipped", self.first));
            }
            n => {
                warnings.add(format!("{name}:{}: expected {what}; this and {} more lines skipped", self.first, n - 1));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str, addr: &str) -> String {
        let mut names = AddressNames::default();
        names.add(text, "x", &mut Warnings::new());
        names.names(addr.parse().expect("an address")).collect::<Vec<_>>().join(",")
    }

    #[test]
    fn an_address_has_the_names_of_all_its_networks() {
        let text = "# x\n192.168.0.17\tPhone\n192.168.0.0/16   Home net\nfd00::/8 Lab\n192.168.0.17 Desk\n";
        assert_eq!(names(text, "192.168.0.17"), "Home,Phone,Desk");
        assert_eq!((names(text, "fd00::1"), names(text, "10.0.0.1")), ("Lab".into(), String::new()));
    }

    #[test]
    fn classic_forms_of_networks_are_read() {
        for (line, name) in [
            ("192.168/16 H", "H"),
            ("192/8   ARIN   1993-05", "ARIN"),
            ("192.168.0.5/16 x", "x"),
            ("192.168.0.17 - 192.168.0.20   Range", "Range"),
            ("192.168.0.10-192.168.0.17   Range", "Range"),
            ("0.0.0.0/8-192.168.0.0/24 Internet", "Internet"),
            ("  192.168.0.17 \"Quoted text\"", "Quoted"),
            ("192.168.0.17", ""),
            ("192.168.0 Part", ""),
            ("192.168.0.0/33 x", ""),
            ("300.1.1.1 x", ""),
            ("1.2.3.4.5/8 x", ""),
        ] {
            assert_eq!(names(line, "192.168.0.17"), name, "{line}");
        }
    }

    #[test]
    fn lines_without_use_are_counted() {
        let mut warnings = Warnings::new();
        AddressNames::default().add("10.0.0.0/8 A\nnonsense\n10.0.0.0/99 B\n", "n.txt", &mut warnings);
        assert_eq!(warnings.messages(), ["n.txt:2: expected address, network or range; this and 1 more lines skipped"]);
    }

    #[test]
    fn registries_say_the_country() {
        let text = "2|arin|20181231|1|19830101|20181231|-0500\narin|*|ipv4|*|2|summary\n\
            arin|US|ipv4|52.0.0.0|16777216|19911219|assigned\nripencc|DE|ipv4|52.1.0.0|768|20170101|allocated\n\
            file:ripencc|SE|ipv6|2001:6b0::|32|20000101|allocated\narin|US|asn|1|1|20010920|assigned\n\
            arin||ipv4|7.0.0.0|256||available\nnonsense\narin|US|ipv4|255.255.255.0|512|x|y\n";
        let mut warnings = Warnings::new();
        let list = Delegations::parse(text, "d", &mut warnings);
        let country = |addr: &str| list.country(addr.parse().expect("an address"));
        assert_eq!([country("52.0.0.1"), country("52.1.2.255")], [Some(*b"US"), Some(*b"DE")]);
        assert_eq!(
            [country("52.1.3.0"), country("2001:6b0::1"), country("7.0.0.1")],
            [Some(*b"US"), Some(*b"SE"), None]
        );
        assert_eq!(warnings.messages(), ["d:8: expected delegation of addresses; this and 1 more lines skipped"]);
    }
}
