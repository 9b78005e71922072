//! What an actor that waits lets in: selective receive (rules G1, G2).

use seedbed_abi::{Envelope, Flags};

/// A kind of signal that ends a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Want {
    /// Any message or request.
    Message,
    /// A message or request with this tag.
    Tagged(u64),
    /// The end of this request.
    Reply(u64),
    /// The completion of this effect.
    Completion(u64),
    /// This timer.
    Timer(u64),
    /// Any timer.
    AnyTimer,
    /// An exit that is trapped.
    Exit,
    /// An exit that is trapped, of a link with this tag.
    ExitTagged(u64),
    /// A down.
    Down,
    /// The down of this monitor.
    DownOf(u64),
    /// How the start of a child went.
    Started,
}

impl Want {
    fn is(self, envelope: &Envelope) -> bool {
        let kind = envelope.flags.kind();
        match self {
            Want::Message => kind == Flags::MESSAGE,
            Want::Tagged(tag) => kind == Flags::MESSAGE && envelope.tag == tag,
            Want::Reply(n) => kind == Flags::REPLY && envelope.correlation == n,
            Want::Completion(n) => kind == Flags::COMPLETION && envelope.correlation == n,
            Want::Timer(n) => kind == Flags::TIMER && envelope.correlation == n,
            Want::AnyTimer => kind == Flags::TIMER,
            Want::Exit => kind == Flags::EXIT,
            Want::ExitTagged(tag) => kind == Flags::EXIT && envelope.tag == tag,
            Want::Down => kind == Flags::DOWN,
            Want::DownOf(n) => kind == Flags::DOWN && envelope.correlation == n,
            Want::Started => kind == Flags::STARTED,
        }
    }
}

/// What an actor lets in: one of these. What starts it, goes on with it and stops it always comes in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Filter(Vec<Want>);

impl Filter {
    pub(crate) fn new(wants: &[Want]) -> Filter {
        Filter(wants.to_vec())
    }

    pub(crate) fn lets_in(&self, envelope: &Envelope) -> bool {
        envelope.flags == crate::kernel::LIFECYCLE_FLAGS || self.0.iter().any(|want| want.is(envelope))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_want_is_one_kind() {
        let envelope = |flags| Envelope { correlation: 5, tag: 7, flags, ..Envelope::default() };
        let all = [
            Want::Message,
            Want::Tagged(7),
            Want::Reply(5),
            Want::Completion(5),
            Want::Timer(5),
            Want::Exit,
            Want::Down,
            Want::Started,
            Want::ExitTagged(7),
            Want::DownOf(5),
            Want::AnyTimer,
        ];
        let cases = [
            (Flags::MESSAGE, vec![0, 1]),
            (Flags::REPLY, vec![2]),
            (Flags::REPLY.with(Flags::FAILED), vec![2]),
            (Flags::COMPLETION, vec![3]),
            (Flags::TIMER, vec![4, 10]),
            (Flags::EXIT, vec![5, 8]),
            (Flags::DOWN, vec![6, 9]),
            (Flags::STARTED.with(Flags::FAILED), vec![7]),
        ];
        for (flags, by) in cases {
            for (n, want) in all.iter().enumerate() {
                assert_eq!(
                    Filter::new(&[*want]).lets_in(&envelope(flags)),
                    by.contains(&n),
                    "{flags:?} {want:?}"
                );
            }
        }
        for other in [Want::Tagged(8), Want::Reply(6), Want::Completion(6), Want::Timer(6)] {
            assert!(cases_with(other).iter().all(|e| !Filter::new(&[other]).lets_in(e)));
        }
        let lifecycle = envelope(crate::kernel::LIFECYCLE_FLAGS);
        assert!(Filter::new(&[]).lets_in(&lifecycle));
        assert!(!all.iter().any(|want| want.is(&lifecycle)));
    }

    fn cases_with(_: Want) -> [Envelope; 4] {
        [Flags::MESSAGE, Flags::REPLY, Flags::COMPLETION, Flags::TIMER].map(|flags| Envelope {
            correlation: 5,
            tag: 7,
            flags,
            ..Envelope::default()
        })
    }
}
