//! Network interfaces through the sensor.

#[cfg(feature = "live")]
mod capture;
#[cfg(feature = "live")]
mod tap;

#[cfg(feature = "live")]
pub use capture::open_live;
#[cfg(feature = "live")]
pub use tap::{default_device, device_link, devices};

#[cfg(not(feature = "live"))]
pub use absent::{default_device, device_link, devices, open_live};

/// What a program built without libpcap says.
#[cfg(not(feature = "live"))]
mod absent {
    use crate::packet::LinkType;
    use crate::source::{PacketOptions, Source, SourceError};

    fn unavailable<T>(name: &str) -> Result<T, SourceError> {
        Err(SourceError::Unavailable {
            name: name.to_owned(),
            problem: "live capture needs libpcap, and this program was built without it (feature `live`)".into(),
        })
    }

    /// Opens interfaces as one sensor.
    ///
    /// # Errors
    /// Always: the program was built without libpcap.
    pub fn open_live(devices: &[String], _options: PacketOptions) -> Result<Box<dyn Source>, SourceError> {
        unavailable(&devices.join("+"))
    }

    /// The interface that libpcap would take.
    ///
    /// # Errors
    /// Always: the program was built without libpcap.
    pub fn default_device() -> Result<String, SourceError> {
        unavailable("the default interface")
    }

    /// Interfaces that carry traffic.
    ///
    /// # Errors
    /// Always: the program was built without libpcap.
    pub fn devices() -> Result<Vec<String>, SourceError> {
        unavailable("all interfaces")
    }

    /// The link type of an interface.
    ///
    /// # Errors
    /// Always: the program was built without libpcap.
    pub fn device_link(device: &str) -> Result<LinkType, SourceError> {
        unavailable(device)
    }
}
