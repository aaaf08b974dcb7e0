//! The filter language: an expression over one flow record, such as `tcp and dst port 443 and pkts gt 10`.
//!
//! A text is cut into words (`lexer`), parsed into a tree (`parser`, `ast`), and the tree is asked of a record without
//! allocating (`eval`). The words are tables: flags and numbers in `words` and `flags`, and every numeric field of
//! [`crate::record::fields::FIELDS`] by its name. `and` and `or` have the same rank and are taken from left to right, as
//! the classic tools do; `not` binds tightest.
//!
//! Text comes from people and from the network: its length, its nesting and its number of tests are bounded.

mod ast;
mod error;
mod eval;
mod flags;
mod lexer;
mod parser;
#[cfg(test)]
mod tests;
mod values;
mod words;

use std::fmt;
use std::net::IpAddr;

use crate::record::Far;
use crate::record::fields::Services;

pub use error::FilterError;

/// Where a filter is to be applied, from the prefix of its text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// No prefix: by the server and here.
    #[default]
    Everywhere,
    /// `local`: here only.
    Local,
    /// `remote`: by the server; files are filtered all the same.
    Remote,
    /// `display`: when showing.
    Display,
}

impl Scope {
    fn word(self) -> &'static str {
        match self {
            Scope::Everywhere => "",
            Scope::Local => "local",
            Scope::Remote => "remote",
            Scope::Display => "display",
        }
    }
}

/// Gives the addresses of a host name, none if it is unknown.
pub type Resolve<'a> = &'a dyn Fn(&str) -> Vec<IpAddr>;

/// Where names in a filter are looked up.
#[derive(Clone, Copy)]
pub struct Names<'a> {
    /// Names of ports.
    pub services: &'a Services,
    /// Addresses of a host name; none where look-ups are not wanted.
    pub resolve: Option<Resolve<'a>>,
}

/// A compiled filter. Prints as a text that parses to the same filter.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    scope: Scope,
    expr: Option<ast::Expr>,
}

impl Filter {
    /// Compiles a text with the built-in port names and without host names. An empty text lets everything pass.
    ///
    /// # Errors
    /// The text is not a filter; the error says where and why.
    pub fn parse(text: &str) -> Result<Filter, FilterError> {
        Filter::parse_with(text, &Names { services: &Services::builtin(), resolve: None })
    }

    /// Compiles a text, looking up names as told.
    ///
    /// # Errors
    /// The text is not a filter; the error says where and why.
    pub fn parse_with(text: &str, names: &Names<'_>) -> Result<Filter, FilterError> {
        let (scope, expr) = parser::parse(text, names)?;
        Ok(Filter { scope, expr })
    }

    /// Where it is to be applied.
    #[must_use]
    pub fn scope(&self) -> Scope {
        self.scope
    }

    /// Whether it lets everything pass.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.expr.is_none()
    }

    /// Whether a flow record passes.
    #[must_use]
    pub fn matches(&self, far: &Far<'_>) -> bool {
        self.expr.as_ref().is_none_or(|e| eval::holds(e, far))
    }
}

impl std::str::FromStr for Filter {
    type Err = FilterError;

    fn from_str(text: &str) -> Result<Filter, FilterError> {
        Filter::parse(text)
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.scope.word())?;
        if let Some(expr) = &self.expr {
            if self.scope != Scope::Everywhere {
                f.write_str(" ")?;
            }
            expr.fmt(f)?;
        }
        Ok(())
    }
}

/// All words of the language with what they mean, in the order of their tables: flags, kinds, numbers.
#[must_use]
pub fn vocabulary() -> Vec<(&'static str, String)> {
    let flags = flags::FLAGS.iter().map(|f| (f.word, f.about.to_owned()));
    let kinds = words::KINDS.iter().map(|(w, _, about)| (*w, (*about).to_owned()));
    let numbers = words::NUMBERS.iter().map(|n| match n.dst {
        Some(dst) => (n.word, format!("field {} or {dst}", n.src)),
        None => (n.word, format!("field {}", n.src)),
    });
    flags.chain(kinds).chain(numbers).collect()
}
