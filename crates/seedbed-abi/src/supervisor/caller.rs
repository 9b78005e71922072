//! The short, typed way to talk to a supervisor: the same from an actor, a test and a service.

use super::call::{ChildLine, Counts, EntryStart, SupervisorCall, SupervisorError, SupervisorReply};
use super::spec::{ChildSpec, Plan};
use crate::{Correlation, Message, Pid, Signal};
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

/// How long a caller waits for a supervisor, unless it says [otherwise](SupervisorRef::within).
pub const CALL_TIMEOUT: Duration = Duration::from_secs(5);

/// Somebody who can call a supervisor.
pub trait Caller {
    /// What makes a child that no entry names: a factory, or nothing at all in a guest.
    type Given;
    /// What a call gives: its result, a future of it, or what will know it when the answer comes.
    type Out<T: Send + 'static>;

    /// Asks.
    fn call<T: Send + 'static>(&mut self, ask: Ask<Self::Given, T>) -> Self::Out<T>;
}

/// One call.
pub struct Ask<G, T> {
    /// The supervisor: a pid or an address.
    pub to: Pid,
    /// What is asked.
    pub call: SupervisorCall,
    /// What makes the children that no entry names, in their order.
    pub given: Vec<G>,
    /// How long to wait for the answer.
    pub timeout: Duration,
    /// Reads the answer.
    pub read: fn(SupervisorReply) -> Result<T, SupervisorError>,
}

/// How a child is made, as it is said to a supervisor.
pub trait Makes<G> {
    /// What goes into the message, and what goes along with it.
    fn split(self) -> (EntryStart, Option<G>);
}

impl<G> Makes<G> for EntryStart {
    fn split(self) -> (EntryStart, Option<G>) {
        (self, None)
    }
}

/// What an actor keeps of its call until the answer comes as a [`Signal::Reply`].
#[derive(Debug)]
pub struct Answered<T> {
    correlation: Correlation,
    read: fn(SupervisorReply) -> Result<T, SupervisorError>,
}

impl<T> Clone for Answered<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Answered<T> {}

impl<T> Answered<T> {
    /// The call that was asked under this number.
    pub fn new(
        correlation: Correlation,
        read: fn(SupervisorReply) -> Result<T, SupervisorError>,
    ) -> Answered<T> {
        Answered { correlation, read }
    }

    /// The number of the request.
    pub fn correlation(&self) -> Correlation {
        self.correlation
    }

    /// The result of the call, if this signal is its answer.
    pub fn by(&self, signal: &Signal) -> Option<Result<T, SupervisorError>> {
        match signal {
            Signal::Reply { correlation, outcome, .. } if *correlation == self.correlation => {
                Some(match outcome {
                    Ok(bytes) => read_answer(&bytes.0, self.read),
                    Err(failure) => Err((*failure).into()),
                })
            }
            _ => None,
        }
    }
}

/// Reads the payload of a supervisor's reply.
///
/// # Errors
/// What the supervisor refused, or that it was none.
pub fn read_answer<T>(
    payload: &[u8],
    read: fn(SupervisorReply) -> Result<T, SupervisorError>,
) -> Result<T, SupervisorError> {
    read(SupervisorReply::decode(payload).map_err(|_| SupervisorError::NoSupervisor)?)
}

/// A supervisor to be called: got from `supervisor(pid)` of an actor's context, a world or a system.
///
/// What a call gives is the [`Caller`]'s: a test has the result, a service awaits it, and an actor
/// has an [`Answered`] that knows the result when the reply comes.
pub struct SupervisorRef<C> {
    caller: C,
    pid: Pid,
    timeout: Duration,
}

impl<C: Caller> SupervisorRef<C> {
    /// The supervisor with this pid or address.
    pub fn new(caller: C, pid: Pid) -> SupervisorRef<C> {
        SupervisorRef { caller, pid, timeout: CALL_TIMEOUT }
    }

    /// The same, for callers that wait this long.
    #[must_use]
    pub fn within(mut self, timeout: Duration) -> SupervisorRef<C> {
        self.timeout = timeout;
        self
    }

