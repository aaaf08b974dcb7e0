//! The values of a row as the bytes of a record that prints them again.
//!
//! # Source
//! Layouts of `docs/records.md`; what state and flags say is read backwards from how they are printed.

use super::cells::{Cells, Pair};
use crate::base::Span;
use crate::record::fields::encapsulation;
use crate::record::{Addr, Cause, Counts, RecordBuilder, Sides, SrcId, names, tcp_status as s};

/// Bit of a key's qualifier: the direction is known.
const DIRECTION_KNOWN: u8 = 0x20;
/// Bit of a key's qualifier: prefix lengths follow.
const HAS_MASKS: u8 = 0x40;
/// The bits of a connection that was set up.
const SET_UP: u32 = s::SYN | s::SYN_ACK | s::ESTABLISHED;

/// What a flow is between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    V4(u8),
    V6(u8),
    Arp,
    Ether(u16),
}

impl Form {
    fn of(c: &Cells) -> Result<Form, String> {
        match c.addrs {
            [Addr::None, Addr::None] => Err("the row has no address: SrcAddr or DstAddr is needed".into()),
            [Addr::Mac(_), _] if c.proto == "rarp" || c.proto == "32821" => {
                Err("RARP is not converted: the text does not hold all of its addresses".into())
            }
            [Addr::Mac(_), Addr::Mac(_) | Addr::None] | [Addr::None, Addr::Mac(_)] => {
                let number = c.proto.parse().ok().or_else(|| names::ethertype_number(&c.proto));
                number.map(Form::Ether).ok_or_else(|| format!("Proto: {:?} is no protocol over Ethernet", c.proto))
            }
            [Addr::V4(_) | Addr::None, Addr::V4(_) | Addr::None] if matches!(c.proto.as_str(), "arp" | "2054") => {
                Ok(Form::Arp)
            }
            [Addr::V4(_) | Addr::None, Addr::V4(_) | Addr::None] => c.ip_proto().map(Form::V4),
            [Addr::V6(_) | Addr::None, Addr::V6(_) | Addr::None] => c.ip_proto().map(Form::V6),
            _ => Err("SrcAddr and DstAddr are of different kinds".into()),
        }
    }
}

/// Appends the record of a row.
pub(super) fn write(c: &Cells, out: &mut Vec<u8>) -> Result<(), String> {
    let form = Form::of(c)?;
    let span = c.span()?;
    let status = match form {
        Form::V4(6) | Form::V6(6) => tcp_bits(c),
        _ => None,
    };
    let counts = counts(c, status.is_some());
    let mut key = Vec::new();
    let qualifier = flow(c, form, &mut key)?;
    let mut r = RecordBuilder::new(out, 0x13, cause(c).to_wire());
    transport(c, &mut r);
    let is_sure = status.is_some() && !c.dir.contains('?');
    r.dsr(0x02, if form == Form::Arp { 6 } else { 1 }, qualifier | if is_sure { DIRECTION_KNOWN } else { 0 }, |b| {
        b.extend_from_slice(&key);
    });
    times(span, &counts, &mut r);
    let [src, dst] = counts;
    r.metrics(Sides { src, dst }, c.side_appbytes != [None; 2]);
    match status {
        Some(status) => tcp(c, status, form, &mut r),
        // The state of fragments; what it holds beside its kind is not printed.
        None if c.flag(6) == b'f' => {
            r.dsr(0x30, 0x45, 0, |b| b.extend_from_slice(&[0; 52]));
        }
        None => {}
    }
    icmp_error(c, form, &mut r);
    ip_attributes(c, &mut r);
    link(c, form, &mut r);
    labels(c, &mut r);
    if r.finish() { Ok(()) } else { Err("the values make a record that is too long".into()) }
}

fn cause(c: &Cells) -> Cause {
    match c.state.as_str() {
        "ERR" => Cause::Error,
        "TIM" => Cause::Timeout,
        // One side alone in its first record is INT.
        "REQ" => Cause::Status,
        _ => Cause::Start,
    }
}

