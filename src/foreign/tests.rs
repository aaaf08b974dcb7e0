//! Every layout against what the suite itself says is in it; datagrams made by hand; mutations.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use super::*;
use crate::record::{Far, RecordRef, SrcId, drive_record};

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/foreign").join(name)
}

/// The flows of a flow-tools file.
fn flows_of(bytes: &[u8]) -> Result<Vec<ForeignFlow>, FlowToolsError> {
    use std::io::Read as _;
    let length = FlowToolsHeader::length(bytes)?;
    let header = FlowToolsHeader::parse(bytes.get(..length).unwrap_or(bytes))?;
    let body = bytes.get(header.data..).unwrap_or_default();
    let mut records = Vec::new();
    if header.compressed {
        // What was unpacked before any damage counts.
        let _ = flate2::read::ZlibDecoder::new(body).take(1 << 20).read_to_end(&mut records);
    } else {
        records.extend_from_slice(body);
    }
    Ok(records.chunks_exact(header.record_len()).map(|r| header.decode(r)).collect())
}

/// What a column of the suite's own listing should be in the flow.
fn shown(flow: &ForeignFlow, column: &str, row: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    let number = |name: &str| row(name).and_then(|v| v.parse::<i64>().ok()).unwrap_or(0);
    let unix = number("unix_secs") * 1_000_000 + number("unix_nsecs") / 1_000 + number("unix_msecs") * 1_000;
    let millis = |us: i64| (us - unix) / 1_000 + number("sysUpTime");
    Some(match column {
        "exaddr" => flow.exporter?.to_string(),
        "dpkts" => flow.sent.0.to_string(),
        "doctets" => flow.sent.1.to_string(),
        "first" => millis(flow.start).to_string(),
        "last" => millis(flow.end).to_string(),
        "srcaddr" => flow.src.to_string(),
        "dstaddr" => flow.dst.to_string(),
        "srcport" => flow.sport.to_string(),
        "dstport" => flow.dport.to_string(),
        "prot" => flow.proto.to_string(),
        "tos" => flow.tos?.to_string(),
        "tcp_flags" => flow.tcp_flags.to_string(),
        "src_as" => flow.sas.to_string(),
        "dst_as" => flow.das.to_string(),
        "src_mask" => flow.masks?.0.to_string(),
        "dst_mask" => flow.masks?.1.to_string(),
        "dflows" => flow.flows.to_string(),
        _ => return None,
    })
}

#[test]
fn files_of_every_layout_hold_what_the_suite_lists() {
    let mut compared = 0;
    let mut files = 0;
    for entry in std::fs::read_dir(data("")).expect("samples") {
        let path = entry.expect("entry").path();
        if path.extension().is_none_or(|e| e != "ft") {
            continue;
        }
        files += 1;
        let flows = flows_of(&std::fs::read(&path).expect("readable")).expect("known");
        let text = std::fs::read_to_string(path.with_extension("csv")).expect("listing");
        let mut lines = text.lines();
        let titles: Vec<_> = lines.next().expect("titles").split(',').collect();
        let rows: Vec<Vec<_>> = lines.map(|l| l.split(',').collect()).collect();
        assert_eq!(flows.len(), rows.len(), "{}", path.display());
        for (flow, row) in flows.iter().zip(&rows) {
            let cell = |name: &str| {
                let at = titles.iter().position(|t| *t == name)?;
                row.get(at).map(|v| (*v).to_owned())
            };
            for (column, want) in titles.iter().zip(row) {
                let masks_are_unused = flow.masks.is_none() && column.ends_with("mask");
                if let Some(found) = shown(flow, column, &cell)
                    && !masks_are_unused
                {
                    compared += 1;
                    assert_eq!(found, *want, "{} {column}", path.display());
                }
            }
        }
    }
    assert!(files >= 20 && compared > 500, "{files} files, {compared} values");
}

