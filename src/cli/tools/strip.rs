//! Records without some of their parts (`-M dsrs=`).

use crate::record::{RecordBuilder, RecordRef};

/// Names of the parts and the types of their DSRs. Captured bytes share one type and differ in their subtype.
const PARTS: &[(&str, u8)] = &[
    ("trans", 0x01),
    ("flow", 0x02),
    ("time", 0x03),
    ("metric", 0x10),
    ("agr", 0x60),
    ("net", 0x30),
    ("vlan", 0x40),
    ("mpls", 0x44),
    ("jitter", 0x46),
    ("ipattr", 0x48),
    ("psize", 0x12),
    ("suser", USER),
    ("duser", USER),
    ("mac", 0x42),
    ("icmp", 0x34),
    ("encaps", 0x20),
    ("behavior", 0x54),
    ("cor", 0x62),
    ("cocode", 0x64),
    ("label", 0x66),
    ("asn", 0x32),
];

/// Type of captured bytes.
const USER: u8 = 0x50;

/// Which parts are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct Strip {
    kept: Vec<&'static str>,
}

impl Strip {
    /// A list such as `flow,metric` or `-agr,-label`: names alone keep only what is listed, with `-` they remove, with
    /// `+` they add.
    pub(in crate::cli) fn parse(list: &str) -> Result<Strip, String> {
        let all = || PARTS.iter().map(|(name, _)| *name).collect::<Vec<_>>();
        let mut kept = if list.starts_with(['-', '+']) { all() } else { Vec::new() };
        for word in list.split(',').filter(|w| !w.is_empty()) {
            let name = word.trim_start_matches(['-', '+']);
            let Some((name, _)) = PARTS.iter().find(|(n, _)| *n == name) else {
                return Err(format!("-M dsrs={word}: no such part; there are {}", all().join(" ")));
            };
            kept.retain(|k| k != name);
            if !word.starts_with('-') {
                kept.push(name);
            }
        }
        Ok(Strip { kept })
    }

    /// Appends the record without the parts that are not kept.
    pub(in crate::cli) fn copy(&self, record: RecordRef<'_>, out: &mut Vec<u8>) {
        let head = record.bytes().first_chunk::<2>().copied().unwrap_or_default();
        let [kind, cause] = head;
        let mut builder = RecordBuilder::new(out, kind, cause);
        let mut at = 4;
        for dsr in record.dsrs() {
            let end = at + 4 * dsr.words();
            if self.keeps(dsr.kind, dsr.subtype) {
                builder.raw(record.bytes().get(at..end).unwrap_or(&[]));
            }
            at = end;
        }
        builder.finish();
    }

    fn keeps(&self, kind: u8, subtype: u8) -> bool {
        if kind == USER {
            let name = if subtype & 0x20 != 0 { "duser" } else { "suser" };
            return self.kept.contains(&name);
        }
        // What has no name here is carried through.
        PARTS.iter().find(|(_, k)| *k == kind).is_none_or(|(name, _)| self.kept.contains(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_keep_remove_and_add() {
        assert_eq!(Strip::parse("flow,time").unwrap().kept, ["flow", "time"]);
        assert!(!Strip::parse("-agr").unwrap().kept.contains(&"agr"));
        assert_eq!(Strip::parse("-agr").unwrap().kept.len(), PARTS.len() - 1);
        assert!(Strip::parse("flow,nosuch").is_err());
    }

    #[test]
    fn a_part_is_taken_out_of_the_bytes() {
        let bytes = [0x13, 0x10, 0, 5, 0x40, 0, 0, 2, 1, 2, 3, 4, 0x66, 0, 0, 2, b'a', b'=', b'b', 0];
        let mut out = Vec::new();
        Strip::parse("-vlan").unwrap().copy(RecordRef::new(&bytes).unwrap(), &mut out);
        assert_eq!(out, [&[0x13, 0x10, 0, 3][..], &bytes[12..]].concat());
    }
}
