//! Labels: what may stay of them, if they are to stay at all.

/// What names of objects say after the letter of the end (`s`, `d`, `i`) where they tell a place or an address.
const TELLING: &[&[u8]] = &[b"city", b"cco", b"lat", b"lon", b"asn", b"as", b"org", b"addr", b"mac", b"name", b"host"];

/// The label without the pieces that tell a place, an address or a name of a host.
pub(super) fn harmless(label: &[u8]) -> Vec<u8> {
    let mut objects: Vec<Vec<u8>> = Vec::new();
    for object in label.split(|c| *c == b':') {
        // What has no name continues the object before: an address with colons was taken apart.
        if !object.contains(&b'=') {
            objects.last_mut().into_iter().for_each(Vec::clear);
            continue;
        }
        let mut keeps = false;
        let mut kept: Vec<&[u8]> = Vec::new();
        for piece in object.split(|c| *c == b',') {
            if let Some(eq) = piece.iter().position(|c| *c == b'=') {
                keeps = piece.get(..eq).is_some_and(|name| !is_telling(name));
            }
            keeps &= !looks_like_address(piece);
            if keeps {
                kept.push(piece);
            }
        }
        objects.push(kept.join(&b','));
    }
    objects.retain(|o| !o.is_empty());
    objects.join(&b':')
}

fn is_telling(name: &[u8]) -> bool {
    name.split_first().is_some_and(|(letter, rest)| b"sdi".contains(letter) && TELLING.contains(&rest))
}

/// Whether it holds a number with a point in it (coordinates, IPv4) or a name of dotted words.
fn looks_like_address(piece: &[u8]) -> bool {
    piece.windows(3).any(|w| matches!(w, [a, b'.', b] if a.is_ascii_alphanumeric() && b.is_ascii_alphanumeric()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_and_addresses_go_and_rules_stay() {
        for (label, expected) in [
            ("scity=51.514198,-0.093100,GB,London:dcity=47.2,-122.3,US,Milton", ""),
            ("scity=London,scco=GB,slat=51.5,dcity=Washington, D.C.", ""),
            ("acl=a,b:scity=Oslo:net=lab", "acl=a,b:net=lab"),
            ("who=10.0.0.1,x:h=www.example.org:z=1", "z=1"),
            ("2001:db8::1", ""),
            ("z=1:x=fe80::1:2", "z=1"),
            ("", ""),
        ] {
            let got = String::from_utf8(harmless(label.as_bytes())).unwrap();
            assert_eq!(got, expected, "{label}");
        }
    }
}