fn transport(c: &Cells, r: &mut RecordBuilder<'_>) {
    if c.srcid.is_none() && c.seq.is_none() {
        return;
    }
    let (qualifier, id) = match c.srcid.unwrap_or_default() {
        SrcId::V4(addr) => (0x01, addr.octets()),
        SrcId::Int(n) => (0x20, n.to_be_bytes()),
        SrcId::Text(text) => (0x21, text),
        SrcId::Unset | SrcId::V6(_) | SrcId::Uuid(_) => (0, [0; 4]),
    };
    r.dsr(0x01, 3, qualifier, |b| {
        b.extend_from_slice(&id);
        b.extend_from_slice(&c.seq.unwrap_or(0).to_be_bytes());
    });
}

/// The body of the flow key; gives its qualifier.
fn flow(c: &Cells, form: Form, b: &mut Vec<u8>) -> Result<u8, String> {
    let [src, dst] = c.addrs;
    let v4 = |addr| if let Addr::V4(a) = addr { a.octets() } else { [0; 4] };
    let v6 = |addr| if let Addr::V6(a) = addr { a.octets() } else { [0; 16] };
    let mac = |addr| if let Addr::Mac(a) = addr { a } else { [0; 6] };
    let ports = |proto| Ok::<_, String>([c.port(0, proto)?, c.port(1, proto)?]);
    match form {
        Form::V4(proto) => {
            b.extend_from_slice(&v4(src));
            b.extend_from_slice(&v4(dst));
            b.extend_from_slice(&[proto, 0]);
            let [sport, dport] = ports(proto)?;
            match proto {
                6 | 17 => {
                    b.extend_from_slice(&[sport.to_be_bytes(), dport.to_be_bytes(), [32, 32]].concat());
                    return Ok(1 | HAS_MASKS);
                }
                // Code and type stand in one number when printed.
                1 => b.extend_from_slice(&[sport.to_le_bytes(), dport.to_be_bytes(), [0, 0]].concat()),
                50 => b.extend_from_slice(&[[0, 0], [0, 0], dport.to_be_bytes()].concat()),
                _ => b.extend_from_slice(&[0; 6]),
            }
            Ok(1)
        }
        Form::V6(proto) => {
            b.extend_from_slice(&v6(src));
            b.extend_from_slice(&v6(dst));
            b.extend_from_slice(&[proto, 0, 0, 0]);
            let [sport, dport] = ports(proto)?;
            match proto {
                58 => b.extend_from_slice(&[sport as u8, dport as u8, 0, 0]),
                _ => b.extend_from_slice(&[sport.to_be_bytes(), dport.to_be_bytes()].concat()),
            }
            b.extend_from_slice(&[128, 0, 128, 0]);
            Ok(2 | HAS_MASKS)
        }
        Form::Arp => {
            // A request over Ethernet for an IPv4 address.
            b.extend_from_slice(&[0, 1, 8, 0, 6, 4, 0, 1]);
            b.extend_from_slice(&v4(src));
            b.extend_from_slice(&v4(dst));
            let [asker, _] = c.macs;
            b.extend_from_slice(asker.unwrap_or_default().first_chunk::<4>().unwrap_or(&[0; 4]));
            Ok(4)
        }
        Form::Ether(kind) => {
            b.extend_from_slice(&mac(dst));
            b.extend_from_slice(&mac(src));
            b.extend_from_slice(&kind.to_be_bytes());
            for side in [1, 0] {
                b.push(match c.port_text(side) {
                    "stp" => 0x42,
                    "snap" => 0xAA,
                    _ => {
                        u8::try_from(c.port(side, 0)?).map_err(|_| "a service access point is below 256".to_owned())?
                    }
                });
            }
            Ok(3)
        }
    }
}

/// Packets and bytes of the sides; totals are divided as direction and state say.
fn counts(c: &Cells, is_tcp: bool) -> [Counts; 2] {
    let [mut src, mut dst] = match (c.side_pkts, c.pkts) {
        ([Some(src), Some(dst)], _) => [src, dst],
        ([Some(src), None], total) => [src, total.map_or(0, |t| t.saturating_sub(src))],
        ([None, Some(dst)], total) => [total.map_or(0, |t| t.saturating_sub(dst)), dst],
        ([None, None], total) => divided(c, total.unwrap_or(0), is_tcp),
    };
    let [src_bytes, dst_bytes] = match (c.side_bytes, c.bytes) {
        ([Some(src), Some(dst)], _) => [src, dst],
        ([Some(src), None], total) => [src, total.map_or(0, |t| t.saturating_sub(src))],
        ([None, Some(dst)], total) => [total.map_or(0, |t| t.saturating_sub(dst)), dst],
        ([None, None], total) => {
            let total = total.unwrap_or(0);
            let pkts = u128::from(src) + u128::from(dst);
            let share = (u128::from(total) * u128::from(src)).checked_div(pkts).unwrap_or(u128::from(total));
            let share = u64::try_from(share).unwrap_or(total);
            [share, total - share.min(total)]
        }
    };
    let [src_app, dst_app] = c.side_appbytes.map(|n| n.unwrap_or(0));
    let side = |pkts: &mut u64, bytes, appbytes| Counts { pkts: *pkts, bytes, appbytes };
    [side(&mut src, src_bytes, src_app), side(&mut dst, dst_bytes, dst_app)]
}

