//! What is measured, and beside what.

mod keeping;
mod lifecycle;
mod messages;
mod requests;
mod shapes;
mod simulated;
mod snapshots;
mod wasm;

use crate::round::{Row, Work};
use std::cell::Cell;
use std::time::Duration;

const ACTIX: &str = "actix 0.13.5";
const KAMEO: &str = "kameo 0.22.2";
const LUNATIC: &str = "lunatic 0.13.2";
const RACTOR: &str = "ractor 0.16.5";
const PALLADIUM: &str = "palladium 0.7.0";

/// All rows, in the order of the table.
pub fn all() -> Vec<Row> {
    let by_kind = [
        wasm::rows(),
        messages::rows(),
        shapes::rows(),
        requests::rows(),
        lifecycle::rows(),
        keeping::rows(),
        simulated::rows(),
        snapshots::rows(),
    ];
    by_kind.into_iter().flatten().collect()
}

/// What is done in this process.
pub fn work(work: impl Fn(u64) + 'static) -> Work {
    Box::new(move |n, clock| vec![clock.time(|| work(n)).as_nanos() as f64 / n as f64])
}

/// The same, where the work says what of it is to be timed.
pub fn part(work: impl Fn(u64, &dyn Fn(&mut dyn FnMut())) + 'static) -> Work {
    Box::new(move |n, clock| {
        let took = Cell::new(Duration::ZERO);
        work(n, &|part| took.set(clock.time(part)));
        vec![took.get().as_nanos() as f64 / n as f64]
    })
}
