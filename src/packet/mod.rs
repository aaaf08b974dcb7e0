//! Packet files and frames: bytes to headers.
//!
//! [`PacketReader`] takes packets out of a capture file (pcap in all its dresses, pcapng) without ever holding more
//! than one of them. [`dissect`] walks one frame from its link header inwards and stops at the first layer that it does
//! not understand; what it hands back borrows from the frame. The walk reads nothing outside the captured bytes and
//! passes at most [`MAX_LAYERS`] headers, so a hostile frame costs no more than an ordinary one.
//!
//! This room knows no flow, no clock and no socket.

mod bytes;
mod drive;
mod frame;
mod ip;
mod link;
mod file;
mod pcapng;
mod tsh;
mod tunnel;

pub use bytes::{be16, be32, mac};
pub use drive::drive_capture;
pub use file::{Ahead, CaptureError, PacketReader, Passed, RawPacket, is_capture};
pub use frame::{Ether, Layer2, MAX_LAYERS, Net, Packet, Wlan, dissect, dissect_into, dissect_through, encaps};
pub use ip::{V4, V6, V6Fragment, ip_option};
pub use link::LinkType;
pub use tunnel::Tunnels;
