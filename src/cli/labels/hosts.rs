//! Names of addresses: from the machine's table of hosts, then by asking its name servers.
//!
//! # Source
//! RFC 1035 (messages, names and their compression), RFC 3596 (names of IPv6 addresses).

use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use crate::base::clock::steady_now;
use crate::base::hash::Map;
use crate::cli::tools::reader::say;
use crate::record::fields::NameOf;

/// At most this many names are remembered; then the memory starts anew.
const CACHE_LIMIT: usize = 100_000;
/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(1);
/// After so many questions without any answer nobody is asked any more.
const MAX_SILENCE: u32 = 4;
/// Type of the question: the name of an address.
const PTR: u16 = 12;

/// Which part of a name is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::cli) enum Part {
    #[default]
    Whole,
    /// Behind the first point.
    Domain,
    /// Before the first point.
    Local,
}

/// Names of addresses as the machine's table of hosts has them; nobody is asked.
pub(in crate::cli) fn names_of(part: Part) -> NameOf {
    let table = std::fs::read_to_string("/etc/hosts").unwrap_or_default();
    let hosts = Hosts::new(&table, "", part, None);
    Box::new(move |addr| hosts.table.get(&addr).map(|name| hosts.part_of(name)))
}

/// Looks names up, and remembers them.
#[derive(Debug)]
pub(super) struct Hosts {
    table: Map<IpAddr, String>,
    servers: Vec<SocketAddr>,
    part: Part,
    /// Seconds for which an answer is believed; `None` for ever.
    secs: Option<u64>,
    /// Names, and since when they are known.
    known: Map<IpAddr, (String, Instant)>,
    asked: u16,
    silence: u32,
}

impl Hosts {
    /// With the table and the servers of this machine.
    pub(super) fn of_the_system(part: Part, secs: Option<u64>) -> Hosts {
        let text = |path| std::fs::read_to_string(path).unwrap_or_default();
        Hosts::new(&text("/etc/hosts"), &text("/etc/resolv.conf"), part, secs)
    }

    fn new(table: &str, servers: &str, part: Part, secs: Option<u64>) -> Hosts {
        let mut names = Map::default();
        for line in table.lines() {
            let mut words = line.split('#').next().unwrap_or("").split_whitespace();
            if let (Some(Ok(addr)), Some(name)) = (words.next().map(str::parse::<IpAddr>), words.next()) {
                names.entry(addr).or_insert_with(|| name.to_owned());
            }
        }
        let servers = servers.lines().filter_map(|line| {
            let addr: IpAddr = line.trim().strip_prefix("nameserver")?.trim().parse().ok()?;
            Some(SocketAddr::new(addr, 53))
        });
        let servers = servers.take(3).collect();
        Hosts { table: names, servers, part, secs, known: Map::default(), asked: 0, silence: 0 }
    }

    /// The name of an address, or the address if it has none.
    pub(super) fn name(&mut self, addr: IpAddr) -> String {
        let now = steady_now();
        if let Some((name, since)) = self.known.get(&addr)
            && self.secs.is_none_or(|s| now.saturating_duration_since(*since) < Duration::from_secs(s))
        {
            return name.clone();
        }
        let found = self.table.get(&addr).cloned().or_else(|| self.ask(addr));
        let name = found.map_or_else(|| addr.to_string().replace(':', "."), |name| self.part_of(&name));
        if self.known.len() >= CACHE_LIMIT {
            self.known.clear();
        }
        self.known.insert(addr, (name.clone(), now));
        name
    }

    fn part_of(&self, name: &str) -> String {
        let part = match (self.part, name.split_once('.')) {
            (Part::Local, Some((host, _))) => host,
            (Part::Domain, Some((_, domain))) => domain,
            _ => name,
        };
        part.into()
    }

    fn ask(&mut self, addr: IpAddr) -> Option<String> {
        if self.silence >= MAX_SILENCE {
            return None;
        }
        for server in self.servers.clone() {
            self.asked = self.asked.wrapping_add(1);
            if let Some(answer) = exchange(server, self.asked, addr) {
                self.silence = 0;
                return name_in(&answer);
            }
        }
        self.silence += 1;
        if self.silence == MAX_SILENCE && !self.servers.is_empty() {
            say("no name server answers; addresses are used instead of names");
        }
        None
    }
}

/// The answer of a server to a question with this number.
fn exchange(server: SocketAddr, id: u16, addr: IpAddr) -> Option<Vec<u8>> {
    let local: SocketAddr = if server.is_ipv4() { ([0, 0, 0, 0], 0).into() } else { ([0u16; 8], 0).into() };
    let socket = UdpSocket::bind(local).ok()?;
    socket.connect(server).ok()?;
    socket.set_read_timeout(Some(PATIENCE)).ok()?;
    socket.send(&question(id, addr)).ok()?;
    let mut bytes = vec![0; 1500];
    // Late answers to earlier questions are not this one's; there cannot be many.
    for _ in 0..8 {
        let len = socket.recv(&mut bytes).ok()?;
        if bytes.get(..2) == Some(&id.to_be_bytes()) {
            bytes.truncate(len);
            return Some(bytes);
        }
    }
    None
}

