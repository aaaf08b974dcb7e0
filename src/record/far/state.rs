//! The words that the columns `proto`, `dir` and `state` print.

use std::fmt::Write as _;

use arrayvec::ArrayString;

use super::network::{Network, TcpForm, tcp_status};
use super::{DsrKind, Far, FlowForm};
use crate::record::{Cause, names};

/// TCP flows of more packets than this in no time at all make the clients declare an error.
const MAX_PACKETS_IN_NO_TIME: u64 = 1000;

impl Far<'_> {
    /// Name of the protocol as the field `proto` prints it; a number for ethertypes without a name.
    #[must_use]
    pub fn proto_name(&self) -> ArrayString<16> {
        let mut out = ArrayString::new();
        // Every name and number below fits into 16 bytes.
        let _ = match self.proto_word() {
            Ok(name) => out.try_push_str(name).map_err(|_| std::fmt::Error),
            Err(number) => write!(out, "{number}"),
        };
        out
    }

    /// The protocol's name, or the ethertype that has none.
    ///
    /// # Errors
    /// The ethertype, if it has no name.
    pub fn proto_word(&self) -> Result<&'static str, u16> {
        match self.flow.form {
            FlowForm::V4 | FlowForm::V6 => Ok(match self.udp_payload() {
                Some(name) => name,
                None => names::protocol(self.flow.key.proto),
            }),
            FlowForm::PairV4 | FlowForm::PairV6 => Ok("ip"),
            FlowForm::Arp => Ok("arp"),
            FlowForm::Rarp => Ok("rarp"),
            FlowForm::Isis => Ok("isis"),
            FlowForm::Wlan => Ok("wlan"),
            FlowForm::Ether => names::ethertype(self.flow.link_type).ok_or(self.flow.link_type),
            FlowForm::None if self.is_event() => Ok("evt"),
            FlowForm::None => Ok(""),
        }
    }

    /// What a UDP flow carries, if its state says so.
    fn udp_payload(&self) -> Option<&'static str> {
        if self.flow.key.proto != 17 {
            return None;
        }
        match self.network_subtype()? {
            0x0A if self.is_rtp() => Some("rtp"),
            0x09 if self.is_rtcp() => Some("rtcp"),
            0x0D => Some("udt"),
            _ => None,
        }
    }

    /// Direction sign as the field `dir` prints it in its last three columns: ` ->`, `<->`, `<- `, ` ?>`,
    /// `who`; empty when the record counts nothing.
    #[must_use]
    pub fn dir_padded(&self) -> &'static str {
        if !self.has_metrics() {
            return "";
        }
        if matches!(self.flow.form, FlowForm::Arp | FlowForm::Rarp) {
            return "who";
        }
        let (src, dst) = (self.metrics.src.pkts > 0, self.metrics.dst.pkts > 0);
        let sure = match self.tcp_status {
            None => true,
            Some(s) if s & (tcp_status::SYN | tcp_status::SYN_ACK) != 0 => return " ->",
            Some(_) => false,
        };
        match (dst, sure, src) {
            (false, true, true) => " ->",
            (true, true, true) => "<->",
            (true, true, false) => "<- ",
            (false, true, false) => "",
            (false, false, true) => " ?>",
            (true, false, true) => "<?>",
            (true, false, false) => "<? ",
            (false, false, false) => " ?",
        }
    }

    /// Direction sign without padding: `->`, `<->`, `<?>`, `who`.
    #[must_use]
    pub fn dir(&self) -> &'static str {
        self.dir_padded().trim()
    }

    /// Whether the classic clients call the record an error: more packets than can be in no time at all.
    #[must_use]
    pub fn is_impossible_rate(&self) -> bool {
        let pkts = self.metrics.src.pkts.saturating_add(self.metrics.dst.pkts);
        pkts > MAX_PACKETS_IN_NO_TIME && self.times.span.start.micros() == self.times.span.end.micros()
    }

    /// State as the field `state` prints it: `CON`, `REQ`, `URP`.
    #[must_use]
    pub fn state(&self) -> &'static str {
        if self.is_event() {
            return "";
        }
        if self.cause() == Cause::Error || self.is_impossible_rate() {
            return "ERR";
        }
        match self.flow.form {
            FlowForm::PairV4 | FlowForm::PairV6 => return "UNK",
            FlowForm::Isis => return names::isis_state(u32::from(self.flow.link_type)),
            FlowForm::V4 if self.flow.key.proto == 1 => {
                let (kind, code) = self.icmp_type();
                return names::icmp_state(kind, code);
            }
            FlowForm::V6 if self.flow.key.proto == 58 => {
                let [kind, code] = [self.flow.key.sport, self.flow.key.dport].map(|v| u8::try_from(v).unwrap_or(0));
                return names::icmp6_state(kind, code);
            }
            _ => {}
        }
        match self.tcp_status {
            Some(status) => tcp_state(status, self.cause()),
            None => self.plain_state(),
        }
    }

    /// Type and code of an ICMP flow: those of the error mapped onto it, else its own.
    fn icmp_type(&self) -> (u8, u8) {
        match self.icmp_error() {
            Some(e) => (e.kind, e.code),
            None => {
                let [code, kind] = self.flow.key.sport.to_be_bytes();
                (kind, code)
            }
        }
    }

    /// State of protocols that have none: who sent.
    fn plain_state(&self) -> &'static str {
        let first = self.cause() == Cause::Start || self.flow.form == FlowForm::Arp;
        match (self.metrics.src.pkts > 0, self.metrics.dst.pkts > 0) {
            (true, true) => "CON",
            (true, false) if first => "INT",
            (true, false) => "REQ",
            (false, _) => "RSP",
        }
    }

    /// Whether the record holds a full TCP state, without which loss and windows mean nothing.
    #[must_use]
    pub fn has_full_tcp(&self) -> bool {
        matches!(self.network(), Some(Network::Tcp(t)) if t.form == TcpForm::Full)
    }

    /// Whether the record holds a DSR of a kind.
    #[must_use]
    pub fn has(&self, kind: DsrKind) -> bool {
        self.dsr(kind).is_some()
    }
}

fn tcp_state(status: u32, cause: Cause) -> &'static str {
    use tcp_status as s;
    if status == 0 {
        "INT"
    } else if status & (s::SRC_RESET | s::DST_RESET) != 0 {
        "RST"
    } else if status & (s::FIN | s::FIN_ACK) != 0 {
        "FIN"
    } else if status & s::CLOSED != 0 {
        "CLO"
    } else if cause == Cause::Timeout {
        "TIM"
    } else if status & s::ESTABLISHED != 0 {
        "CON"
    } else if status & s::SYN_ACK != 0 {
        "ACC"
    } else if status & s::SYN != 0 {
        "REQ"
    } else {
        "CON"
    }
}
