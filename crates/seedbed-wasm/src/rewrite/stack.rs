//! How much stack a call takes, in bytes that are the same on every engine.
//!
//! A frame is priced by what a compiler may put there: every local, every operand, and, at a part
//! of a slot, every value that it may compute early or keep for later. The engine's own limit is
//! four times the largest budget, so that the priced limit is met first (there is a test that
//! tries hard). Functions that call nothing are free if small: one of them at most is on the stack.
//!
//! Not modelled: what a compiler really does. Should a guest meet the native limit all the same,
//! that is a fault of ours, and said to be one.

use wasmparser::{Operator, ValType};

/// The budget of an actor that asks for none, and the largest there is, in bytes.
pub(crate) const STACK_MAX: u64 = 256 << 10;

/// Return address, saved registers, spilled machinery.
const BASE: u64 = 48;

/// A leaf may cost this much without being counted.
const FREE_LEAF: u64 = 4096;

/// A load or store: its address and bound may be kept beside its value.
const ACCESS: u64 = 4;

/// Collects what a function's frame is made of.
pub(super) struct Frame {
    slot: u64,
    locals: u64,
    operands: u64,
    values: u64,
    accesses: u64,
    calls: bool,
}

impl Frame {
    pub(super) fn new() -> Frame {
        Frame { slot: 8, locals: 0, operands: 0, values: 0, accesses: 0, calls: false }
    }

    pub(super) fn locals(&mut self, count: u32, ty: ValType) {
        self.locals += u64::from(count);
        if ty == ValType::V128 {
            self.slot = 16;
        }
    }

    pub(super) fn op(&mut self, op: &Operator<'_>, operands: u32) {
        self.operands = self.operands.max(u64::from(operands));
        match op {
            Operator::Call { .. } | Operator::CallIndirect { .. } => self.calls = true,
            Operator::LocalGet { .. }
            | Operator::LocalSet { .. }
            | Operator::LocalTee { .. }
            | Operator::I32Const { .. }
            | Operator::I64Const { .. }
            | Operator::F32Const { .. }
            | Operator::F64Const { .. }
            | Operator::Block { .. }
            | Operator::Loop { .. }
            | Operator::If { .. }
            | Operator::Else
            | Operator::End
            | Operator::Br { .. }
            | Operator::BrIf { .. }
            | Operator::BrTable { .. }
            | Operator::Return
            | Operator::Unreachable
            | Operator::Nop
            | Operator::Drop => {}
            _ if touches_memory(op) => self.accesses += 1,
            _ => self.values += 1,
        }
    }

    pub(super) fn widen(&mut self) {
        self.slot = 16;
    }

    /// The price of a call, or `None` if it is free.
    pub(super) fn price(&self) -> Option<u64> {
        let price = BASE
            + self.slot * (self.locals + self.operands)
            + self.values * self.slot / 8
            + self.accesses * ACCESS;
        (self.calls || price > FREE_LEAF).then_some(price)
    }
}

/// True for plain loads and stores: each computes an address and a bound besides.
fn touches_memory(op: &Operator<'_>) -> bool {
    use Operator::*;
    matches!(
        op,
        I32Load { .. }
            | I64Load { .. }
            | F32Load { .. }
            | F64Load { .. }
            | I32Load8S { .. }
            | I32Load8U { .. }
            | I32Load16S { .. }
            | I32Load16U { .. }
            | I64Load8S { .. }
            | I64Load8U { .. }
            | I64Load16S { .. }
            | I64Load16U { .. }
            | I64Load32S { .. }
            | I64Load32U { .. }
            | I32Store { .. }
            | I64Store { .. }
            | F32Store { .. }
            | F64Store { .. }
            | I32Store8 { .. }
            | I32Store16 { .. }
            | I64Store8 { .. }
            | I64Store16 { .. }
            | I64Store32 { .. }
            | V128Load { .. }
            | V128Store { .. }
    )
}
