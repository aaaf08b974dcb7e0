//! Writes the bundled sample recording: a made-up capture of three minutes on a busy transit link.
//!
//! `cargo run --no-default-features --example make_sample -- geo/known_addresses.csv assets/sample.pcap`
//!
//! The packets are invented; only the addresses are real, so that they have places. The same input gives the same
//! bytes. Payloads are zeros and cut by the snap length, as a capture of headers would be; wire lengths are whole, with
//! segments as large as offloading network cards hand them up.

use std::error::Error;
use std::io::Write as _;
use std::net::IpAddr;

/// 2026-03-20T15:40:00Z: an equinox, noon over the Atlantic, night over Asia.
const START_US: u64 = 1_774_021_200_000_000;
const LENGTH_US: u64 = 180_000_000;
const SNAP: usize = 80;

/// SplitMix64, so that the sample never changes with a library.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n.max(1)
    }

    fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high - low + 1)
    }
}

struct Packet {
    at: u64,
    frame: Vec<u8>,
    wire: u32,
}

/// One end of a conversation, with the IP id counter of its stack.
#[derive(Clone, Copy)]
struct End {
    ip: IpAddr,
    port: u16,
    ttl: u8,
}

struct Capture {
    packets: Vec<Packet>,
    random: Random,
    ip_id: u16,
}

fn sum16(bytes: &[u8], mut sum: u32) -> u32 {
    for pair in bytes.chunks(2) {
        sum += u32::from(pair[0]) << 8 | u32::from(pair.get(1).copied().unwrap_or(0));
    }
    sum
}

fn fold(mut sum: u32) -> u16 {
    while sum > 0xFFFF {
        sum = (sum & 0xFFFF) + (sum >> 16);
    }
    !(sum as u16)
}

impl Capture {
    /// Puts one IP packet on the link: `l4` is the transport header with its checksum field at `check` zeroed, behind
    /// it come `payload` bytes of zeros.
    #[expect(clippy::too_many_arguments, reason = "the fields of a packet")]
    fn ip(&mut self, at: u64, ends: (End, End), proto: u8, l4: &[u8], check: usize, payload: usize) {
        if at >= LENGTH_US {
            return;
        }
        let (from, to) = ends;
        let inner = l4.len() + payload;
        let mut frame = vec![0x02, 0, 0, 0, 0, 2, 0x02, 0, 0, 0, 0, 1];
        let (pseudo, proto_len) = match (from.ip, to.ip) {
            (IpAddr::V4(a), IpAddr::V4(b)) => {
                self.ip_id = self.ip_id.wrapping_add(1);
                let mut head = vec![0x45, 0];
                head.extend(((20 + inner) as u16).to_be_bytes());
                head.extend(self.ip_id.to_be_bytes());
                head.extend([0x40, 0, from.ttl, proto, 0, 0]);
                head.extend(a.octets());
                head.extend(b.octets());
                let c = fold(sum16(&head, 0));
                head[10..12].copy_from_slice(&c.to_be_bytes());
                frame.extend([0x08, 0x00]);
                frame.extend(head);
                (sum16(&b.octets(), sum16(&a.octets(), 0)), u32::from(proto) + inner as u32)
            }
            (IpAddr::V6(a), IpAddr::V6(b)) => {
                frame.extend([0x86, 0xDD, 0x60, 0, 0, 0]);
                frame.extend((inner as u16).to_be_bytes());
                frame.extend([proto, from.ttl]);
                frame.extend(a.octets());
                frame.extend(b.octets());
                (sum16(&b.octets(), sum16(&a.octets(), 0)), u32::from(proto) + inner as u32)
            }
            _ => return,
        };
        let mut l4 = l4.to_vec();
        // ICMP over IPv4 has no pseudo header.
        let base = if proto == 1 { 0 } else { pseudo + proto_len };
        let c = fold(sum16(&l4, base));
        l4[check..check + 2].copy_from_slice(&c.to_be_bytes());
        frame.extend(l4);
        let wire = (frame.len() + payload).max(60) as u32;
        frame.resize((frame.len() + payload).min(SNAP.max(frame.len())), 0);
        frame.truncate(SNAP);
        self.packets.push(Packet { at, frame, wire });
    }

    #[expect(clippy::too_many_arguments, reason = "the fields of a packet")]
    fn tcp(&mut self, at: u64, ends: (End, End), seq: u32, ack: u32, flags: u8, payload: usize) {
        let mut h = Vec::with_capacity(32);
        h.extend(ends.0.port.to_be_bytes());
        h.extend(ends.1.port.to_be_bytes());
        h.extend(seq.to_be_bytes());
        h.extend(ack.to_be_bytes());
        let syn = flags & 2 != 0;
        h.extend([if syn { 0x80 } else { 0x50 }, flags, 0xFA, 0xF0, 0, 0, 0, 0]);
        if syn {
            // MSS 1460, SACK permitted, window scale 7.
            h.extend([2, 4, 0x05, 0xB4, 1, 1, 4, 2, 1, 3, 3, 7]);
        }
        self.ip(at, ends, 6, &h, 16, payload);
    }

