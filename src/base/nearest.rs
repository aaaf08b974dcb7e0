//! The nearest valid word to a mistyped one, for "did you mean" in messages.

/// Longest word, in characters, that is compared; longer ones have no neighbour.
const MAX_LEN: usize = 32;

/// The candidate with the fewest typing slips between it and `word`: one wrong, missing, added or two exchanged
/// letters count one each. At most a third of the letters (at least one) may differ. Of equals the first wins.
#[must_use]
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word: Vec<char> = word.chars().flat_map(char::to_lowercase).take(MAX_LEN + 1).collect();
    if word.is_empty() || word.len() > MAX_LEN {
        return None;
    }
    let limit = (word.len() / 3).max(1);
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        let slips = distance(&word, candidate);
        if slips <= limit && best.is_none_or(|(b, _)| slips < b) {
            best = Some((slips, candidate));
        }
    }
    best.map(|(_, c)| c)
}

/// Optimal string alignment distance.
fn distance(a: &[char], b: &str) -> usize {
    let b: Vec<char> = b.chars().flat_map(char::to_lowercase).take(MAX_LEN + 1).collect();
    let mut two_ago = vec![0; b.len() + 1];
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1; b.len() + 1];
        for (j, y) in b.iter().enumerate() {
            let mut d = (last[j] + usize::from(x != y)).min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *x == b[j - 1] && a[i - 1] == *y {
                d = d.min(two_ago[j - 1] + 1);
            }
            row[j + 1] = d;
        }
        two_ago = last;
        last = row;
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_of_the_finger_find_their_word() {
        let words = ["saddr", "daddr", "sport", "spkts", "port"];
        for (typed, meant) in [
            ("saddr", Some("saddr")),
            ("sadr", Some("saddr")),
            ("sdadr", Some("saddr")),
            ("prot", Some("port")),
            ("SPORT", Some("sport")),
            ("label", None),
            ("", None),
        ] {
            assert_eq!(nearest(typed, words), meant, "{typed}");
        }
    }

    #[test]
    fn an_endless_word_has_no_neighbour() {
        assert_eq!(nearest(&"x".repeat(100_000), ["x"]), None);
    }
}
