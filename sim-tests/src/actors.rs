//! Actors that many tests need.

use crate::{Input, actor};
use seedbed_core::{Bytes, Context, ExitReason, Factory, Pid, Result, Signal, TimerId};

/// A factory of actors that do one thing as they start, and another whenever a timer of theirs fires,
/// with its id and tag.
pub fn timed<S, F>(start: S, fires: F) -> impl Factory
where
    S: Fn(&mut Context) -> Result<()> + Clone + Send + Sync + 'static,
    F: Fn(&mut Context, TimerId, u64) -> Result<()> + Clone + Send + Sync + 'static,
{
    actor(move |cx, input| match input {
        Input::Start => start(cx),
        Input::Signal(Signal::Timer { id, tag }) => fires(cx, id, tag),
        _ => Ok(()),
    })
}

/// What a watcher is told of an end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Whose.
    pub from: Pid,
    /// The reference of the monitor; `None` if a link says it.
    pub monitor: Option<u64>,
    /// Why.
    pub reason: ExitReason,
    /// What it returned.
    pub value: Option<Bytes>,
}

/// A factory of actors that trap exits, do something as they start, and something with what they are
/// told of the ends of others.
pub fn watcher<S, F>(start: S, told: F) -> impl Factory
where
    S: Fn(&mut Context) -> Result<()> + Clone + Send + Sync + 'static,
    F: Fn(&mut Context, Told) + Clone + Send + Sync + 'static,
{
    actor(move |cx, input| {
        match input {
            Input::Start => {
                cx.trap_exits(true);
                start(cx)?;
            }
            Input::Signal(Signal::Exit { from, reason, value }) => {
                told(cx, Told { from, monitor: None, reason, value });
            }
            Input::Signal(Signal::Down { from, reason, value, monitor }) => {
                told(cx, Told { from, monitor: Some(monitor.0), reason, value });
            }
            _ => {}
        }
        Ok(())
    })
}
