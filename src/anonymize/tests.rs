//! Tests of the mapping, the configuration and the rewriting of records, hostile ones included.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::*;
use crate::base::hash::Set;
use crate::record::codec::Framer;
use crate::record::{Far, RecordRef};

const WEB: &[u8] = include_bytes!("../../tests/data/argus/web.full.argus");
const WEB_V5: &[u8] = include_bytes!("../../tests/data/argus/web.full.v5.argus");
const CRAFTED: &[u8] = include_bytes!("../../tests/data/argus/crafted.full.argus");
const LAYER_2: &[u8] = include_bytes!("../../tests/data/argus/l2.full.argus");

fn settings(text: &str) -> Settings {
    Settings::parse(&format!("RANON_SEED=7\n{text}")).expect("a configuration")
}

fn mapping(text: &str) -> Mapping {
    Mapping::new(&settings(text), 0)
}

fn v4(map: &mut Mapping, addr: &str) -> String {
    map.v4(addr.parse().expect("an address")).to_string()
}

fn v6(map: &mut Mapping, addr: &str) -> String {
    map.v6(addr.parse().expect("an address")).to_string()
}

fn all_v4() -> Vec<Ipv4Addr> {
    let mut n: u32 = 1;
    let mut out: Vec<Ipv4Addr> = Vec::new();
    for _ in 0..3000 {
        n = n.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        // Neighbours of each, so that common prefixes of every length occur.
        out.extend([n, n ^ 1, n ^ 0x80, n ^ 0x1_0000].map(Ipv4Addr::from));
    }
    out.sort_unstable();
    out.dedup();
    out
}

#[test]
fn networks_and_hosts_are_numbered_within_their_class() {
    let mut map = mapping("");
    for (from, to) in [
        ("10.10.1.4", "1.0.2.1"),
        ("10.10.1.1", "1.0.2.2"),
        ("74.53.140.153", "1.0.3.1"),
        ("10.10.1.255", "1.0.2.255"),
        ("141.142.1.1", "100.0.1.1"),
        ("192.168.1.1", "197.0.1.1"),
        ("224.0.0.251", "224.0.0.2"),
        ("239.255.255.250", "224.0.3.1"),
        ("0.0.0.0", "1.0.1.0"),
        ("10.10.1.4", "1.0.2.1"),
    ] {
        assert_eq!(v4(&mut map, from), to, "{from}");
    }
}

#[test]
fn translations_of_choice_come_first_and_are_nobody_elses() {
    let mut map = mapping(
        "RANON_SPECIFY_NET_TRANSLATION=10.10.1.0::1.0.2.0\nRANON_SPECIFY_HOST_TRANSLATION=74.53.140.153::1.0.3.5\n\
         RANON_SPECIFY_HOST_TRANSLATION=2001:db8::9->fd00::1\nRANON_PRESERVE_ADDRESS=8.8.8.8, ::2\n\
         RANON_SPECIFY_HOST_TRANSLATION=00:11:22:33:44:55::02:00:00:00:00:01\nRANON_SPECIFY_ASN_TRANSLATION=29518::65000",
    );
    assert_eq!(v4(&mut map, "10.10.1.77"), "1.0.2.1");
    assert_eq!(v4(&mut map, "74.53.140.153"), "1.0.3.5");
    assert_eq!(v4(&mut map, "8.8.8.8"), "8.8.8.8");
    // 1.0.2 and 1.0.3 are given away.
    assert_eq!(v4(&mut map, "11.1.1.1"), "1.0.4.1");
    assert_eq!((v6(&mut map, "2001:db8::9"), v6(&mut map, "::2")), ("fd00::1".into(), "::2".into()));
    assert_eq!(map.mac([0, 0x11, 0x22, 0x33, 0x44, 0x55]), [2, 0, 0, 0, 0, 1]);
    assert_eq!((map.asn(29518), map.asn(9), map.asn(0)), (65000, 64512, 0));
}