    fn udp(&mut self, at: u64, ends: (End, End), payload: usize) {
        let mut h = Vec::with_capacity(8);
        h.extend(ends.0.port.to_be_bytes());
        h.extend(ends.1.port.to_be_bytes());
        h.extend(((8 + payload) as u16).to_be_bytes());
        h.extend([0, 0]);
        self.ip(at, ends, 17, &h, 6, payload);
    }

    /// A whole TCP connection: handshake, then `pieces` of (delay, from the client?, bytes), then both FINs.
    fn connection(&mut self, start: u64, client: End, server: End, rtt: u64, pieces: &[(u64, bool, usize)]) {
        let (c2s, s2c) = ((client, server), (server, client));
        let mut cseq = self.random.next() as u32;
        let mut sseq = self.random.next() as u32;
        self.tcp(start, c2s, cseq, 0, 0x02, 0);
        cseq = cseq.wrapping_add(1);
        self.tcp(start + rtt / 2, s2c, sseq, cseq, 0x12, 0);
        sseq = sseq.wrapping_add(1);
        let mut now = start + rtt;
        self.tcp(now, c2s, cseq, sseq, 0x10, 0);
        for &(delay, from_client, bytes) in pieces {
            now += delay.max(200);
            if from_client {
                self.tcp(now, c2s, cseq, sseq, 0x18, bytes);
                cseq = cseq.wrapping_add(bytes as u32);
                self.tcp(now + rtt / 2, s2c, sseq, cseq, 0x10, 0);
            } else {
                self.tcp(now, s2c, sseq, cseq, 0x18, bytes);
                sseq = sseq.wrapping_add(bytes as u32);
                self.tcp(now + rtt / 2, c2s, cseq, sseq, 0x10, 0);
            }
        }
        now += rtt;
        self.tcp(now, c2s, cseq, sseq, 0x11, 0);
        self.tcp(now + rtt / 2, s2c, sseq, cseq.wrapping_add(1), 0x11, 0);
        self.tcp(now + rtt, c2s, cseq.wrapping_add(1), sseq.wrapping_add(1), 0x10, 0);
    }

    /// Echo requests and replies once a second.
    fn ping(&mut self, start: u64, ends: (End, End), rtt: u64, count: u64) {
        let v6 = ends.0.ip.is_ipv6();
        let (proto, request, reply) = if v6 { (58, 128, 129) } else { (1, 8, 0) };
        let id = (self.random.next() as u16).to_be_bytes();
        for n in 0..count {
            let seq = (n as u16 + 1).to_be_bytes();
            let at = start + n * 1_000_000;
            self.ip(at, ends, proto, &[request, 0, 0, 0, id[0], id[1], seq[0], seq[1]], 2, 56);
            self.ip(at + rtt, (ends.1, ends.0), proto, &[reply, 0, 0, 0, id[0], id[1], seq[0], seq[1]], 2, 56);
        }
    }

    fn write(mut self, path: &str) -> std::io::Result<usize> {
        self.packets.sort_by_key(|p| p.at);
        let mut out = std::io::BufWriter::new(std::fs::File::create(path)?);
        out.write_all(&0xA1B2_C3D4u32.to_le_bytes())?;
        for word in [0x0004_0002u32, 0, 0, SNAP as u32, 1] {
            out.write_all(&word.to_le_bytes())?;
        }
        for p in &self.packets {
            let t = START_US + p.at;
            for word in [(t / 1_000_000) as u32, (t % 1_000_000) as u32, p.frame.len() as u32, p.wire] {
                out.write_all(&word.to_le_bytes())?;
            }
            out.write_all(&p.frame)?;
        }
        out.flush()?;
        Ok(self.packets.len())
    }
}

