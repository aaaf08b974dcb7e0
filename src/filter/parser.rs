//! From tokens to a tree, by recursive descent.
//!
//! ```text
//! filter   := ["local" | "remote" | "display"] [expr]
//! expr     := term { ("and" | "or") term }                left to right, equal rank
//! term     := "not" term | "(" expr ")" | primary
//! primary  := {proto | dir} (flag | [kind] value | kind "(" expr ")")
//! value    := [op] word
//! ```
//!
//! A value without a kind takes the qualifiers of the value before it: `dst port 80 or 443`.

use std::net::IpAddr;

use crate::base::nearest;
use crate::record::fields::Field;

use super::ast::{Dir, Expr, Id, Join, Net, Range, Test, What};
use super::error::FilterError;
use super::lexer::{Compare, Spanned, Token, tokens};
use super::words::{self, ENCAPSULATIONS, Flag, Kind};
use super::{Names, Scope, values};

/// Deepest nesting of parentheses and of `not`.
const MAX_DEPTH: usize = 100;
/// Most primaries in one filter.
const MAX_TESTS: usize = 4096;

/// Parses a whole filter; `None` stands for one that lets everything pass.
pub(super) fn parse(text: &str, names: &Names<'_>) -> Result<(Scope, Option<Expr>), FilterError> {
    let mut p = Parser { text, tokens: tokens(text)?, next: 0, names, carry: None, tests: 0 };
    let scope = p.scope();
    if p.peek().is_none() {
        return Ok((scope, None));
    }
    let expr = p.expr(0)?;
    match p.peek() {
        None => Ok((scope, Some(expr))),
        Some(_) => Err(p.unexpected()),
    }
}

/// What stands before a value.
#[derive(Clone, Copy, Debug)]
struct Qualifiers {
    guard: Option<&'static Flag>,
    ether: bool,
    dir: Dir,
    kind: Option<Asked>,
    op: Compare,
}

impl Default for Qualifiers {
    fn default() -> Qualifiers {
        Qualifiers { guard: None, ether: false, dir: Dir::Any, kind: None, op: Compare::Eq }
    }
}