#[test]
fn no_two_addresses_become_one_whatever_the_method() {
    let addrs = all_v4();
    for text in [
        "",
        "RANON_PRESERVE_NET_ADDRESS_HIERARCHY=no",
        "RANON_PRESERVE_NET_ADDRESS_HIERARCHY=no\nRANON_NETWORK_ADDRESS_LENGTH=20",
        "RANON_PRESERVE_NET_ADDRESS_HIERARCHY=cidr",
        "RANON_PRESERVE_NET_ADDRESS_HIERARCHY=cidr/16\nRANON_HOST_ANONYMIZATION=random",
        "RANON_PRESERVE_NET_ADDRESS_HIERARCHY=cidr/32",
        "RANON_NET_ANONYMIZATION=random\nRANON_HOST_ANONYMIZATION=random",
        "RANON_PRESERVE_BROADCAST_ADDRESS=no\nRANON_PRESERVE_MULTICAST_ADDRESS=no",
        "RANON_NET_ANONYMIZATION=no",
        "RANON_PRESERVE_NET_ADDRESS_HIERARCHY=cidr/32\nRANON_PRESERVE_ADDRESS=10.0.0.1,9.9.9.9",
    ] {
        let mut map = mapping(text);
        let new: Vec<Ipv4Addr> = addrs.iter().map(|a| map.v4(*a)).collect();
        assert_eq!(new.iter().collect::<Set<_>>().len(), addrs.len(), "{text}");
        assert_eq!(map.turned_away(), 0, "{text}");
        // What was replaced stays replaced, and by the same.
        assert_eq!(addrs.iter().map(|a| map.v4(*a)).collect::<Vec<_>>(), new, "{text}");
        assert_eq!(map.table().len(), addrs.len() + text.matches("9.9.9.9").count() * 2, "{text}");
    }
}

#[test]
fn cidr_keeps_common_prefixes_as_long_as_they_were() {
    let addrs: Vec<Ipv4Addr> = all_v4().into_iter().step_by(17).collect();
    for (conf, limit) in [("cidr/32", 32), ("cidr", 24), ("cidr/12", 12)] {
        let mut map = mapping(&format!("RANON_PRESERVE_NET_ADDRESS_HIERARCHY={conf}"));
        for pair in addrs.windows(5) {
            let (a, b) = (u32::from(pair[0]), u32::from(pair[4]));
            let (x, y) = (u32::from(map.v4(pair[0])), u32::from(map.v4(pair[4])));
            assert_eq!((a ^ b).leading_zeros().min(limit), (x ^ y).leading_zeros().min(limit), "{conf} {pair:?}");
        }
    }
    let mut map = mapping("RANON_PRESERVE_NET_ADDRESS_HIERARCHY=cidr/32");
    assert_eq!(
        (v4(&mut map, "255.255.255.255"), v4(&mut map, "0.0.0.0")),
        ("255.255.255.255".into(), "0.0.0.0".into())
    );
    assert!(v4(&mut map, "10.1.2.255").ends_with(".255") && v4(&mut map, "239.1.1.1").starts_with("2"));
    let of = |map: &mut Mapping, a: &str| u128::from(map.v6(a.parse::<Ipv6Addr>().expect("an address")));
    let (a, b, c) = (of(&mut map, "2001:470:1::1"), of(&mut map, "2001:470:1::9"), of(&mut map, "2001:471::1"));
    assert_eq!(((a ^ b).leading_zeros(), (a ^ c).leading_zeros()), (124, 31));
    assert!(a != u128::from("2001:470:1::1".parse::<Ipv6Addr>().expect("an address")));
}

#[test]
fn ipv6_addresses_keep_their_scope() {
    let mut map = mapping("");
    for (from, to) in [
        ("2001:470:1f11:81f::5", "2001:db8:0:1::1"),
        ("2001:470:1f11:81f::6", "2001:db8:0:1::2"),
        ("2607:f740:b::f93", "2001:db8:0:2::1"),
        ("fe80::217:f2ff:fed7:cf65", "fe80::1"),
        ("ff02::1:ffd7:cf65", "ff02::1"),
        ("ff05::fb", "ff05::1"),
        ("fd12:3456:789a::1", "fd00:0:0:1::1"),
        ("::1", "::1"),
        ("::", "::"),
        ("::ffff:10.1.1.1", "::ffff:1.0.2.1"),
    ] {
        assert_eq!(v6(&mut map, from), to, "{from}");
    }
}

