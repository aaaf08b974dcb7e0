//! The keyed hash by which everything random is decided.
//!
//! # Source
//! SipHash-2-4 after Aumasson and Bernstein, "SipHash: a fast short-input PRF" (2012).

/// A keyed hash function. Its values tell nothing about the key or about each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Prf {
    key: [u64; 2],
}

/// What is hashed, so that equal bytes of different meaning have different values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Topic {
    Net4 = 1,
    Host4,
    Prefix4,
    Net6,
    Host6,
    Prefix6,
    Mac,
    Asn,
    Port,
    Seconds,
    Micros,
    Seq,
    Reference,
    TcpSeq,
    IpId,
    Ttl,
    Tos,
    Name,
    Key,
}

impl Prf {
    /// The function of a number that people choose.
    pub(super) fn from_seed(seed: u64) -> Prf {
        let one = Prf { key: [seed, !seed] };
        Prf { key: [one.hash(Topic::Key, &[0]), one.hash(Topic::Key, &[1])] }
    }

    /// The function of 128 random bits.
    pub(super) fn from_entropy(entropy: u128) -> Prf {
        let [a, b, c, d, e, f, g, h, rest @ ..] = entropy.to_le_bytes();
        Prf { key: [u64::from_le_bytes([a, b, c, d, e, f, g, h]), u64::from_le_bytes(rest)] }
    }

    /// The value of some bytes.
    pub(super) fn hash(&self, topic: Topic, bytes: &[u8]) -> u64 {
        let mut state = State::new(self.key);
        state.byte(topic as u8);
        bytes.iter().for_each(|b| state.byte(*b));
        state.finish()
    }

    /// A number below `bound`; 0 if that is 0.
    pub(super) fn below(&self, topic: Topic, bytes: &[u8], bound: u64) -> u64 {
        self.hash(topic, bytes).checked_rem(bound).unwrap_or(0)
    }
}

struct State {
    v: [u64; 4],
    word: u64,
    len: u64,
}

impl State {
    fn new([k0, k1]: [u64; 2]) -> State {
        let v = [
            k0 ^ 0x736f_6d65_7073_6575,
            k1 ^ 0x646f_7261_6e64_6f6d,
            k0 ^ 0x6c79_6765_6e65_7261,
            k1 ^ 0x7465_6462_7974_6573,
        ];
        State { v, word: 0, len: 0 }
    }

    fn byte(&mut self, b: u8) {
        self.word |= u64::from(b) << (8 * (self.len % 8));
        self.len += 1;
        if self.len.is_multiple_of(8) {
            self.absorb(self.word);
            self.word = 0;
        }
    }

    fn absorb(&mut self, word: u64) {
        self.v[3] ^= word;
        self.round();
        self.round();
        self.v[0] ^= word;
    }

    fn round(&mut self) {
        let [v0, v1, v2, v3] = &mut self.v;
        *v0 = v0.wrapping_add(*v1);
        *v2 = v2.wrapping_add(*v3);
        *v1 = v1.rotate_left(13) ^ *v0;
        *v3 = v3.rotate_left(16) ^ *v2;
        *v0 = v0.rotate_left(32).wrapping_add(*v3);
        *v2 = v2.wrapping_add(*v1);
        *v3 = v3.rotate_left(21) ^ *v0;
        *v1 = v1.rotate_left(17) ^ *v2;
        *v2 = v2.rotate_left(32);
    }

    fn finish(mut self) -> u64 {
        self.absorb(self.word | self.len << 56);
        self.v[2] ^= 0xFF;
        for _ in 0..4 {
            self.round();
        }
        self.v.iter().fold(0, |sum, v| sum ^ v)
    }
}

/// Exchanges the leading `bits` of a value so that two values share as many leading bits as before. Bits behind a prefix
/// for which `is_fixed` (prefix, its length) is true stay.
///
/// # Source
/// The scheme of Xu, Fan, Ammar and Moon, "Prefix-preserving IP address anonymization" (2002), with another hash.
pub(super) fn permute(prf: &Prf, topic: Topic, value: u128, bits: u8, is_fixed: impl Fn(u128, u8) -> bool) -> u128 {
    let mut out = value;
    for at in 0..bits.min(128) {
        let prefix = value & top(at);
        if is_fixed(prefix, at) {
            continue;
        }
        let mut message = [0; 17];
        let (first, rest) = message.split_at_mut(1);
        first.fill(at);
        rest.copy_from_slice(&prefix.to_be_bytes());
        if prf.hash(topic, &message) & 1 == 1 {
            out ^= 1 << (127 - at);
        }
    }
    out
}

/// Whether the bit behind a prefix lies within a prefix that is to stay.
pub(super) fn is_within(prefix: u128, at: u8, kept: &[(u128, u8)]) -> bool {
    kept.iter().any(|(value, len)| at < *len && value & top(at) == prefix)
}

/// A mask of leading bits.
fn top(bits: u8) -> u128 {
    u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_the_published_one() {
        // The example of the paper: key 00..0f, message 00..0e. The first byte of the message is the topic here.
        let mut state = State::new([0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908]);
        (0..15).for_each(|b| state.byte(b));
        assert_eq!(state.finish(), 0xa129_ca61_49be_45e5);
    }

    #[test]
    fn a_permutation_keeps_the_length_of_common_prefixes() {
        let prf = Prf::from_seed(1);
        let kept = [(0xFFu128 << 120, 8)];
        let map = |v: u128| permute(&prf, Topic::Prefix6, v, 128, |p, at| is_within(p, at, &kept));
        let values: Vec<u128> = (0..40).map(|n| 0x0123_4567_89ab_cdef_u128 << (n % 60) | n << 100).collect();
        for a in &values {
            for b in &values {
                assert_eq!((a ^ b).leading_zeros(), (map(*a) ^ map(*b)).leading_zeros());
            }
        }
        assert_eq!(map(0xFF02 << 112) >> 120, 0xFF);
    }
}