/// What a value is compared with.
#[derive(Clone, Copy, Debug)]
enum Asked {
    Kind(Kind),
    Field(&'static Field),
}

struct Parser<'a> {
    text: &'a str,
    tokens: Vec<Spanned>,
    next: usize,
    names: &'a Names<'a>,
    carry: Option<Qualifiers>,
    tests: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next).map(|t| &t.token)
    }

    fn peek_second(&self) -> Option<&Token> {
        self.tokens.get(self.next + 1).map(|t| &t.token)
    }

    fn peek_word(&self) -> Option<&str> {
        match self.peek() {
            Some(Token::Word(w)) => Some(w),
            _ => None,
        }
    }

    fn eat_word(&mut self, word: &str) -> bool {
        let found = self.peek_word() == Some(word);
        self.next += usize::from(found);
        found
    }

    fn eat(&mut self, token: &Token) -> bool {
        let found = self.peek() == Some(token);
        self.next += usize::from(found);
        found
    }

    /// An error at the token to come, or at the end of the text.
    fn error(&self, problem: impl Into<String>) -> FilterError {
        self.error_at(self.next, problem)
    }

    fn error_at(&self, token: usize, problem: impl Into<String>) -> FilterError {
        let (at, len) = self.tokens.get(token).map_or((self.text.len(), 1), |t| (t.at, t.len));
        FilterError::new(self.text, at, len, problem)
    }

    /// The error for a token that cannot stand where it stands.
    fn unexpected(&self) -> FilterError {
        match self.peek() {
            None => self.error("the filter ends where a test is expected"),
            Some(Token::Word(w)) if words::flag(w).is_none() && words::kind(w).is_none() => self.unknown_word(w),
            Some(Token::Word(w)) => self.error(format!("'{w}' cannot stand here: 'and' or 'or' is missing before it")),
            Some(Token::Quoted(_)) => self.error("a quoted text cannot stand here"),
            Some(Token::Open) => self.error("'(' cannot stand here"),
            Some(Token::Close) => self.error("this ')' closes nothing"),
            Some(Token::And) => self.error("'and' has no test on this side"),
            Some(Token::Or) => self.error("'or' has no test on this side"),
            Some(Token::Not) => self.error("'not' cannot stand here: 'and' or 'or' is missing before it"),
            Some(Token::Sign(_)) => self.error("a comparison needs a field before it"),
        }
    }

    fn unknown_word(&self, word: &str) -> FilterError {
        let shown: String = word.chars().take(40).collect();
        if values::ip(word).is_some() || (word.contains(['.', '/', ':']) && values::net(word).is_ok()) {
            let kind = if word.contains('/') { "net" } else { "host" };
            return self
                .error(format!("'{shown}' lacks a word that says what it is"))
                .or_rather(Some(&format!("{kind} {word}")));
        }
        self.error(format!("'{shown}' is no word of the filter language")).or_rather(nearest(word, words::all()))
    }

    fn scope(&mut self) -> Scope {
        for scope in [Scope::Local, Scope::Remote, Scope::Display] {
            if self.eat_word(scope.word()) {
                return scope;
            }
        }
        Scope::Everywhere
    }

    fn expr(&mut self, depth: usize) -> Result<Expr, FilterError> {
        let first = self.term(depth)?;
        let mut rest = Vec::new();
        loop {
            let join = match self.peek() {
                Some(Token::And) => Join::And,
                Some(Token::Or) => Join::Or,
                _ => break,
            };
            self.next += 1;
            rest.push((join, self.term(depth)?));
        }
        Ok(if rest.is_empty() { first } else { Expr::Chain(Box::new(first), rest) })
    }

    fn term(&mut self, depth: usize) -> Result<Expr, FilterError> {
        if depth >= MAX_DEPTH {
            return Err(self.error(format!("the filter is nested more than {MAX_DEPTH} deep")));
        }
        if self.eat(&Token::Not) {
            return Ok(Expr::Not(Box::new(self.term(depth + 1)?)));
        }
        if self.peek() == Some(&Token::Open) {
            return self.group(depth);
        }
        self.primary(depth)
    }

    fn group(&mut self, depth: usize) -> Result<Expr, FilterError> {
        let open = self.next;
        self.next += 1;
        let inner = self.expr(depth + 1)?;
        if self.eat(&Token::Close) {
            return Ok(inner);
        }
        Err(match self.peek() {
            None => self.error_at(open, "this '(' is never closed"),
            Some(_) => self.unexpected(),
        })
    }

    fn primary(&mut self, depth: usize) -> Result<Expr, FilterError> {
        self.tests += 1;
        if self.tests > MAX_TESTS {
            return Err(self.error(format!("the filter has more than {MAX_TESTS} tests")));
        }
        let mut q = Qualifiers::default();
        let start = self.next;
        if let Some(flag) = self.qualifiers(&mut q)? {
            return Ok(Expr::Test(Test { guard: q.guard, dir: q.dir, what: What::Flag(flag) }));
        }
        let qualified = self.next > start;
        if let Some(asked) = self.peek_word().and_then(asked) {
            self.next += 1;
            q.kind = Some(asked);
            // `ether src host`, `net`: the direction may stand on either side of `host`.
            if q.dir == Dir::Any {
                q.dir = self.direction()?.unwrap_or_default();
            }
            if self.peek() == Some(&Token::Open) {
                self.carry = Some(q);
                return self.group(depth);
            }
            return self.value(q);
        }
        match self.peek() {
            Some(Token::Word(w)) if words::flag(w).is_some() => Err(self.unexpected()),
            Some(Token::Word(_) | Token::Quoted(_) | Token::Sign(_)) => self.bare_value(q, qualified),
            None if qualified => Err(self.error("a value is missing at the end")),
            _ => Err(self.unexpected()),
        }
    }

    /// Reads protocols and directions; a protocol or flag that ends the primary is returned.
    fn qualifiers(&mut self, q: &mut Qualifiers) -> Result<Option<&'static Flag>, FilterError> {
        loop {
            if q.dir == Dir::Any
                && let Some(dir) = self.direction()?
            {
                q.dir = dir;
                continue;
            }
            let Some(flag) = self.peek_word().and_then(words::flag) else { return Ok(None) };
            // A word such as `synack` is a flag when it stands alone and a number before a comparison.
            let compared = matches!(self.peek_second(), Some(Token::Sign(_)))
                || matches!(self.peek_second(), Some(Token::Word(w)) if Compare::from_word(w).is_some());
            if compared && self.peek_word().and_then(asked).is_some() {
                return Ok(None);
            }
            let goes_on = flag.is_proto && matches!(self.peek_second(), Some(Token::Word(_) | Token::Quoted(_)));
            if flag.word == "ether" && goes_on && !q.ether {
                q.ether = true;
            } else if !goes_on {
                self.next += 1;
                return Ok(Some(if q.ether { self.ether_flag(flag)? } else { flag }));
            } else if q.guard.is_none() {
                q.guard = Some(flag);
            } else {
                return Err(self.error(format!("'{}' follows another protocol without 'and' or 'or'", flag.word)));
            }
            self.next += 1;
        }
    }

    /// The flag that `ether` turns another one into.
    fn ether_flag(&self, flag: &'static Flag) -> Result<&'static Flag, FilterError> {
        let name = match flag.word {
            "multicast" => "ether multicast",
            "broadcast" => "ether broadcast",
            "ether" => "ether",
            other => {
                return Err(self
                    .error_at(self.next - 1, format!("'{other}' cannot follow 'ether'"))
                    .or_rather(Some("ether proto NUMBER")));
            }
        };
        words::flag(name).ok_or_else(|| self.unexpected())
    }

    fn direction(&mut self) -> Result<Option<Dir>, FilterError> {
        let (first, other) = match self.peek_word() {
            Some("src") => (Dir::Src, "dst"),
            Some("dst") => (Dir::Dst, "src"),
            _ => return Ok(None),
        };
        self.next += 1;
        let both = match self.peek() {
            Some(Token::And) => Dir::And,
            Some(Token::Or) => Dir::Or,
            _ => return Ok(Some(first)),
        };
        if !matches!(self.peek_second(), Some(Token::Word(w)) if w == other) {
            return Err(self.error(format!("'{other}' is expected behind this word, or a value before it")));
        }
        self.next += 2;
        Ok(Some(both))
    }

    /// A value that names no kind: the kind of the value before it, or an address.
    fn bare_value(&mut self, q: Qualifiers, qualified: bool) -> Result<Expr, FilterError> {
        let word = self.peek_word().unwrap_or("");
        let is_addr = values::ip(word).is_some();
        if q.ether && values::mac(word).is_some() || qualified && !q.ether && is_addr && self.carries_no_address() {
            return self.value(Qualifiers { kind: Some(Asked::Kind(Kind::Host)), ..q });
        }
        if qualified && word.contains('/') && values::net(word).is_ok() {
            return Err(self.error("a prefix needs the word 'net'").or_rather(Some(&format!("net {word}"))));
        }
        let Some(carry) = self.carry else {
            return Err(match self.peek() {
                Some(Token::Word(w)) if qualified && !w.starts_with(|c: char| c.is_ascii_alphabetic()) => {
                    self.error(format!("'{}' is no address", w.chars().take(40).collect::<String>()))
                }
                Some(Token::Word(w)) => self.unknown_word(w),
                _ => self.unexpected(),
            });
        };
        // A misspelt word is likelier than a value that the carried kind does not take.
        let dir = if q.dir == Dir::Any { carry.dir } else { q.dir };
        let at = self.next;
        self.value(Qualifiers { dir, guard: q.guard.or(carry.guard), ..carry }).map_err(|e| {
            match self.tokens.get(at).map(|t| &t.token) {
                Some(Token::Word(w)) if w.starts_with(|c: char| c.is_ascii_alphabetic()) && !is_addr => {
                    self.next = at;
                    self.unknown_word(&w.clone())
                }
                _ => e,
            }
        })
    }

    fn carries_no_address(&self) -> bool {
        let kind = self.carry.and_then(|c| c.kind);
        !matches!(kind, Some(Asked::Kind(Kind::SrcId | Kind::Inode | Kind::Gateway)))
    }

    /// Reads `[op] value` for the qualifiers and remembers them for bare values to come.
    fn value(&mut self, mut q: Qualifiers) -> Result<Expr, FilterError> {
        let op = match self.peek() {
            Some(Token::Sign(op)) => Some(*op),
            Some(Token::Word(w)) => Compare::from_word(w),
            _ => None,
        };
        if let Some(op) = op {
            self.next += 1;
            q.op = op;
        } else if self.carry.is_none() || self.carry.is_some_and(|c| !same(c.kind, q.kind)) {
            q.op = Compare::Eq;
        }
        self.carry = Some(q);
        let (word, quoted) = match self.peek() {
            Some(Token::Word(w)) => (w.clone(), false),
            Some(Token::Quoted(w)) => (w.clone(), true),
            _ => return Err(self.error("a value is missing")),
        };
        let expr = self.value_of(&q, &word, quoted, op.is_some())?;
        self.next += 1;
        Ok(expr)
    }

    fn value_of(&mut self, q: &Qualifiers, word: &str, quoted: bool, compared: bool) -> Result<Expr, FilterError> {
        let Some(asked) = q.kind else { return Err(self.unexpected()) };
        let kind = match asked {
            Asked::Field(field) => return self.test(q, self.number(q, field.name, field, None, word)?),
            Asked::Kind(kind) => kind,
        };
        if compared && !matches!(kind, Kind::Port | Kind::Proto | Kind::Number(_)) && q.op != Compare::Eq {
            return Err(self.error_at(self.next - 1, "only numbers can be compared so"));
        }
        let what = match kind {
            Kind::Host if q.ether => What::Mac(self.need(values::mac(word), word, "no Ethernet address")?),
            Kind::Host => return self.host(q, word, What::Host),
            Kind::Inode => return self.host(q, word, What::Inode),
            Kind::Gateway => return self.host(q, word, What::Gateway),
            Kind::Net => What::Net(self.network(word)?),
            Kind::Port => return self.port(q, word),
            Kind::Proto if q.ether => {
                let value = values::number(word).filter(|v| (0.0..=65_535.0).contains(v) && v.fract() == 0.0);
                What::EtherType(self.need(value, word, "no ethertype: a number up to 0xffff is expected")? as u16)
            }
            Kind::Proto => {
                let value = values::number(word).filter(|v| (0.0..=255.0).contains(v) && v.fract() == 0.0);
                What::Proto(self.protocol(value, word)?)
            }
            Kind::SrcId => What::SrcId(source_id(word, quoted)),
            Kind::Country => What::Country(self.country(word)?),
            Kind::Encaps => What::Encaps(self.encapsulation(word)?),
            Kind::Label => What::Label(word.to_owned()),
            Kind::Number(n) => {
                let missing = || self.error(format!("the number '{}' is not available", n.word));
                let src = crate::record::fields::find(n.src).ok_or_else(missing)?;
                let dst = match n.dst {
                    Some(name) => Some(crate::record::fields::find(name).ok_or_else(missing)?),
                    None => None,
                };
                self.number(q, n.word, src, dst, word)?
            }
        };
        self.test(q, what)
    }

    fn test(&self, q: &Qualifiers, what: What) -> Result<Expr, FilterError> {
        Ok(Expr::Test(Test { guard: q.guard, dir: q.dir, what }))
    }

    fn need<T>(&self, value: Option<T>, word: &str, problem: &str) -> Result<T, FilterError> {
        value.ok_or_else(|| self.error(format!("'{}' is {problem}", word.chars().take(40).collect::<String>())))
    }

    fn number(
        &self,
        q: &Qualifiers,
        word: &'static str,
        src: &'static Field,
        dst: Option<&'static Field>,
        text: &str,
    ) -> Result<What, FilterError> {
        let range = self.need(values::range(text), text, "no number")?;
        Ok(What::Number { word, src, dst, range: compare(q.op, range).ok_or_else(|| self.no_range())? })
    }

    fn no_range(&self) -> FilterError {
        self.error("a range of numbers cannot be compared with")
    }

    fn host(&mut self, q: &Qualifiers, word: &str, make: fn(IpAddr) -> What) -> Result<Expr, FilterError> {
        if let Some(ip) = values::ip(word) {
            return self.test(q, make(ip));
        }
        if word.contains('/') && values::net(word).is_ok() {
            let suggestion = format!("net {word}");
            return Err(self.error("a prefix needs the word 'net'").or_rather(Some(&suggestion)));
        }
        if word.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
            return Err(self.error(format!("'{}' is no address", word.chars().take(40).collect::<String>())));
        }
        let found = self.names.resolve.map(|look_up| look_up(word)).unwrap_or_default();
        let mut found =
            found.into_iter().take(64).map(|ip| (Join::Or, Test { guard: q.guard, dir: q.dir, what: make(ip) }));
        let Some((_, first)) = found.next() else {
            return Err(self.error(format!("host '{}' is unknown", word.chars().take(80).collect::<String>())));
        };
        let rest: Vec<_> = found.map(|(join, test)| (join, Expr::Test(test))).collect();
        let first = Expr::Test(first);
        Ok(if rest.is_empty() { first } else { Expr::Chain(Box::new(first), rest) })
    }

    /// A prefix, or an address followed by `mask` and another.
    fn network(&mut self, word: &str) -> Result<Net, FilterError> {
        if !matches!(self.peek_second(), Some(Token::Word(w)) if w == "mask") {
            return values::net(word).map_err(|problem| self.error(problem));
        }
        let addr = self.need(word.parse::<std::net::Ipv4Addr>().ok(), word, "no IPv4 address")?;
        self.next += 2;
        let mask = match self.peek_word().map(str::to_owned) {
            Some(w) => self.need(w.parse::<std::net::Ipv4Addr>().ok(), &w, "no mask such as 255.255.0.0")?,
            None => return Err(self.error("the mask is missing")),
        };
        Ok(Net::V4 { addr: addr.to_bits() & mask.to_bits(), mask: mask.to_bits() })
    }

    fn port(&mut self, q: &Qualifiers, word: &str) -> Result<Expr, FilterError> {
        let in_range = |v: f64| (0.0..=65_535.0).contains(&v) && v.fract() == 0.0;
        if let Some(range) = values::range(word) {
            let ok = match range {
                Range::Compare(_, v) => in_range(v),
                Range::Between(a, b) => in_range(a) && in_range(b),
            };
            if !ok {
                return Err(
                    self.error(format!("port '{}' is not in 0 to 65535", word.chars().take(40).collect::<String>()))
                );
            }
            let range = compare(q.op, range).ok_or_else(|| self.no_range())?;
            return self.test(q, What::Port(range));
        }
        let Some(ports) = self.names.services.ports(word) else {
            let shown: String = word.chars().take(40).collect();
            let near = self.names.services.names();
            return Err(self.error(format!("unknown port '{shown}'")).or_rather(nearest(word, near)));
        };
        let (tcp, udp) = match q.guard.map(|g| g.word) {
            Some("tcp") => (ports.tcp, None),
            Some("udp") => (None, ports.udp),
            _ => (ports.tcp, ports.udp),
        };
        if tcp.is_none() && udp.is_none() {
            let proto = if ports.tcp.is_some() { "tcp" } else { "udp" };
            return Err(self.error(format!("port '{word}' is {proto}")));
        }
        self.named_port(q, tcp, udp)
    }

    /// A name means its port over the protocol it is registered for.
    fn named_port(&self, q: &Qualifiers, tcp: Option<u16>, udp: Option<u16>) -> Result<Expr, FilterError> {
        let test = |proto: &str, port: u16| -> Result<Expr, FilterError> {
            let range = compare(q.op, Range::Compare(Compare::Eq, f64::from(port))).ok_or_else(|| self.no_range())?;
            let guard = if proto.is_empty() { q.guard } else { words::flag(proto) };
            Ok(Expr::Test(Test { guard, dir: q.dir, what: What::Port(range) }))
        };
        match (tcp, udp) {
            (Some(t), Some(u)) if t == u => test("", t),
            (Some(t), Some(u)) => Ok(Expr::Chain(Box::new(test("tcp", t)?), vec![(Join::Or, test("udp", u)?)])),
            // A protocol said before the name has been checked against it; here it is only implied.
            (Some(t), None) => test(if q.guard.is_some() { "" } else { "tcp" }, t),
            (None, Some(u)) => test(if q.guard.is_some() { "" } else { "udp" }, u),
            (None, None) => Err(self.unexpected()),
        }
    }

    fn protocol(&self, value: Option<f64>, word: &str) -> Result<u8, FilterError> {
        if let Some(v) = value {
            return Ok(v as u8);
        }
        // A name behind a backslash is a protocol's; without it, it is a word of the language and asks by itself.
        if let Some(n) = word.strip_prefix('\\').and_then(crate::record::names::protocol_number) {
            return Ok(n);
        }
        let shown: String = word.chars().take(40).collect();
        if words::flag(word).is_some_and(|f| f.is_proto) {
            return Err(self.error("'proto' takes a number").or_rather(Some(word)));
        }
        match crate::record::names::protocol_number(word) {
            Some(n) => Err(self.error("'proto' takes a number").or_rather(Some(&format!("proto {n}")))),
            None => Err(self.error(format!("'{shown}' is no protocol number from 0 to 255"))),
        }
    }

    fn country(&self, word: &str) -> Result<[u8; 2], FilterError> {
        match word.as_bytes() {
            [a, b] if a.is_ascii_alphabetic() && b.is_ascii_alphabetic() => {
                Ok([a.to_ascii_uppercase(), b.to_ascii_uppercase()])
            }
            _ => Err(self
                .error(format!("'{}' is no country code of two letters", word.chars().take(40).collect::<String>()))),
        }
    }

    fn encapsulation(&self, word: &str) -> Result<&'static words::Encapsulation, FilterError> {
        ENCAPSULATIONS.iter().find(|e| e.word == word).ok_or_else(|| {
            self.error(format!("'{}' is no encapsulation", word.chars().take(40).collect::<String>()))
                .or_rather(nearest(word, ENCAPSULATIONS.iter().map(|e| e.word)))
        })
    }
}

