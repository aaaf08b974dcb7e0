//! Count flow records, packets and bytes.

use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::Outcome;
use super::tools::{self, Kit, Plan, Reader, Sink, Turning};
use crate::base::hash::Set;
use crate::record::fields::Shape;
use crate::record::{Counts, Far, FlowForm, names};

/// Options.
#[derive(Debug, clap::Args)]
#[command(after_help = "Everything behind a lone `-` is the filter, as in: racount -r file -M proto addr - tcp")]
pub(crate) struct Args {
    #[command(flatten)]
    common: tools::Common,
}

const KIT: Kit = Kit { modes: &["proto", "addr"], takes_words: false, fields: None };

/// Runs the command.
pub(crate) fn run(args: Args, filter: Option<String>) -> anyhow::Result<Outcome> {
    let mut plan = Plan::new(args.common, filter, &KIT)?;
    if plan.shows_filter()? {
        return Ok(Outcome::Done);
    }
    let has = |mode: &str| plan.modes.iter().any(|m| m == mode);
    let mut count = Count { addresses: has("addr").then(Addresses::default), ..Count::default() };
    let by_protocol = has("proto");
    let mut reader = Reader::new(&mut plan)?;
    reader.run(&mut count)?;
    let text = if plan.shape == Shape::Json { count.json(by_protocol) } else { count.text(by_protocol) };
    std::io::stdout().lock().write_all(text.as_bytes())?;
    reader.end()
}

/// Records and what both sides sent.
#[derive(Clone, Copy, Debug, Default)]
struct Line {
    records: u64,
    src: Counts,
    dst: Counts,
}

impl Line {
    fn add(&mut self, far: &Far<'_>) {
        self.records += 1;
        self.src.add(far.metrics().src);
        self.dst.add(far.metrics().dst);
    }

    /// Records, packets and bytes: together, source, destination.
    fn numbers(&self) -> [u64; 7] {
        let (s, d) = (self.src, self.dst);
        let sum = u64::saturating_add;
        [self.records, sum(s.pkts, d.pkts), s.pkts, d.pkts, sum(s.bytes, d.bytes), s.bytes, d.bytes]
    }

    fn text(&self, out: &mut String) {
        let [records, pkts, src_pkts, dst_pkts, bytes, src_bytes, dst_bytes] = self.numbers();
        out.push_str(&format!(
            "{records:<11} {pkts:<14} {src_pkts:<14} {dst_pkts:<14} {bytes:<18} {src_bytes:<18} {dst_bytes:<18}\n"
        ));
    }

    fn json(&self) -> String {
        let names = ["records", "pkts", "spkts", "dpkts", "bytes", "sbytes", "dbytes"];
        let pairs: Vec<_> = names.iter().zip(self.numbers()).map(|(n, v)| format!("\"{n}\":{v}")).collect();
        pairs.join(",")
    }
}

/// What has no protocol number, in the order of the listing.
const OTHERS: [&str; 5] = ["llc", "wlan", "arp", "rarp", "unkwn"];

struct Count {
    all: Line,
    /// By protocol number, then by [`OTHERS`].
    protocols: Vec<Line>,
    addresses: Option<Addresses>,
}

impl Default for Count {
    fn default() -> Count {
        Count { all: Line::default(), protocols: vec![Line::default(); 256 + OTHERS.len()], addresses: None }
    }
}

impl Sink for Count {
    fn prints_at_the_end(&self) -> bool {
        true
    }

    fn turning(&self) -> Turning {
        Turning::View
    }

