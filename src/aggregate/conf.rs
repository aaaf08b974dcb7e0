//! The configuration of racluster: variables, and rules that say which records are merged by what.
//!
//! ```text
//! RACLUSTER_PRESERVE_FIELDS=yes
//! filter="udp and port domain" model="saddr daddr proto dport" status=120 idle=60 label="dns"
//! filter="tcp"                 model="saddr proto"             label="tcp" cont
//! ```

use super::cluster::{Clusters, Rules};
use super::key::{KeyError, Model};
use crate::filter::{Filter, FilterError, Names};
use crate::record::Far;

/// Most rules taken.
const MAX_RULES: usize = 1000;

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfError {
    /// A line is not understood.
    #[error("syntax error line {line}: {problem}")]
    Syntax {
        /// Line, from 1.
        line: usize,
        /// What was expected and found.
        problem: String,
    },
    /// A rule's filter is none.
    #[error("line {line}: {source}")]
    Filter {
        /// Line, from 1.
        line: usize,
        /// Why.
        source: FilterError,
    },
    /// A rule's model is none.
    #[error("line {line}: {source}")]
    Model {
        /// Line, from 1.
        line: usize,
        /// Why.
        source: KeyError,
    },
    /// More rules than are taken.
    #[error("more than {MAX_RULES} rules")]
    TooMany,
}

/// One rule with what it has merged.
#[derive(Debug)]
pub struct Rule {
    filter: Filter,
    /// Captured bytes have to hold this.
    grep: Option<Vec<u8>>,
    /// Whether later rules may take the record too.
    is_cont: bool,
    /// What the rule has merged.
    pub clusters: Clusters,
}

impl Rule {
    /// A rule that takes everything.
    #[must_use]
    pub fn all(rules: Rules) -> Rule {
        Rule { filter: Filter::default(), grep: None, is_cont: false, clusters: Clusters::new(rules) }
    }

    /// Whether the record is for this rule, and whether it may be for later ones too.
    #[must_use]
    pub fn takes(&self, far: &Far<'_>) -> (bool, bool) {
        let takes = self.filter.matches(far) && self.grep.as_ref().is_none_or(|text| holds(far, text));
        (takes, !takes || self.is_cont)
    }
}

fn holds(far: &Far<'_>, text: &[u8]) -> bool {
    let p = far.payload();
    [p.src, p.dst].into_iter().flatten().any(|p| text.is_empty() || p.data.windows(text.len()).any(|w| w == text))
}

/// Reads a configuration. `base` are the rules that the command line asks for.
///
/// # Errors
/// A line is not understood.
pub fn parse(text: &str, base: &Rules, names: &Names<'_>) -> Result<Vec<Rule>, ConfError> {
    let mut common = Rules { preserve: false, correct: false, ..base.clone() };
    let mut out = Vec::new();
    for (line, text) in (1..).zip(text.lines()) {
        let text = text.trim();
        if text.is_empty() || text.starts_with(['#', '!']) {
            continue;
        }
        if out.len() >= MAX_RULES {
            return Err(ConfError::TooMany);
        }
        let words = words(text).ok_or_else(|| syntax(line, "a quotation mark is missing"))?;
        if text.starts_with("RACLUSTER_") {
            variable(&mut common, line, &words)?;
        } else {
            out.push(rule(&common, line, &words, names)?);
        }
    }
    if out.is_empty() {
        out.push(Rule::all(Rules { correct: true, preserve: true, ..common }));
    }
    Ok(out)
}

fn syntax(line: usize, problem: impl Into<String>) -> ConfError {
    ConfError::Syntax { line, problem: problem.into() }
}

fn variable(common: &mut Rules, line: usize, words: &[(String, String)]) -> Result<(), ConfError> {
    let Some((name, value)) = words.first() else { return Ok(()) };
    let flag = || match value.to_ascii_lowercase().as_str() {
        "yes" => Ok(true),
        "no" => Ok(false),
        _ => Err(syntax(line, format!("{name} is yes or no, not {value:?}"))),
    };
    match name.as_str() {
        "RACLUSTER_MODEL_NAME" => {}
        "RACLUSTER_REPORT_AGGREGATION" => common.report = flag()?,
        "RACLUSTER_PRESERVE_FIELDS" => common.preserve = flag()?,
        "RACLUSTER_AUTO_CORRECTION" => common.correct = flag()?,
        "RACLUSTER_AGG_METRIC" if value == "dur" => {}
        "RACLUSTER_AGG_METRIC" => return Err(syntax(line, format!("{name} other than dur is not supported"))),
        _ => return Err(syntax(line, format!("there is no variable {name}"))),
    }
    Ok(())
}

