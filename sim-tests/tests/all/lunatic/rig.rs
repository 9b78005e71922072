//! A lunatic process made of one closure, and an actor that ends as it is told.

use seedbed_core::lunatic::{Process, Received};
use seedbed_core::{
    Behaviour, Context, Envelope, ExitReason, Factory, Failed, Failure, HandlerCode, Result, StopCode,
};
use sim_tests::{Diary, Input, actor};

/// What a process is called with.
pub(crate) enum Step<'a> {
    Start,
    Message(u64),
    Received(&'a Received),
}

struct Closure<F>(Process, F);

impl<F> Behaviour for Closure<F>
where
    F: Fn(&mut Process, &mut Context<'_>, Step<'_>) -> Result<()> + 'static,
{
    fn start(&mut self, cx: &mut Context<'_>) -> Result<(), Failed> {
        (self.1)(&mut self.0, cx, Step::Start).map_err(|e| failed(&e))
    }

    fn deliver(&mut self, cx: &mut Context<'_>, envelope: &Envelope, payload: &[u8]) -> Result<(), Failed> {
        let received = self.0.read(envelope, payload);
        let step = match &received {
            Received::Nothing => return Ok(()),
            Received::Other => Step::Message(seedbed_core::Bytes::from(payload).get().unwrap_or(0)),
            received => Step::Received(received),
        };
        (self.1)(&mut self.0, cx, step).map_err(|e| failed(&e))
    }

    fn stop(&mut self, _: &mut Context<'_>, _: StopCode) -> Result<(), Failed> {
        Ok(())
    }
}

fn failed(error: &anyhow::Error) -> Failed {
    Failed::new(Failure::HandlerError(HandlerCode::OTHER.0), format!("{error:#}"))
}

struct Made<F>(F);

impl<F> Factory for Made<F>
where
    F: Fn(&mut Process, &mut Context<'_>, Step<'_>) -> Result<()> + Clone + Send + Sync + 'static,
{
    fn create(&self, _: &mut Context<'_>, _: &[u8]) -> Result<Box<dyn Behaviour>, Failed> {
        Ok(Box::new(Closure(Process::new(), self.0.clone())))
    }
}

/// A factory of lunatic processes.
pub(crate) fn process<F>(behave: F) -> impl Factory
where
    F: Fn(&mut Process, &mut Context<'_>, Step<'_>) -> Result<()> + Clone + Send + Sync + 'static,
{
    Made(behave)
}

/// What a process that links to `peer` under the tag 7 at its start was told; `dies` with its links or not.
pub(crate) fn linked(peer: seedbed_core::Pid, dies: bool, diary: &Diary<Received>) -> impl Factory {
    let diary = diary.clone();
    process(move |process, cx, step| {
        match step {
            Step::Start => {
                process.die_when_link_dies(cx, dies);
                process.link(cx, 7, peer)?;
            }
            Step::Received(received) => diary.push(received.clone()),
            Step::Message(_) => {}
        }
        Ok(())
    })
}

/// Ends with the first of these reasons at the message 0, and so on.
pub(crate) const REASONS: [fn() -> ExitReason; 5] = [
    || ExitReason::Normal,
    || ExitReason::Shutdown,
    || ExitReason::ShutdownWith("over".into()),
    || Failure::OutOfFuel.into(),
    || ExitReason::Killed,
];

/// A factory of actors that exit with the reason whose number they are sent.
pub(crate) fn mortal() -> impl Factory {
    actor(|cx, input| {
        if let Input::Message(n) = input {
            let me = cx.me();
            cx.exit_with(me, REASONS[n as usize]())?;
        }
        Ok(())
    })
}