    /// Adds a child at the end and starts it: its pid, or `None` if it chose not to run (S3).
    ///
    /// Errors: already started or present, start failed, a bad spec, no entry; a dynamic supervisor
    /// does not do that.
    pub fn start_child<S: Makes<C::Given>>(&mut self, spec: ChildSpec<S>) -> C::Out<Option<Pid>> {
        let mut given = Vec::new();
        let spec = split(spec, &mut given);
        self.ask(SupervisorCall::StartChild(spec), given, started)
    }

    /// Starts an instance of a dynamic supervisor's template, with these arguments: its pid, or
    /// `None` if it chose not to run.
    pub fn start_instance<M: Message>(&mut self, args: &M) -> C::Out<Option<Pid>> {
        let mut payload = Vec::new();
        args.encode(&mut payload);
        self.ask(SupervisorCall::StartInstance(payload), Vec::new(), started)
    }

    /// Stops a child; it is not restarted, and stays known unless it is temporary.
    pub fn stop_child(&mut self, id: impl Into<String>) -> C::Out<()> {
        self.ask(SupervisorCall::StopChild(id.into()), Vec::new(), done)
    }

    /// Stops an instance of a dynamic supervisor; one that is dead already is fine.
    pub fn stop_instance(&mut self, pid: Pid) -> C::Out<()> {
        self.ask(SupervisorCall::StopInstance(pid), Vec::new(), done)
    }

    /// Starts a child that is down: its pid, or `None` if it chose not to run.
    pub fn restart_child(&mut self, id: impl Into<String>) -> C::Out<Option<Pid>> {
        self.ask(SupervisorCall::RestartChild(id.into()), Vec::new(), started)
    }

    /// Forgets a child that is down.
    pub fn delete_child(&mut self, id: impl Into<String>) -> C::Out<()> {
        self.ask(SupervisorCall::DeleteChild(id.into()), Vec::new(), done)
    }

    /// The children, in reverse start order.
    pub fn children(&mut self) -> C::Out<Vec<ChildLine>> {
        self.ask(SupervisorCall::Children, Vec::new(), |reply| match reply {
            SupervisorReply::Children(children) => Ok(children),
            other => Err(refusal(other)),
        })
    }

    /// Their numbers.
    pub fn counts(&mut self) -> C::Out<Counts> {
        self.ask(SupervisorCall::Counts, Vec::new(), |reply| match reply {
            SupervisorReply::Counts(counts) => Ok(counts),
            other => Err(refusal(other)),
        })
    }

    /// The child with this id; instances of a dynamic supervisor have none.
    pub fn which(&mut self, id: impl Into<String>) -> C::Out<ChildLine> {
        self.ask(SupervisorCall::Which(id.into()), Vec::new(), |reply| match reply {
            SupervisorReply::Child(child) => Ok(child),
            other => Err(refusal(other)),
        })
    }

    /// Replaces flags and specs (rules U): all of the change is made, or nothing of it.
    pub fn change<S: Makes<C::Given>>(&mut self, plan: Plan<S>) -> C::Out<()> {
        let mut given = Vec::new();
        let children = plan.children.into_iter().map(|spec| split(spec, &mut given)).collect();
        self.ask(SupervisorCall::Change { flags: plan.flags, children }, given, done)
    }

    fn ask<T: Send + 'static>(
        &mut self,
        call: SupervisorCall,
        given: Vec<C::Given>,
        read: fn(SupervisorReply) -> Result<T, SupervisorError>,
    ) -> C::Out<T> {
        self.caller.call(Ask { to: self.pid, call, given, timeout: self.timeout, read })
    }
}

fn split<S: Makes<G>, G>(spec: ChildSpec<S>, given: &mut Vec<G>) -> ChildSpec<EntryStart> {
    spec.map(|start| {
        let (start, along) = start.split();
        given.extend(along);
        start
    })
}

fn started(reply: SupervisorReply) -> Result<Option<Pid>, SupervisorError> {
    match reply {
        SupervisorReply::Started(pid) => Ok(Some(pid)),
        SupervisorReply::Ignored => Ok(None),
        other => Err(refusal(other)),
    }
}

fn done(reply: SupervisorReply) -> Result<(), SupervisorError> {
    match reply {
        SupervisorReply::Done => Ok(()),
        other => Err(refusal(other)),
    }
}