fn rule(common: &Rules, line: usize, words: &[(String, String)], names: &Names<'_>) -> Result<Rule, ConfError> {
    let mut rule = Rule::all(common.clone());
    let mut rules = common.clone();
    for (name, value) in words {
        let number =
            || value.parse().map_err(|_| syntax(line, format!("{name} is a number of seconds, not {value:?}")));
        match name.as_str() {
            "filter" => {
                rule.filter = Filter::parse_with(value, names).map_err(|source| ConfError::Filter { line, source })?;
            }
            "grep" => rule.grep = Some(value.clone().into_bytes()),
            "model" => {
                rules.model = Model::parse([value.as_str()]).map_err(|source| ConfError::Model { line, source })?;
                // Rules give out in the order of the last merge.
                rules.model.order.clear();
            }
            "label" => rules.label = Some(value.clone()),
            "status" => rules.status = number()?,
            "idle" => rules.idle = number()?,
            "cont" if value.is_empty() => rule.is_cont = true,
            _ => {
                return Err(syntax(
                    line,
                    format!("expected filter=, grep=, model=, label=, status=, idle= or cont, found {name:?}"),
                ));
            }
        }
    }
    rule.clusters = Clusters::new(rules);
    Ok(rule)
}

/// The words of a rule as name and value; a value may stand in quotation marks. `None` if one is not closed.
#[must_use]
pub fn words(text: &str) -> Option<Vec<(String, String)>> {
    let mut out = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() && !rest.starts_with('#') {
        let end = rest.find(|c: char| c == '=' || c.is_whitespace()).unwrap_or(rest.len());
        let name = rest.get(..end)?.to_owned();
        rest = rest.get(end..)?;
        let Some(after) = rest.strip_prefix('=') else {
            out.push((name, String::new()));
            rest = rest.trim_start();
            continue;
        };
        let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''));
        let (value, tail) = match quote {
            Some(q) => after.get(1..)?.split_once(q)?,
            None => after.split_at(after.find(char::is_whitespace).unwrap_or(after.len())),
        };
        out.push((name, value.to_owned()));
        rest = tail.trim_start();
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::fields::Services;

    fn read(text: &str) -> Result<Vec<Rule>, String> {
        let services = Services::builtin();
        parse(text, &Rules::default(), &Names { services: &services, resolve: None }).map_err(|e| e.to_string())
    }

    #[test]
    fn rules_and_variables_are_read() {
        let rules = read(
            "# x\nRACLUSTER_PRESERVE_FIELDS=yes\nfilter=\"udp and port domain\" model=\"saddr proto\" idle=60 label='dns' cont\nfilter=\"\"\n",
        )
        .unwrap();
        let first = rules[0].clusters.rules();
        assert_eq!((first.preserve, first.idle, first.label.as_deref()), (true, 60, Some("dns")));
        assert!(rules[0].is_cont && !rules[1].is_cont && rules[1].clusters.rules().model.is_default);
    }

    #[test]
    fn mistakes_are_named_with_their_line() {
        for (text, message) in [
            ("\nfilter=\"tcp", "syntax error line 2: a quotation mark is missing"),
            (
                "nosuch=1",
                "syntax error line 1: expected filter=, grep=, model=, label=, status=, idle= or cont, found \"nosuch\"",
            ),
            ("RACLUSTER_NOSUCH=1", "syntax error line 1: there is no variable RACLUSTER_NOSUCH"),
            (
                "RACLUSTER_PRESERVE_FIELDS=maybe",
                "syntax error line 1: RACLUSTER_PRESERVE_FIELDS is yes or no, not \"maybe\"",
            ),
            ("filter=\"\" idle=x", "syntax error line 1: idle is a number of seconds, not \"x\""),
            ("model=\"sadr\"", "line 1: unknown key 'sadr' (did you mean 'saddr'?)"),
        ] {
            assert_eq!(read(text).map(|_| ()), Err(message.into()), "{text}");
        }
        assert!(read("filter=\"prot x\"").unwrap_err().starts_with("line 1: "));
    }
}
