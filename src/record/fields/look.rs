//! How values look: digits, names or numbers, time zone.

use super::{Services, number};
use crate::base::{TimeFormat, Timestamp, Zone};

/// Which numbers are replaced by names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Names {
    /// Ports and protocols by name.
    #[default]
    All,
    /// Protocols by name, ports by number (`-n`).
    Protocols,
    /// Neither (`-nn`).
    None,
}

/// What the field `state` shows for TCP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StateStyle {
    /// A word: `CON`.
    #[default]
    Word,
    /// Letters of the states passed through: `sSEfF` (`-z`).
    Letters,
    /// TCP flags seen from the source (`-Zs`).
    SrcFlags,
    /// TCP flags seen from the destination (`-Zd`).
    DstFlags,
    /// Both, joined by `_` (`-Zb`).
    BothFlags,
}

/// How captured bytes are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UserData {
    /// Printable characters, a point for others.
    #[default]
    Ascii,
    /// Printable characters, with what looks like a password hidden.
    Obfuscated,
    /// A dump of hexadecimal numbers and characters below the row.
    Hex,
    /// Two hexadecimal digits a byte, which the classic clients call encode32.
    Digits,
    /// Base 64 text.
    Base64,
}

/// Whether an address is followed by the length of its prefix.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PrefixLengths {
    /// Never.
    #[default]
    Never,
    /// Where it is shorter than the address.
    Shorter,
    /// Wherever there is one.
    Always,
}

/// How numbers of autonomous systems are written.
///
/// # Source
/// RFC 5396.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AsNumbers {
    /// A decimal number.
    #[default]
    Plain,
    /// Two numbers joined by a point above 65535.
    Dot,
    /// Two numbers joined by a point always.
    DotPlus,
}

/// What stands for an address: the name of a host, if it is known.
pub type NameOf = Box<dyn Fn(std::net::IpAddr) -> Option<String>>;

/// How values look in a listing.
#[derive(Debug)]
pub struct Look {
    /// Digits behind the point, 0 to 15 (`-p`).
    pub digits: u8,
    /// Names or numbers (`-n`).
    pub names: Names,
    /// Port names.
    pub services: Services,
    /// Times as seconds since 1970 (`-u`).
    pub unix_time: bool,
    /// Zone of the times of day.
    pub zone: Zone,
    /// Large numbers abbreviated (`-H`).
    pub abbreviate: bool,
    /// What `state` shows (`-z`, `-Z`).
    pub state: StateStyle,
    /// Whether the Ethernet broadcast address has its name where it is the address of a flow. The classic clients do
    /// so once they have shown an `smac` or `dmac`, so the columns decide.
    pub(super) names_broadcast: bool,
    /// How captured bytes are shown (`-M printer=`).
    pub user_data: UserData,
    /// Pattern of times, if not the time of day (RA_TIME_FORMAT).
    pub time_format: Option<TimeFormat>,
    /// Whether an address is followed by its prefix length (RA_CIDR_ADDRESS_FORMAT).
    pub prefixes: PrefixLengths,
    /// How numbers of autonomous systems are written (RA_ASN_PRINT_FORMAT).
    pub as_numbers: AsNumbers,
    /// Whether address and port are joined by a point in columns (RA_SEPARATE_ADDR_FROM_PORT_WITH_PERIOD).
    pub joins_port: bool,
    /// Quotation mark around titles, and around cells of delimited text that hold the delimiter (RA_FIELD_QUOTED).
    pub quote: Option<u8>,
    /// Names of hosts (`-nnn`).
    pub hosts: Option<HostNames>,
}

/// Names that stand for addresses.
pub struct HostNames(pub NameOf);

impl std::fmt::Debug for HostNames {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HostNames")
    }
}

impl Look {
    /// Six digits, names, times of day in the given zone.
    #[must_use]
    pub fn new(zone: Zone, services: Services) -> Look {
        Look {
            digits: 6,
            names: Names::All,
            services,
            unix_time: false,
            zone,
            abbreviate: false,
            state: StateStyle::Word,
            names_broadcast: false,
            user_data: UserData::Ascii,
            time_format: None,
            prefixes: PrefixLengths::Never,
            as_numbers: AsNumbers::Plain,
            joins_port: true,
            quote: None,
            hosts: None,
        }
    }

    /// Appends a time as this look has it.
    pub fn time(&self, out: &mut Vec<u8>, at: Timestamp) {
        if self.unix_time {
            number::int(out, at.secs());
        } else if let Some(format) = &self.time_format {
            return format.write(out, at, &self.zone, self.digits);
        } else {
            let secs = at.secs();
            let day = (secs + i64::from(self.zone.offset(secs))).rem_euclid(86_400) as u64;
            number::padded(out, day / 3600, 2);
            out.push(b':');
            number::padded(out, day / 60 % 60, 2);
            out.push(b':');
            number::padded(out, day % 60, 2);
        }
        self.fraction(out, at);
    }

    /// Characters of a column of times whose width without the fraction is given.
    #[must_use]
    pub(super) fn time_width(&self, width: usize) -> usize {
        match &self.time_format {
            Some(format) if !self.unix_time => width.max(format.width(self.digits)),
            _ => width + usize::from(self.digits),
        }
    }

    /// Appends date and time: `2018-05-24T09:53:58.428936`.
    pub fn date_time(&self, out: &mut Vec<u8>, at: Timestamp) {
        let civil = self.zone.civil(at);
        number::int(out, civil.year);
        for part in [civil.month, civil.day] {
            out.push(b'-');
            number::padded(out, u64::from(part), 2);
        }
        out.push(b'T');
        let day = u64::from(civil.second_of_day);
        for (i, part) in [day / 3600, day / 60 % 60, day % 60].into_iter().enumerate() {
            if i > 0 {
                out.push(b':');
            }
            number::padded(out, part, 2);
        }
        self.fraction(out, at);
    }

    /// Appends the point and the digits of the fraction, cut to microseconds first as the clients know no finer time.
    fn fraction(&self, out: &mut Vec<u8>, at: Timestamp) {
        let digits = usize::from(self.digits);
        if digits == 0 {
            return;
        }
        out.push(b'.');
        let micros = at.micros().rem_euclid(1_000_000) as u64;
        if digits <= 6 {
            number::padded(out, micros / 10u64.pow(6 - digits as u32), digits);
        } else {
            number::padded(out, micros, 6);
            out.resize(out.len() + digits - 6, b'0');
        }
    }
}
