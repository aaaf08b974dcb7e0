//! The language as a whole: what parses to what, what is refused and where, hostile text.

use proptest::prelude::*;

use super::*;
use crate::record::{RecordBuilder, RecordRef};

/// A record made of whole DSRs.
fn record(dsrs: &[&[u8]]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut builder = RecordBuilder::new(&mut out, 0x13, 0x10);
    dsrs.iter().for_each(|d| builder.raw(d));
    assert!(builder.finish());
    out
}

const TCP: &[u8] = &[2, 1, 1, 5, 10, 0, 0, 1, 192, 168, 3, 4, 6, 0, 0xC0, 0, 0x01, 0xBB, 0, 0];
/// 3 packets 300 bytes one way, 12 packets 2000 bytes the other.
const COUNTS: &[u8] = &[0x10, 1, 2, 3, 0, 3, 1, 44, 0, 12, 7, 208];

fn matches(filter: &str, dsrs: &[&[u8]]) -> bool {
    let bytes = record(dsrs);
    let far = Far::decode(RecordRef::new(&bytes).unwrap()).unwrap();
    Filter::parse(filter).unwrap_or_else(|e| panic!("{e}")).matches(&far)
}

#[test]
fn a_tcp_record_is_asked_in_every_way() {
    for (filter, held) in [
        ("", true),
        ("tcp", true),
        ("udp", false),
        ("ip and not ipv6", true),
        ("host 10.0.0.1", true),
        ("src host 192.168.3.4", false),
        ("dst 192.168.3.4", true),
        ("src and dst host 10.0.0.1", false),
        ("net 192.168", true),
        ("dst net 192.168.0.0/16 and src net 10.0.0.0 mask 255.0.0.0", true),
        ("port 443", true),
        ("port https", true),
        ("src port 443", false),
        ("tcp dst port 400-500", true),
        ("udp port 443", false),
        ("dst port 80 or 443", true),
        ("dst port 80 or 8080", false),
        ("port (80 or 443)", true),
        ("port eq 0x1bb", true),
        ("proto 6", true),
        ("ip proto 17 or 6", true),
        ("ether proto 0x0800", true),
        ("pkts gt 10", true),
        ("src pkts gt 10", false),
        ("src and dst pkts gt 2", true),
        ("pkts gt 2 and lt 10", true),
        ("dst pkts >= 12 and <= 12", true),
        ("bytes < 300", false),
        ("spkts = 3", true),
        ("bytes gt 1k", true),
        ("udp or tcp and port 80", false),
        ("udp or (tcp and port 443)", true),
        ("tcp or udp and port 80", false),
        ("!tcp || port 443", true),
        ("con and init and not status", true),
        ("multicast", false),
        ("local tcp", true),
        ("label \"x\"", false),
        ("srcid 0", false),
    ] {
        assert_eq!(matches(filter, &[TCP, COUNTS]), held, "{filter}");
    }
}

#[test]
fn optional_parts_are_found() {
    let label = b"\x66\0\0\x04scity=Bonn\0\0";
    let mac: &[u8] = &[0x42, 0, 0, 5, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 2, 0, 0, 0, 0, 1, 8, 0, 0, 0];
    let country = b"\x64\0\0\x02DEUS";
    let asn: &[u8] = &[0x32, 1, 0, 3, 0, 0, 0, 9, 0, 0, 1, 0];
    let source: &[u8] = &[1, 3, 0x21, 3, b'l', b'a', b'b', 0, 0, 0, 0, 7];
    let all = [source, TCP, COUNTS, label, mac, country, asn];
    for (filter, held) in [
        ("label Bonn", true),
        ("ether src 02:00:00:00:00:01", true),
        ("ether dst host 2:0:0:0:0:1", false),
        ("ether broadcast", true),
        ("broadcast", false),
        ("src co DE and dst co us", true),
        ("dst co de", false),
        ("as 256", true),
        ("src as gt 100", false),
        ("srcid lab", true),
        ("srcid \"lab\" and seq 7", true),
        ("srcid 1.2.3.4", false),
        ("ether", true),
    ] {
        assert_eq!(matches(filter, &all), held, "{filter}");
    }
}

#[test]
fn the_canonical_text_says_everything() {
    for (text, canonical) in [
        ("tcp  and dst port 80 or 443", "tcp and dst port eq 80 or dst port eq 443"),
        ("not (tcp or udp)", "not (tcp or udp)"),
        ("port domain", "port eq 53"),
        ("udp and ! port domain", "udp and not port eq 53"),
        ("src 10.0.0.1", "src host 10.0.0.1"),
        ("dst or src net 10", "src or dst net 10.0.0.0/8"),
        ("port (53 or not 443)", "port eq 53 or not port eq 443"),
        ("pkts gt 2 and lt 10", "pkts gt 2 and pkts lt 10"),
        ("display udp", "display udp"),
        ("ether src 0:1:2:3:4:5", "src ether host 00:01:02:03:04:05"),
        ("synack lt 0.5", "synack lt 0.5"),
        ("synack", "synack"),
        ("", ""),
    ] {
        assert_eq!(Filter::parse(text).unwrap_or_else(|e| panic!("{e}")).to_string(), canonical);
    }
}

