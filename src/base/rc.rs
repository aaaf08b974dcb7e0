//! Configuration files of the classic tools: one `KEY=value` per line (argus.conf, radium.conf, .rarc, ranonymize.conf).
//!
//! * `#` or `!` at the start of a line makes it a comment; so do ` #` and ` //` behind a value, outside quotes.
//! * A value may stand in double or single quotes, which are taken off if they enclose all of it.
//! * A key may stand several times; the order is kept.
//!
//! Reading the file is the caller's business, and so is what the keys mean.

/// Longest file that is read; configurations are written by people.
pub const MAX_LEN: usize = 1 << 20;

/// One setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Number of its line, from 1.
    pub line: usize,
    /// What stands before the first `=`, without blanks.
    pub key: String,
    /// What stands behind it, without enclosing quotes.
    pub value: String,
}

/// A line that is no setting.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: expected KEY=value, found {found:?}")]
pub struct RcError {
    /// Number of the line, from 1.
    pub line: usize,
    /// The line, cut to a readable length.
    pub found: String,
}

/// The settings of a configuration file in their order.
///
/// # Errors
/// The first line that is neither empty, nor a comment, nor `KEY=value`.
pub fn parse(text: &str) -> Result<Vec<Setting>, RcError> {
    let mut settings = Vec::new();
    for (line, full) in (1..).zip(text.lines()) {
        let content = full.trim();
        if content.is_empty() || content.starts_with(['#', '!']) {
            continue;
        }
        let found = || RcError { line, found: content.chars().take(60).collect() };
        let (key, value) = content.split_once('=').ok_or_else(found)?;
        let key = key.trim();
        if key.is_empty() || !key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')) {
            return Err(found());
        }
        settings.push(Setting { line, key: key.to_owned(), value: unquoted(without_comment(value).trim()).to_owned() });
    }
    Ok(settings)
}

/// The value up to a comment that stands outside quotes and behind a blank.
fn without_comment(value: &str) -> &str {
    let (mut quote, mut before) = (None, ' ');
    for (at, c) in value.char_indices() {
        match quote {
            Some(q) if c == q => quote = None,
            Some(_) => {}
            None if matches!(c, '"' | '\'') => quote = Some(c),
            None if before.is_whitespace() => {
                let rest = value.get(at..).unwrap_or_default();
                if c == '#' || rest.starts_with("//") {
                    return value.get(..at).unwrap_or_default();
                }
            }
            None => {}
        }
        before = c;
    }
    value
}

/// The text within quotes if one pair encloses all of it.
fn unquoted(text: &str) -> &str {
    for q in ['"', '\''] {
        if let Some(inner) = text.strip_prefix(q).and_then(|t| t.strip_suffix(q))
            && !inner.contains(q)
        {
            return inner;
        }
    }
    text
}

/// Whether a value says yes: `yes`, `true`, `on` or `1`; no: `no`, `false`, `off`, `0` or nothing.
#[must_use]
pub fn yes(value: &str) -> Option<bool> {
    match value.trim().to_ascii_lowercase().as_str() {
        "yes" | "true" | "on" | "1" => Some(true),
        "no" | "false" | "off" | "0" | "" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str) -> Vec<(usize, String, String)> {
        parse(text).expect("settings").into_iter().map(|s| (s.line, s.key, s.value)).collect()
    }

    #[test]
    fn settings_keep_their_lines_and_order() {
        let text = "# head\n\nA=1\n  ! note\nB = \"two words\" // why\r\nA=3 # again\n";
        assert_eq!(
            values(text),
            [(3, "A".into(), "1".into()), (5, "B".into(), "two words".into()), (6, "A".into(), "3".into())]
        );
    }

    #[test]
    fn quotes_are_taken_off_only_as_a_pair_around_everything() {
        for (value, want) in [
            ("\"\"", ""),
            ("','", ","),
            ("\"a#b // c\"", "a#b // c"),
            ("/a/b \"tcp and port 80\"", "/a/b \"tcp and port 80\""),
            ("\"a\" \"b\"", "\"a\" \"b\""),
            ("\"open", "\"open"),
            ("argus://h:561", "argus://h:561"),
            ("mysql://root@h/db/t // note", "mysql://root@h/db/t"),
            ("a#b", "a#b"),
        ] {
            assert_eq!(values(&format!("K={value}"))[0].2, want, "{value}");
        }
    }

    #[test]
    fn a_line_that_is_no_setting_is_named_with_its_number() {
        assert_eq!(parse("A=1\nnonsense\n"), Err(RcError { line: 2, found: "nonsense".into() }));
        assert_eq!(parse("=1").map_err(|e| e.line), Err(1));
        assert_eq!(parse("a b=1").map_err(|e| e.line), Err(1));
        assert!(parse(&"x".repeat(10_000)).is_err_and(|e| e.found.len() == 60));
    }

    #[test]
    fn yes_and_no_are_told_apart_from_nonsense() {
        assert_eq!((yes("Yes"), yes("no"), yes(""), yes("maybe")), (Some(true), Some(false), Some(false), None));
    }
}
