//! The flow engine: packets in, flow records out.
//!
//! A packet is walked ([`crate::packet`]), its flow is found by one look-up, counted, and perhaps reported. A flow is
//! reported when it has had traffic for a status interval, when the timer finds it due, and at the end; records go out
//! as wire bytes in the order of their flows' reports. After a report a flow rests on the idle queue of its timeout and
//! leaves the table from there.
//!
//! The clock is the packets' own: without packets nothing expires, unless [`Sensor::tick`] says what time it is. Same
//! packets and same settings give the same bytes. The table is bounded; beyond its limit the least valuable flow is
//! reported early and given up, and counted.
//!
//! This room knows no file, no socket and no clock.

mod arp;
mod config;
mod count;
mod drive;
mod encode;
mod engine;
mod esp;
mod flow;
mod fragment;
mod icmp;
mod isis;
mod jitter;
mod key;
mod mar;
mod rtp;
mod table;
mod tcp;
mod udt;
#[cfg(test)]
mod tests;

pub use config::{KeyBase, Keys, SensorConfig, Timeouts};
pub use drive::{Driven, drive_frames, drive_packets};
pub use engine::{End, Sensor, Totals};