#[test]
fn ethernet_addresses_keep_what_is_to_be_kept() {
    let mut map = mapping("");
    for (from, to) in [
        ([0, 0x30, 0x48, 1, 2, 3], [0, 0, 1, 0, 0, 1]),
        ([0xFF; 6], [0xFF; 6]),
        ([0x33, 0x33, 0xFF, 0xD7, 0xCF, 0x65], [0x33, 0x33, 0, 0, 0, 1]),
        ([1, 0, 0x5E, 0, 0, 0xFB], [1, 0, 0x5E, 0, 0, 1]),
        ([1, 0x80, 0xC2, 0, 0, 0], [1, 0x80, 0xC2, 0, 0, 0]),
        ([0; 6], [0; 6]),
    ] {
        assert_eq!(map.mac(from), to);
    }
    let mut map = mapping("RANON_PRESERVE_ETHERNET_VENDOR=yes\nRANON_PRESERVE_ETHERNET_BROADCAST=no");
    assert_eq!(map.mac([0, 0x30, 0x48, 1, 2, 3]), [0, 0x30, 0x48, 0, 0, 1]);
    assert_ne!(map.mac([0xFF; 6]), [0xFF; 6]);
    let mut map = mapping("RANON_ETHERNET_ANONYMIZATION=random");
    let random = map.mac([0, 0x30, 0x48, 1, 2, 3]);
    assert_eq!((random[0] & 3, map.mac([0, 0x30, 0x48, 1, 2, 3])), (2, random));
}

#[test]
fn ports_are_exchanged_one_for_one() {
    for text in [
        "",
        "RANON_PORT_METHOD=random",
        "RANON_PORT_METHOD=\"offset:fixed:7\"",
        "RANON_PORT_METHOD=fixed:-70000\nRANON_PRESERVE_WELLKNOWN_PORT_NUMS=no",
        "RANON_PRESERVE_REGISTERED_PORT_NUMS=yes\nRANON_PRESERVE_PRIVATE_PORT_NUMS=yes\nRANON_PORT_METHOD=random",
        "RANON_PORT_METHOD=no",
    ] {
        let map = mapping(text);
        let new: Set<u16> = (0..=u16::MAX).map(|p| map.port(p)).collect();
        assert_eq!(new.len(), 65_536, "{text}");
    }
    let map = mapping("RANON_PRESERVE_PORT_NUM=5001 5353");
    assert_eq!([80, 0, 65_535, 5001, 5353].map(|p| map.port(p)), [80, 0, 65_535, 5001, 5353]);
    assert!((1024..65_535).filter(|p| map.port(*p) == *p).count() == 2);
    assert_eq!(mapping("RANON_PORT_METHOD=offset:fixed:7").port(2000), 2007);
    assert_eq!(mapping("RANON_PORT_METHOD=offset:fixed:7").port(65_530), 1026);
}

#[test]
fn mistakes_in_a_configuration_are_named_with_their_line() {
    for (text, message) in [
        ("RANON_SEDE=1", "1: expected a key of ranonymize.conf, found \"RANON_SEDE\" (did you mean RANON_SEED?)"),
        ("\n# x\nnonsense", "3: expected KEY=value, found \"nonsense\""),
        ("RANON_SEED=1x", "1: RANON_SEED: expected a number, random, time or crypto, found \"1x\""),
        (
            "RANON_PRESERVE_BROADCAST_ADDRESS=maybe",
            "1: RANON_PRESERVE_BROADCAST_ADDRESS: expected yes or no, found \"maybe\"",
        ),
        (
            "RANON_NET_ANONYMIZATION=fixed",
            "1: RANON_NET_ANONYMIZATION: expected sequential, random or no, found \"fixed\"",
        ),
        (
            "RANON_NETWORK_ADDRESS_LENGTH=32",
            "1: RANON_NETWORK_ADDRESS_LENGTH: expected a number from 1 to 31, found \"32\"",
        ),
        (
            "RANON_SEED=1\nRANON_TIME_SEC_OFFSET=fixed:99999999999",
            "2: RANON_TIME_SEC_OFFSET: expected random, none or fixed:N (-2^31 to 2^31), found \"fixed:99999999999\"",
        ),
        (
            "RANON_PRESERVE_NET_ADDRESS_HIERARCHY=cidr/33",
            "1: RANON_PRESERVE_NET_ADDRESS_HIERARCHY: expected class, cidr, cidr/N (1 to 32), subnet or no, found \"cidr/33\"",
        ),
        (
            "RANON_SPECIFY_NET_TRANSLATION=10.0.0/24::11.0.0/16",
            "1: RANON_SPECIFY_NET_TRANSLATION: expected two networks of one length, found \"10.0.0/24::11.0.0/16\"",
        ),
        (
            "RANON_SPECIFY_HOST_TRANSLATION=1.2.3.4",
            "1: RANON_SPECIFY_HOST_TRANSLATION: expected FROM::TO (IPv6: FROM->TO), found \"1.2.3.4\"",
        ),
        (
            "RANON_PRESERVE_ADDRESS=1.2.3",
            "1: RANON_PRESERVE_ADDRESS: expected two addresses of one kind as A::B (IPv6: A->B), found \"1.2.3->1.2.3\"",
        ),
        (
            "RANON_PORT_METHOD=sequential",
            "1: RANON_PORT_METHOD: expected offset:random, offset:fixed:N, random or no, found \"sequential\"",
        ),
        (
            "RANON_PRESERVE_PORT_NUM=80,70000",
            "1: RANON_PRESERVE_PORT_NUM: expected a number from 0 to 65535, found \"70000\"",
        ),
        (
            "RANON_CLASSA_NET_ADDRESS_LIST=1.2.3.4.5",
            "1: RANON_CLASSA_NET_ADDRESS_LIST: expected a network such as 192.168.1.0/24, found \"1.2.3.4.5\"",
        ),
    ] {
        assert_eq!(Settings::parse(text).map(|_| ()).map_err(|e| e.to_string()), Err(message.into()), "{text}");
    }
}

