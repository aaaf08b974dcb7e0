//! The values of a row, each read as what its field is.

use std::net::{IpAddr, Ipv4Addr};

use crate::base::{Civil, Span, Timestamp, Zone};
use crate::record::fields::{Field, Services};
use crate::record::{Addr, SrcId, names};

/// Fields that are taken over; the others follow from them or are lost.
pub(super) const TAKEN: &[&str] = &[
    "stime",
    "ltime",
    "dur",
    "saddr",
    "daddr",
    "sport",
    "dport",
    "proto",
    "dir",
    "pkts",
    "spkts",
    "dpkts",
    "bytes",
    "sbytes",
    "dbytes",
    "sappbytes",
    "dappbytes",
    "smac",
    "dmac",
    "state",
    "flgs",
    "srcid",
    "seq",
    "label",
    "sttl",
    "dttl",
    "stos",
    "dtos",
    "sco",
    "dco",
    "sas",
    "das",
];

/// How values are read.
pub(super) struct Reading<'a> {
    /// Names of ports.
    pub(super) services: &'a Services,
    /// Zone of the times of day.
    pub(super) zone: &'a Zone,
    /// The day of times without a date.
    pub(super) today: Civil,
}

/// A value of each side.
pub(super) type Pair<T> = [Option<T>; 2];

/// The values of a row.
#[derive(Debug, Default)]
pub(super) struct Cells {
    stime: Option<Timestamp>,
    ltime: Option<Timestamp>,
    dur_micros: Option<i64>,
    pub(super) addrs: [Addr; 2],
    ports: [String; 2],
    services: Pair<[Option<u16>; 2]>,
    pub(super) proto: String,
    pub(super) dir: String,
    pub(super) pkts: Option<u64>,
    pub(super) bytes: Option<u64>,
    pub(super) side_pkts: Pair<u64>,
    pub(super) side_bytes: Pair<u64>,
    pub(super) side_appbytes: Pair<u64>,
    pub(super) macs: Pair<[u8; 6]>,
    pub(super) state: String,
    /// The nine columns of the flags; empty if they are not told.
    pub(super) flags: String,
    pub(super) srcid: Option<SrcId>,
    pub(super) seq: Option<u32>,
    pub(super) label: String,
    /// Whether the characters of the label stand for bytes.
    pub(super) is_latin1: bool,
    pub(super) ttl: Pair<u8>,
    pub(super) tos: Pair<u8>,
    pub(super) countries: Pair<[u8; 2]>,
    pub(super) systems: Pair<u32>,
}

impl Cells {
    pub(super) fn clear(&mut self) {
        *self = Cells::default();
    }

    /// Takes a value over; of several for one field the last counts.
    pub(super) fn set(&mut self, field: &Field, text: String, reading: &Reading<'_>) -> Result<(), String> {
        let value = text.trim();
        if value.is_empty() {
            return Ok(());
        }
        let wrong = |expected: &str| format!("{}: expected {expected}, found {value:?}", field.header);
        let number = || value.parse::<u64>().map_err(|_| wrong("a whole number"));
        let byte = || value.parse::<u8>().map_err(|_| wrong("a number up to 255"));
        let side = usize::from(field.name.starts_with('d'));
        let time =
            || moment(value, reading).ok_or_else(|| wrong("a time: 1300475167.09, 19:06:07.09, 2011/03/18.19:06:07"));
        match field.name {
            "stime" => self.stime = Some(time()?),
            "ltime" => self.ltime = Some(time()?),
            "dur" => self.dur_micros = Some(micros(value).ok_or_else(|| wrong("seconds"))?),
            "saddr" | "daddr" => put(&mut self.addrs, side, address(value).ok_or_else(|| wrong("an address"))?),
            "sport" | "dport" => {
                let ports = reading.services.ports(value);
                put(&mut self.services, side, ports.map(|p| [p.tcp, p.udp]));
                put(&mut self.ports, side, value.to_owned());
            }
            "proto" => self.proto = value.to_owned(),
            "dir" => self.dir = value.to_owned(),
            "pkts" => self.pkts = Some(number()?),
            "bytes" => self.bytes = Some(number()?),
            "spkts" | "dpkts" => put(&mut self.side_pkts, side, Some(number()?)),
            "sbytes" | "dbytes" => put(&mut self.side_bytes, side, Some(number()?)),
            "sappbytes" | "dappbytes" => put(&mut self.side_appbytes, side, Some(number()?)),
            "smac" | "dmac" => put(&mut self.macs, side, Some(mac(value).ok_or_else(|| wrong("six bytes in hex"))?)),
            "state" => self.state = value.to_owned(),
            // Their places have a meaning, blanks included.
            "flgs" => self.flags = text,
            "srcid" => {
                self.srcid = Some(sensor(value).ok_or_else(|| wrong("an address, a number or four characters"))?);
            }
            "seq" => self.seq = Some(value.parse().map_err(|_| wrong("a whole number"))?),
            "label" => self.label = value.to_owned(),
            "sttl" | "dttl" => put(&mut self.ttl, side, Some(byte()?)),
            "stos" | "dtos" => put(&mut self.tos, side, Some(byte()?)),
            "sco" | "dco" => {
                let code = <[u8; 2]>::try_from(value.as_bytes()).map_err(|_| wrong("two letters"))?;
                put(&mut self.countries, side, Some(code));
            }
            "sas" | "das" => put(&mut self.systems, side, Some(value.parse().map_err(|_| wrong("a number"))?)),
            _ => {}
        }
        Ok(())
    }

