//! The values of the language: numbers, addresses, prefixes, ports.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::ast::{Net, Range, mask_v6};
use super::lexer::Compare;

/// A number: decimal (with point, exponent, or one of the suffixes k M G T for powers of 1000), `0x` hex, or octal
/// behind a leading 0.
pub(super) fn number(word: &str) -> Option<f64> {
    let (negative, digits) = match word.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, word),
    };
    let value = unsigned(digits)?;
    Some(if negative { -value } else { value })
}

fn unsigned(digits: &str) -> Option<f64> {
    if let Some(hex) = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        return whole(hex, 16);
    }
    if digits.len() > 1 && digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit()) {
        return whole(digits, 8);
    }
    let (body, factor) = match digits.as_bytes().last()? {
        b'k' | b'K' => (digits.get(..digits.len() - 1)?, 1e3),
        b'M' => (digits.get(..digits.len() - 1)?, 1e6),
        b'G' => (digits.get(..digits.len() - 1)?, 1e9),
        b'T' => (digits.get(..digits.len() - 1)?, 1e12),
        _ => (digits, 1.0),
    };
    // `inf` and `nan` are words to the standard parser.
    if !body.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    body.parse::<f64>().ok().map(|v| v * factor).filter(|v| v.is_finite())
}

fn whole(digits: &str, radix: u32) -> Option<f64> {
    if digits.is_empty() || digits.starts_with('+') {
        return None;
    }
    #[expect(clippy::cast_precision_loss, reason = "limits above 2^53 need not be exact")]
    u64::from_str_radix(digits, radix).ok().map(|v| v as f64)
}

/// A number or a range `a-b`.
pub(super) fn range(word: &str) -> Option<Range> {
    if let Some(v) = number(word) {
        return Some(Range::Compare(Compare::Eq, v));
    }
    // The dash of a range is none at the beginning, none behind an exponent's `e`.
    word.match_indices('-').find_map(|(i, _)| {
        let (low, high) = (number(word.get(..i)?)?, number(word.get(i + 1..)?)?);
        Some(Range::Between(low.min(high), low.max(high)))
    })
}

/// A prefix: `a.b.c.d/n`, IPv6 with `/n`, one to four octets, or a whole address, which stands for itself.
///
/// # Errors
/// Says what is wrong with it.
pub(super) fn net(word: &str) -> Result<Net, String> {
    let (addr, len) = match word.split_once('/') {
        Some((a, l)) => (a, Some(l)),
        None => (word, None),
    };
    let len = match len {
        Some(l) => {
            let v = l.parse::<u8>().ok().filter(|_| l.bytes().all(|b| b.is_ascii_digit()));
            Some(v.ok_or_else(|| format!("'{l}' is no prefix length"))?)
        }
        None => None,
    };
    if let Ok(a) = addr.parse::<Ipv6Addr>() {
        let len = len.unwrap_or(128);
        if len > 128 {
            return Err(format!("prefix length {len} is more than the 128 bits of an IPv6 address"));
        }
        return Ok(Net::V6 { addr: a.to_bits() & mask_v6(len), len });
    }
    let (bits, octets) = partial_v4(addr).ok_or_else(|| format!("'{word}' is no network"))?;
    let len = len.unwrap_or(8 * octets);
    if len > 32 {
        return Err(format!("prefix length {len} is more than the 32 bits of an IPv4 address"));
    }
    let mask = mask_v4(len);
    Ok(Net::V4 { addr: bits & mask, mask })
}

/// The 32-bit mask of a prefix length up to 32.
pub(super) fn mask_v4(len: u8) -> u32 {
    u32::MAX.checked_shl(32 - u32::from(len.min(32))).unwrap_or(0)
}

/// One to four octets joined by dots, and how many they are.
fn partial_v4(text: &str) -> Option<(u32, u8)> {
    let mut bits = 0u32;
    let mut count = 0u8;
    for part in text.split('.') {
        if count == 4 || part.is_empty() || part.len() > 3 || !part.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        bits |= u32::from(part.parse::<u8>().ok()?) << (24 - 8 * u32::from(count));
        count += 1;
    }
    Some((bits, count))
}

/// An IP address.
pub(super) fn ip(word: &str) -> Option<IpAddr> {
    word.parse::<Ipv4Addr>().map(IpAddr::V4).or_else(|_| word.parse::<Ipv6Addr>().map(IpAddr::V6)).ok()
}

/// An Ethernet address: six hex bytes joined by colons or hyphens.
pub(super) fn mac(word: &str) -> Option<[u8; 6]> {
    let mut out = [0; 6];
    let mut parts = word.split([':', '-']);
    for byte in &mut out {
        let part = parts.next()?;
        if part.is_empty() || part.len() > 2 || !part.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        *byte = u8::from_str_radix(part, 16).ok()?;
    }
    parts.next().is_none().then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_every_form() {
        for (text, value) in [
            ("10", Some(10.0)),
            (".5", Some(0.5)),
            ("0x35", Some(53.0)),
            ("065", Some(53.0)),
            ("0", Some(0.0)),
            ("0.1", Some(0.1)),
            ("1e-3", Some(0.001)),
            ("10k", Some(10_000.0)),
            ("1.5M", Some(1_500_000.0)),
            ("-1", Some(-1.0)),
            ("09", None),
            ("inf", None),
            ("abc", None),
            ("", None),
            ("k", None),
            ("0x", None),
        ] {
            assert_eq!(number(text), value, "{text}");
        }
    }

    #[test]
    fn ranges_have_two_ends() {
        assert_eq!(range("1-1023"), Some(Range::Between(1.0, 1023.0)));
        assert_eq!(range("9-3"), Some(Range::Between(3.0, 9.0)));
        assert_eq!(range("80-"), None);
        assert_eq!(range("1e-3"), Some(Range::Compare(Compare::Eq, 0.001)));
    }

    #[test]
    fn networks_keep_their_first_bits_only() {
        let v4 = |addr, mask| Ok(Net::V4 { addr, mask });
        assert_eq!(net("192.168.0.17/16"), v4(0xC0A8_0000, 0xFFFF_0000));
        assert_eq!(net("10"), v4(0x0A00_0000, 0xFF00_0000));
        assert_eq!(net("0.0.0.0/0"), v4(0, 0));
        assert_eq!(net("fe80::1/10"), Ok(Net::V6 { addr: 0xfe80 << 112, len: 10 }));
        for bad in ["10.0.0.0/40", "10.0.0.0/", "fe80::/129", "1.2.3.4.5", "300", "x", "10..1", "1.2.3.4/+8"] {
            assert!(net(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn ethernet_addresses_have_six_bytes() {
        assert_eq!(mac("0:e:8e:30:db:fd"), Some([0, 14, 0x8e, 0x30, 0xdb, 0xfd]));
        assert_eq!(mac("00:0e:8e:30:db"), None);
        assert_eq!(mac("00:0e:8e:30:db:fd:01"), None);
    }
}
