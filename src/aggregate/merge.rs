//! How two flows become one.

use super::core::{Added, Core, Net, StoredKey};
use crate::base::Span;
use crate::record::{
    Addr, Asns, Counts, DsrKind, Encaps, Far, Flow, FlowForm, Intervals, IpAttr, IpAttrs, Jitter, Mac, PacketSizes,
    Sides, Spread, Tcp, TcpForm, TcpSide,
};

/// A flow as merging looks at it: each part is decoded only if it is asked for.
pub(super) trait Parts {
    fn flow(&self) -> &Flow;
    fn stored(&self) -> StoredKey;
    fn span(&self) -> Span;
    fn sides(&self) -> Sides<Option<Span>>;
    /// Both sides' counts, where the flow has any; whether application bytes were counted.
    fn metrics(&self) -> (Option<Sides<Counts>>, bool);
    fn added(&self) -> Added;
    fn net(&self) -> Net;
    fn vlan(&self) -> Sides<Option<u16>>;
    fn mpls(&self) -> Sides<Option<u32>>;
    fn jitter(&self) -> Option<Jitter>;
    fn ip(&self) -> IpAttrs;
    fn sizes(&self) -> Sides<Option<PacketSizes>>;
    fn mac(&self) -> Option<Mac>;
    fn encaps(&self) -> Option<Encaps>;
    /// Country codes, where the flow has them.
    fn country(&self) -> Option<Sides<Option<[u8; 2]>>>;
    fn asns(&self) -> Option<Asns>;
}

impl Parts for Core {
    fn flow(&self) -> &Flow {
        &self.flow
    }
    fn stored(&self) -> StoredKey {
        self.stored
    }
    fn span(&self) -> Span {
        Core::span(self)
    }
    fn sides(&self) -> Sides<Option<Span>> {
        Sides { src: self.src, dst: self.dst }
    }
    fn metrics(&self) -> (Option<Sides<Counts>>, bool) {
        (self.has_metrics.then_some(self.counts), self.has_appbytes)
    }
    fn added(&self) -> Added {
        self.added
    }
    fn net(&self) -> Net {
        self.net
    }
    fn vlan(&self) -> Sides<Option<u16>> {
        self.vlan
    }
    fn mpls(&self) -> Sides<Option<u32>> {
        self.mpls
    }
    fn jitter(&self) -> Option<Jitter> {
        self.jitter
    }
    fn ip(&self) -> IpAttrs {
        self.ip
    }
    fn sizes(&self) -> Sides<Option<PacketSizes>> {
        self.sizes
    }
    fn mac(&self) -> Option<Mac> {
        self.mac
    }
    fn encaps(&self) -> Option<Encaps> {
        self.encaps
    }
    fn country(&self) -> Option<Sides<Option<[u8; 2]>>> {
        self.has_country.then_some(self.country)
    }
    fn asns(&self) -> Option<Asns> {
        self.asns
    }
}

impl Parts for Far<'_> {
    fn flow(&self) -> &Flow {
        Far::flow(self)
    }
    fn stored(&self) -> StoredKey {
        StoredKey::read(self)
    }
    fn span(&self) -> Span {
        self.times().span
    }
    fn sides(&self) -> Sides<Option<Span>> {
        Sides { src: self.times().src, dst: self.times().dst }
    }
    fn metrics(&self) -> (Option<Sides<Counts>>, bool) {
        let m = Far::metrics(self);
        (self.has_metrics().then_some(Sides { src: m.src, dst: m.dst }), m.has_appbytes)
    }
    fn added(&self) -> Added {
        super::core::added(self)
    }
    fn net(&self) -> Net {
        super::core::net(self)
    }
    fn vlan(&self) -> Sides<Option<u16>> {
        Far::vlan(self)
    }
    fn mpls(&self) -> Sides<Option<u32>> {
        Far::mpls(self)
    }
    fn jitter(&self) -> Option<Jitter> {
        Far::jitter(self)
    }
    fn ip(&self) -> IpAttrs {
        self.ip_attrs()
    }
    fn sizes(&self) -> Sides<Option<PacketSizes>> {
        self.packet_sizes()
    }
    fn mac(&self) -> Option<Mac> {
        Far::mac(self)
    }
    fn encaps(&self) -> Option<Encaps> {
        Far::encaps(self)
    }
    fn country(&self) -> Option<Sides<Option<[u8; 2]>>> {
        self.has(DsrKind::Country).then(|| self.countries())
    }
    fn asns(&self) -> Option<Asns> {
        Far::asns(self)
    }
}

