//! The language of rules, one line each.
//!
//! ```text
//! rule    := "total" ">" rate | "address" [net] ">" rate | "pair" [net [net]] ">" rate
//!          | "new" ("country" | "as" | "address") ["after" time]
//!          | "list" file | "silent" time [source]
//! rate    := number ["k" | "M" | "G" | "T"] ["bit/s"]
//! ```

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use crate::base::time::parse_duration;
use crate::geo::NetworkSet;

/// Longest rule, in bytes.
const LONGEST: usize = 4096;

/// All forms of rules with what they find, for help.
pub const KINDS: &[(&str, &str)] = &[
    ("total > RATE", "the load of everything in the picture"),
    ("address [NETWORK] > RATE", "an address that sends and receives more, of a network or any"),
    ("pair [NETWORK [NETWORK]] > RATE", "two addresses that exchange more"),
    ("new country|as|address [after TIME]", "what was not seen before; what comes in the first TIME (60s) is known"),
    (
        "list FILE",
        "traffic with an address in a file of addresses and networks, one a line, read again when it changes",
    ),
    ("silent TIME [SOURCE]", "a live source that delivers no record for so long"),
];

/// Why a text is no rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no rule: {problem}; the forms are {}", forms())]
pub struct RuleError {
    text: String,
    problem: String,
}

fn forms() -> String {
    KINDS.iter().map(|(form, _)| *form).collect::<Vec<_>>().join("; ")
}

/// What is seen for the first time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Newness {
    /// A country.
    Country,
    /// An autonomous system.
    System,
    /// An address.
    Address,
}

/// What a rule looks for.
#[derive(Clone, Debug)]
pub enum Kind {
    /// The load of the picture is above a rate in bits per second.
    Total(f64),
    /// The load of an address, of those in the networks or of all.
    Address(Option<Arc<NetworkSet>>, f64),
    /// The load between two addresses, of which one lies in the first networks and the other in the second.
    Pair([Option<Arc<NetworkSet>>; 2], f64),
    /// Something was not seen before, apart from the first stretch of time.
    New(Newness, Duration),
    /// An address is in a file.
    List(PathBuf),
    /// A live source, the named one or any, is silent for so long.
    Silent(Duration, Option<String>),
}

/// A rule as it was written, and what it means.
#[derive(Clone, Debug)]
pub struct Rule {
    text: Arc<str>,
    kind: Kind,
}

impl PartialEq for Rule {
    fn eq(&self, other: &Rule) -> bool {
        self.text == other.text
    }
}

impl Rule {
    /// As it was written.
    #[must_use]
    pub fn text(&self) -> &Arc<str> {
        &self.text
    }

    /// What it looks for.
    #[must_use]
    pub fn kind(&self) -> &Kind {
        &self.kind
    }

    /// Whether it names addresses, so that it finds nothing where addresses are replaced.
    #[must_use]
    pub fn names_addresses(&self) -> bool {
        match &self.kind {
            Kind::Address(net, _) => net.is_some(),
            Kind::Pair(nets, _) => nets.iter().any(Option::is_some),
            Kind::List(_) => true,
            Kind::Total(_) | Kind::New(..) | Kind::Silent(..) => false,
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Rule {
    type Err = RuleError;

    fn from_str(text: &str) -> Result<Rule, RuleError> {
        let text = text.trim();
        let error = |problem: String| {
            let shown: String = text.chars().take(100).collect();
            RuleError { text: shown, problem }
        };
        if text.len() > LONGEST {
            return Err(error(format!("it has more than {LONGEST} bytes")));
        }
        let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let kind = kind(word, rest.trim()).map_err(error)?;
        Ok(Rule { text: text.into(), kind })
    }
}

fn kind(word: &str, rest: &str) -> Result<Kind, String> {
    match word {
        "total" => {
            let (_, rate) = threshold(rest, 0)?;
            Ok(Kind::Total(rate))
        }
        "address" => {
            let (nets, rate) = threshold(rest, 1)?;
            Ok(Kind::Address(nets.into_iter().next(), rate))
        }
        "pair" => {
            let (nets, rate) = threshold(rest, 2)?;
            let mut nets = nets.into_iter();
            Ok(Kind::Pair([nets.next(), nets.next()], rate))
        }
        "new" => newness(rest),
        "list" if rest.is_empty() => Err("the name of a file is missing".into()),
        "list" => Ok(Kind::List(rest.into())),
        "silent" => {
            let (time, source) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
            let time = length(time)?;
            let source = Some(source.trim()).filter(|s| !s.is_empty()).map(str::to_owned);
            Ok(Kind::Silent(time, source))
        }
        "" => Err("it is empty".into()),
        other => Err(format!("it begins with {other:?}")),
    }
}

/// `[NETWORK…] > RATE`.
fn threshold(text: &str, most: usize) -> Result<(Vec<Arc<NetworkSet>>, f64), String> {
    let (nets, limit) = text.split_once('>').ok_or("the sign > with a rate behind it is missing")?;
    let nets: Vec<Arc<NetworkSet>> =
        nets.split_whitespace().map(|n| NetworkSet::one(n).map(Arc::new)).collect::<Result<_, _>>()?;
    if nets.len() > most {
        return Err(format!("{} networks stand before the rate, at most {most} can", nets.len()));
    }
    Ok((nets, rate(limit.trim())?))
}

/// Bits per second: `10M`, `1.5 Gbit/s`, `250000`.
fn rate(text: &str) -> Result<f64, String> {
    let wrong = || format!("{text:?} is no rate such as 10M or 1.5 Gbit/s");
    let bare = text.strip_suffix("bit/s").unwrap_or(text).trim_end();
    let (number, factor) = match bare.chars().last().ok_or_else(wrong)? {
        'k' | 'K' => (&bare[..bare.len() - 1], 1e3),
        'M' => (&bare[..bare.len() - 1], 1e6),
        'G' => (&bare[..bare.len() - 1], 1e9),
        'T' => (&bare[..bare.len() - 1], 1e12),
        _ => (bare, 1.0),
    };
    let value = number.trim().parse::<f64>().map_err(|_| wrong())? * factor;
    if value.is_finite() && value > 0.0 { Ok(value) } else { Err(wrong()) }
}

fn length(text: &str) -> Result<Duration, String> {
    let found =
        parse_duration(text).filter(|d| *d >= Duration::from_secs(1) && *d <= Duration::from_secs(366 * 86_400));
    found.ok_or_else(|| format!("{text:?} is no length of time from 1s to 366d"))
}

fn newness(text: &str) -> Result<Kind, String> {
    /// What comes in the first minute is known.
    const KNOWN: Duration = Duration::from_secs(60);
    let mut words = text.split_whitespace();
    let what = match words.next() {
        Some("country") => Newness::Country,
        Some("as") => Newness::System,
        Some("address") => Newness::Address,
        _ => return Err("expected country, as or address behind \"new\"".into()),
    };
    let after = match (words.next(), words.next(), words.next()) {
        (None, ..) => KNOWN,
        (Some("after"), Some(time), None) => length(time)?,
        _ => return Err("expected \"after TIME\" or nothing behind what is new".into()),
    };
    Ok(Kind::New(what, after))
}