    fn flow(&mut self, far: &Far<'_>, _: u64) -> anyhow::Result<()> {
        self.all.add(far);
        let flow = far.flow();
        let at = match flow.form {
            FlowForm::V4 | FlowForm::V6 => usize::from(flow.key.proto),
            FlowForm::Ether => 256,
            FlowForm::Wlan => 257,
            FlowForm::Arp => 258,
            FlowForm::Rarp => 259,
            _ => 260,
        };
        if let Some(line) = self.protocols.get_mut(at) {
            line.add(far);
        }
        if let (Some(addresses), FlowForm::V4 | FlowForm::V6) = (&mut self.addresses, flow.form) {
            addresses.add(flow.key.saddr.ip(), true);
            addresses.add(flow.key.daddr.ip(), false);
        }
        Ok(())
    }
}

impl Count {
    fn protocols(&self) -> impl Iterator<Item = (&'static str, &Line)> {
        let name = |at: usize| match u8::try_from(at) {
            Ok(proto) => names::protocol(proto),
            Err(_) => OTHERS.get(at - 256).copied().unwrap_or(""),
        };
        self.protocols.iter().enumerate().filter(|(_, l)| l.records > 0).map(move |(at, l)| (name(at), l))
    }

    fn text(&self, by_protocol: bool) -> String {
        let mut out = String::from(
            "racount   records     total_pkts     src_pkts       dst_pkts       total_bytes        src_bytes          dst_bytes\n",
        );
        out.push_str("    sum   ");
        // The classic tool counts the record at the head of its input.
        Line { records: self.all.records + 1, ..self.all }.text(&mut out);
        if by_protocol && self.all.records > 0 {
            out.push_str("Protocol Summary\n");
            for (name, line) in self.protocols() {
                let name = name.get(..8).unwrap_or(name);
                out.push_str(&format!("{:<10}", format!("{name:>7}")));
                line.text(&mut out);
            }
        }
        if let Some(addresses) = self.addresses.as_ref().filter(|_| self.all.records > 0) {
            out.push_str("Address Summary\n");
            for (name, src, dst) in addresses.classes() {
                out.push_str(&format!("  {name:<25} src {src:<11} dst {dst:<9} \n"));
            }
        }
        out
    }

    fn json(&self, by_protocol: bool) -> String {
        let mut out = format!("{{ \"type\":\"count\",{}", self.all.json());
        if by_protocol {
            let lines: Vec<_> =
                self.protocols().map(|(n, l)| format!("{{ \"proto\":\"{n}\",{} }}", l.json())).collect();
            out.push_str(&format!(",\"protocols\":[{}]", lines.join(",")));
        }
        if let Some(a) = &self.addresses {
            let one = |(n, s, d)| format!("{{ \"class\":\"{n}\",\"src\":{s},\"dst\":{d} }}");
            out.push_str(&format!(",\"addresses\":[{}]", a.classes().map(one).collect::<Vec<_>>().join(",")));
        }
        out.push_str(" }\n");
        out
    }
}

/// Kinds of addresses in the order of the listing.
const CLASSES: &[&str] = &[
    "IPv4 Unicast",
    "IPv4 Unicast This Network",
    "IPv4 Unicast Private",
    "IPv4 Unicast LinkLocal",
    "IPv4 Unicast LoopBack",
    "IPv4 Unicast Reserved",
    "IPv4 Multicast Local",
    "IPv4 Multicast Internet",
    "IPv4 Multicast AdHoc",
    "IPv4 Multicast Reserved",
    "IPv4 Multicast SdpSap",
    "IPv4 Multicast Nasdaq",
    "IPv4 Multicast Src Spec",
    "IPv4 Multicast OrgLocal",
    "IPv4 Multicast SiteLocal",
    "IPv6 Unspecified",
    "IPv6 Loopback",
    "IPv6 LinkLocal",
    "IPv6 SiteLocal",
    "IPv6 Multicast Node Local",
    "IPv6 Multicast Link Local",
    "IPv6 Multicast Site Local",
    "IPv6 Multicast Org  Local",
    "IPv6 Multicast Global",
];

/// Place in [`CLASSES`]; other IPv6 addresses have none.
fn class(ip: IpAddr) -> Option<usize> {
    let name = match ip {
        IpAddr::V4(a) => class_v4(a),
        IpAddr::V6(a) => class_v6(a)?,
    };
    CLASSES.iter().position(|c| *c == name)
}