impl Core {
    /// Adds another flow to this one.
    pub(super) fn add(&mut self, other: &impl Parts) {
        self.added.add(&other.added(), self.span(), other.span());
        self.add_net(other);
        self.add_key(other);
        let sides = other.sides();
        self.src = match (self.src, sides.src) {
            // Of ends within one second the classic clients take the later record's, at the source.
            (Some(a), Some(b)) if a.end.secs() == b.end.secs() => {
                Some(Span { start: a.start.min(b.start), end: b.end })
            }
            (a, b) => union(a, b),
        };
        self.dst = union(self.dst, sides.dst);
        let (counts, has_appbytes) = other.metrics();
        self.has_appbytes |= has_appbytes;
        if let Some(counts) = counts {
            self.has_metrics = true;
            self.counts.src.add(counts.src);
            self.counts.dst.add(counts.dst);
        }
        self.vlan = both(self.vlan, other.vlan(), equal);
        self.mpls = both(self.mpls, other.mpls(), equal);
        self.jitter = match (self.jitter, other.jitter()) {
            (Some(a), Some(b)) => {
                Some(Jitter { active: both(a.active, b.active, intervals), idle: both(a.idle, b.idle, intervals) })
            }
            (a, b) => a.or(b),
        };
        let ip = other.ip();
        self.ip.attr = both(self.ip.attr, ip.attr, attr);
        self.ip.options = both(self.ip.options, ip.options, |a, b| Some(a.unwrap_or(0) | b.unwrap_or(0)));
        self.ip.fragments.src |= ip.fragments.src;
        self.ip.fragments.dst |= ip.fragments.dst;
        self.sizes = both(self.sizes, other.sizes(), sizes);
        self.add_mac(other);
        let encaps = other.encaps();
        if let (Some(a), Some(b)) = (&mut self.encaps, encaps) {
            // A side that has sent nothing has none yet.
            for (mask, new, changed) in
                [(&mut a.mask.src, b.mask.src, &mut a.changed.src), (&mut a.mask.dst, b.mask.dst, &mut a.changed.dst)]
            {
                *changed |= *mask != new;
                *mask |= new;
            }
            a.changed.src |= b.changed.src;
            a.changed.dst |= b.changed.dst;
        } else {
            self.encaps = self.encaps.or(encaps);
        }
        if let Some(country) = other.country() {
            self.country = both(self.country, country, equal);
            self.has_country = true;
        }
        self.asns = match (self.asns, other.asns()) {
            (Some(mut a), Some(b)) => {
                let first = |a, b| if a == 0 { b } else { a };
                a.asn = Sides { src: first(a.asn.src, b.asn.src), dst: first(a.asn.dst, b.asn.dst) };
                a.inode = first(a.inode, b.inode);
                Some(a)
            }
            (a, b) => a.or(b),
        };
    }