#[test]
fn a_flow_becomes_a_record_that_says_the_same() {
    let flow = ForeignFlow {
        exporter: Some(IpAddr::from([10, 9, 8, 7])),
        start: 1_700_000_000_123_000,
        end: 1_700_000_005_000_000,
        src: IpAddr::from([192, 168, 1, 10]),
        dst: IpAddr::from([93, 184, 216, 34]),
        proto: 6,
        sport: 51000,
        dport: 443,
        sent: (24, 18_500),
        returned: (0, 0),
        tos: Some(0x10),
        ttl: 61,
        tcp_flags: 0x1B,
        sas: 64_500,
        das: 15_133,
        macs: Some(([1, 2, 3, 4, 5, 6], [7, 8, 9, 10, 11, 12])),
        vlan: Some(42),
        flows: 7,
        masks: None,
    };
    for (src, dst) in [(flow.src, flow.dst), ("2001:db8::1".parse().expect("v6"), "2001:db8::2".parse().expect("v6"))] {
        let flow = ForeignFlow { src, dst, ..flow };
        let mut out = Vec::new();
        flow.write(9, &mut out);
        let record = RecordRef::new(&out).expect("whole");
        assert!(record.is_sound() && record.bytes().len() == out.len());
        assert!(drive_record(record));
        let far = Far::decode(record).expect("a flow");
        let summary = far.summary();
        assert_eq!(summary.key.saddr.ip(), Some(src));
        assert_eq!((summary.key.sport, summary.key.dport, summary.key.proto), (51000, 443, 6));
        assert_eq!((summary.src.pkts, summary.src.bytes, summary.dst.pkts), (24, 18_500, 0));
        assert_eq!(summary.span.start.nanos() / 1_000, flow.start);
        assert_eq!(summary.span.end.nanos() / 1_000, flow.end);
        assert_eq!(summary.srcid, SrcId::V4([10, 9, 8, 7].into()));
        let numbers = far.asns().expect("numbers");
        assert_eq!((numbers.asn.src, numbers.asn.dst), (64_500, 15_133));
        assert_eq!(far.ip_attrs().attr.src.map(|a| (a.ttl, a.tos)), Some((61, 0x10)));
        assert_eq!(far.vlan().src, Some(42));
        assert_eq!(far.aggregation().map(|a| a.count), Some(7));
    }
}

/// A datagram under construction.
#[derive(Default)]
struct Bytes(Vec<u8>);

impl Bytes {
    fn u8(mut self, n: u8) -> Bytes {
        self.0.push(n);
        self
    }
    fn u16(mut self, words: &[u16]) -> Bytes {
        words.iter().for_each(|n| self.0.extend_from_slice(&n.to_be_bytes()));
        self
    }
    fn u32(mut self, words: &[u32]) -> Bytes {
        words.iter().for_each(|n| self.0.extend_from_slice(&n.to_be_bytes()));
        self
    }
    fn u64(mut self, n: u64) -> Bytes {
        self.0.extend_from_slice(&n.to_be_bytes());
        self
    }
    fn raw(mut self, bytes: &[u8]) -> Bytes {
        self.0.extend_from_slice(bytes);
        self
    }
    /// A set: its number, its length, `body`.
    fn set(self, id: u16, body: Bytes) -> Bytes {
        self.u16(&[id, body.0.len() as u16 + 4]).raw(&body.0)
    }
}

fn take(decoder: &mut Decoder, bytes: &[u8]) -> (Vec<ForeignFlow>, Result<usize, String>) {
    let mut flows = Vec::new();
    let used = decoder.datagram(bytes, Some(IpAddr::from([192, 0, 2, 1])), 77, |f| flows.push(*f));
    (flows, used)
}

/// Version 9: header with sequence number, then sets. Exported at 1,700,000,000 s and 600,000 ms of up time.
fn version_9(seq: u32, sets: Bytes) -> Vec<u8> {
    Bytes::default().u16(&[9, 3]).u32(&[600_000, 1_700_000_000, seq, 5]).raw(&sets.0).0
}

fn template_9() -> Bytes {
    let fields = [8, 4, 12, 4, 4, 1, 7, 2, 11, 2, 2, 4, 1, 4, 22, 4, 21, 4, 6, 1];
    Bytes::default().set(0, Bytes::default().u16(&[260, 10]).u16(&fields))
}

