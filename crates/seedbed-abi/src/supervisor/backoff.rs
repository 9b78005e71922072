//! Delays before restarts that grow while restarts fail (rules B). Integers only.

use super::spec::{ChildId, SpecError};
use crate::nanos;
use core::time::Duration;
use serde::{Deserialize, Serialize};

/// delay(n) = min(max, min · factorⁿ), then up to `jitter_permille` thousandths more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backoff {
    /// The first delay; longer than zero.
    pub min: Duration,
    /// The longest delay before jitter; not less than `min`.
    pub max: Duration,
    /// By how much a delay is longer than the one before; 1 = they are all the same.
    pub factor: u32,
    /// The most that chance adds, in thousandths of the delay; 0 to 1000.
    pub jitter_permille: u32,
    /// A child that lived this long has its delays start at `min` again (B3).
    pub reset_after: Duration,
}

impl Backoff {
    /// The delay before attempt `n`, from 0; `random` is spread over all of u64 (B1).
    #[must_use]
    pub fn delay(&self, n: u32, random: u64) -> Duration {
        let (min, max) = (nanos(self.min), nanos(self.max));
        let factor = u64::from(self.factor).checked_pow(n);
        let base = factor.and_then(|f| min.checked_mul(f)).map_or(max, |delay| delay.min(max));
        let most = u128::from(base) * u128::from(self.jitter_permille) / 1000;
        // `most` is at most `base`, as the permille are at most 1000; the product fits 128 bits.
        let extra = (most * u128::from(random)) >> 64;
        Duration::from_nanos(base.saturating_add(u64::try_from(extra).unwrap_or(u64::MAX)))
    }

    pub(super) fn check(&self, id: &ChildId) -> Result<(), SpecError> {
        if self.min.is_zero() {
            Err(SpecError::BackoffMinZero(id.clone()))
        } else if self.max < self.min {
            Err(SpecError::BackoffMaxBelowMin(id.clone()))
        } else if self.factor == 0 {
            Err(SpecError::BackoffFactorZero(id.clone()))
        } else if self.jitter_permille > 1000 {
            Err(SpecError::BackoffJitterTooLarge(id.clone()))
        } else if self.reset_after.is_zero() {
            Err(SpecError::BackoffResetZero(id.clone()))
        } else {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOUBLING: Backoff = Backoff {
        min: Duration::from_nanos(100),
        max: Duration::from_nanos(1000),
        factor: 2,
        jitter_permille: 0,
        reset_after: Duration::from_secs(1),
    };

    fn delays<const N: usize>(backoff: Backoff, at: [(u32, u64); N]) -> [u128; N] {
        at.map(|(n, random)| backoff.delay(n, random).as_nanos())
    }

    #[test]
    fn b1_a_delay_grows_by_its_factor_up_to_max() {
        let ns = [(0, 0), (1, 0), (3, 0), (4, 0), (63, 0), (64, 0), (u32::MAX, 9)];
        assert_eq!(delays(DOUBLING, ns), [100, 200, 800, 1000, 1000, 1000, 1000]);
        assert_eq!(delays(Backoff { factor: 1, ..DOUBLING }, [(0, 0), (u32::MAX, 0)]), [100, 100]);
    }

    #[test]
    fn b1_the_cap_comes_first_and_jitter_after_it() {
        let jittery = Backoff { jitter_permille: 250, ..DOUBLING };
        let at = [(0, 0), (0, u64::MAX), (0, 1 << 63), (9, u64::MAX), (9, 1 << 63)];
        assert_eq!(delays(jittery, at), [100, 124, 112, 1249, 1125]);
    }

    #[test]
    fn b1_nothing_overflows() {
        let huge = Backoff { min: Duration::MAX, max: Duration::MAX, jitter_permille: 1000, ..DOUBLING };
        assert_eq!(delays(huge, [(7, u64::MAX)]), [u128::from(u64::MAX)]);
    }
}
