//! A change of flags and specs at run time (rules U).

use super::machine::{Machine, Turn};
use super::protocol::{ChildState, Parts, SlotId};
use seedbed_abi::supervisor::{Plan, Restart, SpecError, Strategy};
use std::collections::BTreeSet;
use std::sync::Arc;

impl<T: Parts> Machine<T> {
    /// Swaps flags and specs, once all of them are known to be good (U2).
    pub(super) fn change(&mut self, plan: Plan<T::Start>, turn: &mut Turn<'_, T>) -> Result<(), SpecError> {
        self.check_change(&plan)?;
        self.flags = plan.flags;
        for spec in plan.children {
            let spec = Arc::new(spec);
            if self.is_dynamic() {
                self.template = Some(spec.clone());
                for slot in self.slots.ids() {
                    self.slots.respec(slot, spec.clone());
                    self.retry_with_new_spec(slot, turn);
                }
            } else if let Some(slot) = self.slots.by_id(&spec.id) {
                self.slots.respec(slot, spec);
                self.retry_with_new_spec(slot, turn);
            } else {
                self.slots.insert(spec, None);
            }
        }
        Ok(())
    }

    /// Besides what a plan must hold by itself, the children that it does not name, and that
    /// stay, must go with its flags.
    fn check_change(&self, plan: &Plan<T::Start>) -> Result<(), SpecError> {
        plan.check()?;
        if (plan.flags.strategy == Strategy::Dynamic) != self.is_dynamic() {
            return Err(SpecError::DynamicChange);
        }
        let named: BTreeSet<_> = plan.children.iter().map(|spec| &spec.id).collect();
        self.slots
            .specs()
            .filter(|spec| !self.is_dynamic() && !named.contains(&spec.id))
            .try_for_each(|spec| spec.check_significance(plan.flags.auto_shutdown))
    }

    /// Replacing a child cancels its retry (X3). The new spec gets one of its own, without the
    /// delay of the old, unless it must never be restarted.
    fn retry_with_new_spec(&mut self, slot: SlotId, turn: &mut Turn<'_, T>) {
        let record = self.slots.slot(slot);
        if !matches!(record.state(), ChildState::Restarting { .. }) {
            return;
        }
        record.delays = 0;
        if record.spec.restart != Restart::Temporary {
            self.retry_soon(slot, turn);
        } else if record.args.is_some() {
            self.settle(slot, turn);
        } else {
            self.set(slot, ChildState::Down, turn);
        }
    }
}