fn data_9() -> Bytes {
    let flow = |last: u8| {
        Bytes::default().raw(&[10, 0, 0, 1, 10, 0, 0, last, 6]).u16(&[1234, 80]).u32(&[3, 180, 590_000, 595_500]).u8(2)
    };
    // Two bytes fill the set up to whole words.
    Bytes::default().set(260, flow(2).raw(&flow(3).0).raw(&[0, 0]))
}

#[test]
fn version_9_needs_its_template_first() {
    let mut decoder = Decoder::new();
    let (flows, used) = take(&mut decoder, &version_9(1, data_9()));
    assert!(flows.is_empty() && used.is_ok());
    assert_eq!(decoder.stats().without_template, 1);
    let (flows, _) = take(&mut decoder, &version_9(2, template_9().raw(&data_9().0)));
    assert_eq!(flows.len(), 2);
    let flow = flows[1];
    assert_eq!((flow.src, flow.dst), ([10, 0, 0, 1].into(), [10, 0, 0, 3].into()));
    assert_eq!((flow.proto, flow.sport, flow.dport, flow.sent, flow.tcp_flags), (6, 1234, 80, (3, 180), 2));
    assert_eq!((flow.start, flow.end), (1_699_999_990_000_000, 1_699_999_995_500_000));
    // Five datagrams went missing.
    assert!(take(&mut decoder, &version_9(8, data_9())).1.is_ok());
    assert_eq!(decoder.stats().lost, 5);
    // Another exporter has templates of its own.
    let mut other = 0;
    let _ = decoder.datagram(&version_9(1, data_9()), None, 0, |_| other += 1);
    assert_eq!(other, 0);
}

#[test]
fn sampled_counters_are_scaled_by_what_the_exporter_tells() {
    let mut decoder = Decoder::new();
    let options = Bytes::default()
        .set(1, Bytes::default().u16(&[300, 4, 4, 1, 4, 34, 4, 0]))
        .set(300, Bytes::default().u32(&[9, 100]));
    let (flows, used) = take(&mut decoder, &version_9(1, template_9().raw(&options.0).raw(&data_9().0)));
    assert!(used.is_ok(), "{used:?}");
    assert_eq!(flows.iter().map(|f| f.sent).collect::<Vec<_>>(), [(300, 18_000); 2]);
}

#[test]
fn datagrams_of_version_9_one_behind_the_other_are_told_apart() {
    let mut decoder = Decoder::new();
    let first = version_9(1, template_9().raw(&data_9().0));
    let file = [first.clone(), version_9(2, data_9())].concat();
    let (flows, used) = take(&mut decoder, &file);
    assert_eq!((flows.len(), used), (2, Ok(first.len())));
}

#[test]
fn ipfix_tells_both_directions_and_fine_times() {
    let reverse = |id: u16, len: u16| Bytes::default().u16(&[id | 0x8000, len]).u32(&[29305]);
    let template = Bytes::default()
        .u16(&[400, 10])
        .u16(&[27, 16, 28, 16, 4, 1, 7, 2, 11, 2, 152, 8, 153, 8, 82, 0xFFFF])
        .raw(&reverse(2, 8).0)
        .raw(&reverse(1, 8).0);
    let record = Bytes::default()
        .raw(&[0x20, 1, 0xD, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1])
        .raw(&[0x20, 1, 0xD, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2])
        .u8(17)
        .u16(&[53, 5353])
        .u64(1_700_000_000_123)
        .u64(1_700_000_001_456)
        .u8(4)
        .raw(b"eth0")
        .u64(4)
        .u64(400);
    let sets = Bytes::default().set(2, template).set(400, record);
    let message = Bytes::default()
        .u16(&[10, 16 + sets.0.len() as u16])
        .u32(&[1_700_000_002, 7, 1])
        .raw(&sets.0)
        .raw(b"the next message");
    let (flows, used) = take(&mut Decoder::new(), &message.0);
    assert_eq!(used, Ok(16 + sets.0.len()));
    let flow = flows[0];
    assert_eq!(flow.src, "2001:db8::1".parse::<IpAddr>().expect("v6"));
    assert_eq!((flow.sport, flow.dport, flow.returned), (53, 5353, (4, 400)));
    assert_eq!((flow.start, flow.end), (1_700_000_000_123_000, 1_700_000_001_456_000));
}

