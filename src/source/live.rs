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
        sensor: Sensor,
        mar_interval: Duration,
        next_mar: Option<Timestamp>,
        /// What is left of the packets asked for.
        skip: u64,
        left: u64,
        dropped: u64,
    }

    /// Opens an interface by name; `any` is all of them.
    ///
    /// # Errors
    /// The interface is unknown, the system refuses, or the filter is wrong.
    pub fn open_live(device: &str, options: PacketOptions) -> Result<Box<dyn Source>, SourceError> {
        let fail = |problem| SourceError::Unavailable { name: device.to_owned(), problem };
        let snaplen = match options.snaplen {
            0 => SNAPLEN,
            n => i32::try_from(n).unwrap_or(SNAPLEN),
        };
        let inactive = Capture::from_device(device)
            .map_err(|e| fail(explain(device, &e)))?
            // All interfaces at once cannot be made promiscuous.
            .promisc(!options.no_promisc && device != "any")
            .snaplen(snaplen)
            .buffer_size(BUFFER_BYTES)
            .timeout(TIMEOUT_MS);
        let mut capture = inactive.open().and_then(Capture::setnonblock).map_err(|e| fail(explain(device, &e)))?;
        let link = LinkType(capture.get_datalink().0.cast_unsigned());
        if !link.is_supported() {
            return Err(fail(format!("its link type {link} is not supported")));
        }
        if !options.filter.is_empty() {
            capture
                .filter(&options.filter, true)
                .map_err(|e| fail(format!("packet filter {:?}: {e}", options.filter)))?;
        }
        let (first, last) = options.range.unwrap_or((1, u64::MAX));
        Ok(Box::new(Live {
            device: device.to_owned(),
            capture,
            link,
            mar_interval: options.sensor.mar_interval,
            sensor: Sensor::new(options.sensor),
            next_mar: None,
            skip: first.saturating_sub(1),
            left: last.saturating_sub(first.saturating_sub(1)),
            dropped: 0,
        }))
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
                    if let Ok(stat) = self.capture.stats() {
                        self.dropped = u64::from(stat.dropped) + u64::from(stat.if_dropped);
                        self.sensor.set_dropped(self.dropped);
                    }
                    self.sensor.status(now, batch);
                }
                Some(_) => return,
            }
            self.next_mar = Some(now + self.mar_interval);
        }

        fn rest(&mut self, batch: &mut Batch) -> Step {
            if let Ok(stat) = self.capture.stats() {
                self.dropped = u64::from(stat.dropped) + u64::from(stat.if_dropped);
                self.sensor.set_dropped(self.dropped);
            }
            // Packets may be late by the kernel's waiting time; the sensor's clock must not run ahead of them.
            let behind = Duration::from_millis(2 * TIMEOUT_MS.unsigned_abs() as u64);
            self.sensor.tick(clock::wall_now() - behind, batch);
            Step::Idle(REST)
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

        fn poll(&mut self, batch: &mut Batch, _warnings: &mut Warnings) -> Result<Step, SourceError> {
            if self.left == 0 {
                return Ok(Step::End);
            }
            self.clock_work(batch);
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
                    Err(pcap::Error::TimeoutExpired) => return Ok(self.rest(batch)),
                    Err(e) => {
                        self.stop(batch);
                        self.left = 0;
                        return Err(SourceError::Unavailable {
                            name: self.device.clone(),
                            problem: format!("capture ended: {e}"),
                        });
                    }
                }
                if batch.len() - before >= RECORDS_PER_POLL {
                    break;
                }
            }
            Ok(Step::More)
        }

        fn stop(&mut self, batch: &mut Batch) {
            self.sensor.finish(crate::sensor::End::Shutdown, clock::wall_now(), batch);
        }
    }
}
