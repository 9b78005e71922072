//! First enabled, first out: the order of the real reactor.

use super::{Candidate, Pick, RunStart, Scene, Strategy};
use crate::order::Order;
use seedbed_core::ChoicePoint;

/// The plain order, without faults.
#[derive(Clone, Copy, Debug, Default)]
pub struct Plain;

impl Strategy for Plain {
    fn begin(&mut self, _: &RunStart) {}

    fn enabled(&mut self, _: &Candidate) {}

    fn gone(&mut self, _: u32) {}

    fn pick(&mut self, _: &Order, _: bool) -> Pick {
        Pick::Plain
    }

    fn choose(&mut self, _: &ChoicePoint, _: &Scene, _: bool) -> Option<u32> {
        Some(0)
    }

    fn snapshot(&self) -> Option<Box<dyn Strategy>> {
        Some(Box::new(*self))
    }
}
