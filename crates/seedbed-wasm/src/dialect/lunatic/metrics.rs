//! `lunatic::metrics`: figures about a process, published as facts.
//!
//! A fact is a whole number: what has a fraction is cut. Of a histogram the last value is shown.

use super::abi::{Guest, functions, misuse, own, refused, text};
use crate::blocking::{Data, with_turn};
use crate::host::Stop;
use std::collections::BTreeMap;
use wasmtime::Linker;

/// Bytes of the longest name.
const NAME_MAX: u32 = 255;

/// So many figures a process may have.
const FIGURES_MAX: usize = 1_024;

/// The figures of a process, by name.
#[derive(Default)]
pub(super) struct Metrics(BTreeMap<String, Figure>);

#[derive(Clone, Copy)]
enum Figure {
    Counter(u64),
    Gauge(f64),
}

pub(super) fn define(linker: &mut Linker<Data>) -> wasmtime::Result<()> {
    functions! { linker, "metrics":
        counter(name: u32, len: u32, value: u64);
        increment_counter(name: u32, len: u32);
        gauge(name: u32, len: u32, value: f64);
        increment_gauge(name: u32, len: u32, value: f64);
        decrement_gauge(name: u32, len: u32, value: f64);
        histogram(name: u32, len: u32, value: f64);
    }
    Ok(())
}

/// Changes a figure, and publishes it.
fn figure(
    caller: &mut Guest<'_>,
    call: &'static str,
    (ptr, len): (u32, u32),
    change: impl FnOnce(Option<Figure>) -> Figure,
) -> Result<(), Stop> {
    let name = text(caller, call, (ptr, len), NAME_MAX)?;
    let all = &mut own(caller).metrics.0;
    if !all.contains_key(&name) && all.len() >= FIGURES_MAX {
        return Err(misuse(&format!("{call}: a process has at most {FIGURES_MAX} figures")));
    }
    let figure = change(all.get(&name).copied());
    all.insert(name.clone(), figure);
    let value = match figure {
        Figure::Counter(n) => i64::try_from(n).unwrap_or(i64::MAX),
        // Saturates; what is no number is 0.
        Figure::Gauge(x) => x as i64,
    };
    with_turn(|turn| turn.cx().try_observe(&name, value)).map_err(|code| refused(call, code))
}

fn level(figure: Option<Figure>) -> f64 {
    match figure {
        Some(Figure::Gauge(x)) => x,
        Some(Figure::Counter(n)) => n as f64,
        None => 0.0,
    }
}

fn counter(caller: &mut Guest<'_>, name: u32, len: u32, value: u64) -> Result<(), Stop> {
    figure(caller, "metrics::counter", (name, len), |_| Figure::Counter(value))
}

fn increment_counter(caller: &mut Guest<'_>, name: u32, len: u32) -> Result<(), Stop> {
    figure(caller, "metrics::increment_counter", (name, len), |before| match before {
        Some(Figure::Counter(n)) => Figure::Counter(n.saturating_add(1)),
        Some(Figure::Gauge(x)) => Figure::Gauge(x + 1.0),
        None => Figure::Counter(1),
    })
}

fn gauge(caller: &mut Guest<'_>, name: u32, len: u32, value: f64) -> Result<(), Stop> {
    figure(caller, "metrics::gauge", (name, len), |_| Figure::Gauge(value))
}

fn increment_gauge(caller: &mut Guest<'_>, name: u32, len: u32, value: f64) -> Result<(), Stop> {
    figure(caller, "metrics::increment_gauge", (name, len), |before| Figure::Gauge(level(before) + value))
}

fn decrement_gauge(caller: &mut Guest<'_>, name: u32, len: u32, value: f64) -> Result<(), Stop> {
    figure(caller, "metrics::decrement_gauge", (name, len), |before| Figure::Gauge(level(before) - value))
}

fn histogram(caller: &mut Guest<'_>, name: u32, len: u32, value: f64) -> Result<(), Stop> {
    figure(caller, "metrics::histogram", (name, len), |_| Figure::Gauge(value))
}