fn asked(word: &str) -> Option<Asked> {
    words::kind(word).map(Asked::Kind).or_else(|| words::quantity(word).map(Asked::Field))
}

fn same(a: Option<Asked>, b: Option<Asked>) -> bool {
    match (a, b) {
        (Some(Asked::Kind(a)), Some(Asked::Kind(b))) => a == b,
        (Some(Asked::Field(a)), Some(Asked::Field(b))) => a.name == b.name,
        _ => false,
    }
}

/// The range with the operator put in; none for an order between a number and a range.
fn compare(op: Compare, range: Range) -> Option<Range> {
    match range {
        Range::Compare(_, v) => Some(Range::Compare(op, v)),
        between if op == Compare::Eq => Some(between),
        Range::Between(..) => None,
    }
}

/// A sensor's identity: dotted quad, number, IPv6 address, or text.
fn source_id(word: &str, quoted: bool) -> Id {
    if !quoted {
        if let Some(ip) = values::ip(word) {
            return match ip {
                IpAddr::V4(a) => Id::Word(a.to_bits()),
                IpAddr::V6(a) => Id::V6(a),
            };
        }
        if let Some(v) = values::number(word).filter(|v| v.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(v)) {
            return Id::Word(v as u32);
        }
    }
    Id::Text(word.to_owned())
}