    fn add_key(&mut self, other: &impl Parts) {
        let (a, b) = (&mut self.flow, other.flow());
        if a.form != b.form || a.link_type != b.link_type {
            self.mix_forms(other);
            return;
        }
        if matches!(a.form, FlowForm::None | FlowForm::Ether | FlowForm::Wlan | FlowForm::Isis) {
            return;
        }
        if a.form == FlowForm::Arp {
            for (addr, new) in [(&mut a.key.saddr, b.key.saddr), (&mut a.key.daddr, b.key.daddr)] {
                if *addr != new {
                    *addr = Addr::V4(std::net::Ipv4Addr::UNSPECIFIED);
                }
            }
            self.same_bytes(other);
            return;
        }
        for (addr, mask, new, new_mask) in [
            (&mut a.key.saddr, &mut a.src_mask, b.key.saddr, b.src_mask),
            (&mut a.key.daddr, &mut a.dst_mask, b.key.daddr, b.dst_mask),
        ] {
            common(addr, mask, new, new_mask);
        }
        if a.key.proto != b.key.proto {
            (a.key.proto, a.key.sport, a.key.dport) = (0, 0, 0);
            self.stored.body.iter_mut().skip(8).for_each(|b| *b = 0);
            return;
        }
        if a.key.sport != b.key.sport {
            a.key.sport = 0;
        }
        if a.key.dport != b.key.dport {
            a.key.dport = 0;
        }
        // Ports are known already.
        if !matches!(a.key.proto, 6 | 17) {
            self.same_bytes(other);
        }
    }

    /// Keeps of the rest of the key what both have: identifiers of ICMP, masks, the asker of an ARP request.
    fn same_bytes(&mut self, other: &impl Parts) {
        let from = match self.flow.form {
            FlowForm::V4 => 10,
            FlowForm::V6 => 36,
            FlowForm::Arp => 16,
            _ => return,
        };
        for (a, b) in self.stored.body.iter_mut().zip(&other.stored().body).skip(from) {
            if a != b {
                *a = 0;
            }
        }
    }

    /// Flows of different kinds have nothing in common but what they count.
    fn mix_forms(&mut self, other: &impl Parts) {
        let new = other.flow();
        let flow = &mut self.flow;
        let is_ip = |form| matches!(form, FlowForm::V4 | FlowForm::V6);
        if flow.form == FlowForm::None {
            *flow = *new;
            self.stored = other.stored();
            return;
        }
        if !is_ip(flow.form) {
            return;
        }
        let zero = |addr: Addr| match addr {
            Addr::V6(_) => Addr::V6(std::net::Ipv6Addr::UNSPECIFIED),
            _ => Addr::V4(std::net::Ipv4Addr::UNSPECIFIED),
        };
        (flow.key.saddr, flow.key.daddr) = (zero(flow.key.saddr), zero(flow.key.daddr));
        (flow.src_mask, flow.dst_mask) = (Some(0), Some(0));
        if !is_ip(new.form) || flow.key.proto != new.key.proto {
            (flow.key.proto, flow.key.sport, flow.key.dport) = (0, 0, 0);
            self.stored.body = [0; 52];
            return;
        }
        if flow.key.sport != new.key.sport {
            flow.key.sport = 0;
        }
        if flow.key.dport != new.key.dport {
            flow.key.dport = 0;
        }
    }

    fn add_net(&mut self, other: &impl Parts) {
        let mine = match &mut self.net {
            Net::None => return,
            mine => mine,
        };
        match (mine, &other.net()) {
            (Net::Tcp(a), Net::Tcp(b)) => {
                tcp(a, b);
                if self.flow.key != other.flow().key {
                    // Between sequence numbers of different connections there is no gap.
                    (a.src.seq, a.dst.seq) = (0, 0);
                }
            }
            (Net::Raw(a), Net::Raw(b)) if a.subtype == b.subtype => a.add(b),
            (Net::Long(a), Net::Long(b)) if a == b => {}
            // The classic clients keep a state only if all flows have one of its kind.
            (mine, _) => *mine = Net::None,
        }
    }