fn question(id: u16, addr: IpAddr) -> Vec<u8> {
    let mut name = String::new();
    // Writing to a string cannot fail.
    match addr {
        IpAddr::V4(a) => {
            for b in a.octets().iter().rev() {
                let _ = write!(name, "{b}.");
            }
            name.push_str("in-addr.arpa");
        }
        IpAddr::V6(a) => {
            for b in a.octets().iter().rev() {
                let _ = write!(name, "{:x}.{:x}.", b & 15, b >> 4);
            }
            name.push_str("ip6.arpa");
        }
    }
    // One question, recursion wanted.
    let mut out = [id.to_be_bytes(), [1, 0], [0, 1], [0; 2], [0; 2], [0; 2]].concat();
    for label in name.split('.') {
        out.push(u8::try_from(label.len()).unwrap_or(0));
        out.extend_from_slice(label.as_bytes());
    }
    out.extend_from_slice(&[0, 0, 12, 0, 1]);
    out
}

/// The first name in an answer.
fn name_in(bytes: &[u8]) -> Option<String> {
    let word = |at: usize| Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?));
    // An answer, without error.
    if word(2)? & 0x800F != 0x8000 {
        return None;
    }
    let mut at = 12;
    for _ in 0..word(4)? {
        at = name_at(bytes, at)?.1 + 4;
    }
    for _ in 0..word(6)? {
        at = name_at(bytes, at)?.1;
        let (kind, len) = (word(at)?, usize::from(word(at + 8)?));
        if kind == PTR {
            return name_at(bytes, at + 10).map(|(name, _)| name).filter(|name| !name.is_empty());
        }
        at += 10 + len;
    }
    None
}

/// A name, and where what follows it begins.
fn name_at(bytes: &[u8], mut at: usize) -> Option<(String, usize)> {
    let (mut name, mut behind) = (String::new(), None);
    // A name has at most 127 labels; more steps are a circle.
    for _ in 0..128 {
        let len = *bytes.get(at)?;
        match len {
            0 => return Some((name, behind.unwrap_or(at + 1))),
            1..=63 => {
                let label = bytes.get(at + 1..at + 1 + usize::from(len))?;
                if !name.is_empty() {
                    name.push('.');
                }
                // What is no host name cannot stand in a label of a record either.
                name.extend(
                    label.iter().filter(|b| b.is_ascii_alphanumeric() || b"-_".contains(b)).map(|b| char::from(*b)),
                );
                at += 1 + usize::from(len);
            }
            192.. => {
                let low = *bytes.get(at + 1)?;
                behind = behind.or(Some(at + 2));
                at = usize::from(u16::from_be_bytes([len & 63, low]));
            }
            64..=191 => return None,
        }
        if name.len() > 255 {
            return None;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    /// The answer to a question: itself, then one record whose owner points to the question's name.
    fn answer(question: &[u8], name: &[u8]) -> Vec<u8> {
        let mut out = question.to_vec();
        out[2] = 0x81;
        out[3] = 0x80;
        out[7] = 1;
        out.extend_from_slice(&[0xC0, 12, 0, 12, 0, 1, 0, 0, 0, 60, 0, u8::try_from(name.len()).expect("short")]);
        out.extend_from_slice(name);
        out
    }

    #[test]
    fn questions_name_the_address_backwards() {
        let asked = |addr: &str| name_at(&question(7, ip(addr)), 12).expect("a name").0;
        assert_eq!(asked("192.0.2.17"), "17.2.0.192.in-addr.arpa");
        assert!(
            asked("2001:db8::1f").starts_with("f.1.0.0.")
                && asked("2001:db8::1f").ends_with("8.b.d.0.1.0.0.2.ip6.arpa")
        );
    }

    #[test]
    fn a_server_is_asked_once_and_its_answer_is_remembered() {
        let server = UdpSocket::bind("127.0.0.1:0").expect("a socket");
        let at = server.local_addr().expect("an address");
        let thread = std::thread::Builder::new().name("name-server".into()).spawn(move || {
            let mut bytes = [0; 512];
            let (len, from) = server.recv_from(&mut bytes).expect("a question");
            server.send_to(&answer(&bytes[..len], b"\x03www\x07example\0"), from).expect("sent");
        });
        let mut hosts = Hosts::new("192.0.2.1 own.lan alias # note\n", "", Part::Whole, None);
        hosts.servers = vec![at];
        assert_eq!(hosts.name(ip("192.0.2.17")), "www.example");
        assert_eq!(
            (hosts.name(ip("192.0.2.17")), hosts.name(ip("192.0.2.1"))),
            ("www.example".into(), "own.lan".into())
        );
        thread.expect("started").join().expect("ended");
    }

    #[test]
    fn parts_of_names_and_addresses_without_one() {
        let name = |part| Hosts::new("192.0.2.1 a.b.c\n", "nameserver nonsense", part, None).name(ip("192.0.2.1"));
        assert_eq!([name(Part::Whole), name(Part::Domain), name(Part::Local)], ["a.b.c", "b.c", "a"]);
        assert_eq!(Hosts::new("", "", Part::Domain, Some(0)).name(ip("192.0.2.1")), "192.0.2.1");
        assert_eq!(Hosts::new("", "", Part::Domain, None).name(ip("fe80::1")), "fe80..1");
    }

    #[test]
    fn answers_of_any_bytes_do_no_harm() {
        let good = answer(&question(1, ip("192.0.2.1")), b"\x01a\xC0\x0C");
        assert_eq!(name_in(&good).as_deref(), Some("a.1.2.0.192.in-addr.arpa"));
        for at in 0..good.len() {
            for value in [0, 1, 63, 64, 0xC0, 0xFF] {
                let mut bytes = good.clone();
                bytes[at] = value;
                let _ = name_in(&bytes);
                let _ = name_in(&bytes[..at]);
            }
        }
        // A name that points to itself.
        assert_eq!(name_at(&[0xC0, 0], 0), None);
    }
}
