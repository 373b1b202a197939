//! A keyed digest, for what is only compared and must not be kept: client keys.

/// The mark between two parts. No byte has this value, so that `ab`, `c` and `a`, `bc` differ.
const END_OF_PART: u64 = 0x100;

/// The state of a digest of 128 bits.
///
/// It is the permutation of SipHash, a round for each byte, seeded at random per process. Two keys that differ have
/// equal digests with odds of 1 to 2^128, also if somebody chooses them, who does not know the seed. A key cannot be
/// computed from its digest, because that is half of the last state. A hash of the platform would be a promise, one of
/// the standard library twice as large here.
#[derive(Clone, Copy)]
pub struct Digest([u64; 4]);

impl Digest {
    /// A digest of nothing.
    #[must_use]
    pub fn new([first, second]: [u64; 2]) -> Self {
        // SipHash's constants.
        Self([
            first ^ 0x736f_6d65_7073_6575,
            second ^ 0x646f_7261_6e64_6f6d,
            first ^ 0x6c79_6765_6e65_7261,
            second ^ 0x7465_6462_7974_6573,
        ])
    }

    /// With another part.
    #[must_use]
    pub fn with(self, part: &[u8]) -> Self {
        let bytes = part.iter().map(|byte| u64::from(*byte));
        bytes.chain([END_OF_PART]).fold(self, |Self([a, b, c, d]), word| {
            let Self([a, b, c, d]) = Self([a, b, c, d ^ word]).round();
            Self([a ^ word, b, c, d])
        })
    }

    /// The digest of the parts.
    #[must_use]
    pub fn finish(self) -> [u64; 2] {
        let Self([a, b, c, d]) = self;
        let Self([a, b, c, d]) = (0..4).fold(Self([a, b, c ^ 0xff, d]), |state, _| state.round());
        [a ^ b, c ^ d]
    }

    fn round(self) -> Self {
        let Self([mut a, mut b, mut c, mut d]) = self;
        a = a.wrapping_add(b);
        c = c.wrapping_add(d);
        b = b.rotate_left(13) ^ a;
        d = d.rotate_left(16) ^ c;
        a = a.rotate_left(32).wrapping_add(d);
        c = c.wrapping_add(b);
        b = b.rotate_left(17) ^ c;
        d = d.rotate_left(21) ^ a;
        Self([a, b, c.rotate_left(32), d])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    const SEED: [u64; 2] = [7, 11];

    fn digest(parts: &[&str]) -> u128 {
        finished(parts.iter().fold(Digest::new(SEED), |it, part| it.with(part.as_bytes())))
    }

    fn finished(digest: Digest) -> u128 {
        let [high, low] = digest.finish();
        u128::from(high) << 64 | u128::from(low)
    }

    #[test]
    fn equal_parts_have_equal_digests_and_other_parts_others() {
        assert_eq!(digest(&["key", "url"]), digest(&["key", "url"]));
        let parts: [&[&str]; 8] = [
            &[],
            &[""],
            &["", ""],
            &["key", "url"],
            &["keyu", "rl"],
            &["keyurl"],
            &["url", "key"],
            &["key", "url", ""],
        ];
        let digests: HashSet<_> = parts.into_iter().map(digest).collect();
        assert_eq!(digests.len(), parts.len());
        assert_ne!(
            digest(&["key"]),
            finished(Digest::new([7, 12]).with(b"key")),
            "the seed counts"
        );
    }

    #[test]
    fn each_bit_of_a_key_changes_half_of_the_digest() {
        let key = *b"5e1f00d5c0ffee11deadbeef22334455";
        let plain = finished(Digest::new(SEED).with(&key));
        for at in 0..key.len() {
            for bit in 0..8 {
                let mut other = key;
                other[at] ^= 1 << bit;
                let changed = (plain ^ finished(Digest::new(SEED).with(&other))).count_ones();
                assert!((30..=98).contains(&changed), "{changed} of 128 bits");
            }
        }
    }

    #[test]
    fn the_lowest_bits_are_spread_evenly() {
        let mut counts = [0_u32; 256];
        for n in 0..25_600 {
            counts[(digest(&[&n.to_string()]) & 0xff) as usize] += 1;
        }
        assert!(counts.iter().all(|count| (50..=160).contains(count)), "{counts:?}");
    }
}
