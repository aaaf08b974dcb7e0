//! Packet filters in libpcap's language, compiled once per link type.

#[cfg(feature = "live")]
mod code;

use crate::packet::LinkType;

/// A packet filter; empty lets everything through.
#[derive(Default)]
pub(super) struct PacketFilter {
    text: String,
    #[cfg_attr(not(feature = "live"), expect(dead_code, reason = "only libpcap compiles filters"))]
    plain: bool,
    #[cfg(feature = "live")]
    compiled: Vec<(LinkType, pcap::BpfProgram)>,
}

impl PacketFilter {
    /// A filter for packets of any link type, `plain` without optimisation.
    ///
    /// # Errors
    /// The expression is wrong (libpcap's words), or the program was built without libpcap.
    pub(super) fn new(text: &str, plain: bool) -> Result<PacketFilter, String> {
        let mut filter = PacketFilter { text: text.trim().to_owned(), plain, ..PacketFilter::default() };
        if !filter.text.is_empty() {
            filter.compile(LinkType::ETHERNET)?;
        }
        Ok(filter)
    }

    /// Whether it lets everything through.
    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Whether the filter lets a packet through.
    ///
    /// # Errors
    /// The expression does not fit the link type.
    #[inline]
    pub(super) fn matches(&mut self, link: LinkType, frame: &[u8]) -> Result<bool, String> {
        if self.is_empty() { Ok(true) } else { self.run(link, frame) }
    }

    #[cfg(feature = "live")]
    fn run(&mut self, link: LinkType, frame: &[u8]) -> Result<bool, String> {
        if let Some((_, program)) = self.compiled.iter().find(|(l, _)| *l == link) {
            return Ok(program.filter(frame));
        }
        self.compile(link)?;
        self.run(link, frame)
    }

    #[cfg(not(feature = "live"))]
    fn run(&mut self, _link: LinkType, _frame: &[u8]) -> Result<bool, String> {
        Ok(true)
    }

    #[cfg(feature = "live")]
    fn compile(&mut self, link: LinkType) -> Result<(), String> {
        // Files and libpcap number raw IP differently.
        let dlt = if link == LinkType::RAW { 12 } else { link.0.cast_signed() };
        let program = pcap::Capture::dead(pcap::Linktype(dlt))
            .and_then(|c| c.compile(&self.text, !self.plain))
            .map_err(|e| format!("packet filter {:?}: {e}", self.text))?;
        self.compiled.push((link, program));
        Ok(())
    }

    #[cfg(feature = "live")]
    fn code(&self) -> Vec<String> {
        let programs = self.compiled.iter().map(|(_, program)| program.get_instructions());
        // The library shows an instruction as its four numbers only.
        programs.flatten().enumerate().map(|(at, one)| code::line(at, &one.to_string())).collect()
    }

    #[cfg(not(feature = "live"))]
    #[expect(clippy::unused_self, reason = "the other build keeps the program")]
    fn code(&self) -> Vec<String> {
        Vec::new()
    }

    #[cfg(not(feature = "live"))]
    #[expect(clippy::unused_self, reason = "the other build keeps the program")]
    fn compile(&mut self, _link: LinkType) -> Result<(), String> {
        Err("packet filters need libpcap, and this program was built without it (feature `live`)".into())
    }
}

/// The instructions that a packet filter compiles to, a line each as `tcpdump -d` prints them; `plain` without
/// optimisation.
///
/// # Errors
/// The expression is wrong or does not fit the link type, or the program was built without libpcap.
pub fn filter_code(text: &str, link: LinkType, plain: bool) -> Result<Vec<String>, String> {
    let mut filter = PacketFilter { text: text.trim().to_owned(), plain, ..PacketFilter::default() };
    filter.compile(link)?;
    Ok(filter.code())
}