#[test]
fn both_forms_of_the_keys_are_understood() {
    let manual =
        settings("RANON_TRANSREFNUM_OFFSET=random\nRANON_PRESERVE_NET_ADDRESS_HIERARCHY=cidr\nRANON_PORT_METHOD=");
    let shipped = settings(
        "RANON_TRANSREFNUM_OFFSET=fixed:random\nRANON_SEQNUM_OFFSET=fixed:10234\nRANON_PRESERVE_IP_TTL=fixed:random\n\
         RANON_PRESERVE_NET_ADDRESS_HIERARCHY=cidr/24\nRANON_PORT_METHOD=\"offset:random\"\n\
         RANON_SPECIFY_NET_TRANSLATION=192.168.0/24::128.2.134/24",
    );
    assert_eq!((manual.reference, manual.hierarchy), (Shift::Random, Hierarchy::Cidr(None)));
    assert_eq!((shipped.reference, shipped.seqnum), (Shift::Random, Shift::Fixed(10234)));
    assert_eq!((shipped.ttl, shipped.ports), (Attribute::Shift(Shift::Random), PortMethod::Offset(Shift::Random)));
    assert_eq!(shipped.nets, [NetPair { from: 0xC0A8_0000, to: 0x8002_8600, bits: 24 }]);
}

fn rewritten(settings: Settings, bytes: &[u8]) -> Vec<u8> {
    let mut anonymizer = Anonymizer::new(settings, 1);
    let mut framer = Framer::new();
    framer.push(bytes);
    let mut out = Vec::new();
    while let Ok(Some((_, record))) = framer.next_record() {
        let before = out.len();
        let done = anonymizer.record(record, &mut out);
        assert_eq!(done, out.len() > before);
        assert!(!done || RecordRef::new(&out[before..]).is_some_and(|r| r.bytes().len() == out.len() - before));
    }
    out
}

#[test]
fn the_seed_alone_decides() {
    let run = |text: &str| rewritten(settings(text), WEB);
    let random = "RANON_NET_ANONYMIZATION=random\nRANON_HOST_ANONYMIZATION=random\nRANON_ETHERNET_ANONYMIZATION=random";
    assert_eq!(run(random), run(random));
    assert_ne!(run(random), run(&format!("{random}\nRANON_SEED=8")));
    assert_ne!(rewritten(settings("RANON_SEED=time"), WEB), run(""));
}

