//! Flows described by templates: NetFlow 9 and IPFIX.
//!
//! # Source
//! RFC 3954 (NetFlow 9), RFC 7011 and 7012 (IPFIX and its elements), RFC 5103 (both directions in one record). The
//! numbers of the elements are those of the public registry, which version 9 shares up to 127.

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::bytes::{Order, be16, be32, number};
use super::flow::ForeignFlow;
use super::layout::Clock;
use crate::base::hash::Map;

/// Templates remembered, over all exporters; the oldest goes first.
const MAX_TEMPLATES: usize = 4096;
/// Fields of one template.
const MAX_FIELDS: usize = 512;
/// Domains whose sampling is remembered.
const MAX_DOMAINS: usize = 1024;
/// The enterprise that marks elements of the reverse direction.
const REVERSE: u32 = 29305;
/// A length that stands in the record itself.
const VARIABLE: u16 = 0xFFFF;
/// Seconds from 1900, which IPFIX counts fine times from, to 1970.
const NTP_EPOCH: i64 = 2_208_988_800;

/// Where a template is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Domain {
    pub(super) exporter: Option<IpAddr>,
    pub(super) version: u16,
    pub(super) id: u32,
}

#[derive(Clone, Copy, Debug)]
struct Field {
    id: u16,
    enterprise: u32,
    len: u16,
}

#[derive(Debug)]
struct Template {
    fields: Vec<Field>,
    /// Whether its records describe the exporter instead of flows.
    options: bool,
    /// The least number of bytes of a record; at least 1.
    least: usize,
}

/// Templates and sampling of all exporters.
#[derive(Debug, Default)]
pub(super) struct Store {
    templates: Map<(Domain, u16), Template>,
    order: VecDeque<(Domain, u16)>,
    sampling: Map<Domain, u64>,
    without_template: u64,
}

/// How far a run over sets came.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Progress {
    /// Bytes used.
    pub(super) bytes: usize,
    /// Data records seen, those about the exporter included.
    pub(super) records: u32,
}

impl Store {
    /// Sets left out because their template was not there.
    pub(super) fn without_template(&self) -> u64 {
        self.without_template
    }

    /// Takes the sets behind a header: learns templates, hands flows to `each`.
    ///
    /// # Errors
    /// A set does not fit; what came before it has been handed out.
    pub(super) fn sets(
        &mut self,
        domain: Domain,
        body: &[u8],
        clock: Clock,
        each: &mut dyn FnMut(&ForeignFlow),
    ) -> Result<Progress, String> {
        let mut progress = Progress::default();
        while body.len() >= progress.bytes + 4 {
            let (id, len) = (be16(body, progress.bytes), usize::from(be16(body, progress.bytes + 2)));
            // Files hold datagrams one behind the other and version 9 does not say how long one is; these numbers are
            // no sets.
            if domain.version == 9 && matches!(id, 5..=7 | 9 | 10) {
                break;
            }
            let set = body.get(progress.bytes + 4..progress.bytes + len).ok_or_else(|| {
                format!("set {id}: expected a length of 4 to {}, found {len}", body.len() - progress.bytes)
            })?;
            match (domain.version, id) {
                (9, 0) | (10, 2) => self.learn(domain, set, false)?,
                (9, 1) => self.learn_options_9(domain, set)?,
                (10, 3) => self.learn(domain, set, true)?,
                (_, 256..) => progress.records += self.data(domain, id, set, clock, each),
                _ => {}
            }
            progress.bytes += len;
        }
        Ok(progress)
    }

    /// Templates: id, count (options of IPFIX: and count of scopes), then the fields.
    fn learn(&mut self, domain: Domain, set: &[u8], options: bool) -> Result<(), String> {
        let mut at = 0;
        while set.len() >= at + 4 {
            let (id, count) = (be16(set, at), usize::from(be16(set, at + 2)));
            at += 4;
            if id < 256 {
                // Padding.
                return Ok(());
            }
            if count == 0 {
                self.templates.remove(&(domain, id));
                continue;
            }
            at += if options { 2 } else { 0 };
            let fields = self.fields(domain, set, &mut at, count).map_err(|e| format!("template {id}: {e}"))?;
            self.keep(domain, id, fields, options);
        }
        Ok(())
    }

    /// Option templates of version 9: id, bytes of scopes, bytes of options, then the fields.
    fn learn_options_9(&mut self, domain: Domain, set: &[u8]) -> Result<(), String> {
        let mut at = 0;
        while set.len() >= at + 6 && be16(set, at) >= 256 {
            let (id, scopes, options) =
                (be16(set, at), usize::from(be16(set, at + 2)) / 4, usize::from(be16(set, at + 4)) / 4);
            at += 6;
            let mut fields =
                self.fields(domain, set, &mut at, scopes + options).map_err(|e| format!("template {id}: {e}"))?;
            // Scopes are numbered apart from the elements.
            fields.iter_mut().take(scopes).for_each(|f| f.id = 0);
            self.keep(domain, id, fields, true);
        }
        Ok(())
    }

