//! What an input holds, told from its first bytes and never from its name.

use crate::record::codec::Framer;

/// Bytes that are looked at.
pub(super) const HEAD_LEN: usize = 64;

/// What is read, for messages.
pub(super) const ACCEPTED: &str = "expected argus records (version 3 or 5), a pcap or pcapng capture or a flow-tools file, plain or packed with gzip, bzip2, xz or zstd";

/// A packing that may be around the content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    Gzip,
    Bzip2,
    Xz,
    Zstd,
}

/// What the first bytes say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    Argus,
    Pcap,
    Pcapng,
    FlowTools,
    Packed(Packing),
    Other,
}

impl Content {
    /// From the first bytes; at least [`HEAD_LEN`] of them, or all there are.
    pub(super) fn of(head: &[u8]) -> Content {
        match head {
            [0x1F, 0x8B, ..] => Content::Packed(Packing::Gzip),
            [b'B', b'Z', b'h', b'1'..=b'9', ..] => Content::Packed(Packing::Bzip2),
            [0xFD, b'7', b'z', b'X', b'Z', 0, ..] => Content::Packed(Packing::Xz),
            [0x28, 0xB5, 0x2F, 0xFD, ..] => Content::Packed(Packing::Zstd),
            // Microseconds, nanoseconds, and the variant with longer packet headers, in both byte orders.
            [0xA1, 0xB2, 0xC3 | 0x3C | 0xCD, 0xD4 | 0x4D | 0x34, ..]
            | [0xD4 | 0x4D | 0x34, 0xC3 | 0x3C | 0xCD, 0xB2, 0xA1, ..] => Content::Pcap,
            [0x0A, 0x0D, 0x0D, 0x0A, ..] => Content::Pcapng,
            [0xCF, 0x10, 1 | 2, 1 | 3, ..] => Content::FlowTools,
            // The start of a management record; whether it is whole is found out by reading it.
            [0x83 | 0x85, _, 0, 0x20, ..] if head.len() < 12 => Content::Argus,
            _ if Framer::recognises(head) => Content::Argus,
            _ => Content::Other,
        }
    }
}

/// What content looks like that is not read, as part of a sentence: `the file is empty`.
pub(super) fn describe(head: &[u8]) -> String {
    match head {
        [] => "the input is empty".into(),
        [0x1F, 0x9D, ..] => "this is packed with compress (.Z), which is not supported; unpack it with gzip -d".into(),
        [0x13 | 0x15 | 0x43 | 0x45, _, _, _, ..] => {
            "this looks like argus records without the management record that must come first".into()
        }
        [b'P', b'K', 3, 4, ..] => "this is a zip archive; unpack it first".into(),
        [0x7F, b'E', b'L', b'F', ..] => "this is a program".into(),
        [0, 1 | 5 | 7 | 9, 0, 1..=99, ..] => "this may be bare NetFlow datagrams; name it as cisco:FILE".into(),
        _ if is_text(head) => format!("this looks like text that begins with {:?}", first_words(head)),
        _ => {
            let hex: Vec<_> = head.iter().take(8).map(|b| format!("{b:02x}")).collect();
            format!("the first bytes are {}", hex.join(" "))
        }
    }
}

fn is_text(head: &[u8]) -> bool {
    let whole = match std::str::from_utf8(head) {
        Ok(s) => s,
        // The head may end within a character.
        Err(e) if e.error_len().is_none() => {
            head.get(..e.valid_up_to()).and_then(|h| std::str::from_utf8(h).ok()).unwrap_or("")
        }
        Err(_) => "",
    };
    !whole.is_empty() && whole.chars().all(|c| !c.is_control() || c.is_ascii_whitespace())
}

fn first_words(head: &[u8]) -> String {
    let text = String::from_utf8_lossy(head);
    text.lines().next().unwrap_or("").chars().take(24).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_is_told_from_its_first_bytes() {
        let mut argus = [0; 64];
        argus[..12].copy_from_slice(&[0x83, 0x10, 0, 0x20, 0, 0, 0, 0, 0xE5, 0x71, 0x2D, 0xCB]);
        for (head, want) in [
            (&argus[..], Content::Argus),
            (&argus[..6], Content::Argus),
            (&[0xD4, 0xC3, 0xB2, 0xA1], Content::Pcap),
            (&[0xA1, 0xB2, 0x3C, 0x4D], Content::Pcap),
            (&[0x0A, 0x0D, 0x0D, 0x0A], Content::Pcapng),
            (&[0xCF, 0x10, 1, 3], Content::FlowTools),
            (&[0xCF, 0x10, 7, 3], Content::Other),
            (b"BZh9", Content::Packed(Packing::Bzip2)),
            (&[0x1F, 0x8B, 8], Content::Packed(Packing::Gzip)),
            (b"hello", Content::Other),
            (b"", Content::Other),
        ] {
            assert_eq!(Content::of(head), want, "{head:02x?}");
        }
    }

    #[test]
    fn foreign_content_is_described() {
        for (head, want) in [
            (&b""[..], "the input is empty"),
            (b"a,b\nc", "this looks like text that begins with \"a,b\""),
            ("Grüße".as_bytes().get(..3).unwrap_or(&[]), "this looks like text that begins with \"Gr\u{FFFD}\""),
            (&[7, 1, 2], "the first bytes are 07 01 02"),
            (&[0, 5, 0, 2], "this may be bare NetFlow datagrams; name it as cisco:FILE"),
        ] {
            assert_eq!(describe(head), want);
        }
        assert!(describe(&[0x13, 0x10, 0, 9]).contains("management record"));
    }
}
