//! Asks a filter of a record. Nothing is allocated.

use std::net::IpAddr;

use crate::record::{Addr, Far, FlowForm, Network, SrcId};

use super::ast::{Expr, Id, Join, Test, What};

/// Whether the record passes. Nesting is bounded by the parser.
pub(super) fn holds(expr: &Expr, far: &Far<'_>) -> bool {
    match expr {
        Expr::Test(test) => test.holds(far),
        Expr::Not(inner) => !holds(inner, far),
        Expr::Chain(first, rest) => {
            let mut so_far = holds(first, far);
            for (join, term) in rest {
                so_far = match join {
                    Join::And => so_far && holds(term, far),
                    Join::Or => so_far || holds(term, far),
                };
            }
            so_far
        }
    }
}

impl Test {
    fn holds(&self, far: &Far<'_>) -> bool {
        self.guard.is_none_or(|g| (g.test)(far, super::ast::Dir::Any)) && self.asks(far)
    }

    fn asks(&self, far: &Far<'_>) -> bool {
        let key = &far.flow().key;
        match &self.what {
            What::Flag(flag) => (flag.test)(far, self.dir),
            What::Host(ip) => self.dir.join(|| key.saddr == Addr::from(*ip), || key.daddr == Addr::from(*ip)),
            What::Net(net) => {
                let inside = |a: Addr| a.ip().is_some_and(|ip| net.contains(ip));
                self.dir.join(|| inside(key.saddr), || inside(key.daddr))
            }
            What::Mac(mac) => {
                let Some(m) = far.mac() else {
                    return self.dir.join(|| key.saddr == Addr::Mac(*mac), || key.daddr == Addr::Mac(*mac));
                };
                self.dir.join(|| m.addr.src == *mac, || m.addr.dst == *mac)
            }
            What::Port(range) => {
                let has_ports = matches!(far.flow().form, FlowForm::V4 | FlowForm::V6) && matches!(key.proto, 6 | 17);
                has_ports && self.dir.join(|| range.holds(key.sport.into()), || range.holds(key.dport.into()))
            }
            What::Proto(number) => matches!(far.flow().form, FlowForm::V4 | FlowForm::V6) && key.proto == *number,
            What::EtherType(number) => ethertype(far) == Some(*number),
            What::SrcId(id) => id.is(far),
            What::Inode(ip) => far.icmp_error().is_some_and(|e| IpAddr::V4(e.node) == *ip),
            What::Gateway(ip) => match far.network() {
                Some(Network::Icmp(state)) => IpAddr::V4(state.gateway) == *ip,
                _ => far.icmp_error().is_some_and(|e| IpAddr::V4(e.gateway) == *ip),
            },
            What::Number { src, dst, range, .. } => {
                let asked = |f: &crate::record::fields::Field| f.number(far).is_some_and(|v| range.holds(v));
                match dst {
                    Some(dst) => self.dir.join(|| asked(src), || asked(dst)),
                    None => asked(src),
                }
            }
            What::Country(code) => {
                let c = far.countries();
                self.dir.join(|| c.src == Some(*code), || c.dst == Some(*code))
            }
            What::Encaps(e) => {
                far.encaps().is_some_and(|m| self.dir.join(|| m.mask.src & e.bits != 0, || m.mask.dst & e.bits != 0))
            }
            What::Label(text) => far.label_bytes().is_some_and(|label| contains(label, text.as_bytes())),
        }
    }
}

/// Type of the frames that the flow was carried in.
fn ethertype(far: &Far<'_>) -> Option<u16> {
    Some(match far.flow().form {
        FlowForm::V4 | FlowForm::PairV4 => 0x0800,
        FlowForm::V6 | FlowForm::PairV6 => 0x86DD,
        FlowForm::Arp => 0x0806,
        FlowForm::Rarp => 0x8035,
        FlowForm::Ether => far.flow().link_type,
        FlowForm::Wlan | FlowForm::Isis | FlowForm::None => return None,
    })
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    part.is_empty() || text.windows(part.len()).any(|w| w == part)
}

impl Id {
    fn is(&self, far: &Far<'_>) -> bool {
        let Some(id) = far.srcid() else { return false };
        match (self, id) {
            (Id::Word(w), SrcId::V4(a)) => a.to_bits() == *w,
            (Id::Word(w), SrcId::Int(n)) => n.cast_unsigned() == *w,
            (Id::Word(0), SrcId::Unset) => true,
            (Id::V6(a), SrcId::V6(b)) => *a == b,
            (Id::Text(t), SrcId::Text(s)) => s.iter().copied().take_while(|c| *c != 0).eq(t.bytes()),
            (Id::Text(t), SrcId::Uuid(u)) => uuid_is(t, u),
            _ => false,
        }
    }
}

/// Whether a text is that UUID: its hex digits, hyphens anywhere.
fn uuid_is(text: &str, uuid: [u8; 16]) -> bool {
    let mut digits = text.bytes().filter(|b| *b != b'-').map(|b| char::from(b).to_digit(16));
    uuid.iter().all(|byte| {
        let mut next = || digits.next().flatten();
        matches!((next(), next()), (Some(hi), Some(lo)) if hi << 4 | lo == u32::from(*byte))
    }) && digits.next().is_none()
}
