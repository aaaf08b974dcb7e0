//! A set of networks: the lists of addresses that deserve attention.

use std::net::IpAddr;
use std::path::Path;

use super::GeoError;
use super::prefixes::{Prefixes, parse_network};
use crate::base::Warnings;

/// Largest list that is read, in bytes.
const MAX_LIST: u64 = 256 << 20;

/// Networks, each address of which is asked for by itself.
#[derive(Debug, Default)]
pub struct NetworkSet(Prefixes<bool>);

impl NetworkSet {
    /// A set of one: `192.0.2.1`, `192.0.2.0/24`, `2001:db8::/32`.
    ///
    /// # Errors
    /// The text is neither an address nor a network.
    pub fn one(text: &str) -> Result<NetworkSet, String> {
        let mut set = NetworkSet::default();
        let (addr, len) = parse_network(text)?;
        set.add(addr, len);
        Ok(set)
    }

    /// Reads a list, one address or network a line; `#` and `;` begin a comment. Bad lines go to `warnings`.
    #[must_use]
    pub fn parse(text: &str, name: &str, warnings: &mut Warnings) -> NetworkSet {
        let mut set = NetworkSet::default();
        for (number, line) in text.lines().enumerate() {
            let word = line.split(['#', ';']).next().unwrap_or("").split_whitespace().next().unwrap_or("");
            if word.is_empty() {
                continue;
            }
            match parse_network(word) {
                Ok((addr, len)) if set.add(addr, len) => {}
                Ok(_) => {
                    warnings.add(format!(
                        "{name}: more than {} networks; the rest is left out",
                        super::prefixes::MAX_NETWORKS
                    ));
                    return set;
                }
                Err(problem) => {
                    warnings.add(format!("{name}, line {}: {problem}; the line is left out", number + 1));
                }
            }
        }
        set
    }

    /// Reads a file as [`NetworkSet::parse`] does.
    ///
    /// # Errors
    /// It cannot be read, or has more than 256 MB.
    pub fn open(path: &Path, warnings: &mut Warnings) -> Result<NetworkSet, GeoError> {
        let error = |source| GeoError::Io { path: path.to_owned(), source };
        if std::fs::metadata(path).map_err(error)?.len() > MAX_LIST {
            return Err(error(std::io::Error::other(format!("a list has at most {MAX_LIST} bytes"))));
        }
        let bytes = std::fs::read(path).map_err(error)?;
        Ok(NetworkSet::parse(&String::from_utf8_lossy(&bytes), &path.display().to_string(), warnings))
    }

    fn add(&mut self, addr: IpAddr, len: u8) -> bool {
        self.0.entry(addr, len).map(|held| *held = true).is_some()
    }

    /// Whether an address lies in one of the networks. An IPv4 address mapped into IPv6 counts as IPv4.
    #[must_use]
    pub fn contains(&self, addr: IpAddr) -> bool {
        self.0.nearest(addr).is_some()
    }

    /// Number of networks.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_list_holds_its_networks_and_tells_of_bad_lines() {
        let mut warnings = Warnings::new();
        let text = "# blocked\n192.0.2.0/24 ; reason\n\n2001:db8::/32\n10.0.0.300\n198.51.100.7\r\n";
        let set = NetworkSet::parse(text, "list.txt", &mut warnings);
        let holds = |a: &str| set.contains(a.parse().expect("an address"));
        assert!(holds("192.0.2.255") && holds("2001:db8::1") && holds("198.51.100.7") && holds("::ffff:192.0.2.9"));
        assert!(!holds("192.0.3.0") && !holds("198.51.100.8"));
        assert_eq!((set.len(), warnings.messages().len()), (3, 1));
        assert!(warnings.messages()[0].contains("list.txt, line 5"), "{:?}", warnings.messages());
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "\\PC{0,200}") {
            let _ = NetworkSet::parse(&text, "x", &mut Warnings::new());
        }
    }
}
