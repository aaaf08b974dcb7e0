//! Management records.
//!
//! # Source
//! `docs/records.md`, management record.

use super::config::SensorConfig;
use super::encode::source_word;
use crate::base::Timestamp;
use crate::record::{Cause, SrcId};

/// The cookie of version 3.
const COOKIE: u32 = 0xE571_2DCB;

/// What a management record tells.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Report {
    pub(super) started: Timestamp,
    pub(super) now: Timestamp,
    pub(super) next_seq: u32,
    pub(super) packets: u64,
    pub(super) bytes: u64,
    pub(super) dropped: u32,
    pub(super) records: u32,
    pub(super) flows: u32,
    pub(super) queued: u32,
}

/// Appends a management record of 128 bytes.
pub(super) fn write(cause: Cause, r: &Report, config: &SensorConfig, out: &mut Vec<u8>) {
    let begin = out.len();
    let (_, id) = source_word(config.source_id);
    let status = match config.source_id {
        SrcId::V4(_) => 0x0080_0000u32,
        SrcId::Int(_) => 0x0040_0000,
        SrcId::Text(_) => 0x0020_0000,
        SrcId::Unset | SrcId::V6(_) | SrcId::Uuid(_) => 0,
    };
    let start = cause == Cause::Start;
    out.extend_from_slice(&[0x83, cause.to_wire(), 0, 32]);
    out.extend_from_slice(&status.to_be_bytes());
    out.extend_from_slice(&if start { COOKIE.to_be_bytes() } else { id });
    out.extend_from_slice(&[0; 8]);
    out.extend_from_slice(&r.next_seq.to_be_bytes());
    for t in [r.started, r.now] {
        out.extend_from_slice(&(t.secs() as u32).to_be_bytes());
        out.extend_from_slice(&((t.subsec_nanos() / 1000) as u32).to_be_bytes());
    }
    out.extend_from_slice(&[3, 0, 0, 0]);
    for interval in [config.status_interval, config.mar_interval] {
        out.extend_from_slice(&u16::try_from(interval.as_secs()).unwrap_or(u16::MAX).to_be_bytes());
    }
    out.extend_from_slice(&r.packets.to_be_bytes());
    out.extend_from_slice(&r.bytes.to_be_bytes());
    out.extend_from_slice(&[0; 8]);
    for n in [r.records, r.flows, r.dropped, r.queued] {
        out.extend_from_slice(&n.to_be_bytes());
    }
    out.resize(begin + 120, 0);
    out.extend_from_slice(&if start { id } else { [0; 4] });
    out.extend_from_slice(&[0xFF; 4]);
}
