//! How the growth of memories and tables is answered, in the stores of all guests.

/// What it depends on.
#[derive(Default)]
pub(crate) struct Growth {
    /// Size of the memory of the guest whose turn it is, in bytes.
    pub(crate) len: usize,
    pub(crate) max: usize,
    /// Something was granted or refused in its turn.
    pub(crate) asked: bool,
    pub(crate) refused: bool,
    /// Elements that a table may have, 0 while guests run.
    pub(crate) tables: usize,
}

/// Data of a store, by which growth is answered.
pub(crate) trait Grows {
    fn growth(&mut self) -> &mut Growth;

    /// True if a fault refuses the growth that the guest asks for in its turn.
    fn fault_refuses(&mut self) -> bool;

    /// Answers for a memory, and notes the answer: −1 beyond the actor's limit or the declared maximum, or
    /// by a fault.
    fn grow(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> bool {
        let fits = desired <= self.growth().max && maximum.is_none_or(|max| desired <= max);
        let refused = !fits || (desired > current && self.fault_refuses());
        let growth = self.growth();
        growth.asked = true;
        if refused {
            growth.refused = true;
        } else {
            growth.len = desired;
        }
        !refused
    }
}

/// Has a store's data answer by [`Grows`]; it is an error if the host itself cannot give what was granted.
macro_rules! limits_growth {
    ($data:ty) => {
        impl wasmtime::ResourceLimiter for $data {
            fn memory_growing(
                &mut self,
                current: usize,
                desired: usize,
                maximum: Option<usize>,
            ) -> wasmtime::Result<bool> {
                Ok(self.grow(current, desired, maximum))
            }

            fn memory_grow_failed(&mut self, error: wasmtime::Error) -> wasmtime::Result<()> {
                Err(error.context("grow a guest's memory within its limits"))
            }

            fn table_growing(
                &mut self,
                _current: usize,
                desired: usize,
                _maximum: Option<usize>,
            ) -> wasmtime::Result<bool> {
                Ok(desired <= self.growth().tables)
            }

            fn instances(&self) -> usize {
                usize::MAX
            }

            fn tables(&self) -> usize {
                usize::MAX
            }

            fn memories(&self) -> usize {
                usize::MAX
            }
        }
    };
}
pub(crate) use limits_growth;
