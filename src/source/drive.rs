//! Takes what a server sends through a client's eyes: for tests and fuzzers.

use super::argus_file::{Damage, is_deliverable};
use super::argus_net::Gaps;
use crate::record::codec::Framer;
use crate::record::drive_record;

/// Takes `bytes` as what a server sends, in pieces whose length the first byte chooses. Returns how many records would
/// be passed on. Must never panic, and holds no more than the longest record and a piece, whatever the bytes.
#[must_use]
pub fn drive_stream(bytes: &[u8]) -> usize {
    let Some((&piece, rest)) = bytes.split_first() else { return 0 };
    let (mut framer, mut damage, mut gaps) = (Framer::new(), Damage::default(), Gaps::default());
    let mut delivered = 0;
    for piece in rest.chunks(usize::from(piece) + 1) {
        framer.push(piece);
        loop {
            match framer.next_record() {
                Ok(Some((at, record))) => {
                    let _ = damage.judge(record, at);
                    gaps.note(record);
                    if is_deliverable(record) {
                        delivered += 1;
                        drive_record(record);
                    }
                }
                Ok(None) => break,
                Err(_) => return delivered,
            }
        }
    }
    let _ = (framer.finish(), gaps.missing(), damage.count);
    delivered
}