    fn fields(&self, domain: Domain, set: &[u8], at: &mut usize, count: usize) -> Result<Vec<Field>, String> {
        if count > MAX_FIELDS {
            return Err(format!("expected at most {MAX_FIELDS} fields, found {count}"));
        }
        let mut fields = Vec::new();
        for _ in 0..count {
            if set.len() < *at + 4 {
                return Err(format!("expected {count} fields, the set ends after {}", fields.len()));
            }
            let (mut id, len, mut enterprise) = (be16(set, *at), be16(set, *at + 2), 0);
            *at += 4;
            if domain.version == 10 && id & 0x8000 != 0 {
                if set.len() < *at + 4 {
                    return Err("the set ends within a field".into());
                }
                id &= 0x7FFF;
                enterprise = be32(set, *at);
                *at += 4;
            }
            fields.push(Field { id, enterprise, len });
        }
        Ok(fields)
    }

    fn keep(&mut self, domain: Domain, id: u16, fields: Vec<Field>, options: bool) {
        let least = fields.iter().map(|f| if f.len == VARIABLE { 1 } else { usize::from(f.len) }).sum();
        if least == 0 {
            return;
        }
        if self.templates.insert((domain, id), Template { fields, options, least }).is_some() {
            return;
        }
        self.order.push_back((domain, id));
        // Templates that were withdrawn are still in the order.
        while self.order.len() > MAX_TEMPLATES {
            if let Some(oldest) = self.order.pop_front() {
                self.templates.remove(&oldest);
            }
        }
    }

    fn data(&mut self, domain: Domain, id: u16, set: &[u8], clock: Clock, each: &mut dyn FnMut(&ForeignFlow)) -> u32 {
        let Some(template) = self.templates.get(&(domain, id)) else {
            self.without_template += 1;
            return 0;
        };
        let sampling = self.sampling.get(&domain).copied().unwrap_or(1);
        let (mut rest, mut records, mut learned) = (set, 0, None);
        while rest.len() >= template.least {
            let mut draft = Draft::default();
            let Some(used) = draft.read(template, rest) else { break };
            rest = rest.get(used..).unwrap_or_default();
            records += 1;
            if template.options {
                learned = learned.or(draft.sampling.filter(|n| *n > 0));
            } else if let Some(flow) = draft.finish(clock, domain, sampling) {
                each(&flow);
            }
        }
        if let Some(n) = learned
            && (self.sampling.len() < MAX_DOMAINS || self.sampling.contains_key(&domain))
        {
            self.sampling.insert(domain, n);
        }
        records
    }
}

/// A flow while its fields come in.
#[derive(Debug, Default)]
struct Draft {
    flow: ForeignFlow,
    start: Option<i64>,
    end: Option<i64>,
    /// First and last in milliseconds of up time.
    uptime: [Option<u32>; 2],
    /// Moment of up time 0, milliseconds since 1970.
    boot: Option<i64>,
    /// Length in microseconds.
    duration: Option<i64>,
    /// Offsets of start and end before the export, microseconds.
    before: [Option<i64>; 2],
    icmp: Option<u16>,
    smac: Option<[u8; 6]>,
    dmac: Option<[u8; 6]>,
    sampling: Option<u64>,
    exporter: Option<Ipv4Addr>,
    /// Counters behind the exporter, used where those before it are missing.
    post: (u64, u64),
}

impl Draft {
    /// Reads one record; the number of its bytes, `None` if it does not fit.
    fn read(&mut self, template: &Template, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        for field in &template.fields {
            let mut len = usize::from(field.len);
            if field.len == VARIABLE {
                len = usize::from(*bytes.get(at)?);
                at += 1;
                if len == 255 {
                    len = usize::from(u16::from_be_bytes(*bytes.get(at..)?.first_chunk()?));
                    at += 2;
                }
            }
            let value = bytes.get(at..at + len)?;
            match field.enterprise {
                0 => self.take(field.id, value),
                REVERSE => self.take_reverse(field.id, value),
                _ => {}
            }
            at += len;
        }
        Some(at)
    }