    fn add_mac(&mut self, other: &impl Parts) {
        let new = other.mac();
        let (Some(a), Some(b)) = (&mut self.mac, &new) else {
            self.mac = self.mac.or(new);
            return;
        };
        for (mine, new) in [(&mut a.addr.src, b.addr.src), (&mut a.addr.dst, b.addr.dst)] {
            if *mine != new {
                // Of one vendor the vendor stays.
                let same_vendor = mine.first_chunk::<3>() == new.first_chunk::<3>();
                mine.iter_mut().skip(if same_vendor { 3 } else { 0 }).for_each(|b| *b = 0);
            }
        }
        a.several.src |= b.several.src;
        a.several.dst |= b.several.dst;
    }
}

impl super::core::RawNet {
    fn add(&mut self, other: &super::core::RawNet) {
        match self.subtype & 0x7F {
            // Drops of both sides.
            0x0A => self.add_words(other, &[28, 30]),
            0x09 => self.add_words(other, &[16, 18]),
            _ => {}
        }
    }

    fn add_words(&mut self, other: &super::core::RawNet, at: &[usize]) {
        for &at in at {
            let word =
                |b: &[u8]| b.get(at..at + 2).and_then(|b| b.first_chunk::<2>()).map_or(0, |w| u16::from_be_bytes(*w));
            let sum = word(&self.body).saturating_add(word(&other.body));
            if let Some(to) = self.body.get_mut(at..at + 2) {
                to.copy_from_slice(&sum.to_be_bytes());
            }
        }
    }
}

impl Added {
    fn add(&mut self, other: &Added, before: Span, new: Span) {
        let gap = new.start.nanos().saturating_sub(before.end.nanos());
        if gap > 0 {
            let gap = (gap / 1000) as f32;
            let one = Spread { count: 1, min: gap, mean: gap, stdev: 0.0, max: gap };
            self.idle = join(self.idle, one);
        }
        self.idle = join(self.idle, other.idle);
        self.active = join(self.active, other.active);
        self.count = self.count.saturating_add(other.count);
        self.is_written = true;
    }
}

/// Two sets of values as one; means and deviations are kept in single precision, as the classic clients do.
pub(super) fn join(a: Spread, b: Spread) -> Spread {
    if a.count == 0 {
        return b;
    }
    if b.count == 0 {
        return a;
    }
    let [n1, n2] = [a.count, b.count].map(f64::from);
    // Old sensors write deviations that are no numbers.
    let [s1, s2] = [a.stdev, b.stdev].map(|s| if s.is_finite() { f64::from(s) } else { 0.0 });
    // The sums are rounded to single precision on the way.
    let [t1, t2] = [n1 * f64::from(a.mean), n2 * f64::from(b.mean)].map(|t| f64::from(t as f32));
    let n = n1 + n2;
    let mean = ((t1 + t2) / n) as f32;
    let squares = n1 * s1 * s1 + t1 * t1 / n1 + n2 * s2 * s2 + t2 * t2 / n2;
    let variance = squares / n - f64::from(mean) * f64::from(mean);
    Spread {
        count: a.count.saturating_add(b.count),
        min: a.min.min(b.min),
        mean,
        stdev: variance.max(0.0).sqrt() as f32,
        max: a.max.max(b.max),
    }
}

fn intervals(a: Option<Intervals>, b: Option<Intervals>) -> Option<Intervals> {
    let (Some(a), Some(b)) = (a, b) else { return a.or(b) };
    let spread = |i: Intervals| Spread { count: i.count, min: i.min, mean: i.mean, stdev: i.stdev, max: i.max };
    let j = join(spread(a), spread(b));
    // The classic clients keep whole microseconds.
    Some(Intervals { count: j.count, min: j.min, mean: j.mean.trunc(), stdev: j.stdev.trunc(), max: j.max })
}

fn both<T: Copy>(
    a: Sides<Option<T>>,
    b: Sides<Option<T>>,
    one: fn(Option<T>, Option<T>) -> Option<T>,
) -> Sides<Option<T>> {
    let side = |a: Option<T>, b: Option<T>| {
        if a.is_none() {
            b
        } else if b.is_none() {
            a
        } else {
            one(a, b)
        }
    };
    Sides { src: side(a.src, b.src), dst: side(a.dst, b.dst) }
}