/// Why a reply is not the one that was asked for.
fn refusal(reply: SupervisorReply) -> SupervisorError {
    match reply {
        SupervisorReply::Refused(error) => error,
        _ => SupervisorError::NoSupervisor,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::supervisor::{ChildKind, ChildState, Flags, Restart};
    use crate::{Bytes, RequestFailure};
    use alloc::vec;

    /// Keeps what it was asked.
    struct Kept(Vec<(SupervisorCall, Vec<&'static str>)>);

    impl Caller for &mut Kept {
        type Given = &'static str;
        type Out<T: Send + 'static> = fn(SupervisorReply) -> Result<T, SupervisorError>;

        fn call<T: Send + 'static>(&mut self, ask: Ask<&'static str, T>) -> Self::Out<T> {
            assert_eq!((ask.to, ask.timeout), (Pid::from_raw(7), Duration::from_secs(1)));
            self.0.push((ask.call, ask.given));
            ask.read
        }
    }

    struct Given(&'static str);

    impl Makes<&'static str> for Given {
        fn split(self) -> (EntryStart, Option<&'static str>) {
            (EntryStart::default(), Some(self.0))
        }
    }

    #[test]
    fn every_call_survives_its_encoding_and_reads_its_own_answer() {
        let mut kept = Kept(Vec::new());
        let pid = Pid::from_raw(9);
        let line =
            ChildLine { id: "a".into(), kind: ChildKind::Worker, state: ChildState::Running(pid), starts: 2 };
        let by_entry = || ChildSpec::worker("a", EntryStart::new("e").args([1]).registered("n"));
        let mut sup = SupervisorRef::new(&mut kept, Pid::from_raw(7)).within(Duration::from_secs(1));
        let started = SupervisorReply::Started(pid);
        assert_eq!(sup.start_child(by_entry())(started.clone()), Ok(Some(pid)));
        assert_eq!(sup.start_child(ChildSpec::worker("a", Given("f")))(SupervisorReply::Ignored), Ok(None));
        assert_eq!(sup.start_instance(&5u8)(started.clone()), Ok(Some(pid)));
        assert_eq!(sup.restart_child("a")(started), Ok(Some(pid)));
        assert_eq!(sup.stop_child("a")(SupervisorReply::Done), Ok(()));
        assert_eq!(sup.stop_instance(pid)(SupervisorReply::Done), Ok(()));
        assert_eq!(sup.delete_child("a")(SupervisorReply::Done), Ok(()));
        assert_eq!(sup.children()(SupervisorReply::Children(vec![line.clone()])), Ok(vec![line.clone()]));
        assert_eq!(sup.which("a")(SupervisorReply::Child(line.clone())), Ok(line));
        let counts = Counts { specs: 1, ..Counts::default() };
        assert_eq!(sup.counts()(SupervisorReply::Counts(counts)), Ok(counts));
        let children = vec![ChildSpec { restart: Restart::Transient, ..ChildSpec::worker("b", Given("g")) }];
        let change = sup.change(Plan { flags: Flags::default(), children });
        assert_eq!(change(SupervisorReply::Started(pid)), Err(SupervisorError::NoSupervisor));
        assert_eq!(change(SupervisorReply::Refused(SupervisorError::Running)), Err(SupervisorError::Running));
        let given: Vec<_> = kept.0.iter().map(|(_, given)| given.clone()).filter(|g| !g.is_empty()).collect();
        assert_eq!(given, [["f"], ["g"]]);
        for (call, _) in kept.0 {
            let mut bytes = Vec::new();
            call.encode(&mut bytes);
            assert_eq!(SupervisorCall::decode(&bytes), Ok(call));
        }
    }

    #[test]
    fn an_answer_is_known_by_its_number() {
        let call = Answered::new(Correlation(3), done);
        let reply =
            |n, outcome| Signal::Reply { from: Pid::NOBODY, correlation: Correlation(n), tag: 0, outcome };
        let mut payload = Vec::new();
        SupervisorReply::Done.encode(&mut payload);
        assert_eq!(call.by(&reply(2, Ok(Bytes(payload.clone())))), None);
        assert_eq!(call.by(&reply(3, Ok(Bytes(payload)))), Some(Ok(())));
        assert_eq!(call.by(&reply(3, Ok(Bytes(vec![0xff])))), Some(Err(SupervisorError::NoSupervisor)));
        assert_eq!(call.by(&reply(3, Err(RequestFailure::Dead))), Some(Err(SupervisorError::NoProcess)));
    }
}