fn divided(c: &Cells, total: u64, is_tcp: bool) -> [u64; 2] {
    let (from_dst, from_src) = (c.dir.contains('<'), c.dir.contains('>'));
    let both = match (is_tcp, from_dst, from_src) {
        (_, true, true) => true,
        (_, true, false) => return [0, total],
        // The sign of a connection that was set up says nothing of who sent.
        (true, false, _) => !matches!(c.state.as_str(), "REQ" | "INT"),
        (false, false, _) if c.state == "RSP" => return [0, total],
        (false, false, _) => c.state == "CON",
    };
    if both && total > 1 { [total - 1, 1] } else { [total, 0] }
}

fn times(span: Span, counts: &[Counts; 2], r: &mut RecordBuilder<'_>) {
    let [src, dst] = counts;
    // Start and end, of the side that sent.
    let present = if src.pkts == 0 && dst.pkts > 0 { 0x60 } else { 0x18 };
    r.dsr(0x03, present | 1, 0x18, |b| {
        for t in [span.start, span.end] {
            b.extend_from_slice(&u32::try_from(t.secs()).unwrap_or(0).to_be_bytes());
            b.extend_from_slice(&((t.subsec_nanos() / 1000) as u32).to_be_bytes());
        }
    });
}

/// The status word of a TCP connection; `None` for a record that has none.
fn tcp_bits(c: &Cells) -> Option<u32> {
    let (dir, state) = (c.dir.as_str(), c.state.as_str());
    if matches!(dir, "<->" | "<-") || matches!(state, "INT" | "RSP") || (dir.is_empty() && state.is_empty()) {
        return None;
    }
    let set_up = if dir.contains('?') { 0 } else { SET_UP };
    let mut status = match state {
        "RST" => s::SRC_RESET | set_up,
        "FIN" => s::FIN | set_up,
        "CLO" => s::CLOSED | set_up,
        "CON" if set_up == 0 => s::ESTABLISHED,
        "ACC" => s::SYN | s::SYN_ACK,
        "REQ" => s::SYN,
        letters if !letters.is_empty() && letters.chars().all(|l| "sSEfFCR".contains(l)) => letter_bits(letters),
        _ => set_up,
    };
    let mut choose = |column: usize, letters: [u8; 3], bits: [u32; 2]| {
        let letter = c.flag(column);
        let [src, dst] = bits;
        let which = letters.iter().position(|l| *l == letter);
        status |= match which {
            Some(0) => src,
            Some(1) => dst,
            Some(_) => src | dst,
            None => 0,
        };
    };
    choose(3, *b"sd*", [s::SRC_RETRANS, s::DST_RETRANS]);
    choose(3, *b"ir&", [s::SRC_OUT_OF_ORDER, s::DST_OUT_OF_ORDER]);
    choose(4, *b"SD@", [s::SRC_WINDOW_SHUT, s::DST_WINDOW_SHUT]);
    choose(5, *b"xtE", [s::SRC_ECN, s::DST_ECN]);
    Some(status)
}

/// States printed as letters.
fn letter_bits(letters: &str) -> u32 {
    letters.chars().fold(0, |bits, letter| {
        bits | match letter {
            's' => s::SYN,
            'S' => s::SYN_ACK,
            'E' => s::ESTABLISHED,
            'f' => s::FIN,
            'F' => s::FIN_ACK,
            'C' => s::CLOSED,
            _ => s::SRC_RESET,
        }
    })
}

