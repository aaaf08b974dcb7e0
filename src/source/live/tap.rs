//! One interface under capture: opened, lost, found again.

use std::time::Duration;

use pcap::{Active, Capture, Device};

use super::super::{PacketOptions, SourceError};
use crate::base::{Timestamp, Warnings, clock};
use crate::packet::LinkType;

/// How long the kernel may collect packets before it shows them.
pub(super) const TIMEOUT_MS: u16 = 50;
/// The usual size of the kernel's buffer: what arrives while nobody polls.
const BUFFER_BYTES: i32 = 16 << 20;
const SNAPLEN: i32 = 262_144;
/// How soon to look again for an interface that has gone.
const RETRY: Duration = Duration::from_secs(1);

/// A packet that waits for its turn among those of other interfaces.
#[derive(Default)]
pub(super) struct Held {
    pub(super) at: Timestamp,
    pub(super) wire_len: u32,
    pub(super) data: Vec<u8>,
}

/// An interface under capture.
pub(super) struct Tap {
    pub(super) device: String,
    pub(super) capture: Capture<Active>,
    pub(super) link: LinkType,
    /// The interface's number when it was opened, where the system tells.
    number: Option<u32>,
    /// When to look whether it is still the same one.
    next_look: Option<Timestamp>,
    /// The interface has gone; when to look for it again.
    lost: Option<Timestamp>,
    pub(super) trouble: Option<String>,
    /// Packets lost through earlier openings of the interface.
    dropped_before: u64,
    dropped: u64,
    /// The next packet, where packets of several interfaces are put in order.
    held: Option<Held>,
    /// Room of the packet held last.
    room: Held,
}

impl Tap {
    /// Opens an interface by name; `any` is all of them.
    ///
    /// # Errors
    /// The interface is unknown, the system refuses, or the filter is wrong.
    pub(super) fn open(device: &str, options: &PacketOptions) -> Result<Tap, SourceError> {
        let (capture, link) =
            begin(device, options).map_err(|problem| SourceError::Unavailable { name: device.to_owned(), problem })?;
        Ok(Tap {
            device: device.to_owned(),
            capture,
            link,
            number: number_of(device),
            next_look: None,
            lost: None,
            trouble: None,
            dropped_before: 0,
            dropped: 0,
            held: None,
            room: Held::default(),
        })
    }

    /// Packets that the capture has lost so far.
    pub(super) fn count_dropped(&mut self) -> u64 {
        if let Ok(stat) = self.capture.stats() {
            self.dropped = self.dropped_before + u64::from(stat.dropped) + u64::from(stat.if_dropped);
        }
        self.dropped
    }

    /// What [`Tap::count_dropped`] said last.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Nothing has come: looks once in a while whether the interface is still the one that was opened.
    pub(super) fn look(&mut self, warnings: &mut Warnings) {
        let now = clock::wall_now();
        if self.number.is_none() || self.next_look.is_some_and(|at| now < at) {
            return;
        }
        self.next_look = Some(now + RETRY);
        if self.number != number_of(&self.device) {
            self.lose("the interface is no longer there", warnings);
        }
    }

    /// The interface has gone away: flows are kept, and it is looked for until it is back.
    pub(super) fn lose(&mut self, problem: &str, warnings: &mut Warnings) {
        let text = format!("the capture ended ({problem}); waiting for the interface to come back");
        warnings.add(format!("{}: {text}", self.device));
        self.trouble = Some(text);
        self.lost = Some(clock::wall_now() + RETRY);
    }

    /// Looks for a lost interface when it is time to; whether it is there.
    pub(super) fn find_again(&mut self, options: &PacketOptions, warnings: &mut Warnings) -> bool {
        let Some(next) = self.lost else { return true };
        let now = clock::wall_now();
        if now < next {
            return false;
        }
        match begin(&self.device, options) {
            Ok((capture, link)) => {
                self.dropped_before = self.dropped;
                (self.capture, self.link, self.lost, self.trouble) = (capture, link, None, None);
                self.number = number_of(&self.device);
                warnings.add(format!("{}: the interface is back", self.device));
                true
            }
            Err(problem) => {
                self.trouble = Some(format!("waiting for the interface to come back: {problem}"));
                self.lost = Some(now + RETRY);
                false
            }
        }
    }

    /// Holds the next packet if none is held; whether there is one.
    pub(super) fn hold(&mut self, options: &PacketOptions, warnings: &mut Warnings) -> bool {
        if self.held.is_some() {
            return true;
        }
        if !self.find_again(options, warnings) {
            return false;
        }
        match self.capture.next_packet() {
            Ok(packet) => {
                let mut held = std::mem::take(&mut self.room);
                held.at = time_of(packet.header);
                held.wire_len = packet.header.len;
                held.data.clear();
                held.data.extend_from_slice(packet.data);
                self.held = Some(held);
            }
            Err(pcap::Error::TimeoutExpired) => self.look(warnings),
            Err(e) => self.lose(&e.to_string(), warnings),
        }
        self.held.is_some()
    }

