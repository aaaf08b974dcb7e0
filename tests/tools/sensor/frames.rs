//! Packets and captures, built in code.

use std::path::Path;

pub(super) const A: u32 = 0x0A00_0001;
pub(super) const B: u32 = 0x0A00_0002;

/// A capture under construction: times in µs since some day in 2023.
pub(super) struct Capture {
    link: u32,
    packets: Vec<(u64, Vec<u8>, usize)>,
}

impl Capture {
    pub(super) fn new(link: u32) -> Capture {
        Capture { link, packets: Vec::new() }
    }

    pub(super) fn add(&mut self, micros: u64, frame: Vec<u8>) {
        let wire = frame.len();
        self.packets.push((micros, frame, wire));
    }

    /// A frame of which only the first `captured` bytes were kept.
    pub(super) fn add_cut(&mut self, micros: u64, mut frame: Vec<u8>, captured: usize) {
        let wire = frame.len();
        frame.truncate(captured);
        self.packets.push((micros, frame, wire));
    }

    /// The file's bytes, packets in the order of time.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut f = Vec::new();
        for word in [0xA1B2_C3D4u32, 0x0004_0002, 0, 0, 65_535, self.link] {
            f.extend(word.to_le_bytes());
        }
        let mut packets: Vec<_> = self.packets.iter().collect();
        packets.sort_by_key(|p| p.0);
        for (micros, data, wire) in packets {
            for word in [1_700_000_000 + (micros / 1_000_000) as u32, (micros % 1_000_000) as u32] {
                f.extend(word.to_le_bytes());
            }
            f.extend((data.len() as u32).to_le_bytes());
            f.extend((*wire as u32).to_le_bytes());
            f.extend(data);
        }
        f
    }

    pub(super) fn write(&self, path: &Path) {
        std::fs::write(path, self.bytes()).expect("a capture is written");
    }
}

pub(super) fn mac(n: u8) -> [u8; 6] {
    [0, 0x10, 0, 0, 0, n]
}

pub(super) fn ether(src: u8, dst: u8, kind: u16, body: &[u8]) -> Vec<u8> {
    [&mac(dst)[..], &mac(src), &kind.to_be_bytes(), body].concat()
}

/// IPv4 over Ethernet between two addresses; hardware addresses follow from them.
pub(super) fn on_ether(ip: &[u8]) -> Vec<u8> {
    ether(ip[15], ip[19], 0x0800, ip)
}

pub(super) fn ip4(src: u32, dst: u32, proto: u8, body: &[u8]) -> Vec<u8> {
    ip4_with(src, dst, proto, (1, 0), &[], body)
}

/// IPv4 with identification, fragment field and options.
pub(super) fn ip4_with(
    src: u32,
    dst: u32,
    proto: u8,
    (id, fragment): (u16, u16),
    options: &[u8],
    body: &[u8],
) -> Vec<u8> {
    let header = 20 + options.len();
    let mut p = vec![0x40 | (header / 4) as u8, 0];
    p.extend(((header + body.len()) as u16).to_be_bytes());
    p.extend(id.to_be_bytes());
    p.extend(fragment.to_be_bytes());
    p.extend([64, proto, 0, 0]);
    p.extend(src.to_be_bytes());
    p.extend(dst.to_be_bytes());
    p.extend(options);
    p.extend(body);
    p
}

pub(super) fn addr6(n: u8) -> [u8; 16] {
    [0x20, 1, 0xD, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, n]
}

pub(super) fn ip6(src: u8, dst: u8, proto: u8, body: &[u8]) -> Vec<u8> {
    let mut p = vec![0x60, 0, 0, 0];
    p.extend((body.len() as u16).to_be_bytes());
    p.extend([proto, 64]);
    p.extend(addr6(src));
    p.extend(addr6(dst));
    p.extend(body);
    p
}

pub(super) fn udp(sport: u16, dport: u16, data: &[u8]) -> Vec<u8> {
    let mut u = [sport.to_be_bytes(), dport.to_be_bytes(), (8 + data.len() as u16).to_be_bytes(), [0, 0]].concat();
    u.extend(data);
    u
}

/// A TCP segment; flags by letter.
pub(super) fn tcp(ports: (u16, u16), flags: &str, (seq, ack): (u32, u32), data: &[u8]) -> Vec<u8> {
    let bits = flags.chars().fold(0u8, |all, c| {
        all | match c {
            'F' => 1,
            'S' => 2,
            'R' => 4,
            'P' => 8,
            'A' => 16,
            'U' => 32,
            'E' => 64,
            _ => 128,
        }
    });
    let options: &[u8] = if flags.contains('S') { &[2, 4, 5, 0xB4, 4, 2, 1, 3, 3, 7, 1, 1] } else { &[] };
    let mut t = [ports.0.to_be_bytes(), ports.1.to_be_bytes()].concat();
    t.extend(seq.to_be_bytes());
    t.extend(ack.to_be_bytes());
    t.extend([((5 + options.len() / 4) << 4) as u8, bits, 0x20, 0, 0, 0, 0, 0]);
    t.extend(options);
    t.extend(data);
    t
}

pub(super) fn icmp(kind: u8, code: u8, (id, seq): (u16, u16), data: &[u8]) -> Vec<u8> {
    let mut m = vec![kind, code, 0, 0];
    m.extend(id.to_be_bytes());
    m.extend(seq.to_be_bytes());
    m.extend(data);
    m
}

pub(super) fn arp(op: u16, (sender_mac, sender): (u8, u32), (target_mac, target): (u8, u32)) -> Vec<u8> {
    let mut p = vec![0, 1, 8, 0, 6, 4];
    p.extend(op.to_be_bytes());
    p.extend(mac(sender_mac));
    p.extend(sender.to_be_bytes());
    p.extend(mac(target_mac));
    p.extend(target.to_be_bytes());
    p
}

/// A small generator, so that a test's packets never change.
pub(super) struct Rng(pub(super) u64);

impl Rng {
    pub(super) fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % n.max(1)
    }
}