fn tcp(c: &Cells, status: u32, form: Form, r: &mut RecordBuilder<'_>) {
    let has_gap = c.flag(3) == b'g';
    let is_v6 = matches!(form, Form::V6(_));
    if !has_gap && !is_v6 {
        r.dsr(0x30, 3, 0, |b| {
            b.extend_from_slice(&status.to_be_bytes());
            b.extend_from_slice(&[0; 12]);
        });
        return;
    }
    // The full form: five words, then eleven words, window, flags and shift of each side.
    r.dsr(0x30, 5, 0, |b| {
        b.extend_from_slice(&status.to_be_bytes());
        b.extend_from_slice(&[0; 16]);
        // Ten bytes have passed of which none was seen.
        let [base, seq] = if has_gap { [1u32, 11] } else { [0, 0] };
        // Over IPv6 retransmissions are read from the source's own status.
        for word in [0, 0, if is_v6 { status } else { 0 }, base, seq, 0, 0, 0, 0, 0, 0, 0] {
            b.extend_from_slice(&word.to_be_bytes());
        }
        b.extend_from_slice(&[0; 48]);
    });
}

/// An ICMP error about the flow, if its flags say so.
fn icmp_error(c: &Cells, form: Form, r: &mut RecordBuilder<'_>) {
    let (what, kind) = match c.flag(2) {
        b'U' => (1, 3),
        b'R' => (2, 5),
        b'T' => (3, 11),
        _ => return,
    };
    // Of an ICMP flow the state tells the code.
    let is_code = |code: &u8| form == Form::V4(1) && names::icmp_state(kind, *code) == c.state;
    let code = (0..16).find(is_code).unwrap_or(0);
    r.dsr(0x34, 1, what, |b| {
        b.extend_from_slice(&[kind, code]);
        b.extend_from_slice(&[0; 22]);
    });
}

fn ip_attributes(c: &Cells, r: &mut RecordBuilder<'_>) {
    let options: u32 = match c.flag(7) {
        b'A' => 0x40,
        b'T' => 0x2,
        b'R' => 0x1,
        b'+' => 0x4,
        b'L' => 0x8,
        b'S' => 0x20,
        b'D' => 0x10,
        b'O' => 0x3,
        b'U' => 0x80,
        _ => 0,
    };
    let [src, dst] = [0, 1].map(|side: usize| {
        let of = |pair: &Pair<u8>| pair.get(side).copied().flatten();
        let (ttl, tos) = (of(&c.ttl), of(&c.tos));
        (ttl.is_some() || tos.is_some()).then_some([ttl.unwrap_or(0), tos.unwrap_or(0), 0, 0])
    });
    let fragments = if c.flag(6) == b'F' { 0x10 } else { 0 };
    let bits = u8::from(src.is_some()) | u8::from(dst.is_some()) << 1 | u8::from(options != 0) << 2 | fragments;
    if bits == 0 {
        return;
    }
    r.dsr(0x48, 0, bits, |b| {
        b.extend_from_slice(src.as_ref().map_or(&[][..], |a| a));
        if options != 0 {
            b.extend_from_slice(&options.to_be_bytes());
        }
        b.extend_from_slice(dst.as_ref().map_or(&[][..], |a| a));
    });
}

/// Ethernet addresses, and what was around the packets.
fn link(c: &Cells, form: Form, r: &mut RecordBuilder<'_>) {
    let letter = c.flag(1);
    let has_macs = c.macs != [None; 2] || letter == b'M';
    if has_macs {
        let ethertype: u16 = match form {
            Form::V4(_) => 0x0800,
            Form::V6(_) => 0x86DD,
            Form::Arp => 0x0806,
            Form::Ether(kind) => kind,
        };
        let [src, dst] = c.macs.map(Option::unwrap_or_default);
        r.dsr(0x42, 0, if letter == b'M' { 3 } else { 0 }, |b| {
            b.extend_from_slice(&dst);
            b.extend_from_slice(&src);
            b.extend_from_slice(&ethertype.to_le_bytes());
            b.extend_from_slice(&[0; 2]);
        });
    }
    let mask = match letter {
        b' ' | b'M' => return,
        b'e' if has_macs => return,
        // Several; which ones is not told.
        b'*' => 0x2 | 0x8,
        letter => encapsulation(letter).unwrap_or(0),
    };
    r.dsr(0x20, 0, 0, |b| [mask, 0u32].iter().for_each(|m| b.extend_from_slice(&m.to_be_bytes())));
}

