//! Networks to draw replacements from.

/// Ranges of networks of one length, handed out in order or picked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pool {
    /// First network (as a number: the address without its host bits) and how many.
    ranges: Vec<(u32, u32)>,
    host_bits: u8,
    /// Index of the network that is handed out next.
    pub(super) next: u32,
}

impl Pool {
    /// Everything from `first` up to but not including `end`, loopback left out; `start` networks are passed over.
    pub(super) fn span(first: u32, end: u32, host_bits: u8, start: u32) -> Pool {
        let loopback = (0x7F00_0000, 0x8000_0000);
        let parts = if first < loopback.0 && loopback.1 < end {
            vec![(first, loopback.0), (loopback.1, end)]
        } else {
            vec![(first, end)]
        };
        let number = |a: u32| a.checked_shr(u32::from(host_bits)).unwrap_or(0);
        // A network longer than its pool begins where the pool begins.
        let range = |(a, b): (u32, u32)| (number(a), number(b).saturating_sub(number(a)).max(1));
        Pool { ranges: parts.into_iter().map(range).collect(), host_bits, next: start }
    }

    /// The networks of a list of (address, length).
    pub(super) fn listed(list: &[(u32, u8)], host_bits: u8) -> Pool {
        let range = |(addr, len): &(u32, u8)| {
            let bits = (32 - (*len).min(32)).saturating_sub(host_bits);
            let number = addr.checked_shr(u32::from(host_bits)).unwrap_or(0);
            (number, 1u32.checked_shl(u32::from(bits)).unwrap_or(u32::MAX))
        };
        Pool { ranges: list.iter().map(range).collect(), host_bits, next: 0 }
    }

    /// How many networks there are.
    pub(super) fn len(&self) -> u32 {
        self.ranges.iter().fold(0, |sum, (_, count)| sum.saturating_add(*count))
    }

    /// The network of an index, as an address.
    pub(super) fn get(&self, index: u32) -> Option<u32> {
        let mut rest = index;
        for (first, count) in &self.ranges {
            if rest < *count {
                return first.checked_add(rest)?.checked_shl(u32::from(self.host_bits));
            }
            rest -= count;
        }
        None
    }

    /// Hands out the next network.
    pub(super) fn take(&mut self) -> Option<u32> {
        let net = self.get(self.next)?;
        self.next += 1;
        Some(net)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_come_in_order_and_pass_over_loopback() {
        let mut pool = Pool::span(0x0100_0000, 0x6400_0000, 8, 2);
        assert_eq!((pool.take(), pool.take()), (Some(0x0100_0200), Some(0x0100_0300)));
        let wide = Pool::span(0x6400_0000, 0xC500_0000, 24, 0);
        let all: Vec<u32> = (0..wide.len()).filter_map(|i| wide.get(i)).collect();
        assert!(!all.contains(&0x7F00_0000) && all.contains(&0x7E00_0000) && all.contains(&0x8000_0000));
        assert_eq!(wide.get(wide.len()), None);
    }

    #[test]
    fn listed_networks_are_cut_to_the_length_in_use() {
        let mut pool = Pool::listed(&[(0x0A00_0000, 23), (0xC0A8_0105, 32)], 8);
        let all: Vec<Option<u32>> = (0..4).map(|_| pool.take()).collect();
        assert_eq!(all, [Some(0x0A00_0000), Some(0x0A00_0100), Some(0xC0A8_0100), None]);
    }
}
