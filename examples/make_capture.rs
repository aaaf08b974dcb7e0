//! Makes a large capture of conversations all over the world, or of an attack; the same for the same numbers.
//!
//! `cargo run --example make_capture -- OUT.pcap [--packets N] [--conversations N] [--attack syn|v6] [--seed N]`
//!
//! `-` writes to standard output, so that captures of any length can be piped. Under attack every packet is a SYN from
//! an address and port that never come again.

use std::fs::File;
use std::io::{self, BufWriter, Write};

/// Conversations that go on at once.
const OPEN: u64 = 20_000;
/// Captured bytes of a packet: headers and a little of the payload, as a probe would take them.
const SNAPLEN: usize = 160;
/// Mean packets of a conversation where the number of conversations is not given.
const MEAN: u64 = 10;

/// A small generator (xorshift64*), so that captures do not depend on a library's version.
struct Rng(u64);

impl Rng {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, n: u64) -> u64 {
        (self.next() >> 33) % n.max(1)
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Tcp,
    Udp,
    Dns,
    Ping,
}

/// One conversation between a host of ours and one somewhere on earth.
#[derive(Clone)]
struct Talk {
    kind: Kind,
    v6: bool,
    ends: [[u8; 16]; 2],
    ports: [u16; 2],
    seq: [u32; 2],
    step: u32,
    steps: u32,
    ident: u16,
}

impl Talk {
    /// A conversation of about `mean` packets.
    fn new(rng: &mut Rng, mean: u64) -> Talk {
        let kind = match rng.below(10) {
            0..=5 => Kind::Tcp,
            6 | 7 => Kind::Udp,
            8 => Kind::Dns,
            _ => Kind::Ping,
        };
        let v6 = rng.below(5) == 0;
        let mut ends = [[0; 16]; 2];
        if v6 {
            ends[0] = (0x2001_0db8_u128 << 96 | u128::from(rng.below(200))).to_be_bytes();
            ends[1] = (u128::from(0x2a00 + rng.below(0x300)) << 112 | u128::from(rng.next())).to_be_bytes();
        } else {
            ends[0][..4].copy_from_slice(&(0xC633_6400 + rng.below(200) as u32).to_be_bytes());
            let first = [5, 8, 23, 41, 62, 77, 91, 103, 128, 140, 177, 186, 196, 200, 203, 217][rng.below(16) as usize];
            ends[1][..4].copy_from_slice(&(first << 24 | rng.below(1 << 24) as u32).to_be_bytes());
        }
        let port = match kind {
            Kind::Dns => 53,
            _ => [443, 80, 22, 993, 8080, 123, 3478, 51820][rng.below(8) as usize],
        };
        let steps = match kind {
            Kind::Dns | Kind::Ping => 2,
            Kind::Udp => 2 + rng.below(mean * 2) as u32,
            // Few are long: the product of two even choices.
            Kind::Tcp => 7 + (rng.below(mean) * rng.below(6) / 2) as u32,
        };
        let ports = [1024 + rng.below(60_000) as u16, port];
        Talk {
            kind,
            v6,
            ends,
            ports,
            seq: [rng.next() as u32, rng.next() as u32],
            step: 0,
            steps,
            ident: rng.next() as u16,
        }
    }

    /// The next frame, and its length on the wire.
    fn frame(&mut self, rng: &mut Rng) -> Vec<u8> {
        let (from, proto, body) = match self.kind {
            Kind::Tcp => self.tcp(rng),
            Kind::Udp => self.udp(rng, 1200),
            Kind::Dns => self.udp(rng, 200),
            Kind::Ping => self.ping(),
        };
        self.step += 1;
        self.ident = self.ident.wrapping_add(1);
        self.ip(from, proto, &body)
    }