fn sflow_datagram() -> Vec<u8> {
    let mut frame = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0];
    frame.extend_from_slice(&[0x45, 8, 0, 60, 0, 0, 0x40, 0, 64, 17, 0, 0, 10, 1, 1, 1, 10, 2, 2, 2]);
    frame.extend_from_slice(&[0x14, 0xE9, 0, 53, 0, 40, 0, 0]);
    let header = Bytes::default().u32(&[1, 74, 4, frame.len() as u32]).raw(&frame).u16(&[0]);
    let sample = Bytes::default().u32(&[1, 3, 512, 1000, 0, 1, 2, 1]).u32(&[1, header.0.len() as u32]).raw(&header.0);
    Bytes::default().u32(&[5, 1, 0x0A00_0009, 0, 44, 1000, 1, 1, sample.0.len() as u32]).raw(&sample.0).0
}

#[test]
fn a_sample_stands_for_as_many_packets_as_its_rate_says() {
    let bytes = sflow_datagram();
    let (flows, used) = take(&mut Decoder::new(), &bytes);
    assert_eq!(used, Ok(bytes.len()));
    let flow = flows[0];
    assert_eq!((flow.src, flow.dst), ([10, 1, 1, 1].into(), [10, 2, 2, 2].into()));
    assert_eq!((flow.sport, flow.dport, flow.proto, flow.tos), (5353, 53, 17, Some(8)));
    assert_eq!(flow.sent.0, 512);
    assert_eq!(flow.sent.1 % 512, 0);
    assert_eq!((flow.start, flow.exporter), (77, Some(IpAddr::from([10, 0, 0, 9]))));
}

#[test]
fn version_5_counts_what_went_missing() {
    let bytes = std::fs::read(data("v5.nf5")).expect("sample");
    let mut decoder = Decoder::new();
    let (flows, used) = take(&mut decoder, &bytes);
    assert_eq!((flows.len(), used), (7, Ok(bytes.len())));
    let mut later = bytes.clone();
    let seq = u32::from_be_bytes([bytes[16], bytes[17], bytes[18], bytes[19]]) + 7 + 30;
    later[16..20].copy_from_slice(&seq.to_be_bytes());
    assert!(take(&mut decoder, &later).1.is_ok());
    assert_eq!(decoder.stats().lost, 30);
    let (flows, used) = take(&mut decoder, &bytes[..100]);
    assert_eq!(flows.len(), 1);
    assert!(used.is_err_and(|e| e.contains("ends after 1")));
}

#[test]
fn mutated_input_does_no_harm() {
    let mut seeds = vec![
        std::fs::read(data("v5.nf5")).expect("sample"),
        version_9(1, template_9().raw(&data_9().0)),
        sflow_datagram(),
    ];
    for name in ["v5.ft", "v8_14.ft", "stream1_v5.ft", "v7.ft"] {
        seeds.push(std::fs::read(data(name)).expect("sample"));
    }
    let mut state = 0x9E37_79B9_7F4A_7C15u64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as usize % below.max(1)
    };
    let mut decoder = Decoder::new();
    let mut seen = 0;
    for round in 0..20_000 {
        let mut bytes = seeds[round % seeds.len()].clone();
        for _ in 0..=random(4) {
            let at = random(bytes.len());
            bytes[at] = [0, 0xFF, random(256) as u8][random(3)];
        }
        bytes.truncate(bytes.len() - random(20));
        let (flows, _) = take(&mut decoder, &bytes);
        let flows = if flows.is_empty() { flows_of(&bytes).unwrap_or_default() } else { flows };
        let mut out = Vec::new();
        for flow in &flows {
            seen += 1;
            out.clear();
            flow.write(1, &mut out);
            drive_record(RecordRef::new(&out).expect("a whole record"));
        }
    }
    assert!(seen > 20_000, "{seen} flows");
}
