//! Cuts a filter's text into words, parentheses and signs.

use super::error::FilterError;

/// Longest text taken, in bytes.
pub(super) const MAX_TEXT: usize = 64 * 1024;

/// How two numbers are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compare {
    Eq,
    Lt,
    Lte,
    Gt,
    Gte,
}

impl Compare {
    /// The word form, as the language prints it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Compare::Eq => "eq",
            Compare::Lt => "lt",
            Compare::Lte => "lte",
            Compare::Gt => "gt",
            Compare::Gte => "gte",
        }
    }

    /// Words for the operators; the signs are the lexer's business.
    pub(super) fn from_word(word: &str) -> Option<Compare> {
        Some(match word {
            "eq" | "equal" => Compare::Eq,
            "lt" | "less" => Compare::Lt,
            "lte" => Compare::Lte,
            "gt" | "greater" => Compare::Gt,
            "gte" => Compare::Gte,
            _ => return None,
        })
    }

    pub(super) fn holds(self, value: f64, limit: f64) -> bool {
        match self {
            Compare::Eq => value == limit,
            Compare::Lt => value < limit,
            Compare::Lte => value <= limit,
            Compare::Gt => value > limit,
            Compare::Gte => value >= limit,
        }
    }
}

/// One piece of the text.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Word(String),
    /// Text in quotes, without them.
    Quoted(String),
    Open,
    Close,
    And,
    Or,
    Not,
    Sign(Compare),
}

/// A token and its place: byte offset and length.
#[derive(Clone, Debug)]
pub(super) struct Spanned {
    pub(super) token: Token,
    pub(super) at: usize,
    pub(super) len: usize,
}

/// All tokens of the text in order.
pub(super) fn tokens(text: &str) -> Result<Vec<Spanned>, FilterError> {
    if text.len() > MAX_TEXT {
        let problem = format!("the filter has {} bytes, at most {MAX_TEXT} are taken", text.len());
        return Err(FilterError::new(text.get(..64).unwrap_or(""), 0, 1, problem));
    }
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let at = text.len() - rest.len();
        if c.is_whitespace() {
            rest = &rest[c.len_utf8()..];
            continue;
        }
        let (token, len) = one(text, at, rest, c)?;
        out.push(Spanned { token, at, len });
        rest = rest.get(len..).unwrap_or("");
    }
    Ok(out)
}

/// The token at the beginning of `rest` and its length in bytes.
fn one(text: &str, at: usize, rest: &str, c: char) -> Result<(Token, usize), FilterError> {
    const SIGNS: [(&str, Token); 11] = [
        ("&&", Token::And),
        ("||", Token::Or),
        ("<=", Token::Sign(Compare::Lte)),
        (">=", Token::Sign(Compare::Gte)),
        ("==", Token::Sign(Compare::Eq)),
        ("<", Token::Sign(Compare::Lt)),
        (">", Token::Sign(Compare::Gt)),
        ("=", Token::Sign(Compare::Eq)),
        ("(", Token::Open),
        (")", Token::Close),
        ("!", Token::Not),
    ];
    if let Some((sign, token)) = SIGNS.into_iter().find(|(s, _)| rest.starts_with(s)) {
        return Ok((token, sign.len()));
    }
    if let Some(closers) = closing_quote(c) {
        let body = &rest[c.len_utf8()..];
        let Some(end) = body.find(closers) else {
            return Err(FilterError::new(text, at, c.len_utf8(), "this quotation mark is never closed"));
        };
        let close_len = body[end..].chars().next().map_or(0, char::len_utf8);
        return Ok((Token::Quoted(body[..end].to_owned()), c.len_utf8() + end + close_len));
    }
    let len = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
    if len == 0 {
        return Err(FilterError::new(text, at, c.len_utf8(), format!("illegal character {c:?}")));
    }
    // A typographic dash in a range is as good as a hyphen.
    let word = rest[..len].replace(['\u{2013}', '\u{2014}'], "-");
    Ok((
        match word.as_str() {
            "and" => Token::And,
            "or" => Token::Or,
            "not" => Token::Not,
            _ => Token::Word(word),
        },
        len,
    ))
}

/// What may close a quotation that `open` begins; straight and typographic marks mix.
fn closing_quote(open: char) -> Option<&'static [char]> {
    match open {
        '"' | '\u{201c}' | '\u{201d}' | '\u{201e}' => Some(&['"', '\u{201c}', '\u{201d}']),
        '\'' | '\u{2018}' | '\u{2019}' => Some(&['\'', '\u{2018}', '\u{2019}']),
        _ => None,
    }
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | ':' | '/' | '-' | '_' | '+' | '\\' | '\u{2013}' | '\u{2014}')
}
