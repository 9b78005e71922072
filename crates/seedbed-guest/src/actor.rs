//! The shape of an actor; the same as `seedbed_core::Actor`.

use crate::{Context, Message, Result, Signal, StopCode};

/// Something with a life: it starts, takes what reaches it, one at a time, and stops.
///
/// A hook that returns an error fails its turn: nothing that it asked for happens, and the actor
/// ends with the error's [`HandlerCode`](crate::HandlerCode).
pub trait Actor: 'static {
    /// What it takes: any serde type, or [`Bytes`](crate::Bytes) for payloads as they are.
    type Message: Message;

    /// Called once, before anything else.
    ///
    /// # Errors
    /// The start fails.
    fn on_start(&mut self, cx: &mut Context<'_>) -> Result<()> {
        let _ = cx;
        Ok(())
    }

    /// Called for each message and each request.
    ///
    /// # Errors
    /// The turn fails.
    fn on_message(&mut self, cx: &mut Context<'_>, message: Self::Message) -> Result<()>;

    /// Called for everything else that reaches it: replies, timers, completions, exits, downs.
    ///
    /// # Errors
    /// The turn fails.
    fn on_signal(&mut self, cx: &mut Context<'_>, signal: Signal) -> Result<()> {
        let _ = (cx, signal);
        Ok(())
    }

    /// Called once, at an orderly end; it may still send and reply.
    ///
    /// # Errors
    /// The turn fails; why the actor ends stays the same.
    fn on_stop(&mut self, cx: &mut Context<'_>, why: StopCode) -> Result<()> {
        let _ = (cx, why);
        Ok(())
    }

    /// The same actor once more, for snapshots of a world where it is a native actor. Of a guest the host keeps
    /// its memory, and nobody calls this.
    fn snapshot(&self) -> Option<Self>
    where
        Self: Sized,
    {
        None
    }
}
