//! What is wrong with a filter, and where: a sentence, the text, and a caret below the place.

use std::fmt;

/// Characters of the text shown around the place.
const WINDOW: usize = 72;

/// Why a text is not a filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilterError {
    text: String,
    at: usize,
    len: usize,
    problem: String,
    suggestion: Option<String>,
}

impl FilterError {
    /// An error at byte `at` of `text`, `len` bytes long.
    pub(super) fn new(text: &str, at: usize, len: usize, problem: impl Into<String>) -> FilterError {
        FilterError { text: text.to_owned(), at: at.min(text.len()), len, problem: problem.into(), suggestion: None }
    }

    /// Adds what was probably meant.
    pub(super) fn or_rather(mut self, suggestion: Option<&str>) -> FilterError {
        self.suggestion = suggestion.map(str::to_owned);
        self
    }

    /// Byte offset of the place in the filter's text; the text's length when its end came too early.
    #[must_use]
    pub fn position(&self) -> usize {
        self.at
    }

    /// What is wrong, as a clause without the place.
    #[must_use]
    pub fn problem(&self) -> &str {
        &self.problem
    }

    /// The nearest valid word or form, where one is near.
    #[must_use]
    pub fn suggestion(&self) -> Option<&str> {
        self.suggestion.as_deref()
    }

    /// The text around the place and the line of carets below it.
    #[must_use]
    pub fn caret(&self) -> String {
        let chars: Vec<char> = self.text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let before = self.text.get(..self.at).map_or(0, |s| s.chars().count());
        let marked =
            self.text.get(self.at..).map_or(0, |s| s.char_indices().take_while(|(i, _)| *i < self.len).count());
        let start = before.saturating_sub(WINDOW / 2);
        let shown: String = chars.iter().skip(start).take(WINDOW).collect();
        let carets = marked.clamp(1, WINDOW - (before - start).min(WINDOW - 1));
        format!("  {shown}\n  {}{}", " ".repeat(before - start), "^".repeat(carets))
    }
}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "filter syntax error: {}", self.problem)?;
        if let Some(s) = &self.suggestion {
            write!(f, " (did you mean '{s}'?)")?;
        }
        write!(f, "\n{}", self.caret())
    }
}

impl std::error::Error for FilterError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caret_stands_below_the_word() {
        let e = FilterError::new("tcp and prot 80", 8, 4, "'prot' is no word of the filter language")
            .or_rather(Some("port"));
        assert_eq!(
            e.to_string(),
            "filter syntax error: 'prot' is no word of the filter language (did you mean 'port'?)\n  \
             tcp and prot 80\n          ^^^^"
        );
    }

    #[test]
    fn a_long_text_is_cut_around_the_place() {
        let text = format!("{} zzz", "tcp or ".repeat(100));
        let e = FilterError::new(&text, text.len() - 3, 3, "p");
        let shown = e.caret();
        assert!(shown.lines().all(|l| l.chars().count() <= WINDOW + 2), "{shown}");
        assert!(shown.ends_with("^^^"), "{shown}");
    }
}
