//! Reads a capture through libpcap and adds up lengths: the least that any program spends on it.
//!
//! `cargo run --example read_loop -- FILE.pcap`

use std::io::{Error, Write as _};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or_else(|| Error::other("usage: read_loop FILE.pcap"))?;
    let mut capture = pcap::Capture::from_file(path)?;
    let (mut packets, mut bytes) = (0u64, 0u64);
    loop {
        match capture.next_packet() {
            Ok(packet) => {
                packets += 1;
                bytes += u64::from(packet.header.len);
            }
            Err(pcap::Error::NoMorePackets) => break,
            Err(error) => return Err(error.into()),
        }
    }
    writeln!(std::io::stdout().lock(), "{packets} packets, {bytes} bytes")?;
    Ok(())
}