    fn tcp(&mut self, rng: &mut Rng) -> (usize, u8, Vec<u8>) {
        let last = self.steps - self.step;
        let (from, flags, len) = match (self.step, last) {
            (0, _) => (0, 0x02, 0),
            (1, _) => (1, 0x12, 0),
            (2, _) => (0, 0x10, 0),
            (_, 3) => (0, 0x11, 0),
            (_, 2) => (1, 0x11, 0),
            (_, 1) => (0, 0x10, 0),
            (n, _) if n % 3 == 0 => (0, 0x18, 40 + rng.below(500) as usize),
            (n, _) if n % 3 == 1 => (1, 0x18, 200 + rng.below(1200) as usize),
            _ => (0, 0x10, 0),
        };
        let mut t = Vec::with_capacity(20 + len);
        t.extend(self.ports[from].to_be_bytes());
        t.extend(self.ports[1 - from].to_be_bytes());
        t.extend(self.seq[from].to_be_bytes());
        t.extend(if flags & 0x10 != 0 { self.seq[1 - from] } else { 0 }.to_be_bytes());
        t.extend([0x50, flags, 0xFF, 0x00, 0, 0, 0, 0]);
        t.resize(20 + len, b'.');
        self.seq[from] = self.seq[from].wrapping_add(len as u32 + u32::from(flags & 3 != 0));
        (from, 6, t)
    }

    fn udp(&mut self, rng: &mut Rng, most: u64) -> (usize, u8, Vec<u8>) {
        let from = (self.step % 2) as usize;
        let len = 20 + rng.below(most) as usize;
        let mut u = Vec::with_capacity(8 + len);
        u.extend(self.ports[from].to_be_bytes());
        u.extend(self.ports[1 - from].to_be_bytes());
        u.extend((8 + len as u16).to_be_bytes());
        u.extend([0, 0]);
        u.extend((self.seq[0] as u16 & 0x3FFF).to_be_bytes());
        u.resize(8 + len, b'.');
        (from, 17, u)
    }

    fn ping(&mut self) -> (usize, u8, Vec<u8>) {
        let from = (self.step % 2) as usize;
        let kind = match (self.v6, from) {
            (false, 0) => 8,
            (false, _) => 0,
            (true, 0) => 128,
            (true, _) => 129,
        };
        let mut p = vec![kind, 0, 0, 0];
        p.extend(self.ports[0].to_be_bytes());
        p.extend([0, 1]);
        p.resize(64, b'.');
        (from, if self.v6 { 58 } else { 1 }, p)
    }

    fn ip(&self, from: usize, proto: u8, body: &[u8]) -> Vec<u8> {
        let mut f = vec![2, 0, 0, 0, 0, 1 + from as u8, 2, 0, 0, 0, 0, 2 - from as u8];
        if self.v6 {
            f.extend([0x86, 0xDD, 0x60, 0, 0, 0]);
            f.extend((body.len() as u16).to_be_bytes());
            f.extend([proto, 60]);
            f.extend(self.ends[from]);
            f.extend(self.ends[1 - from]);
        } else {
            f.extend([0x08, 0x00, 0x45, 0]);
            f.extend((20 + body.len() as u16).to_be_bytes());
            f.extend(self.ident.to_be_bytes());
            f.extend([0x40, 0, 60, proto, 0, 0]);
            f.extend(&self.ends[from][..4]);
            f.extend(&self.ends[1 - from][..4]);
        }
        f.extend(body);
        f
    }
}

/// What is asked for.
struct Order {
    path: String,
    packets: u64,
    conversations: Option<u64>,
    /// SYNs of this IP version only.
    attack: Option<u8>,
    seed: u64,
}

impl Order {
    fn of(mut args: impl Iterator<Item = String>) -> Option<Order> {
        let path = args.next()?;
        let mut order = Order { path, packets: 500_000, conversations: None, attack: None, seed: 1 };
        while let Some(option) = args.next() {
            let value = args.next()?;
            match option.as_str() {
                "--packets" => order.packets = value.parse().ok()?,
                "--conversations" => order.conversations = Some(value.parse().ok()?),
                "--seed" => order.seed = value.parse().ok()?,
                "--attack" if value == "syn" => order.attack = Some(4),
                "--attack" if value == "v6" => order.attack = Some(6),
                _ => return None,
            }
        }
        Some(order)
    }
}

