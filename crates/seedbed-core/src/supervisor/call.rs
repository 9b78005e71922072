//! Calls to a supervisor, between its messages and its machine; and the callers that are actors.

use super::{Actors, ChildStart};
use crate::actor::Factory;
use crate::context::Context;
use crate::supervise::{Answer, Call, CallError, ChildInfo, ChildKind, ChildSpec, Plan, Reply, Which};
use seedbed_abi::supervisor::{
    Answered, Ask, Caller, ChildLine, EntryStart, Makes, SupervisorCall, SupervisorError, SupervisorRef,
    SupervisorReply,
};
use seedbed_abi::{Code, Message, Pid};
use std::sync::Arc;

impl Makes<Arc<dyn Factory>> for ChildStart {
    fn split(self) -> (EntryStart, Option<Arc<dyn Factory>>) {
        let ChildStart { factory, args, register, hold } = self;
        (EntryStart { entry: String::new(), args, register, hold }, Some(factory))
    }
}

impl Context<'_> {
    /// A supervisor to be called, by pid or address. What a call gives knows the answer when it comes,
    /// as a [`Signal::Reply`](seedbed_abi::Signal::Reply); an answer of one that is gone comes at once.
    ///
    /// ```
    /// use seedbed_core::supervise::ChildSpec;
    /// use seedbed_core::{Actor, Answered, ChildStart, Context, Pid, Result, Signal};
    ///
    /// struct Session;
    /// # impl Actor for Session {
    /// #     type Message = ();
    /// #     fn on_message(&mut self, _: &mut Context, (): ()) -> Result<()> { Ok(()) }
    /// # }
    /// struct Door { sessions: Pid, opening: Option<Answered<Option<Pid>>> }
    /// impl Actor for Door {
    ///     type Message = String;
    ///     fn on_message(&mut self, cx: &mut Context, user: String) -> Result<()> {
    ///         let spec = ChildSpec::worker(user, ChildStart::new(|| Session));
    ///         self.opening = Some(cx.supervisor(self.sessions).start_child(spec)?);
    ///         Ok(())
    ///     }
    ///     fn on_signal(&mut self, cx: &mut Context, signal: Signal) -> Result<()> {
    ///         if let Some(opened) = self.opening.and_then(|call| call.by(&signal)) {
    ///             let session: Option<Pid> = opened?;
    /// #           let _ = (cx, session);
    ///         }
    ///         Ok(())
    ///     }
    /// }
    /// ```
    pub fn supervisor(&mut self, pid: Pid) -> SupervisorRef<&mut Self> {
        SupervisorRef::new(self, pid)
    }
}

impl Caller for &mut Context<'_> {
    type Given = Arc<dyn Factory>;
    type Out<T: Send + 'static> = Result<Answered<T>, Code>;

    fn call<T: Send + 'static>(&mut self, ask: Ask<Arc<dyn Factory>, T>) -> Result<Answered<T>, Code> {
        let Ask { to, call, given, timeout, read } = ask;
        let mut payload = Vec::new();
        call.encode(&mut payload);
        Ok(Answered::new(self.ask_giving(to, &payload, timeout, given)?, read))
    }
}

/// The call as the machine takes it. `given` is what came along with it, in the order of its children.
pub(super) fn into_machine(
    call: SupervisorCall,
    given: Vec<Arc<dyn Factory>>,
    cx: &Context<'_>,
) -> Result<Call<Actors>, SupervisorError> {
    let mut given = given.into_iter();
    Ok(match call {
        SupervisorCall::StartChild(spec) => Call::StartChild(made(spec, &mut given, cx)?),
        SupervisorCall::StartInstance(args) => Call::StartInstance(args),
        SupervisorCall::StopChild(id) => Call::StopChild(Which::Id(id.into())),
        SupervisorCall::StopInstance(pid) => Call::StopChild(Which::Pid { pid, alive: cx.is_alive(pid) }),
        SupervisorCall::RestartChild(id) => Call::RestartChild(id.into()),
        SupervisorCall::DeleteChild(id) => Call::DeleteChild(id.into()),
        SupervisorCall::Children => Call::Children,
        SupervisorCall::Counts => Call::Counts,
        SupervisorCall::Which(id) => Call::Child(id.into()),
        SupervisorCall::Change { flags, children } => {
            let children = children.into_iter().map(|spec| made(spec, &mut given, cx));
            Call::Change(Plan { flags, children: children.collect::<Result<_, _>>()? })
        }
        _ => return Err(SupervisorError::NoSupervisor),
    })
}

/// The spec with what makes the child.
fn made(
    spec: ChildSpec<EntryStart>,
    given: &mut impl Iterator<Item = Arc<dyn Factory>>,
    cx: &Context<'_>,
) -> Result<ChildSpec<ChildStart>, SupervisorError> {
    let by_name = |entry: &str| cx.entry(entry).ok_or_else(|| SupervisorError::NoEntry(entry.to_owned()));
    let factory = match spec.start.entry.as_str() {
        "" => given.next().map_or_else(|| by_name(&spec.id), Ok)?,
        entry => by_name(entry)?,
    };
    let kind = if factory.is_supervisor() { ChildKind::Supervisor } else { spec.kind };
    let spec =
        spec.map(|EntryStart { args, register, hold, .. }| ChildStart { factory, args, register, hold });
    Ok(ChildSpec { kind, ..spec })
}

/// What the machine answered, as a message.
pub(super) fn from_machine(reply: Reply<Pid>) -> SupervisorReply {
    match reply {
        Ok(Answer::Done) => SupervisorReply::Done,
        Ok(Answer::Started(pid)) => SupervisorReply::Started(pid),
        Ok(Answer::Ignored) => SupervisorReply::Ignored,
        Ok(Answer::Counts(counts)) => SupervisorReply::Counts(counts),
        Ok(Answer::Child(child)) => SupervisorReply::Child(line(child)),
        Ok(Answer::Children(children)) => SupervisorReply::Children(children.into_iter().map(line).collect()),
        Err(error) => SupervisorReply::Refused(error.into()),
    }
}

fn line(child: ChildInfo<Pid>) -> ChildLine {
    let ChildInfo { id, kind, state, starts } = child;
    ChildLine { id: id.to_string(), kind, state, starts }
}

impl From<CallError<Pid>> for SupervisorError {
    fn from(error: CallError<Pid>) -> SupervisorError {
        match error {
            CallError::NotFound => SupervisorError::NotFound,
            CallError::Running => SupervisorError::Running,
            CallError::Restarting => SupervisorError::Restarting,
            CallError::AlreadyStarted(pid) => SupervisorError::AlreadyStarted(pid),
            CallError::AlreadyPresent => SupervisorError::AlreadyPresent,
            CallError::StartFailed(reason) => SupervisorError::StartFailed(reason),
            CallError::Spec(error) => SupervisorError::Spec(error),
            CallError::Dynamic => SupervisorError::Dynamic,
            CallError::NotDynamic => SupervisorError::NotDynamic,
        }
    }
}