    /// When the held packet was captured.
    pub(super) fn held_at(&self) -> Option<Timestamp> {
        self.held.as_ref().map(|h| h.at)
    }

    /// Hands out the held packet; its room is given back with [`Tap::reuse`].
    pub(super) fn release(&mut self) -> Option<Held> {
        self.held.take()
    }

    /// Keeps the room of a packet for the next one.
    pub(super) fn reuse(&mut self, room: Held) {
        self.room = room;
    }
}

/// When a packet was captured.
pub(super) fn time_of(header: &pcap::PacketHeader) -> Timestamp {
    Timestamp::from_parts(header.ts.tv_sec, header.ts.tv_usec * 1000)
}

/// Begins to capture, or says why not.
fn begin(device: &str, options: &PacketOptions) -> Result<(Capture<Active>, LinkType), String> {
    let snaplen = match options.snaplen {
        0 => SNAPLEN,
        n => i32::try_from(n).unwrap_or(SNAPLEN),
    };
    let inactive = Capture::from_device(device)
        .map_err(|e| explain(device, &e))?
        // All interfaces at once cannot be made promiscuous.
        .promisc(!options.no_promisc && device != "any")
        .snaplen(snaplen)
        .buffer_size(options.buffer.map_or(BUFFER_BYTES, |n| i32::try_from(n).unwrap_or(i32::MAX)))
        .timeout(i32::from(TIMEOUT_MS));
    let mut capture = inactive.open().and_then(Capture::setnonblock).map_err(|e| explain(device, &e))?;
    let link = LinkType(capture.get_datalink().0.cast_unsigned());
    if !link.is_supported() {
        return Err(format!("its link type {link} is not supported"));
    }
    if !options.filter.is_empty() {
        capture
            .filter(&options.filter, !options.plain_filter)
            .map_err(|e| format!("packet filter {:?}: {e}", options.filter))?;
    }
    Ok((capture, link))
}

/// The number of an interface on Linux. A capture on one that has been removed just falls silent.
fn number_of(device: &str) -> Option<u32> {
    if device.contains('/') {
        return None;
    }
    std::fs::read_to_string(format!("/sys/class/net/{device}/ifindex")).ok()?.trim().parse().ok()
}

/// The interface that libpcap would take.
///
/// # Errors
/// The user may see no interface.
pub fn default_device() -> Result<String, SourceError> {
    let none = |problem: String| SourceError::Unavailable { name: "the default interface".into(), problem };
    match Device::lookup() {
        Ok(Some(device)) => Ok(device.name),
        Ok(None) => Err(none("there is none that this user may capture from; name one with -i".into())),
        Err(e) => Err(none(format!("{e}; name one with -i"))),
    }
}

/// Interfaces that are up, without the loopback and without libpcap's `any`, by name.
///
/// # Errors
/// The user may see no such interface.
pub fn devices() -> Result<Vec<String>, SourceError> {
    let none = |problem: String| SourceError::Unavailable { name: "all interfaces".into(), problem };
    let known = Device::list().map_err(|e| none(format!("{e}; name them with -i")))?;
    let carries = |d: &Device| d.flags.is_up() && !d.flags.is_loopback() && d.name != "any";
    let mut names: Vec<_> = known.into_iter().filter(carries).map(|d| d.name).collect();
    names.sort();
    if names.is_empty() {
        return Err(none("there is none that is up and that this user may capture from; name them with -i".into()));
    }
    Ok(names)
}

/// The link type of an interface.
///
/// # Errors
/// The interface is unknown, or the system refuses.
pub fn device_link(device: &str) -> Result<LinkType, SourceError> {
    Tap::open(device, &PacketOptions::default()).map(|tap| tap.link)
}

/// What libpcap's refusal means, and what helps.
fn explain(device: &str, error: &pcap::Error) -> String {
    let text = error.to_string();
    let lower = text.to_lowercase();
    if ["permi", "cap_net_raw", "not permitted"].iter().any(|w| lower.contains(w)) {
        return format!(
            "no permission to capture ({text}); run as root, or allow it once with \
             `sudo setcap cap_net_raw,cap_net_admin+eip $(command -v argus-globe)`"
        );
    }
    if ["no such device", "siocgifhwaddr", "siocgifindex", "not found"].iter().any(|w| lower.contains(w)) {
        return format!("no such interface ({text}); known: {}", known(device));
    }
    text
}

fn known(asked: &str) -> String {
    let names: Vec<_> = Device::list().unwrap_or_default().into_iter().map(|d| d.name).collect();
    match names.as_slice() {
        [] => "none that this user may see".into(),
        names => names.iter().filter(|n| *n != asked).cloned().collect::<Vec<_>>().join(", "),
    }
}
