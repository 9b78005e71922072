//! What reaches an actor beside messages.

use crate::{
    Bytes, Correlation, Envelope, ExitReason, Flags, MonitorRef, Notice, Pid, RequestFailure, TimerId,
};
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

/// A signal other than a message or request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Signal {
    /// A linked actor exited, or another sent an exit, and this one traps exits.
    Exit {
        /// Who.
        from: Pid,
        /// Why.
        reason: ExitReason,
        /// What it returned, if it did.
        value: Option<Bytes>,
    },
    /// A monitored actor ended.
    Down {
        /// Who.
        from: Pid,
        /// Which monitor; it is used up.
        monitor: MonitorRef,
        /// Why.
        reason: ExitReason,
        /// What it returned, if it did.
        value: Option<Bytes>,
    },
    /// A timer fired.
    Timer {
        /// Which.
        id: TimerId,
        /// What it was armed with.
        tag: u64,
    },
    /// A request ended.
    Reply {
        /// Who was asked.
        from: Pid,
        /// Which request.
        correlation: Correlation,
        /// Chosen by who replied; 0 if nobody did.
        tag: u64,
        /// The payload of the reply, or why there is none.
        outcome: Result<Bytes, RequestFailure>,
    },
    /// An effect completed.
    Completion {
        /// Which.
        correlation: Correlation,
        /// What it gave.
        outcome: Result<Bytes, EffectError>,
    },
    /// The start of a child ended, and the spawner had asked to be told.
    Started {
        /// The child.
        pid: Pid,
        /// How it went.
        outcome: StartOutcome,
    },
}

/// How the start of a child went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StartOutcome {
    /// It runs.
    Started,
    /// It chose not to run.
    Ignored,
    /// It could not start.
    Failed(ExitReason),
}

/// Why an effect failed.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct EffectError {
    /// The effect's own code.
    pub code: u64,
    /// Its explanation, for people.
    pub text: Box<str>,
}

impl Signal {
    /// Reads a signal from its envelope and payload; `None` for a message or request, and for
    /// bytes that no host writes.
    pub fn decode(envelope: &Envelope, payload: &[u8]) -> Option<Signal> {
        let failed = envelope.flags.has(Flags::FAILED);
        let from = Pid::from_raw(envelope.from);
        let correlation = Correlation(envelope.correlation);
        let bytes = || Bytes(payload.to_vec());
        let notice = || {
            let Notice { reason, value } = Notice::decode(payload)?;
            Some((reason, value.map(Bytes)))
        };
        let signal = match envelope.flags.kind() {
            Flags::EXIT => {
                let (reason, value) = notice()?;
                Signal::Exit { from, reason, value }
            }
            Flags::DOWN => {
                let (reason, value) = notice()?;
                Signal::Down { from, monitor: MonitorRef(envelope.correlation), reason, value }
            }
            Flags::TIMER => Signal::Timer { id: TimerId(envelope.correlation), tag: envelope.tag },
            Flags::REPLY if failed => {
                let failure = RequestFailure::from_u64(envelope.tag)?;
                Signal::Reply { from, correlation, tag: 0, outcome: Err(failure) }
            }
            Flags::REPLY => Signal::Reply { from, correlation, tag: envelope.tag, outcome: Ok(bytes()) },
            Flags::COMPLETION if failed => {
                let text = core::str::from_utf8(payload).ok()?.into();
                Signal::Completion { correlation, outcome: Err(EffectError { code: envelope.tag, text }) }
            }
            Flags::COMPLETION => Signal::Completion { correlation, outcome: Ok(bytes()) },
            Flags::STARTED => {
                let outcome = match (failed, envelope.tag) {
                    (true, _) => StartOutcome::Failed(notice()?.0),
                    (false, 0) => StartOutcome::Started,
                    (false, 1) => StartOutcome::Ignored,
                    (false, _) => return None,
                };
                Signal::Started { pid: from, outcome }
            }
            _ => return None,
        };
        Some(signal)
    }

    /// Appends the payload, and gives the envelope in front of it; its `id` and `to` are 0, for
    /// the host to stamp.
    pub fn encode(&self, payload: &mut Vec<u8>) -> Envelope {
        let before = payload.len();
        let mut envelope = self.head();
        match self {
            Signal::Exit { reason, value, .. } | Signal::Down { reason, value, .. } => {
                encode_notice(reason, value.as_ref(), payload);
            }
            Signal::Started { outcome: StartOutcome::Failed(reason), .. } => {
                encode_notice(reason, None, payload)
            }
            Signal::Reply { outcome: Ok(bytes), .. } | Signal::Completion { outcome: Ok(bytes), .. } => {
                payload.extend_from_slice(&bytes.0);
            }
            Signal::Completion { outcome: Err(error), .. } => {
                payload.extend_from_slice(error.text.as_bytes())
            }
            Signal::Timer { .. } | Signal::Reply { .. } | Signal::Started { .. } => {}
        }
        envelope.len =
            u32::try_from(payload.len() - before).expect("no payload of 4 GiB gets past its limits");
        envelope
    }

