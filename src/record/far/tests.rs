//! Samples against the text that the reference client prints of them (`tests/data/argus`).

use std::path::PathBuf;

use super::*;
use crate::base::Timestamp;
use crate::record::codec::Framer;
use crate::record::{Addr, Counts};

pub(crate) fn sample(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/argus").join(name);
    std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

pub(crate) fn records(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut framer = Framer::new();
    framer.push(bytes);
    let mut out = Vec::new();
    while let Some((_, r)) = framer.next_record().expect("an argus file") {
        out.push(r.bytes().to_vec());
    }
    out
}

fn opt<T: std::fmt::Display>(v: Option<T>) -> String {
    v.map(|v| v.to_string()).unwrap_or_default()
}

fn time(t: Timestamp) -> String {
    format!("{}.{:06}", t.secs(), t.subsec_nanos() / 1000)
}

fn addr(a: Addr) -> String {
    match a {
        Addr::Mac([255, 255, 255, 255, 255, 255]) => "Broadcast".into(),
        other => other.to_string(),
    }
}

fn ports(far: &Far<'_>) -> (String, String) {
    let key = far.flow().key;
    match (far.flow().form, key.proto) {
        (FlowForm::V4 | FlowForm::V6, 6 | 17) | (FlowForm::V6, 58) | (FlowForm::Ether, _) => {
            (key.sport.to_string(), key.dport.to_string())
        }
        (FlowForm::V4, 1) => (format!("0x{:04x}", key.sport), format!("0x{:04x}", key.dport)),
        (FlowForm::V4, 50) => (String::new(), format!("0x2020{:04x}", key.dport)),
        (FlowForm::Isis, _) => (String::new(), format!("0x{:x}", far.isis().map_or(0, |i| i.checksum))),
        _ => (String::new(), String::new()),
    }
}

/// The columns that are compared, in the order of the sample files; `None` is not compared.
fn row(far: &Far<'_>) -> Vec<Option<String>> {
    let (sport, dport) = ports(far);
    let c =
        |get: fn(&Counts) -> u64, c: &Counts| Some(if far.has_metrics() { get(c).to_string() } else { String::new() });
    let (m, ip, mac, vlan, mpls) = (far.metrics(), far.ip_attrs(), far.mac(), far.vlan(), far.mpls());
    let is_isis = far.flow().form == FlowForm::Isis;
    let attr = |get: fn(IpAttr) -> String, a: Option<IpAttr>| Some(opt(a.map(get)));
    let size = |v: Option<u16>| Some(opt(v.filter(|v| *v != 0)));
    let sizes = far.packet_sizes();
    let tcp = far.tcp();
    let base = |v: Option<u32>| Some(opt(v.filter(|v| *v != 0)));
    let micros = |us: u32| format!("{:.6}", f64::from(us) / 1e6);
    let (syn, ack) = tcp.map_or((0, 0), |t| (t.syn_ack_us, t.ack_dat_us));
    let country = |v: Option<[u8; 2]>| Some(opt(v.map(|c| String::from_utf8_lossy(&c).into_owned())));
    let asn = far.asns().unwrap_or_default().asn;
    let times = far.times();
    vec![
        Some(time(times.span.start)),
        Some(time(times.span.end)),
        None,
        None,
        Some(far.proto_name().to_string()),
        (!is_isis).then(|| addr(far.flow().key.saddr)),
        Some(sport),
        Some(far.dir_padded().trim_end().to_string()),
        (!is_isis).then(|| addr(far.flow().key.daddr)),
        Some(dport),
        c(|c| c.pkts, &m.src),
        c(|c| c.pkts, &m.dst),
        c(|c| c.bytes, &m.src),
        c(|c| c.bytes, &m.dst),
        c(|c| c.appbytes, &m.src),
        c(|c| c.appbytes, &m.dst),
        Some(far.state().into()),
        Some(opt(mac.map(|m| addr(Addr::Mac(m.addr.src))))),
        Some(opt(mac.map(|m| addr(Addr::Mac(m.addr.dst))))),
        Some(opt(vlan.src.map(|v| format!("0x{v:04x}")))),
        Some(opt(vlan.dst.map(|v| format!("0x{v:04x}")))),
        Some(opt(mpls.src.map(|v| v >> 12))),
        Some(opt(mpls.dst.map(|v| v >> 12))),
        attr(|a| a.ttl.to_string(), ip.attr.src),
        attr(|a| a.ttl.to_string(), ip.attr.dst),
        attr(|a| a.tos.to_string(), ip.attr.src),
        attr(|a| a.tos.to_string(), ip.attr.dst),
        attr(|a| format!("0x{:04x}", a.id), ip.attr.src),
        attr(|a| format!("0x{:04x}", a.id), ip.attr.dst),
        base(tcp.map(|t| t.src.base)),
        None,
        Some(micros(syn + ack)),
        Some(micros(syn)),
        Some(micros(ack)),
        None,
        None,
        None,
        None,
        None,
        None,
        None,
        None,
        None,
        size(sizes.src.map(|s| s.max)),
        size(sizes.src.map(|s| s.min)),
        size(sizes.dst.map(|s| s.max)),
        size(sizes.dst.map(|s| s.min)),
        country(far.countries().src),
        country(far.countries().dst),
        Some(opt(Some(asn.src).filter(|n| *n != 0))),
        Some(opt(Some(asn.dst).filter(|n| *n != 0))),
        Some(opt(far.seq())),
        None,
        Some(far.trans().to_string()),
        None,
        None,
    ]
}

/// Differences that are not ours: habits of the version 5 client and times that cannot be.
fn is_known(far: &Far<'_>, title: &str, want: &str, found: &str) -> bool {
    let v5 = far.record().version() == 5;
    let is_ether = far.flow().form == FlowForm::Ether;
    match title {
        "StartTime" => want == "4026531839.000000",
        "DstMac" => v5 && found == "Broadcast",
        "Sport" | "Dport" => v5 && (far.icmp().is_some() || is_ether),
        "State" => v5 && want == "EER",
        _ => false,
    }
}

/// Compares a sample with its text; gives every difference as `row column expected found`.
fn differences(name: &str) -> Vec<String> {
    let csv =
        String::from_utf8_lossy(&sample(&format!("{}.csv", name.split(".argus").next().unwrap_or(name)))).into_owned();
    let mut lines = csv.lines();
    let titles: Vec<_> = lines.next().expect("titles").split(',').collect();
    let bytes = records(&sample(name));
    let fars: Vec<_> = bytes.iter().filter_map(|b| Far::decode(RecordRef::new(b)?)).collect();
    let rows: Vec<Vec<&str>> = lines.map(|l| l.splitn(60, ',').collect()).collect();
    assert_eq!(fars.len(), rows.len(), "{name}: number of rows");
    let mut out = Vec::new();
    for (n, (far, want)) in fars.iter().zip(&rows).enumerate() {
        // The reference client prints a column too many here.
        let skip = usize::from(far.flow().form == FlowForm::Isis);
        for (i, found) in row(far).into_iter().enumerate() {
            let at = if i > 9 { i + skip } else { i };
            let want = want.get(at).copied().unwrap_or("");
            let title = titles[i];
            let want = if title == "Dir" { want.strip_prefix("  ").unwrap_or(want) } else { want };
            if let Some(found) = found.filter(|f| f != want && !is_known(far, title, want, f)) {
                out.push(format!("{name} row {} {}: expected {want:?}, found {found:?}", n + 1, title));
            }
        }
    }
    out
}

#[test]
fn samples_decode_to_what_the_reference_client_prints() {
    let mut all = Vec::new();
    for name in [
        "crafted.full",
        "geo",
        "geo.country",
        "geo.ralabel",
        "handmade",
        "http",
        "http.full",
        "icmp-tunnels.full",
        "ipv6.full",
        "l2.full",
        "vlan-mpls.full",
        "voip.full",
        "web",
        "web.full",
        "web.racluster",
        "web.radium",
        "web.ranonymize",
        "web.truncated",
        "crafted.full.v5",
        "geo.ralabel.v5",
        "http.v5",
        "web.full.v5",
    ] {
        all.extend(differences(&format!("{name}.argus")));
    }
    assert!(all.is_empty(), "{} differences:\n{}", all.len(), all.join("\n"));
}

fn event_texts(name: &str) -> Vec<String> {
    let bytes = records(&sample(name));
    let events = bytes.iter().filter_map(|b| RecordRef::new(b)).filter(|r| r.kind() == RecordKind::Event);
    events
        .map(|r| {
            let dsr = r.dsrs().find(|d| d.kind == 0x50).expect("a payload");
            String::from_utf8_lossy(&Payload::parse(&dsr).text()).into_owned()
        })
        .collect()
}

#[test]
fn events_carry_their_text_plain_or_deflated() {
    let deflated = event_texts("event.argus");
    assert_eq!(deflated.len(), 3);
    assert!(
        deflated.iter().all(|t| t.starts_with("file:/proc/vmstat\n") && t.contains("nr_free_pages ")),
        "{deflated:?}"
    );
    let plain = event_texts("event.v5.argus");
    assert_eq!(plain.len(), 2);
    assert!(plain.iter().all(|t| t.starts_with("prog=/bin/date\n")), "{plain:?}");
}

#[test]
fn labels_of_both_generations_name_the_same_places() {
    type Place = (Option<String>, Option<[u8; 2]>, Option<i64>);
    let all = |name: &str| -> Vec<Place> {
        let bytes = records(&sample(name));
        let fars: Vec<_> = bytes.iter().filter_map(|b| Far::decode(RecordRef::new(b)?)).collect();
        let mut out = Vec::new();
        for far in &fars {
            for side in [Side::Src, Side::Dst] {
                let g = far.geo_label(side);
                out.push((g.city.map(Cow::into_owned), g.country, g.lat.map(|v| (v * 1e3).round() as i64)));
            }
        }
        out
    };
    let (old, new) = (all("geo.ralabel.argus"), all("geo.ralabel.v5.argus"));
    let london = (Some("London".to_string()), Some(*b"GB"), Some(51514));
    assert_eq!((old.first(), new.first()), (Some(&london), Some(&london)));
    let cities = |all: &[(Option<String>, _, _)]| all.iter().filter_map(|p| p.0.clone()).collect::<Vec<_>>();
    assert!(cities(&old).len() > 20);
    assert!(cities(&new).contains(&"Linköping".to_string()) && cities(&old).contains(&"Linköping".to_string()));
}