fn labels(c: &Cells, r: &mut RecordBuilder<'_>) {
    if c.countries != [None; 2] {
        r.dsr(0x64, 0, 0, |b| b.extend_from_slice(c.countries.map(Option::unwrap_or_default).as_flattened()));
    }
    if !c.label.is_empty() {
        let bytes = |c: char| u8::try_from(u32::from(c)).unwrap_or(b'?');
        let label: Vec<u8> = if c.is_latin1 { c.label.chars().map(bytes).collect() } else { c.label.clone().into() };
        r.dsr(0x66, 0, 0, |b| b.extend(label));
    }
    if c.systems != [None; 2] {
        r.dsr(0x32, 1, 0, |b| c.systems.iter().for_each(|n| b.extend_from_slice(&n.unwrap_or(0).to_be_bytes())));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Timestamp, Zone};
    use crate::cli::raconvert::cells::Reading;
    use crate::cli::raconvert::lines::{Lines, Row};
    use crate::record::fields::Services;
    use crate::record::{Far, RecordRef};

    /// The records of a text; rows that are none are left out.
    fn records(text: &[u8]) -> Vec<Vec<u8>> {
        let (services, zone) = (Services::builtin(), Zone::utc());
        let reading = Reading { services: &services, zone: &zone, today: zone.civil(Timestamp::from_parts(0, 0)) };
        let mut lines = Lines::new(Box::new(std::io::Cursor::new(text.to_vec())));
        let mut out = Vec::new();
        while let Ok(Some(row)) = lines.next() {
            let Row::Values(values) = row else { continue };
            let (mut cells, mut bytes) = (Cells::default(), Vec::new());
            let set = values.into_iter().try_for_each(|(field, text)| cells.set(field, text, &reading));
            if set.and_then(|()| write(&cells, &mut bytes)).is_ok() {
                out.push(bytes);
            }
        }
        out
    }

    const TEXT: &[u8] = b"StartTime,Dur,Proto,SrcAddr,Sport,Dir,DstAddr,Dport,TotPkts,TotBytes,State,Flgs,Label\n\
        100.5,1.5,tcp,10.0.0.1,1024,  <?>,10.0.0.2,http,3,180,CON, e s   ,scity=1.5,2.5:x\n\
        100.5,0.5,icmp,10.0.0.1,0x0008,  <->,10.0.0.2,0x0100,2,196,ECO,,\n\
        100.5,0.0,arp,10.0.0.1,,  who,10.0.0.2,,1,60,INT, e       ,\n\
        100.5,0.0,udp,fe80::1,53,  <-,fe80::2,54,1,60,RSP,,\n";

    #[test]
    fn rows_become_the_records_that_print_them() {
        let found = records(TEXT);
        let told: Vec<_> = found
            .iter()
            .map(|bytes| {
                let far = RecordRef::new(bytes).and_then(Far::decode).expect("a flow");
                let m = far.metrics();
                (far.proto_name().to_string(), far.dir(), far.state(), m.src.pkts, m.dst.pkts, far.flow().key.dport)
            })
            .collect();
        let row = |proto: &str, dir, state, src, dst, dport| (proto.to_owned(), dir, state, src, dst, dport);
        assert_eq!(
            told,
            [
                row("tcp", "<?>", "CON", 2, 1, 80),
                row("icmp", "<->", "ECO", 1, 1, 0x0100),
                row("arp", "who", "INT", 1, 0, 0),
                row("udp", "<-", "RSP", 0, 1, 54),
            ]
        );
        let first = found.first().and_then(|bytes| RecordRef::new(bytes)).and_then(Far::decode).expect("a flow");
        assert_eq!(first.label().as_deref(), Some("scity=1.5,2.5:x"));
    }

    #[test]
    fn text_of_any_bytes_does_no_harm() {
        for at in 0..TEXT.len() {
            for byte in [0, b',', b'\n', b'"', b'-', b'9', b':', 0xFF] {
                let mut text = TEXT.to_vec();
                text[at] = byte;
                for record in records(&text) {
                    assert!(RecordRef::new(&record).is_some_and(RecordRef::is_sound), "{at} {byte}");
                }
            }
        }
    }
}