fn equal<T: Copy + PartialEq>(a: Option<T>, b: Option<T>) -> Option<T> {
    if a == b { a } else { None }
}

fn attr(a: Option<IpAttr>, b: Option<IpAttr>) -> Option<IpAttr> {
    let (a, b) = (a?, b?);
    Some(IpAttr { ttl: a.ttl.min(b.ttl), tos: if a.tos == b.tos { a.tos } else { 0 }, id: a.id })
}

fn sizes(a: Option<PacketSizes>, b: Option<PacketSizes>) -> Option<PacketSizes> {
    let (a, b) = (a?, b?);
    Some(PacketSizes { min: a.min.min(b.min), max: a.max.max(b.max) })
}

fn union(a: Option<Span>, b: Option<Span>) -> Option<Span> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.union(b)),
        (a, b) => a.or(b),
    }
}

/// The leading bits that two addresses share; the rest is 0. Without any, or of different families, nothing is left.
fn common(addr: &mut Addr, mask: &mut Option<u8>, new: Addr, new_mask: Option<u8>) {
    if *addr == new {
        if let (Some(a), Some(b)) = (*mask, new_mask) {
            *mask = Some(a.min(b));
        }
        return;
    }
    match (*addr, new) {
        (Addr::V4(a), Addr::V4(b)) => {
            let (a, b) = (u32::from(a), u32::from(b));
            let len = ((a ^ b).leading_zeros() as u8).min(mask.unwrap_or(32));
            *addr = Addr::V4(super::key::mask_v4(a, len).into());
            *mask = Some(len);
        }
        (Addr::V6(a), Addr::V6(b)) => {
            let (a, b) = (u128::from(a), u128::from(b));
            let len = ((a ^ b).leading_zeros() as u8).min(mask.unwrap_or(128));
            *addr = Addr::V6(super::key::mask_v6(a, len).into());
            *mask = Some(len);
        }
        (Addr::V6(_), _) => (*addr, *mask) = (Addr::V6(std::net::Ipv6Addr::UNSPECIFIED), Some(0)),
        _ => (*addr, *mask) = (Addr::V4(std::net::Ipv4Addr::UNSPECIFIED), Some(0)),
    }
}

/// Two stretches of a connection. What is no sum is what the later record says; the classic clients take the one that
/// comes later in the input.
fn tcp(a: &mut Tcp, b: &Tcp) {
    if b.form == TcpForm::Full || a.form == TcpForm::First {
        a.form = TcpForm::Full;
    }
    a.status |= b.status;
    a.state = a.state.max(b.state);
    (a.options, a.syn_ack_us, a.ack_dat_us) = (b.options, b.syn_ack_us, b.ack_dat_us);
    tcp_side(&mut a.src, &b.src);
    tcp_side(&mut a.dst, &b.dst);
    if b.form == TcpForm::Full {
        for (mine, new) in [(&mut a.src, &b.src), (&mut a.dst, &b.dst)] {
            (mine.window, mine.shift) = (new.window, new.shift);
        }
    }
}

fn tcp_side(a: &mut TcpSide, b: &TcpSide) {
    let sum = |a: u32, b: u32| a.wrapping_add(b);
    a.last = a.last.max(b.last);
    a.status |= b.status;
    if a.base == 0 {
        a.base = b.base;
    }
    if b.seq != 0 {
        (a.seq, a.ack) = (b.seq, b.ack);
    }
    a.windows = sum(a.windows, b.windows);
    a.payload_bytes = sum(a.payload_bytes, b.payload_bytes);
    a.retransmitted = sum(a.retransmitted, b.retransmitted);
    a.acked_bytes = sum(a.acked_bytes, b.acked_bytes);
    a.window_bytes = sum(a.window_bytes, b.window_bytes);
    a.flags |= b.flags;
    a.max_segment = a.max_segment.or(b.max_segment);
}
