//! Takes bytes from a stranger through everything this room can do with them: for tests and fuzzers.

use super::codec::{Framer, Mar, RecordKind, RecordRef, to_v3};
use super::{Far, Payload, Side};

/// Frames `bytes`, decodes every record, asks every accessor, and converts each record to version 3 and reads that
/// again. Returns how many flow records there were. Must never panic, whatever the bytes.
pub fn drive_bytes(bytes: &[u8]) -> usize {
    let mut framer = Framer::new();
    framer.push(bytes);
    let mut flows = 0;
    let mut out = Vec::new();
    while let Ok(Some((_, record))) = framer.next_record() {
        flows += usize::from(drive_record(record));
        out.clear();
        if to_v3(record, &mut out)
            && let Some(again) = RecordRef::new(&out)
        {
            drive_record(again);
        }
    }
    let _ = framer.finish();
    flows
}

/// Asks everything about one record; whether it was a flow record.
pub fn drive_record(record: RecordRef<'_>) -> bool {
    let _ = (record.version(), record.cause(), record.option(), record.is_sound());
    if let Some(mar) = Mar::new(record) {
        let _ = (mar.cause(), mar.srcid(), mar.now(), mar.sensor_start(), mar.version(), mar.next_seq());
        let _ = (mar.packets(), mar.bytes(), mar.records(), mar.flows(), mar.dropped(), mar.wants_authentication());
    }
    if record.kind() == RecordKind::Event {
        for dsr in record.dsrs().filter(|d| d.kind == 0x50) {
            let _ = Payload::parse(&dsr).text();
        }
    }
    let Some(far) = Far::decode(record) else { return false };
    let _ = (far.summary(), far.transport(), far.interface(), far.trans(), far.is_impossible_rate());
    let _ = (far.network(), far.tcp(), far.icmp(), far.arp(), far.isis(), far.ssid(), far.spi());
    let _ = (far.ip_attrs(), far.vlan(), far.mpls(), far.jitter(), far.packet_sizes(), far.mac());
    let _ = (far.icmp_error(), far.encaps(), far.aggregation(), far.countries(), far.asns(), far.positions());
    let _ = (far.keystrokes(), far.locality(), far.label(), far.has_full_tcp());
    if let Some(tcp) = far.tcp() {
        let _ = (tcp.src.window_bytes_offered(), tcp.dst.window_bytes_offered());
    }
    for side in [Side::Src, Side::Dst] {
        let _ = far.geo_label(side);
        let _ = far.payload().of(side).map(|p| p.text());
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    const MUTANTS: usize = 10_000;

    /// A small generator of our own: the mutants have to be the same on every machine.
    struct Rng(u64);

    impl Rng {
        fn next(&mut self, below: usize) -> usize {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            usize::try_from(self.0 >> 11).unwrap_or(0) % below.max(1)
        }
    }

    fn samples() -> Vec<(String, Vec<u8>)> {
        let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/argus");
        let mut all: Vec<_> = std::fs::read_dir(dir)
            .expect("samples")
            .map(|e| e.expect("entry").path())
            .filter(|p| p.extension().is_some_and(|e| e == "argus"))
            .map(|p| (p.display().to_string(), std::fs::read(&p).expect("readable")))
            .collect();
        all.sort();
        assert!(all.len() > 15);
        all
    }

    /// Changes 1 to 6 bytes, or cuts, or repeats a stretch; mostly behind the first record, or nothing would be read.
    fn mutate(rng: &mut Rng, bytes: &mut Vec<u8>) {
        let from = if rng.next(20) == 0 { 0 } else { 128.min(bytes.len()) };
        match rng.next(10) {
            0 => bytes.truncate(from + rng.next(bytes.len() - from)),
            1 => {
                let start = from + rng.next(bytes.len() - from);
                let end = (start + 1 + rng.next(64)).min(bytes.len());
                let part = bytes[start..end].to_vec();
                let at = from + rng.next(bytes.len() - from);
                bytes.splice(at..at, part);
            }
            _ => {
                for _ in 0..=rng.next(6) {
                    let at = from + rng.next(bytes.len() - from);
                    // Lengths and flags suffer most from the extremes.
                    bytes[at] = match rng.next(4) {
                        0 => 0,
                        1 => 0xFF,
                        2 => bytes[at] ^ (1 << rng.next(8)),
                        _ => u8::try_from(rng.next(256)).unwrap_or(0),
                    };
                }
            }
        }
    }

    #[test]
    fn ten_thousand_mutated_files_do_no_harm() {
        let samples = samples();
        let mut rng = Rng(0x9E37_79B9_7F4A_7C15);
        let mut flows = 0;
        for n in 0..MUTANTS {
            let mut bytes = samples[n % samples.len()].1.clone();
            // Whole files would spend the time on what the mutation did not touch.
            bytes.truncate(128 + 2048);
            mutate(&mut rng, &mut bytes);
            flows += drive_bytes(&bytes);
        }
        assert!(flows > MUTANTS, "mutants were hardly read: {flows} flow records");
    }

    #[test]
    fn random_records_behind_a_good_start_do_no_harm() {
        let start = samples().remove(0).1;
        let mut rng = Rng(42);
        for _ in 0..2_000 {
            let mut bytes = start.get(..128).expect("a management record").to_vec();
            for _ in 0..8 {
                let words = 2 + rng.next(40);
                bytes.extend_from_slice(&[[0x13, 0x15, 0x45][rng.next(3)], 0x10, 0]);
                bytes.push(u8::try_from(words).unwrap_or(0));
                for _ in 1..words {
                    bytes.extend_from_slice(&[0; 4].map(|_: u8| u8::try_from(rng.next(256)).unwrap_or(0)));
                }
            }
            drive_bytes(&bytes);
        }
    }

    #[test]
    fn whole_samples_go_through() {
        for (name, bytes) in samples() {
            let flows = drive_bytes(&bytes);
            assert!(flows > 0 || name.contains("event"), "{name}");
        }
    }
}