    fn head(&self) -> Envelope {
        let (flags, from, correlation, tag) = match self {
            Signal::Exit { from, .. } => (Flags::EXIT, *from, 0, 0),
            Signal::Down { from, monitor, .. } => (Flags::DOWN, *from, monitor.0, 0),
            Signal::Timer { id, tag } => (Flags::TIMER, Pid::NOBODY, id.0, *tag),
            Signal::Reply { from, correlation, tag, outcome } => match outcome {
                Ok(_) => (Flags::REPLY, *from, correlation.0, *tag),
                Err(failure) => (Flags::REPLY.with(Flags::FAILED), *from, correlation.0, *failure as u64),
            },
            Signal::Completion { correlation, outcome } => match outcome {
                Ok(_) => (Flags::COMPLETION, Pid::NOBODY, correlation.0, 0),
                Err(error) => (Flags::COMPLETION.with(Flags::FAILED), Pid::NOBODY, correlation.0, error.code),
            },
            Signal::Started { pid, outcome } => match outcome {
                StartOutcome::Started => (Flags::STARTED, *pid, 0, 0),
                StartOutcome::Ignored => (Flags::STARTED, *pid, 0, 1),
                StartOutcome::Failed(_) => (Flags::STARTED.with(Flags::FAILED), *pid, 0, 0),
            },
        };
        Envelope { id: 0, from: from.to_raw(), to: 0, correlation, tag, len: 0, flags }
    }
}

fn encode_notice(reason: &ExitReason, value: Option<&Bytes>, out: &mut Vec<u8>) {
    Notice { reason: reason.clone(), value: value.map(|bytes| bytes.0.clone()) }.encode(out);
}

impl fmt::Display for EffectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "effect failed with code {}: {}", self.code, self.text)
    }
}

impl core::error::Error for EffectError {}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    fn every_signal() -> Vec<Signal> {
        let from = Pid::from_raw(7);
        let correlation = Correlation(3);
        let reason = ExitReason::Killed;
        vec![
            Signal::Exit { from, reason: ExitReason::Shutdown, value: None },
            Signal::Exit { from, reason: ExitReason::Normal, value: Some(Bytes(vec![])) },
            Signal::Down {
                from,
                monitor: MonitorRef(2),
                reason: reason.clone(),
                value: Some(Bytes(vec![1])),
            },
            Signal::Timer { id: TimerId(5), tag: u64::MAX },
            Signal::Reply { from, correlation, tag: 9, outcome: Ok(Bytes(vec![1, 2])) },
            Signal::Reply { from, correlation, tag: 0, outcome: Err(RequestFailure::Timeout) },
            Signal::Completion { correlation, outcome: Ok(Bytes(vec![])) },
            Signal::Completion {
                correlation,
                outcome: Err(EffectError { code: 4, text: "disk full".into() }),
            },
            Signal::Started { pid: from, outcome: StartOutcome::Started },
            Signal::Started { pid: from, outcome: StartOutcome::Ignored },
            Signal::Started { pid: from, outcome: StartOutcome::Failed(reason) },
        ]
    }

    #[test]
    fn every_signal_survives_its_encoding() {
        for signal in every_signal() {
            let mut payload = vec![0xaa];
            let envelope = signal.encode(&mut payload);
            assert_eq!(envelope.len as usize, payload.len() - 1);
            assert_eq!(Signal::decode(&envelope, &payload[1..]), Some(signal));
        }
    }

    #[test]
    fn what_is_no_signal_is_none() {
        let with = |flags, tag| Envelope { flags, tag, ..Envelope::default() };
        for envelope in [
            with(Flags::MESSAGE, 0),
            with(Flags::REPLY.with(Flags::FAILED), 99),
            with(Flags::REPLY.with(Flags::TIMER), 0),
            with(Flags::STARTED, 2),
            with(Flags::EXIT, 0),
        ] {
            assert_eq!(Signal::decode(&envelope, &[0xff]), None, "{envelope:?}");
        }
    }
}
