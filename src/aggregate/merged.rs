//! A flow that others can be added to: [`Merged`].

use super::core::{Core, Net};
use super::{encode, label};
use crate::base::Span;
use crate::record::{Counts, DsrKind, Far, FlowForm, RecordBuilder, Spread, SrcId, label_turned};

/// An owned flow. Built from a record, added to others, written back as a record of version 3.
///
/// Its size is that of [`Core`] and what a record has of no fixed size: label, captured bytes, rare states.
#[derive(Clone, Debug)]
pub struct Merged {
    /// The part of a fixed size.
    pub core: Core,
    label: String,
    /// Captured bytes as they are stored: of the source, of the destination. Those of the first record that has any.
    user: [Option<Box<[u8]>>; 2],
    /// A protocol state too long for the fixed part.
    long_net: Option<Box<[u8]>>,
    icmp_error: Option<Box<[u8]>>,
    keystrokes: Option<Box<[u8]>>,
    mac_tail: [u8; 2],
    /// Whether more than one record is in it.
    is_sum: bool,
}

impl Merged {
    /// From a record and its fixed part, which the caller may have changed. `turned` says that it has been exchanged.
    #[must_use]
    pub fn new(core: Core, far: &Far<'_>, turned: bool) -> Merged {
        let raw = |kind| far.dsr(kind).map(|d| Box::from(d.bytes));
        let mut user = [raw(DsrKind::SrcPayload), raw(DsrKind::DstPayload)];
        if far.is_turned() != turned {
            user.reverse();
        }
        let long_net = if matches!(core.net, Net::Long(_)) { raw(DsrKind::Network) } else { None };
        let tail = far.dsr(DsrKind::Mac).and_then(|d| d.body.get(14..16)?.first_chunk::<2>().copied());
        Merged {
            core,
            label: label_of(far, turned),
            user,
            long_net,
            icmp_error: raw(DsrKind::IcmpError),
            keystrokes: raw(DsrKind::Behavior),
            mac_tail: tail.unwrap_or_default(),
            is_sum: false,
        }
    }

    /// A record as it is.
    #[must_use]
    pub fn from_far(far: &Far<'_>) -> Merged {
        Merged::new(Core::read(far), far, false)
    }

    /// Adds a record; `core` is its fixed part, if that has been changed.
    pub fn add(&mut self, core: Option<&Core>, far: &Far<'_>, turned: bool) {
        match core {
            Some(core) => self.core.add(core),
            None => self.core.add(far),
        }
        self.is_sum = true;
        if far.has(DsrKind::Label) {
            self.add_label(&label_of(far, turned));
        }
        for (i, kind) in [DsrKind::SrcPayload, DsrKind::DstPayload].into_iter().enumerate() {
            let at = if far.is_turned() != turned { 1 - i } else { i };
            if let (Some(mine @ None), Some(dsr)) = (self.user.get_mut(at), far.dsr(kind)) {
                *mine = Some(Box::from(dsr.bytes));
            }
        }
        if self.icmp_error.is_none() {
            self.icmp_error = far.dsr(DsrKind::IcmpError).map(|d| Box::from(d.bytes));
        }
    }

    /// Adds another flow.
    pub fn add_merged(&mut self, other: &Merged) {
        self.core.add(&other.core);
        self.is_sum = true;
        self.add_label(&other.label);
        for (mine, new) in self.user.iter_mut().zip(&other.user) {
            if mine.is_none() {
                mine.clone_from(new);
            }
        }
        if self.icmp_error.is_none() {
            self.icmp_error.clone_from(&other.icmp_error);
        }
    }

    /// A flow of nothing at all, over a stretch of time.
    #[must_use]
    pub fn nothing(span: Span) -> Vec<u8> {
        let mut out = Vec::new();
        let mut b = RecordBuilder::new(&mut out, 0x13, 0x20);
        encode::time(Some(span), None, &mut b);
        b.finish();
        out
    }

