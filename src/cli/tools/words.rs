//! Classic command lines: bundled options, and options that take all words up to the next option.

use std::ffi::OsString;

/// Options that take a list: all following words up to one that begins with `-`.
const LISTS: &[char] = &['r', 'R', 's', 'm', 'M', 'P'];
/// Options that take one word, whatever it begins with.
const VALUES: &[char] = &['c', 'C', 'D', 'e', 'E', 'F', 'L', 'N', 'p', 'S', 't', 'T', 'w', 'Z', 'B', 'f'];

/// Rewrites the words behind the subcommand so that every option stands alone and every value has its own option:
/// `-nr a b` becomes `-n -r=a -r=b`. In `rahisto` the option `-H` is a list.
pub(super) fn separate(tool: &str, words: &[OsString]) -> Vec<OsString> {
    let mut out = Vec::with_capacity(words.len());
    let mut rest = words.iter().peekable();
    let is_histogram = tool == "rahisto";
    let is_value = |w: &&OsString| !w.as_encoded_bytes().starts_with(b"-");
    while let Some(word) = rest.next() {
        let Some(letters) = word.to_str().and_then(|w| w.strip_prefix('-')).filter(|w| is_bundle(w)) else {
            out.push(word.clone());
            continue;
        };
        for (at, letter) in letters.char_indices() {
            if is_histogram && letter == 'H' {
                let attached = letters.get(at + 1..).filter(|v| !v.is_empty()).map(OsString::from);
                let values = attached.into_iter().chain(std::iter::from_fn(|| rest.next_if(is_value).cloned()));
                out.extend(values.map(|v| [OsString::from("--histogram="), v].into_iter().collect::<OsString>()));
                break;
            }
            if !LISTS.contains(&letter) && !VALUES.contains(&letter) {
                out.push(format!("-{letter}").into());
                continue;
            }
            let attached = letters.get(at + letter.len_utf8()..).filter(|v| !v.is_empty());
            let first = match attached {
                Some(value) => Some(OsString::from(value)),
                None => rest.next().cloned(),
            };
            let Some(first) = first else {
                out.push(format!("-{letter}").into());
                break;
            };
            push(&mut out, letter, &first);
            if LISTS.contains(&letter) {
                while let Some(more) = rest.next_if(is_value) {
                    push(&mut out, letter, more);
                }
            } else if letter == 'w' {
                let filter = rest.next_if(is_value);
                let mut word = OsString::from("--write-filter=");
                word.push(filter.unwrap_or(&OsString::new()));
                out.push(word);
            }
            break;
        }
    }
    out
}

/// Whether a word without its dash is a bundle of short options.
fn is_bundle(letters: &str) -> bool {
    letters.starts_with(|c: char| c.is_ascii_alphabetic() || c == '%')
}

fn push(out: &mut Vec<OsString>, letter: char, value: &OsString) {
    let mut word = OsString::from(format!("-{letter}="));
    word.push(value);
    out.push(word);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: &str) {
        let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        let out: Vec<_> = separate("ra", &words).into_iter().map(|w| w.into_string().unwrap()).collect();
        assert_eq!(out.join(" "), expected);
    }

    #[test]
    fn bundles_and_lists_are_taken_apart() {
        check("-nr a b -s saddr daddr -u", "-n -r=a -r=b -s=saddr -s=daddr -u");
        check("-L-1 -s +dur -s -bytes", "-L=-1 -s=+dur -s=-bytes");
        check("-t -10m -Zb -N 5", "-t=-10m -Z=b -N=5");
        check("-w a udp -w - -r -", "-w=a --write-filter=udp -w=- --write-filter= -r=-");
        check("--read x -r", "--read x -r");
    }
}