fn class_v4(a: Ipv4Addr) -> &'static str {
    match a.octets() {
        [0, ..] => "IPv4 Unicast This Network",
        [127, ..] => "IPv4 Unicast LoopBack",
        [169, 254, ..] => "IPv4 Unicast LinkLocal",
        _ if a.is_private() => "IPv4 Unicast Private",
        [240..=255, ..] => "IPv4 Unicast Reserved",
        [224, 0, 0, _] => "IPv4 Multicast Local",
        [224, 0, 1, _] => "IPv4 Multicast Internet",
        [224, 0, 2, _] => "IPv4 Multicast AdHoc",
        [224, 2, ..] => "IPv4 Multicast SdpSap",
        [224, 3, ..] => "IPv4 Multicast Nasdaq",
        [232, ..] => "IPv4 Multicast Src Spec",
        [239, 192..=251, ..] => "IPv4 Multicast OrgLocal",
        [239, 252..=255, ..] => "IPv4 Multicast SiteLocal",
        [224..=239, ..] => "IPv4 Multicast Reserved",
        _ => "IPv4 Unicast",
    }
}

fn class_v6(a: Ipv6Addr) -> Option<&'static str> {
    Some(match a.segments() {
        _ if a.is_unspecified() => "IPv6 Unspecified",
        _ if a.is_loopback() => "IPv6 Loopback",
        [0xFE80..=0xFEBF, ..] => "IPv6 LinkLocal",
        [0xFEC0..=0xFEFF, ..] => "IPv6 SiteLocal",
        [0xFF01, ..] => "IPv6 Multicast Node Local",
        [0xFF02, ..] => "IPv6 Multicast Link Local",
        [0xFF05, ..] => "IPv6 Multicast Site Local",
        [0xFF08, ..] => "IPv6 Multicast Org  Local",
        [0xFF0E, ..] => "IPv6 Multicast Global",
        _ => return None,
    })
}

/// Different addresses. As many are held as the input has; the set is seeded.
#[derive(Debug, Default)]
struct Addresses {
    src: Set<IpAddr>,
    dst: Set<IpAddr>,
}

impl Addresses {
    fn add(&mut self, ip: Option<IpAddr>, is_src: bool) {
        let Some(ip) = ip else { return };
        if is_src {
            self.src.insert(ip)
        } else {
            self.dst.insert(ip)
        };
    }

    /// Classes that occur, with their numbers of sources and destinations.
    fn classes(&self) -> impl Iterator<Item = (&'static str, u64, u64)> {
        let mut counts = vec![(0u64, 0u64); CLASSES.len()];
        for (set, is_src) in [(&self.src, true), (&self.dst, false)] {
            for at in set.iter().filter_map(|ip| class(*ip)) {
                if let Some((src, dst)) = counts.get_mut(at) {
                    *(if is_src { src } else { dst }) += 1;
                }
            }
        }
        CLASSES.iter().zip(counts).filter(|(_, c)| *c != (0, 0)).map(|(n, (s, d))| (*n, s, d))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_their_class() {
        for (ip, name) in [
            ("8.8.8.8", "IPv4 Unicast"),
            ("172.31.0.1", "IPv4 Unicast Private"),
            ("224.0.0.251", "IPv4 Multicast Local"),
            ("239.255.255.250", "IPv4 Multicast SiteLocal"),
            ("255.255.255.255", "IPv4 Unicast Reserved"),
            ("fe80::1", "IPv6 LinkLocal"),
            ("ff02::fb", "IPv6 Multicast Link Local"),
        ] {
            let at = class(ip.parse().unwrap());
            assert_eq!(at.and_then(|at| CLASSES.get(at)), Some(&name), "{ip}");
        }
        assert_eq!(class("2001:db8::1".parse().unwrap()), None);
    }
}