/// Writes a capture in the classic format.
struct Capture<W> {
    out: W,
    micros: u64,
}

impl<W: Write> Capture<W> {
    fn new(mut out: W) -> io::Result<Capture<W>> {
        for word in [0xA1B2_C3D4u32, 0x0004_0002, 0, 0, 65_535, 1] {
            out.write_all(&word.to_le_bytes())?;
        }
        Ok(Capture { out, micros: 1_700_000_000_000_000 })
    }

    fn add(&mut self, wait: u64, frame: &[u8]) -> io::Result<()> {
        self.micros += wait;
        let (secs, micros) = ((self.micros / 1_000_000) as u32, (self.micros % 1_000_000) as u32);
        let captured = frame.get(..SNAPLEN).unwrap_or(frame);
        for word in [secs, micros, captured.len() as u32, frame.len() as u32] {
            self.out.write_all(&word.to_le_bytes())?;
        }
        self.out.write_all(captured)
    }
}

/// Conversations: a packet of one or the other; a finished one makes room for a new one.
fn talk<W: Write>(order: &Order, rng: &mut Rng, out: &mut Capture<W>) -> io::Result<()> {
    let mean = order.conversations.map_or(MEAN, |n| (order.packets / n.max(1)).max(2));
    let at_once = OPEN.min(order.packets / mean / 2).max(1);
    let mut open: Vec<Talk> = (0..at_once).map(|_| Talk::new(rng, mean)).collect();
    for _ in 0..order.packets {
        let at = rng.below(open.len() as u64) as usize;
        let frame = open[at].frame(rng);
        if open[at].step >= open[at].steps {
            open[at] = Talk::new(rng, mean);
        }
        out.add(rng.below(40), &frame)?;
    }
    Ok(())
}

/// SYNs to one web server from everywhere.
fn attack<W: Write>(order: &Order, version: u8, rng: &mut Rng, out: &mut Capture<W>) -> io::Result<()> {
    let mut victim = Talk::new(rng, 2);
    (victim.kind, victim.v6) = (Kind::Tcp, version == 6);
    victim.ends[1] = [0; 16];
    victim.ends[1][..4].copy_from_slice(if version == 6 { &[0x20, 1, 0xD, 0xB8] } else { &[198, 51, 100, 80] });
    for _ in 0..order.packets {
        victim.ends[0][..8].copy_from_slice(&rng.next().to_be_bytes());
        victim.ends[0][8..].copy_from_slice(&rng.next().to_be_bytes());
        victim.ends[0][0] = if version == 6 { 0x2A } else { 1 + rng.below(223) as u8 };
        victim.ports = [1024 + rng.below(60_000) as u16, 443];
        (victim.step, victim.seq) = (0, [rng.next() as u32, 0]);
        let frame = victim.frame(rng);
        out.add(rng.below(4), &frame)?;
    }
    Ok(())
}

fn main() -> io::Result<()> {
    let Some(order) = Order::of(std::env::args().skip(1)) else {
        let usage = "usage: make_capture OUT.pcap|- [--packets N] [--conversations N] [--attack syn|v6] [--seed N]";
        return Err(io::Error::other(usage));
    };
    let target: Box<dyn Write> =
        if order.path == "-" { Box::new(io::stdout().lock()) } else { Box::new(File::create(&order.path)?) };
    let mut rng = Rng(order.seed | 1);
    let mut out = Capture::new(BufWriter::with_capacity(1 << 20, target))?;
    match order.attack {
        Some(version) => attack(&order, version, &mut rng, &mut out)?,
        None => talk(&order, &mut rng, &mut out)?,
    }
    out.out.flush()
}