    /// First and last moment.
    pub(super) fn span(&self) -> Result<Span, String> {
        let dur = self.dur_micros.map(|m| m.saturating_mul(1000));
        let (start, end) = match (self.stime, self.ltime, dur) {
            (Some(start), Some(end), _) => (start, end),
            (Some(start), None, dur) => (start, Timestamp::from_nanos(start.nanos().saturating_add(dur.unwrap_or(0)))),
            (None, Some(end), dur) => (Timestamp::from_nanos(end.nanos().saturating_sub(dur.unwrap_or(0))), end),
            (None, None, _) => return Err("the row has no time: StartTime or LastTime is needed".into()),
        };
        // Times of day begin anew at midnight.
        let day = 86_400 * 1_000_000_000;
        let end = if end < start { Timestamp::from_nanos(end.nanos().saturating_add(day)) } else { end };
        if end < start || !(0..=i64::from(u32::MAX)).contains(&start.secs()) || end.secs() > i64::from(u32::MAX) {
            return Err(format!("LastTime {end} lies before StartTime {start}, or a time cannot be in a record"));
        }
        Ok(Span { start, end })
    }

    /// A port: a number, in hex behind `0x`, or a name for TCP (6) or UDP (17).
    pub(super) fn port(&self, side: usize, proto: u8) -> Result<u16, String> {
        let text = self.ports.get(side).map_or("", String::as_str);
        let named = self.services.get(side).copied().flatten().unwrap_or_default();
        let number = match text.strip_prefix("0x") {
            // ESP shows four bytes, of which the last two are told apart.
            Some(hex) => u32::from_str_radix(hex, 16).ok().map(|n| (n & 0xFFFF) as u16),
            None => text.parse().ok(),
        };
        match (number, proto, named) {
            (Some(number), _, _) => Ok(number),
            _ if text.is_empty() => Ok(0),
            (None, 6, [Some(port), _]) | (None, 17, [_, Some(port)]) => Ok(port),
            _ => Err(format!("{}: {text:?} is no port", if side == 0 { "Sport" } else { "Dport" })),
        }
    }

    /// The text of a port.
    pub(super) fn port_text(&self, side: usize) -> &str {
        self.ports.get(side).map_or("", String::as_str)
    }

    /// Protocol over IP.
    pub(super) fn ip_proto(&self) -> Result<u8, String> {
        match self.proto.as_str() {
            // What the clients call UDP flows by what they carry.
            "rtp" | "rtcp" | "udt" => Ok(17),
            text => {
                let number = text.parse().ok().or_else(|| names::protocol_number(text));
                number.ok_or_else(|| format!("Proto: {text:?} is no protocol over IP"))
            }
        }
    }

    /// One column of the flags; a blank if they are not told.
    pub(super) fn flag(&self, column: usize) -> u8 {
        self.flags.as_bytes().get(column).copied().unwrap_or(b' ')
    }
}

fn put<T>(pair: &mut [T; 2], side: usize, value: T) {
    if let Some(slot) = pair.get_mut(side) {
        *slot = value;
    }
}

/// Seconds with a fraction, as microseconds, rounded.
fn micros(text: &str) -> Option<i64> {
    let (sign, text) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let (secs, fraction) = text.split_once('.').unwrap_or((text, ""));
    let secs: i64 = if secs.is_empty() { 0 } else { secs.parse().ok()? };
    if !fraction.bytes().all(|b| b.is_ascii_digit()) || secs < 0 {
        return None;
    }
    let digits: String = fraction.chars().chain(std::iter::repeat('0')).take(7).collect();
    let tenths: i64 = digits.parse().ok()?;
    secs.checked_mul(1_000_000)?.checked_add((tenths + 5) / 10)?.checked_mul(sign)
}