#[test]
fn with_everything_kept_records_stay_as_they_are() {
    let all = "RANON_TRANSREFNUM_OFFSET=none\nRANON_SEQNUM_OFFSET=none\nRANON_TCPSEQ_OFFSET=none\n\
               RANON_TIME_SEC_OFFSET=none\nRANON_TIME_USEC_OFFSET=none\nRANON_ETHERNET_ANONYMIZATION=no\n\
               RANON_NET_ANONYMIZATION=no\nRANON_HOST_ANONYMIZATION=no\nRANON_AS_ANONYMIZATION=no\n\
               RANON_PRESERVE_IP_ID=yes\nRANON_PORT_METHOD=no\nRANON_PRESERVE_USER_DATA=yes\n\
               RANON_PRESERVE_MULTICAST_ADDRESS=no\nRANON_PRESERVE_SRCID=yes";
    let out = rewritten(settings(all), WEB);
    assert_eq!(out.len(), WEB.len());
    let (mut a, mut b) = (Framer::new(), Framer::new());
    a.push(WEB);
    b.push(&out);
    let mut flows = 0;
    while let (Ok(Some((_, old))), Ok(Some((_, new)))) = (a.next_record(), b.next_record()) {
        if let (Some(old), Some(new)) = (Far::decode(old), Far::decode(new)) {
            flows += 1;
            assert_eq!(old.summary(), new.summary());
            assert_eq!((old.tcp(), old.ip_attrs(), old.mac()), (new.tcp(), new.ip_attrs(), new.mac()));
            assert_eq!(old.payload(), new.payload());
        }
    }
    assert!(flows > 30);
}

#[test]
fn management_records_tell_neither_who_nor_when() {
    // A sensor called 10.1.2.3 on 10.1.2.0/24, in the first record of a file.
    let mut first = WEB[..128].to_vec();
    first[4..8].copy_from_slice(&0x0080_0000_u32.to_be_bytes());
    first[12..20].copy_from_slice(&[10, 1, 2, 0, 255, 255, 255, 0]);
    first[120..124].copy_from_slice(&[10, 1, 2, 3]);
    let out = rewritten(settings(""), &first);
    assert_eq!(out[..12], first[..12]);
    assert_eq!((&out[12..20], &out[120..124]), (&[0; 8][..], &[198, 18, 0, 1][..]));
    assert!(out[24..40] != first[24..40] && out[24..28] != [0; 4]);
    let out = rewritten(settings(""), &WEB_V5[..128]);
    assert!(out[108..124] != WEB_V5[108..124] && out[24..40] != WEB_V5[24..40] && out[..12] == WEB_V5[..12]);
    let kept = rewritten(settings("RANON_PRESERVE_SRCID=yes"), &first);
    assert_eq!(kept[120..124], [10, 1, 2, 3]);
}

#[test]
fn mutated_records_and_configurations_do_no_harm() {
    let mut n: u64 = 1;
    let mut next = |bound: usize| {
        n = n.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(n >> 33).expect("31 bits") % bound
    };
    let confs = [
        "RANON_PRESERVE_LABELS=yes\nRANON_PRESERVE_IP_TTL=random\nRANON_PRESERVE_IP_TOS=random\nRANON_PRESERVE_IP_OPTIONS=no",
        "RANON_PRESERVE_NET_ADDRESS_HIERARCHY=cidr/32\nRANON_PRESERVE_USER_DATA=yes\nRANON_PRESERVE_COUNTRY=yes",
        "RANON_HOST_ANONYMIZATION=random\nRANON_CLASSA_NET_ADDRESS_LIST=10.0.0.0/23\nRANON_NET_ADDRESS_LIST=255.255.255.255/1",
        "RANON_NETWORK_ADDRESS_LENGTH=1\nRANON_PRESERVE_NET_ADDRESS_HIERARCHY=no\nRANON_SPECIFY_NET_TRANSLATION=1/1::255/1",
    ];
    let mut rewrites = 0;
    for round in 0..60 {
        for file in [WEB, WEB_V5, CRAFTED, LAYER_2] {
            let mut bytes = file.to_vec();
            for _ in 0..6 {
                let at = next(bytes.len());
                bytes[at] = u8::try_from(next(256)).expect("a byte");
            }
            rewrites += usize::from(!rewritten(settings(confs[round % confs.len()]), &bytes).is_empty());
        }
    }
    assert!(rewrites > 200);
    let text = confs.join("\n");
    for _ in 0..500 {
        let mut bytes = text.clone().into_bytes();
        for _ in 0..3 {
            let at = next(bytes.len());
            bytes[at] = u8::try_from(next(256)).expect("a byte");
        }
        if let Ok(settings) = Settings::parse(&String::from_utf8_lossy(&bytes)) {
            let mut map = Mapping::new(&settings, 3);
            for addr in ["10.1.1.1", "255.255.255.255", "224.0.0.1", "0.0.0.0", "192.0.2.255"] {
                v4(&mut map, addr);
            }
        }
    }
}
