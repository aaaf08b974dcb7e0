//! A network interface through the sensor.

use super::packets::PacketOptions;
use super::{Source, SourceError};

/// Opens an interface by name; `any` is all of them.
///
/// # Errors
/// The program was built without libpcap; the interface is unknown; the system refuses; the filter is wrong.
#[cfg(not(feature = "live"))]
pub fn open_live(device: &str, _options: PacketOptions) -> Result<Box<dyn Source>, SourceError> {
    Err(SourceError::Unavailable {
        name: device.to_owned(),
        problem: "live capture needs libpcap, and this program was built without it (feature `live`)".into(),
    })
}

/// The interface that libpcap would take.
///
/// # Errors
/// The program was built without libpcap, or the user may see no interface.
#[cfg(not(feature = "live"))]
pub fn default_device() -> Result<String, SourceError> {
    open_live("the default interface", PacketOptions::default()).map(|s| s.info().name)
}

#[cfg(feature = "live")]
pub use capture::{default_device, open_live};

#[cfg(feature = "live")]
mod capture {
    use std::time::Duration;

    use pcap::{Active, Capture, Device};

    use super::{PacketOptions, Source, SourceError};
    use crate::base::{Timestamp, Warnings, clock};
    use crate::packet::LinkType;
    use crate::record::Batch;
    use crate::sensor::Sensor;
    use crate::source::{SourceInfo, Step};

    /// How long the kernel may collect packets before it shows them.
    const TIMEOUT_MS: i32 = 50;
    /// The kernel's buffer: what arrives while nobody polls.
    const BUFFER_BYTES: i32 = 16 << 20;
    const SNAPLEN: i32 = 262_144;
    const PACKETS_PER_POLL: usize = 16_384;
    const RECORDS_PER_POLL: usize = 1024;
    /// How soon to ask again when no packet has come.
    const REST: Duration = Duration::from_millis(20);

    struct Live {
        device: String,
        capture: Capture<Active>,
        link: LinkType,
        options: PacketOptions,
        /// The interface's number when it was opened, where the system tells.
        number: Option<u32>,
        /// When to look whether it is still the same one.
        next_look: Option<Timestamp>,
        /// The interface has gone; when to look for it again.
        lost: Option<Timestamp>,
        trouble: Option<String>,
        sensor: Sensor,
        mar_interval: Duration,
        next_mar: Option<Timestamp>,
        /// What is left of the packets asked for.
        skip: u64,
        left: u64,
        /// Packets lost through earlier openings of the interface.
        dropped_before: u64,
        dropped: u64,
    }

    /// How soon to look again for an interface that has gone.
    const RETRY: Duration = Duration::from_secs(1);

    /// Opens an interface by name; `any` is all of them.
    ///
    /// # Errors
    /// The interface is unknown, the system refuses, or the filter is wrong.
    pub fn open_live(device: &str, options: PacketOptions) -> Result<Box<dyn Source>, SourceError> {
        let (capture, link) =
            begin(device, &options).map_err(|problem| SourceError::Unavailable { name: device.to_owned(), problem })?;
        let (first, last) = options.range.unwrap_or((1, u64::MAX));
        Ok(Box::new(Live {
            device: device.to_owned(),
            capture,
            link,
            number: number_of(device),
            next_look: None,
            lost: None,
            trouble: None,
            mar_interval: options.sensor.mar_interval,
            sensor: Sensor::new(options.sensor.clone()),
            options,
            next_mar: None,
            skip: first.saturating_sub(1),
            left: last.saturating_sub(first.saturating_sub(1)),
            dropped_before: 0,
            dropped: 0,
        }))
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
            .buffer_size(BUFFER_BYTES)
            .timeout(TIMEOUT_MS);
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

    impl Live {
        fn clock_work(&mut self, batch: &mut Batch) {
            let now = clock::wall_now();
            match self.next_mar {
                None => self.sensor.start(now, batch),
                Some(at) if now >= at => {
                    self.count_dropped();
                    self.sensor.status(now, batch);
                }
                Some(_) => return,
            }
            self.next_mar = Some(now + self.mar_interval);
        }

        fn rest(&mut self, batch: &mut Batch) -> Step {
            self.count_dropped();
            // Packets may be late by the kernel's waiting time; the sensor's clock must not run ahead of them.
            let behind = Duration::from_millis(2 * TIMEOUT_MS.unsigned_abs() as u64);
            self.sensor.tick(clock::wall_now() - behind, batch);
            Step::Idle(REST)
        }

        fn count_dropped(&mut self) {
            if let Ok(stat) = self.capture.stats() {
                self.dropped = self.dropped_before + u64::from(stat.dropped) + u64::from(stat.if_dropped);
                self.sensor.set_dropped(self.dropped);
            }
        }

        /// Looks once in a while whether the interface is still the one that was opened.
        fn is_gone(&mut self) -> bool {
            let now = clock::wall_now();
            if self.number.is_none() || self.next_look.is_some_and(|at| now < at) {
                return false;
            }
            self.next_look = Some(now + RETRY);
            self.number != number_of(&self.device)
        }

        /// The interface has gone away: flows are kept, and it is looked for until it is back.
        fn lose(&mut self, problem: &str, warnings: &mut Warnings) {
            let text = format!("the capture ended ({problem}); waiting for the interface to come back");
            warnings.add(format!("{}: {text}", self.device));
            self.trouble = Some(text);
            self.lost = Some(clock::wall_now() + RETRY);
        }

        /// Looks for a lost interface when it is time to; whether it is there.
        fn find_again(&mut self, warnings: &mut Warnings) -> bool {
            let Some(next) = self.lost else { return true };
            let now = clock::wall_now();
            if now < next {
                return false;
            }
            match begin(&self.device, &self.options) {
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
    }

    impl Source for Live {
        fn info(&self) -> SourceInfo {
            SourceInfo {
                name: self.device.clone(),
                kind: "interface",
                live: true,
                dropped: self.dropped + self.sensor.totals().evicted,
                damaged: 0,
            }
        }

        fn poll(&mut self, batch: &mut Batch, warnings: &mut Warnings) -> Result<Step, SourceError> {
            if self.left == 0 {
                return Ok(Step::End);
            }
            self.clock_work(batch);
            if !self.find_again(warnings) {
                return Ok(self.rest(batch));
            }
            let before = batch.len();
            for _ in 0..PACKETS_PER_POLL {
                match self.capture.next_packet() {
                    Ok(packet) => {
                        if self.skip > 0 {
                            self.skip -= 1;
                            continue;
                        }
                        let ts = packet.header.ts;
                        let at = Timestamp::from_parts(ts.tv_sec, ts.tv_usec * 1000);
                        self.sensor.packet(at, self.link, packet.data, packet.header.len, batch);
                        self.left -= 1;
                        if self.left == 0 {
                            self.stop(batch);
                            return Ok(Step::End);
                        }
                    }
                    Err(pcap::Error::TimeoutExpired) => {
                        if self.is_gone() {
                            self.lose("the interface is no longer there", warnings);
                        }
                        return Ok(self.rest(batch));
                    }
                    Err(e) => {
                        self.lose(&e.to_string(), warnings);
                        return Ok(self.rest(batch));
                    }
                }
                if batch.len() - before >= RECORDS_PER_POLL {
                    break;
                }
            }
            Ok(Step::More)
        }

        fn trouble(&self) -> Option<String> {
            self.trouble.clone()
        }

        fn stop(&mut self, batch: &mut Batch) {
            self.sensor.finish(crate::sensor::End::Shutdown, clock::wall_now(), batch);
        }
    }
}