/// A moment: seconds since 1970, a time of day, or one with a date before it.
fn moment(text: &str, reading: &Reading<'_>) -> Option<Timestamp> {
    let Some(colon) = text.find(':') else {
        return micros(text).map(|m| Timestamp::from_nanos(m.saturating_mul(1000)));
    };
    let hours_at = text.get(..colon)?.rfind(|c: char| !c.is_ascii_digit()).map_or(0, |at| at + 1);
    let (date, clock) = text.split_at_checked(hours_at)?;
    let is_utc = clock.ends_with('Z');
    let mut parts = clock.trim_end_matches('Z').splitn(3, ':');
    let (hours, minutes): (u32, u32) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    let micros = micros(parts.next().unwrap_or("0"))?;
    let (secs, micros) = (u32::try_from(micros / 1_000_000).ok()?, micros % 1_000_000);
    if hours > 24 || minutes > 59 || secs > 60 {
        return None;
    }
    let date = date.trim_end_matches(['.', 'T', '_', ' ', '-']);
    let (year, month, day) = if date.is_empty() {
        (i16::try_from(reading.today.year).ok()?, reading.today.month, reading.today.day)
    } else {
        let mut parts = date.split(['/', '-']);
        (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next()?.parse().ok()?)
    };
    let utc = Zone::utc();
    let zone = if is_utc { &utc } else { reading.zone };
    let at = zone.moment(year, month, day, hours * 3600 + minutes * 60 + secs)?;
    Some(Timestamp::from_nanos(at.nanos().saturating_add(micros * 1000)))
}

fn address(text: &str) -> Option<Addr> {
    if let Ok(ip) = text.parse::<IpAddr>() {
        return Some(ip.into());
    }
    if text == "0" {
        return Some(Addr::None);
    }
    mac(text).map(Addr::Mac)
}

fn mac(text: &str) -> Option<[u8; 6]> {
    if text == "Broadcast" {
        return Some([0xFF; 6]);
    }
    let mut out = [0; 6];
    let mut parts = text.split(':');
    for byte in &mut out {
        *byte = u8::from_str_radix(parts.next()?, 16).ok()?;
    }
    parts.next().is_none().then_some(out)
}

/// A sensor's identity. Interfaces behind a slash and UUIDs have no room in a record of version 3.
fn sensor(text: &str) -> Option<SrcId> {
    let text = text.split('/').next().unwrap_or(text);
    if text.len() == 36 && text.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit()) {
        return Some(SrcId::Unset);
    }
    if let Ok(addr) = text.parse::<Ipv4Addr>() {
        return Some(if addr.is_unspecified() { SrcId::Unset } else { SrcId::V4(addr) });
    }
    if let Ok(number) = text.parse::<i32>() {
        return Some(SrcId::Int(number));
    }
    let mut out = [0; 4];
    if text.len() > out.len() {
        return None;
    }
    out.iter_mut().zip(text.bytes()).for_each(|(to, from)| *to = from);
    Some(SrcId::Text(out))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_in_every_form() {
        let (services, zone) = (Services::builtin(), Zone::utc());
        let today = zone.civil(Timestamp::from_parts(1_300_406_400, 0));
        let reading = Reading { services: &services, zone: &zone, today };
        let expected = Timestamp::from_parts(1_300_475_167, 96_535_000);
        for text in [
            "1300475167.096535",
            "19:06:07.096535",
            "2011/03/18.19:06:07.096535",
            "2011-03-18T19:06:07.096535Z",
            "2011-03-18 19:06:07.0965352",
        ] {
            assert_eq!(moment(text, &reading), Some(expected), "{text}");
        }
        for text in ["x", "19:06:x", "2011/03.19:06:07", "25:00:00", "2011/13/01.00:00:00", ":", "1.x", "-:1"] {
            assert_eq!(moment(text, &reading), None, "{text}");
        }
    }

    #[test]
    fn addresses_sensors_and_durations() {
        assert_eq!(address("00:13:7f:4f:8e:f2"), Some(Addr::Mac([0, 0x13, 0x7f, 0x4f, 0x8e, 0xf2])));
        assert_eq!((address("1.2.3"), address("x"), address("1:2:3:4:5:6:7")), (None, None, None));
        assert_eq!(
            (sensor("0.0.0.0"), sensor("7"), sensor("abc")),
            (Some(SrcId::Unset), Some(SrcId::Int(7)), Some(SrcId::Text(*b"abc\0")))
        );
        assert_eq!(sensor("abcde"), None);
        assert_eq!(
            [micros("4.000964"), micros("-1.5"), micros("0.0000005"), micros("1e5"), micros(".")],
            [Some(4_000_964), Some(-1_500_000), Some(1), None, Some(0)]
        );
    }
}