/// Neighbours on the same prefix, so that several machines stand in one place.
fn neighbour(ip: IpAddr, n: u8) -> IpAddr {
    match ip {
        IpAddr::V4(a) => {
            let mut o = a.octets();
            o[3] = o[3].wrapping_add(n.wrapping_mul(7));
            IpAddr::from(o)
        }
        IpAddr::V6(a) => {
            let mut o = a.octets();
            o[15] = o[15].wrapping_add(n);
            IpAddr::from(o)
        }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().collect();
    let [_, addresses, out] = args.as_slice() else {
        return Err("usage: make_sample geo/known_addresses.csv OUT.pcap".into());
    };
    let mut v4 = Vec::new();
    let mut v6 = Vec::new();
    for line in std::fs::read_to_string(addresses)?.lines().skip(1) {
        let Some(Ok(ip)) = line.split(',').next().map(str::parse::<IpAddr>) else { continue };
        if ip.is_ipv4() { v4.push(ip) } else { v6.push(ip) }
    }
    let mut c = Capture { packets: Vec::new(), random: Random(2026), ip_id: 0 };
    // The busy places: Zürich, Geneva, Cambridge (US and UK), Berkeley, Tokyo, São Paulo, Cape Town.
    let hubs: Vec<IpAddr> = [
        "129.132.1.1",
        "137.138.1.1",
        "18.9.22.69",
        "131.111.8.42",
        "128.32.136.9",
        "133.11.1.1",
        "143.107.1.1",
        "137.158.1.1",
    ]
    .iter()
    .filter_map(|a| a.parse().ok())
    .collect();
    web(&mut c, &v4, &hubs);
    bulk(&mut c, &hubs, &v4);
    streams(&mut c, &v4, &hubs);
    small_talk(&mut c, &v4, &v6, &hubs);
    trouble(&mut c, &v4, &hubs);
    let n = c.write(out)?;
    writeln!(std::io::stdout(), "{n} packets, {} bytes", std::fs::metadata(out)?.len())?;
    Ok(())
}

fn end(c: &mut Capture, ip: IpAddr, port: u16) -> End {
    let hops = c.random.between(3, 18) as u8;
    End { ip, port, ttl: if port < 1024 { 64 - hops } else { 128 - hops } }
}

fn client(c: &mut Capture, ip: IpAddr) -> End {
    let port = c.random.between(32_768, 60_999) as u16;
    end(c, ip, port)
}

/// Web sessions from everywhere to the busy places.
fn web(c: &mut Capture, v4: &[IpAddr], hubs: &[IpAddr]) {
    for (i, &ip) in v4.iter().enumerate() {
        for _ in 0..c.random.between(2, 5) {
            let hub = hubs[c.random.below(hubs.len() as u64) as usize];
            if hub == ip {
                continue;
            }
            let machine = neighbour(ip, c.random.below(3) as u8);
            let from = client(c, machine);
            let to = end(c, hub, 443);
            let start = c.random.below(LENGTH_US - 20_000_000);
            let rtt = c.random.between(12_000, 280_000);
            let mut pieces = vec![(1_000, true, c.random.between(200, 900) as usize)];
            // Every fifth client loads something heavy.
            let (rounds, most) = if i % 5 == 0 { (24, 58_000) } else { (7, 22_000) };
            for _ in 0..c.random.between(2, rounds) {
                pieces.push((c.random.between(20_000, 700_000), false, c.random.between(600, most) as usize));
                if c.random.below(3) == 0 {
                    pieces.push((c.random.between(10_000, 300_000), true, c.random.between(80, 700) as usize));
                }
            }
            c.connection(start, from, to, rtt, &pieces);
        }
    }
}

/// Transfers that swell and fade between the busy places.
fn bulk(c: &mut Capture, hubs: &[IpAddr], v4: &[IpAddr]) {
    let plan: [(usize, IpAddr, u64, u64, u64); 7] = [
        (1, hubs[0], 5, 150, 62_000),
        (2, hubs[3], 20, 120, 60_000),
        (5, hubs[4], 40, 90, 56_000),
        (0, hubs[6], 10, 60, 22_000),
        (3, hubs[7], 70, 80, 9_000),
        (1, v4[v4.len() / 3], 90, 70, 30_000),
        (4, hubs[2], 0, 175, 12_000),
    ];
    for (hub, peer, start, seconds, size) in plan {
        let from = client(c, neighbour(peer, 1));
        let to = end(c, hubs[hub], 873);
        let steps = seconds * 8;
        let pieces: Vec<_> = (0..steps)
            .map(|n| {
                let swell = (std::f64::consts::PI * n as f64 / steps as f64).sin();
                let bytes = (size as f64 * (0.15 + 0.85 * swell)) as usize;
                (c.random.between(110_000, 140_000), n % 16 == 0, if n % 16 == 0 { 400 } else { bytes.max(1) })
            })
            .collect();
        c.connection(start * 1_000_000, from, to, 90_000, &pieces);
    }
}

/// Calls and video: UDP both ways at a steady pace.
fn streams(c: &mut Capture, v4: &[IpAddr], hubs: &[IpAddr]) {
    for n in 0..26u64 {
        let a = v4[c.random.below(v4.len() as u64) as usize];
        let hub = hubs[c.random.below(hubs.len() as u64) as usize];
        let from = client(c, a);
        let to = end(c, neighbour(hub, 1), if n % 2 == 0 { 443 } else { 3478 });
        let start = c.random.below(LENGTH_US - 40_000_000);
        let length = c.random.between(20, 120) * 1_000_000;
        let down = c.random.between(200, 9_000) as usize;
        let mut t = start;
        while t < start + length {
            let bytes = down + c.random.below(300) as usize;
            c.udp(t, (to, from), bytes);
            if c.random.below(3) == 0 {
                let bytes = c.random.between(60, 300) as usize;
                c.udp(t + 9_000, (from, to), bytes);
            }
            t += c.random.between(380_000, 520_000);
        }
    }
}

/// Names, time, pings, terminals, and the same over IPv6.
fn small_talk(c: &mut Capture, v4: &[IpAddr], v6: &[IpAddr], hubs: &[IpAddr]) {
    let dns: IpAddr = IpAddr::from([8, 8, 8, 8]);
    for n in 0..420u64 {
        let a = v4[c.random.below(v4.len() as u64) as usize];
        let from = client(c, a);
        let server = if n % 3 == 0 { dns } else { hubs[n as usize % hubs.len()] };
        let to = end(c, server, if n % 7 == 0 { 123 } else { 53 });
        let at = c.random.below(LENGTH_US - 2_000_000);
        let query = if n % 7 == 0 { 48 } else { c.random.between(28, 60) as usize };
        c.udp(at, (from, to), query);
        let reply = if n % 7 == 0 { 48 } else { c.random.between(60, 480) as usize };
        let later = at + c.random.between(8_000, 220_000);
        c.udp(later, (to, from), reply);
    }
    for n in 0..14usize {
        let a = v4[c.random.below(v4.len() as u64) as usize];
        let ends = (end(c, a, 0), end(c, hubs[n % hubs.len()], 0));
        let (start, rtt) = (c.random.below(120_000_000), c.random.between(9_000, 310_000));
        c.ping(start, ends, rtt, 25);
    }
    for n in 0..46usize {
        let (a, b) = (v6[n % v6.len()], v6[(n * 5 + 3) % v6.len()]);
        if a == b {
            continue;
        }
        let start = c.random.below(LENGTH_US - 25_000_000);
        let rtt = c.random.between(15_000, 240_000);
        let (from, to) = (client(c, a), end(c, b, 443));
        if n % 6 == 0 {
            c.ping(start, (from, to), rtt, 20);
            continue;
        }
        let mut pieces = vec![(900, true, 517)];
        for _ in 0..c.random.between(3, 22) {
            pieces.push((c.random.between(30_000, 800_000), false, c.random.between(900, 40_000) as usize));
        }
        c.connection(start, from, to, rtt, &pieces);
        let (from, to) = (client(c, a), end(c, b, 53));
        c.udp(start.saturating_sub(60_000), (from, to), 44);
        c.udp(start.saturating_sub(60_000) + rtt, (to, from), 130);
    }
    for n in 0..6usize {
        let a = v4[(n * 31 + 5) % v4.len()];
        let (from, to) = (client(c, a), end(c, hubs[n], 22));
        let pieces: Vec<_> = (0..70)
            .map(|i| (c.random.between(120_000, 2_600_000), i % 2 == 0, c.random.between(36, 180) as usize))
            .collect();
        c.connection(n as u64 * 4_000_000, from, to, 60_000, &pieces);
    }
}

/// A scan that is mostly refused, and datagrams to a port where nobody listens.
fn trouble(c: &mut Capture, v4: &[IpAddr], hubs: &[IpAddr]) {
    let scanner = v4[v4.len() - 9];
    for n in 0..260u64 {
        let from = client(c, scanner);
        let to = end(c, neighbour(hubs[n as usize % 3], (n % 23) as u8), 1 + (n * 37 % 1023) as u16);
        let at = 95_000_000 + n * 110_000;
        let seq = c.random.next() as u32;
        c.tcp(at, (from, to), seq, 0, 0x02, 0);
        if n % 4 != 0 {
            c.tcp(at + 140_000, (to, from), 0, seq.wrapping_add(1), 0x14, 0);
        }
    }
    for n in 0..30usize {
        let (a, hub) = (v4[(n * 13) % v4.len()], hubs[n % hubs.len()]);
        let (from, to) = (client(c, a), end(c, hub, 33_434 + n as u16));
        let at = 30_000_000 + n as u64 * 2_500_000;
        c.udp(at, (from, to), 32);
        let (IpAddr::V4(s), IpAddr::V4(d)) = (a, hub) else { continue };
        // Port unreachable, quoting the datagram.
        let mut m = vec![3, 3, 0, 0, 0, 0, 0, 0, 0x45, 0, 0, 60, 0, 0, 0x40, 0, 1, 17, 0, 0];
        m.extend(s.octets());
        m.extend(d.octets());
        m.extend(from.port.to_be_bytes());
        m.extend(to.port.to_be_bytes());
        m.extend([0, 40, 0, 0]);
        c.ip(at + 70_000, (to, from), 1, &m, 2, 0);
    }
}
