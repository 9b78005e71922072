//! `lunatic::timer`: messages that are sent later.
//!
//! A timer is its process's: it goes off while the process waits, or between its slices, and ends
//! with it. One whose message was sent is cancelled no more.

use super::abi::{Guest, functions, millis, own, process, refused};
use super::message::{Scratch, send_late, take_written};
use crate::blocking::{Data, with_turn};
use crate::host::Stop;
use seedbed_abi::{Cancelled, Pid, TimerId};
use seedbed_core::Context;
use std::collections::BTreeMap;
use wasmtime::Linker;

/// Timers that are armed.
#[derive(Default)]
pub(super) struct Timers {
    next: u64,
    /// By the kernel's number: that of the guest, and what is to be sent.
    armed: BTreeMap<u64, (u64, Pid, Scratch)>,
    /// The kernel's number by the guest's.
    ids: BTreeMap<u64, u64>,
}

pub(super) fn define(linker: &mut Linker<Data>) -> wasmtime::Result<()> {
    functions! { linker, "timer":
        send_after(to: u64, delay: u64) -> u64;
        cancel_timer(id: u64) -> u32;
    }
    Ok(())
}

impl Timers {
    pub(super) fn is_empty(&self) -> bool {
        self.armed.is_empty()
    }

    /// Sends the message of a timer that went off; false if it is none of these.
    pub(super) fn fire(&mut self, cx: &mut Context<'_>, timer: u64) -> bool {
        let Some((id, to, message)) = self.armed.remove(&timer) else { return false };
        self.ids.remove(&id);
        send_late(cx, to, message);
        true
    }
}

fn send_after(caller: &mut Guest<'_>, to: u64, delay: u64) -> Result<u64, Stop> {
    const NAME: &str = "timer::send_after";
    let to = process(NAME, to)?;
    let message = take_written(caller, NAME)?;
    let armed = with_turn(|turn| turn.cx().set_timer(millis(delay), 0));
    let timer = armed.map_err(|code| refused(NAME, code))?;
    let timers = &mut own(caller).timers;
    let id = timers.next;
    timers.next += 1;
    timers.armed.insert(timer.0, (id, to, message));
    timers.ids.insert(id, timer.0);
    Ok(id)
}

fn cancel_timer(caller: &mut Guest<'_>, id: u64) -> Result<u32, Stop> {
    let timers = &mut own(caller).timers;
    let Some(timer) = timers.ids.remove(&id) else { return Ok(0) };
    timers.armed.remove(&timer);
    let cancelled = with_turn(|turn| turn.cx().cancel_timer(TimerId(timer)));
    debug_assert_eq!(cancelled, Cancelled::Cancelled, "one that went off is in no table");
    Ok(1)
}