    /// Turns it round.
    pub fn exchange(&mut self) {
        self.core.exchange();
        self.user.reverse();
        self.label = label_turned(&self.label);
    }

    /// Whether more than one record is in it.
    #[must_use]
    pub fn is_sum(&self) -> bool {
        self.is_sum
    }

    /// Unites its label with another.
    pub fn add_label(&mut self, text: &str) {
        if let Some(new) = label::united(&self.label, text) {
            self.label = new;
        }
    }

    /// Its label.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }

    /// Takes away everything that is not counted or asked for: protocol state, attributes, captured bytes.
    pub fn strip(&mut self) {
        self.core.strip();
        (self.long_net, self.icmp_error, self.keystrokes) = (None, None, None);
        self.user = [None, None];
    }

    /// Takes the statistics of merging away: the record counts as none.
    pub fn forget_sum(&mut self) {
        self.core.added.count = 0;
        self.core.added.active = Spread::default();
        self.core.added.is_written = true;
    }

    /// Who wrote it.
    #[must_use]
    pub fn srcid(&self) -> Option<SrcId> {
        self.core.srcid
    }

    /// Replaces what both sides sent.
    pub fn set_counts(&mut self, src: Counts, dst: Counts) {
        (self.core.counts.src, self.core.counts.dst) = (src, dst);
    }

    /// Appends it as a record of version 3.
    pub fn write(&self, out: &mut Vec<u8>) {
        let core = &self.core;
        let mut b = RecordBuilder::new(out, core.head & 0xF0 | 3, core.cause);
        encode::transport(core, &mut b);
        encode::flow(core, &mut b);
        encode::time(core.src, core.dst, &mut b);
        if core.has_metrics {
            b.metrics(core.counts, core.has_appbytes);
        }
        if core.added.is_written {
            encode::added(&core.added, &mut b);
        }
        encode::net(&core.net, self.long_net.as_deref(), &mut b);
        encode::vlan(&core.vlan, &mut b);
        encode::mpls(&core.mpls, &mut b);
        if let Some(j) = &core.jitter {
            encode::jitter(j, &mut b);
        }
        encode::ip(&core.ip, &mut b);
        encode::sizes(&core.sizes, &mut b);
        for (bytes, subtype) in self.user.iter().zip([0x90, 0xA0]) {
            if let Some(bytes) = bytes {
                let flags = bytes.get(1).copied().unwrap_or(0) & 0x0F;
                b.long_dsr(0x50, subtype | flags, |o| o.extend_from_slice(bytes.get(4..).unwrap_or(&[])));
            }
        }
        if let Some(m) = &core.mac {
            encode::macs(m, self.mac_tail, &mut b);
        }
        for raw in [&self.icmp_error, &self.keystrokes].into_iter().flatten() {
            b.raw(raw);
        }
        encode::rest(core, self.label.as_bytes(), &mut b);
        b.finish();
    }
}

impl Core {
    fn strip(&mut self) {
        (self.net, self.jitter, self.mac, self.encaps) = (Net::None, None, None, None);
        (self.vlan, self.mpls, self.ip, self.sizes) = Default::default();
    }

    /// Takes ports away, and what stands in their place: identifiers of ICMP, the SPI.
    pub(super) fn blank_ports(&mut self, keep_src: bool, keep_dst: bool) {
        let key = &mut self.flow.key;
        let from = if self.flow.form == FlowForm::V4 { 10 } else { 36 };
        if !matches!(key.proto, 6 | 17) && !keep_dst {
            self.stored.body.iter_mut().skip(from).for_each(|b| *b = 0);
        }
        if !keep_src {
            key.sport = 0;
        }
        if !keep_dst {
            key.dport = 0;
        }
    }
}

/// The label in the direction of the flow.
fn label_of(far: &Far<'_>, turned: bool) -> String {
    match far.label() {
        None => String::new(),
        Some(text) if turned => label_turned(&text),
        Some(text) => text.into_owned(),
    }
}