#[test]
fn mistakes_are_shown_where_they_are() {
    for (text, at, problem) in [
        ("foo", 0, "'foo' is no word of the filter language"),
        ("tcp and", 7, "the filter ends where a test is expected"),
        ("and tcp", 0, "'and' has no test on this side"),
        ("(tcp", 0, "this '(' is never closed"),
        ("tcp)", 3, "this ')' closes nothing"),
        ("port", 4, "a value is missing"),
        ("port nosuchservice", 5, "unknown port 'nosuchservice'"),
        ("udp port http", 9, "port 'http' is tcp"),
        ("host", 4, "a value is missing"),
        ("pkts gt", 7, "a value is missing"),
        ("pkts gt abc", 8, "'abc' is no number"),
        ("host 1.2.3.4.5", 5, "'1.2.3.4.5' is no address"),
        ("host 300.1.1.1", 5, "'300.1.1.1' is no address"),
        ("tcp,udp", 3, "illegal character ','"),
        ("src", 3, "a value is missing at the end"),
        ("src port", 8, "a value is missing"),
        ("port 80-", 5, "unknown port '80-'"),
        ("port 70000", 5, "port '70000' is not in 0 to 65535"),
        ("net 10.0.0.0/40", 4, "prefix length 40 is more than the 32 bits of an IPv4 address"),
        ("src 10.0.0.0/8", 4, "a prefix needs the word 'net'"),
        ("tcp adn udp", 4, "'adn' is no word of the filter language"),
        ("1.2.3.4", 0, "'1.2.3.4' lacks a word that says what it is"),
        ("proto tcp", 6, "'proto' takes a number"),
        ("co germany", 3, "'germany' is no country code of two letters"),
        ("encaps ethernet", 7, "'ethernet' is no encapsulation"),
        ("label 'x", 6, "this quotation mark is never closed"),
        ("()", 1, "this ')' closes nothing"),
        ("not", 3, "the filter ends where a test is expected"),
    ] {
        match Filter::parse(text) {
            Ok(f) => panic!("{text} parsed to {f}"),
            Err(e) => assert_eq!((e.position(), e.problem()), (at, problem), "{text}"),
        }
    }
}

#[test]
fn the_nearest_word_is_offered() {
    for (text, word) in [
        ("prot 53", "port"),
        ("tcp adn udp", "and"),
        ("host 1.2.3.4 or pakts gt 1", "pkts"),
        ("1.2.3.4", "host 1.2.3.4"),
        ("proto udp", "udp"),
        ("port htttp", "http"),
    ] {
        assert_eq!(Filter::parse(text).unwrap_err().suggestion(), Some(word), "{text}");
    }
}

#[test]
fn nesting_and_length_are_bounded() {
    for text in ["(".repeat(50_000), "not ".repeat(10_000), "tcp or ".repeat(20_000) + "tcp", "x".repeat(1 << 20)] {
        assert!(Filter::parse(&text).is_err());
    }
    assert!(Filter::parse(&format!("{}tcp{}", "(".repeat(90), ")".repeat(90))).is_ok());
}

#[test]
fn host_names_are_looked_up_where_that_is_wanted() {
    let services = Services::builtin();
    let resolve = |name: &str| if name == "two" { vec![[10, 0, 0, 1].into(), [10, 0, 0, 2].into()] } else { vec![] };
    let names = Names { services: &services, resolve: Some(&resolve) };
    let f = Filter::parse_with("src host two", &names).unwrap();
    assert_eq!(f.to_string(), "src host 10.0.0.1 or src host 10.0.0.2");
    assert!(Filter::parse_with("host three", &names).is_err());
}

/// Words that a filter is made of, valid and not.
fn word() -> impl Strategy<Value = String> {
    let known: Vec<String> = words::all().map(String::from).collect();
    prop_oneof![
        4 => prop::sample::select(known),
        2 => "[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}(/[0-9]{1,2})?",
        3 => "[0-9]{1,6}(-[0-9]{1,6})?",
        1 => "[()!<>=&|\"']{1,2}",
        1 => "\\PC{0,6}",
    ]
}

proptest! {
    #[test]
    fn any_text_parses_or_is_refused(text in "\\PC{0,200}") {
        let _ = Filter::parse(&text).map_err(|e| e.to_string());
    }

    #[test]
    fn what_is_printed_parses_to_the_same(text in prop::collection::vec(word(), 0..12).prop_map(|w| w.join(" "))) {
        if let Ok(filter) = Filter::parse(&text) {
            let printed = filter.to_string();
            let again = Filter::parse(&printed);
            prop_assert!(again.is_ok(), "{} -> {}: {:?}", text, printed, again);
            prop_assert_eq!(again.unwrap(), filter, "{} -> {}", text, printed);
        }
    }
}
