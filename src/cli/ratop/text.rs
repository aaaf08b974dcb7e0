//! Text from strangers on its way to a terminal: nothing in it can move the cursor or turn the line round.

/// Most characters of a line that are looked at.
const MAX_CHARS: usize = 16_384;

/// The text of bytes; what is no printable character is a point.
pub(super) fn clean_bytes(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => clean(text),
        Err(_) => {
            bytes.iter().take(MAX_CHARS).map(|b| if (0x20..0x7F).contains(b) { char::from(*b) } else { '.' }).collect()
        }
    }
}

/// The text with a point for every character that does more than stand in its place.
pub(super) fn clean(text: &str) -> String {
    text.chars().take(MAX_CHARS).map(harmless).collect()
}

fn harmless(c: char) -> char {
    let is_active = c.is_control()
        || matches!(c,
            // Marks of direction, joiners, separators of lines, the byte order mark, tags, combining characters.
            '\u{00AD}' | '\u{061C}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
            | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E0FFF}' | '\u{0300}'..='\u{036F}'
            | '\u{1AB0}'..='\u{1AFF}' | '\u{1DC0}'..='\u{1DFF}' | '\u{20D0}'..='\u{20FF}' | '\u{FE00}'..='\u{FE0F}'
            | '\u{FE20}'..='\u{FE2F}');
    if is_active { '.' } else { c }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_acts_on_a_terminal_stays() {
        assert_eq!(clean_bytes(b"a\x1b[2Jb\r\n\x07\x9b"), "a.[2Jb....");
        assert_eq!(clean("x\u{202e}y\u{9b}31m\u{200b}\u{301}z"), "x.y.31m..z");
        assert_eq!(clean("Zürich →"), "Zürich →");
        for c in '\0'..=char::MAX {
            assert!(!harmless(c).is_control());
        }
    }
}
