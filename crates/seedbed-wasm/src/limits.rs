//! What a WASM actor may use, beside what the kernel counts (spec `guest.md` §4).

use crate::rewrite::STACK_MAX;

/// Bounds that the engine keeps for one actor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WasmLimits {
    /// Fuel of one turn: about one for each instruction, and one for each byte that a bulk
    /// operation or a host call handles.
    pub fuel_per_message: u64,
    /// Size of its memory in bytes. A growth beyond it is refused with −1.
    pub memory_max: u64,
    /// Elements of its tables.
    pub tables_max: u32,
    /// Call stack in bytes, as the rewriting counts them; at most, and by default, 256 KiB.
    pub stack_max: u64,
    /// Fuel between two cuts of a guest that waits: wherever so much is burnt, others have their turn.
    pub fuel_slice: u64,
    /// Fuel of the whole life of a guest that waits; `None` = no end.
    pub fuel_max: Option<u64>,
}

impl Default for WasmLimits {
    fn default() -> Self {
        WasmLimits {
            fuel_per_message: 10_000_000,
            memory_max: 16 << 20,
            tables_max: 65_536,
            stack_max: STACK_MAX,
            fuel_slice: 1_000_000,
            fuel_max: None,
        }
    }
}

impl WasmLimits {
    /// Fuel of a turn, as the counter has it.
    pub(crate) fn fuel(&self) -> i64 {
        // Half of the range, so that sums of charges cannot overflow.
        i64::try_from(self.fuel_per_message).unwrap_or(i64::MAX).min(i64::MAX / 2)
    }

    /// Fuel of a slice, as the counter has it; at least one, or nothing would ever run.
    pub(crate) fn slice(&self) -> i64 {
        i64::try_from(self.fuel_slice).unwrap_or(i64::MAX).clamp(1, i64::MAX / 2)
    }

    /// Stack of a turn, as the counter has it.
    pub(crate) fn stack(&self) -> i64 {
        i64::try_from(self.stack_max.min(STACK_MAX)).expect("it is at most STACK_MAX")
    }

    /// Bytes of memory, at most what 32 bits address.
    pub(crate) fn memory(&self) -> usize {
        usize::try_from(self.memory_max.min(4 << 30)).expect("a 64-bit host")
    }
}
