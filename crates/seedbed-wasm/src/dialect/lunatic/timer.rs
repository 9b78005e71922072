//! `lunatic::timer`: messages that are sent later.
//!
//! A timer is its process's: it goes off while the process waits, or between its slices, and ends
//! with it. One whose message was sent is cancelled no more.

use super::abi::{Guest, functions, millis, own, process, refused, waiting};
use super::message::{Scratch, take_written};
use super::networking::sweep;
use crate::blocking::{Data, with_turn};
use crate::host::Stop;
use seedbed_abi::{Cancelled, Pid, TimerId};
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
    }
    waiting! { linker, "timer":
        cancel_timer(id: u64) -> u32;
    }
    Ok(())
}

impl Timers {
    pub(super) fn is_empty(&self) -> bool {
        self.armed.is_empty()
    }

    /// The message of a timer that went off, and for whom it is; nothing if it is none of these.
    pub(super) fn take(&mut self, timer: u64) -> Option<(Pid, Scratch)> {
        let (id, to, message) = self.armed.remove(&timer)?;
        self.ids.remove(&id);
        Some((to, message))
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

async fn cancel_timer(caller: &mut Guest<'_>, id: u64) -> Result<u32, Stop> {
    let own = own(caller);
    let Some(timer) = own.timers.ids.remove(&id) else { return Ok(0) };
    if let Some((_, _, message)) = own.timers.armed.remove(&timer) {
        own.discard(message.resources);
    }
    let cancelled = with_turn(|turn| turn.cx().cancel_timer(TimerId(timer)));
    debug_assert_eq!(cancelled, Cancelled::Cancelled, "one that went off is in no table");
    sweep(caller, "timer::cancel_timer").await?;
    Ok(1)
}