    fn take(&mut self, id: u16, value: &[u8]) {
        let n = number(value, 0, value.len().min(8), Order::Big);
        let signed = n as i64;
        let flow = &mut self.flow;
        match id {
            1 | 85 | 231 => flow.sent.1 = n,
            2 | 86 | 298 => flow.sent.0 = n,
            23 => self.post.1 = n,
            24 => self.post.0 = n,
            232 => flow.returned.1 = n,
            299 => flow.returned.0 = n,
            4 => flow.proto = n as u8,
            5 => flow.tos = Some(n as u8),
            6 => flow.tcp_flags = n as u8,
            7 => flow.sport = n as u16,
            11 => flow.dport = n as u16,
            8 | 27 => set(&mut flow.src, address(value)),
            12 | 28 => set(&mut flow.dst, address(value)),
            16 => flow.sas = n as u32,
            17 => flow.das = n as u32,
            22 => self.uptime[0] = Some(n as u32),
            21 => self.uptime[1] = Some(n as u32),
            32 | 139 => self.icmp = Some(n as u16),
            176 | 178 => self.icmp = Some(self.icmp.unwrap_or(0) & 0xFF | (n as u16) << 8),
            177 | 179 => self.icmp = Some(self.icmp.unwrap_or(0) & 0xFF00 | n as u16 & 0xFF),
            34 | 50 | 305 => self.sampling = Some(n),
            52 | 192 => flow.ttl = n as u8,
            56 => self.smac = value.first_chunk().copied(),
            80 => self.dmac = value.first_chunk().copied(),
            // What it becomes behind the exporter, where nothing better is there.
            57 => self.dmac = self.dmac.or(value.first_chunk().copied()),
            81 => self.smac = self.smac.or(value.first_chunk().copied()),
            58 | 243 => flow.vlan = Some(n as u16 & 0xFFF),
            130 => self.exporter = value.first_chunk::<4>().map(|a| Ipv4Addr::from(*a)),
            _ => self.take_time(id, value, signed),
        }
    }

    fn take_time(&mut self, id: u16, value: &[u8], n: i64) {
        match id {
            150 => self.start = n.checked_mul(1_000_000),
            151 => self.end = n.checked_mul(1_000_000),
            152 => self.start = n.checked_mul(1_000),
            153 => self.end = n.checked_mul(1_000),
            154 | 156 => self.start = ntp(value),
            155 | 157 => self.end = ntp(value),
            158 => self.before[0] = Some(n),
            159 => self.before[1] = Some(n),
            160 => self.boot = Some(n),
            161 => self.duration = n.checked_mul(1_000),
            162 => self.duration = Some(n),
            _ => {}
        }
    }

    fn take_reverse(&mut self, id: u16, value: &[u8]) {
        let n = number(value, 0, value.len().min(8), Order::Big);
        match id {
            1 | 85 => self.flow.returned.1 = n,
            2 | 86 => self.flow.returned.0 = n,
            _ => {}
        }
    }

    /// The flow, with its times worked out; `None` if there is nothing in it.
    fn finish(mut self, clock: Clock, domain: Domain, sampling: u64) -> Option<ForeignFlow> {
        let moment = |given: Option<i64>, i: usize| {
            let uptime = self.uptime.get(i).copied().flatten();
            let before = self.before.get(i).copied().flatten();
            given
                .or_else(|| match (uptime, self.boot) {
                    (Some(t), Some(boot)) => boot.checked_add(i64::from(t))?.checked_mul(1_000),
                    (Some(t), None) if domain.version == 9 => Some(clock.at(t)),
                    _ => None,
                })
                .or_else(|| before.and_then(|us| clock.unix.checked_sub(us)))
        };
        let (start, end) = (moment(self.start, 0), moment(self.end, 1));
        let length = self.duration.filter(|d| *d >= 0);
        let flow = &mut self.flow;
        flow.start = start.or_else(|| end?.checked_sub(length.unwrap_or(0))).unwrap_or(clock.unix);
        flow.end = end.or_else(|| flow.start.checked_add(length.unwrap_or(0))).unwrap_or(flow.start);
        if flow.sent == (0, 0) {
            flow.sent = self.post;
        }
        let scale = self.sampling.filter(|n| *n > 0).unwrap_or(sampling);
        flow.scale(scale);
        if let (1 | 58, Some(icmp)) = (flow.proto, self.icmp) {
            flow.dport = icmp;
        }
        if let (Some(src), Some(dst)) = (self.smac, self.dmac) {
            flow.macs = Some((src, dst));
        }
        flow.exporter = self.exporter.map(IpAddr::V4).or(domain.exporter);
        let empty = flow.src.is_unspecified() && flow.dst.is_unspecified() && flow.sent.0 == 0 && flow.sent.1 == 0;
        (!empty).then_some(self.flow)
    }
}

fn set(to: &mut IpAddr, from: Option<IpAddr>) {
    if let Some(from) = from {
        *to = from;
    }
}

fn address(value: &[u8]) -> Option<IpAddr> {
    match value.len() {
        4 => value.first_chunk::<4>().map(|a| IpAddr::V4(Ipv4Addr::from(*a))),
        16 => value.first_chunk::<16>().map(|a| IpAddr::V6(Ipv6Addr::from(*a))),
        _ => None,
    }
}

/// Microseconds since 1970 of seconds since 1900 and their fraction in 2⁻³².
fn ntp(value: &[u8]) -> Option<i64> {
    let (secs, fraction) = (i64::from(be32(value, 0)), i64::from(be32(value, 4)));
    (value.len() == 8).then_some((secs - NTP_EPOCH) * 1_000_000 + ((fraction * 1_000_000) >> 32))
}
