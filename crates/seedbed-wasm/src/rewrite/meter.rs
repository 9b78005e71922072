//! Where fuel is charged, and how much.
//!
//! A function is cut into straight runs of code; the price of a whole run is taken at its head.
//! What follows a block, `if` or loop belongs to the run before it, if control cannot leave that
//! construct to farther out: then it runs whenever the run before it did, unless something traps.
//! (The cut is that of Parity's `wasm-instrument`.) So a charge may be ahead of what was executed
//! by the rest of one run, never behind, and always the same.

use wasmparser::Operator;

/// Price of entering a function, on top of its code.
const ENTRY: u64 = 1;

/// The price of one operator: 1, but nothing for what only shapes the code. A loop's 1 is paid
/// at every pass.
pub(super) fn price(op: &Operator<'_>) -> u64 {
    match op {
        Operator::Nop
        | Operator::Drop
        | Operator::Block { .. }
        | Operator::Else
        | Operator::End
        | Operator::Return => 0,
        _ => 1,
    }
}

/// A charge in front of the operator with index `at`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Charge {
    pub(super) at: u32,
    pub(super) price: u64,
}

/// Cuts one function, fed operator by operator.
pub(super) struct Meter {
    frames: Vec<Frame>,
    charges: Vec<Charge>,
    next: u32,
}

/// An open block, `if`, loop, or the function itself.
struct Frame {
    is_loop: bool,
    /// The farthest-out frame that a forward branch from inside goes to.
    leaves_to: usize,
    run: Charge,
}

impl Meter {
    pub(super) fn new() -> Meter {
        let body = Frame { is_loop: false, leaves_to: 0, run: Charge { at: 0, price: ENTRY } };
        Meter { frames: vec![body], charges: Vec::new(), next: 0 }
    }

    pub(super) fn op(&mut self, op: &Operator<'_>) {
        let here = self.next;
        self.next += 1;
        match op {
            Operator::Loop { .. } => self.open(here + 1, true),
            Operator::Block { .. } => {
                // Part of the run it stands in: it begins where that one began.
                let at = self.top().run.at;
                self.open(at, false);
            }
            Operator::If { .. } => {
                self.top().run.price += price(op);
                self.open(here + 1, false);
                return;
            }
            _ => {}
        }
        self.top().run.price += price(op);
        match op {
            Operator::Else => self.cut(here),
            Operator::End => self.close(here),
            Operator::Br { relative_depth } | Operator::BrIf { relative_depth } => {
                self.branch(here, [*relative_depth]);
            }
            Operator::BrTable { targets } => {
                let outermost = targets.targets().map_while(Result::ok).chain([targets.default()]);
                self.branch(here, outermost);
            }
            Operator::Return => {
                let all = self.frames.len() as u32 - 1;
                self.branch(here, [all]);
            }
            _ => {}
        }
    }

    /// The charges, in the order of the code.
    pub(super) fn finish(mut self) -> Vec<Charge> {
        assert!(self.frames.is_empty(), "a validated body closes what it opens");
        self.charges.sort_unstable_by_key(|c| c.at);
        self.charges
    }

    fn top(&mut self) -> &mut Frame {
        self.frames.last_mut().expect("a validated body has an open frame until its end")
    }

    fn open(&mut self, at: u32, is_loop: bool) {
        let leaves_to = self.frames.len();
        self.frames.push(Frame { is_loop, leaves_to, run: Charge { at, price: 0 } });
    }

    fn close(&mut self, here: u32) {
        self.cut(here);
        let closed = self.frames.pop().expect("`cut` just looked at it");
        let depth = self.frames.len();
        let Some(outer) = self.frames.last_mut() else { return };
        outer.leaves_to = outer.leaves_to.min(closed.leaves_to);
        if closed.leaves_to < depth {
            // What follows is skipped by some branch.
            self.cut(here);
        }
    }

    fn branch(&mut self, here: u32, depths: impl IntoIterator<Item = u32>) {
        self.cut(here);
        let last = self.frames.len() - 1;
        for depth in depths {
            let target = last - depth as usize;
            if !self.frames[target].is_loop {
                let top = self.top();
                top.leaves_to = top.leaves_to.min(target);
            }
        }
    }

    /// Ends the innermost frame's run behind the operator `here`.
    fn cut(&mut self, here: u32) {
        let fresh = Charge { at: here + 1, price: 0 };
        let ended = std::mem::replace(&mut self.top().run, fresh);
        let depth = self.frames.len();
        if depth > 1 {
            let outer = &mut self.frames[depth - 2].run;
            if outer.at == ended.at {
                outer.price += ended.price;
                return;
            }
        }
        if ended.price > 0 {
            self.charges.push(ended);
        }
    }
}
