//! The reference: a supervisor as OTP writes it, one thread of control that blocks where it waits.
//!
//! The kernel's supervisor is a state machine that is never blocked, and defers what it cannot do yet.
//! This one simply does not receive it yet. It is an `async` function of which only [`Model::go_on`]
//! takes a step; nothing of the machine is used here but its plain data, so that both are wrong in the
//! same way only if they read a rule in the same wrong way.
//!
//! What it does to others goes through [`Surroundings`]. Not modelled: links, since the kernel keeps
//! them; and notes about what is ignored.

use seedbed_core::supervise::{
    Answer, AutoShutdown, Backoff, Call, CallError, ChildInfo, ChildKind, ChildSpec, ChildState, Counts,
    Flags, Parts, Plan, Reply, Restart, Shutdown, Strategy, Which,
};
use seedbed_core::{ExitReason, Failure, Pid, Time};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// The types of a modelled supervisor. How children are made is not modelled.
#[derive(Clone, Copy, Debug)]
pub struct Modelled;

impl Parts for Modelled {
    type Pid = Pid;
    type Start = ();
    type Args = Vec<u8>;
    type Caller = usize;
}

/// What a modelled supervisor acts on.
pub trait Surroundings {
    /// Spawns a child.
    ///
    /// # Errors
    /// Why it was refused.
    fn spawn(&mut self, spec: &ChildSpec<()>, args: Option<&[u8]>) -> Result<Pid, ExitReason>;
    /// Monitors a child, and asks it to stop, or kills it if that is how it is stopped.
    fn stop(&mut self, pid: Pid, policy: Shutdown);
    /// Kills a child.
    fn kill(&mut self, pid: Pid);
    /// Arms a timer, which comes back as [`Mail::Timer`] with this number.
    fn arm(&mut self, number: u64, after: Duration);
    /// Cancels a timer: it will not come, also if it was due.
    fn cancel(&mut self, number: u64);
    /// Sends the supervisor itself a retry, which comes back as [`Mail::Retry`] with this number.
    fn retry(&mut self, number: u64);
    /// The delay that is chosen before attempt `n`.
    fn delay(&mut self, backoff: &Backoff, n: u32) -> Duration;
    /// A restart is about to be attempted, so many in the window with it.
    fn count(&mut self, attempts: u32);
    /// A child that was to stop ended in another way.
    fn odd(&mut self, id: &str, reason: &ExitReason);
    /// Answers a call.
    fn reply(&mut self, caller: usize, reply: Reply<Pid>);
    /// All children are started.
    fn ready(&mut self);
    /// The supervisor ends.
    fn exit(&mut self, reason: &ExitReason);
}

/// What comes to a supervisor.
#[derive(Clone, Debug)]
pub enum Mail {
    /// A child has started.
    Started(Pid),
    /// A child chose not to run.
    Ignored(Pid),
    /// A child could not start.
    Failed(Pid, ExitReason),
    /// An exit or down: somebody died.
    Exit(Pid, ExitReason),
    /// A timer fired.
    Timer(u64),
    /// A retry that the supervisor sent itself.
    Retry(u64),
    /// It is to end.
    Shutdown(ExitReason),
    /// Somebody asks for something.
    Call(usize, Call<Modelled>),
}

/// A supervisor that is modelled.
pub struct Model<S> {
    state: Rc<RefCell<State<S>>>,
    control: Option<Pin<Box<dyn Future<Output = ()>>>>,
}

impl<S: Surroundings + 'static> Model<S> {
    /// A supervisor that has not started yet, with a plan that is sound.
    pub fn new(plan: Plan<()>, surroundings: S) -> Model<S> {
        let dynamic = plan.flags.strategy == Strategy::Dynamic;
        let mut state = State {
            surroundings,
            mailbox: VecDeque::new(),
            now: Time::ZERO,
            flags: plan.flags,
            template: dynamic.then(|| plan.children[0].clone()),
            children: Vec::new(),
            attempts: Vec::new(),
            numbers: 0,
            children_made: 0,
        };
        if !dynamic {
            for spec in plan.children {
                state.add(spec, None);
            }
        }
        let state = Rc::new(RefCell::new(state));
        let control = Box::pin(Control(Rc::clone(&state)).run());
        Model { state, control: Some(control) }
    }

    /// Puts mail behind what has come.
    pub fn receive(&self, mail: Mail) {
        self.state.borrow_mut().mailbox.push_back(mail);
    }

    /// Goes on with what has come, until it has to wait.
    pub fn go_on(&mut self, now: Time) {
        self.state.borrow_mut().now = now;
        let Some(control) = &mut self.control else { return };
        if control.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready() {
            self.control = None;
        }
    }

    /// True once it has ended.
    pub fn has_ended(&self) -> bool {
        self.control.is_none()
    }

    /// The children in reverse start order, as they are.
    pub fn children(&self) -> Vec<ChildInfo<Pid>> {
        self.state.borrow().list()
    }

    /// Their numbers.
    pub fn counts(&self) -> Counts {
        self.state.borrow().counts()
    }

    /// What it acts on.
    pub fn surroundings<T>(&self, with: impl FnOnce(&mut S) -> T) -> T {
        with(&mut self.state.borrow_mut().surroundings)
    }
}

struct State<S> {
    surroundings: S,
    mailbox: VecDeque<Mail>,
    now: Time,
    flags: Flags,
    template: Option<ChildSpec<()>>,
    children: Vec<Child>,
    attempts: Vec<Time>,
    /// Timers and retries given out.
    numbers: u64,
    children_made: u64,
}

struct Child {
    key: u64,
    spec: ChildSpec<()>,
    args: Option<Vec<u8>>,
    state: ChildState<Pid>,
    /// The timer or retry that is waited for while it restarts.
    waits: Option<u64>,
    /// The last pid that ran.
    last: Option<Pid>,
    delays: u32,
    reset: Option<u64>,
    /// How often a start was begun since the spec was added.
    starts: u64,
}

enum Outcome {
    Started(Pid),
    Ignored,
    Failed(ExitReason),
}

/// Why the thread of control leaves what it is doing.
enum Halt {
    Leave(ExitReason),
    /// The same, while an instance stops that this caller asked for.
    LeaveBeside(ExitReason, Pid, usize),
}

type Run<T = ()> = Result<T, Halt>;

/// The thread of control.
struct Control<S>(Rc<RefCell<State<S>>>);

impl<S: Surroundings> Control<S> {
    async fn run(self) {
        let (reason, beside) = match self.live().await {
            Ok(never) => match never {},
            Err(Halt::Leave(reason)) => (reason, None),
            Err(Halt::LeaveBeside(reason, pid, caller)) => (reason, Some((pid, caller))),
        };
        if self.is_dynamic() {
            self.leave_dynamic(beside).await
        } else {
            self.leave_static().await
        }
        self.0.borrow_mut().surroundings.exit(&reason);
    }

    async fn live(&self) -> Run<std::convert::Infallible> {
        for key in self.keys() {
            let outcome = self.start(key).await;
            if let Outcome::Failed(reason) = &outcome {
                let text = format!("failed to start {}: {reason}", self.with(key, |c| c.spec.id.clone()));
                self.apply(key, &outcome);
                self.interrupted()?;
                return Err(Halt::Leave(ExitReason::ShutdownWith(text.into())));
            }
            self.apply(key, &outcome);
            self.interrupted()?;
        }
        self.0.borrow_mut().surroundings.ready();
        loop {
            self.interrupted()?;
            let mail = self.receive(|_, _| true).await;
            self.handle(mail).await?;
        }
    }

    async fn handle(&self, mail: Mail) -> Run {
        match mail {
            Mail::Started(_) | Mail::Ignored(_) | Mail::Failed(..) => Ok(()),
            Mail::Exit(pid, reason) => match self.running(pid) {
                Some(key) => self.ended(key, &reason).await,
                None => Ok(()),
            },
            Mail::Timer(number) | Mail::Retry(number) => {
                let key = self.0.borrow().children.iter().find(|c| c.waits == Some(number)).map(|c| c.key);
                match key {
                    Some(key) => self.attempt(key).await,
                    None => Ok(()),
                }
            }
            Mail::Shutdown(reason) => Err(Halt::Leave(reason)),
            Mail::Call(caller, call) => self.call(caller, call).await,
        }
    }

    // The restart decision.

    async fn ended(&self, key: u64, reason: &ExitReason) -> Run {
        let (restart, significant, waits) =
            self.with(key, |c| (c.spec.restart, c.spec.significant, c.spec.backoff.is_some()));
        let abnormal =
            !matches!(reason, ExitReason::Normal | ExitReason::Shutdown | ExitReason::ShutdownWith(_));
        if restart == Restart::Permanent || (restart == Restart::Transient && abnormal) {
            if waits {
                self.block(key);
                return Ok(());
            }
            return self.attempt(key).await;
        }
        self.forget_or_down(key);
        let state = self.0.borrow();
        let live = state.children.iter().any(|c| c.spec.significant && c.state != ChildState::Down);
        let ends = match state.flags.auto_shutdown {
            AutoShutdown::Never => false,
            AutoShutdown::AnySignificant => significant,
            AutoShutdown::AllSignificant => significant && !live,
        };
        if ends { Err(Halt::Leave(ExitReason::Shutdown)) } else { Ok(()) }
    }

    async fn attempt(&self, key: u64) -> Run {
        let (recent, flags) = {
            let state = &mut *self.0.borrow_mut();
            let (now, flags) = (state.now, state.flags);
            state.attempts.push(now);
            // Dropped for good: a longer period set later does not bring them back.
            state.attempts.retain(|at| now.since(*at) <= flags.period);
            let recent = state.attempts.len() as u32;
            state.surroundings.count(recent);
            (recent, flags)
        };
        if recent > flags.intensity {
            self.down(key);
            return Err(Halt::Leave(ExitReason::Shutdown));
        }
        let group: Vec<u64> = match flags.strategy {
            Strategy::OneForOne | Strategy::Dynamic => {
                let outcome = self.start(key).await;
                return self.restarted(key, &outcome);
            }
            Strategy::OneForAll => self.keys(),
            Strategy::RestForOne => self.keys().into_iter().filter(|k| *k >= key).collect(),
        };
        self.down(key);
        for member in group.iter().rev() {
            self.stop(*member, None).await?;
            self.forget_or_down(*member);
            self.interrupted()?;
        }
        for member in group {
            if self.is_known(member) {
                let outcome = self.start(member).await;
                self.restarted(member, &outcome)?;
                if let Outcome::Failed(_) = outcome {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    fn restarted(&self, key: u64, outcome: &Outcome) -> Run {
        self.apply(key, outcome);
        self.interrupted()?;
        if let Outcome::Failed(_) = outcome {
            self.block(key);
        }
        Ok(())
    }

    /// The child waits: for its backoff, or for the mail that is there already.
    fn block(&self, key: u64) {
        self.down(key);
        let state = &mut *self.0.borrow_mut();
        let number = state.number();
        let now = state.now;
        let child = child(&mut state.children, key);
        child.waits = Some(number);
        let mut until = None;
        if let Some(backoff) = child.spec.backoff {
            let n = child.delays;
            child.delays += 1;
            let delay = state.surroundings.delay(&backoff, n);
            state.surroundings.arm(number, delay);
            until = Some(now + delay);
        } else {
            state.surroundings.retry(number);
        }
        child.state = ChildState::Restarting { until };
    }

    // One child.

    async fn start(&self, key: u64) -> Outcome {
        let (spawned, bound) = {
            let state = &mut *self.0.borrow_mut();
            let number = state.number();
            let child = child(&mut state.children, key);
            if let Some(reset) = child.reset.take() {
                state.surroundings.cancel(reset);
            }
            child.waits = None;
            child.starts += 1;
            let spawned = state.surroundings.spawn(&child.spec, child.args.as_deref());
            child.state = ChildState::Starting(spawned.as_ref().ok().copied());
            let bound = child.spec.start_timeout.filter(|_| spawned.is_ok()).map(|after| {
                state.surroundings.arm(number, after);
                number
            });
            (spawned, bound)
        };
        let pid = match spawned {
            Ok(pid) => pid,
            Err(reason) => return Outcome::Failed(reason),
        };
        let (mut late, mut overdue) = (false, false);
        let outcome = loop {
            match self.receive(|_, mail| is_about(mail, pid) || is_timer(mail, bound)).await {
                Mail::Timer(_) => {
                    overdue = true;
                    self.0.borrow_mut().surroundings.kill(pid);
                }
                Mail::Started(_) if overdue => late = true,
                Mail::Started(_) => break Outcome::Started(pid),
                Mail::Ignored(_) => break Outcome::Ignored,
                Mail::Exit(_, ExitReason::Normal) if !late => break Outcome::Ignored,
                Mail::Exit(_, ExitReason::Failed(Failure::StartFailed(reason))) => {
                    break Outcome::Failed(*reason);
                }
                Mail::Failed(_, reason) | Mail::Exit(_, reason) => break Outcome::Failed(reason),
                _ => unreachable!("nothing else was wanted"),
            }
        };
        self.cancel(bound);
        outcome
    }

    /// Ok ends a start at whatever it came to; a failed one is down until someone says else.
    fn apply(&self, key: u64, outcome: &Outcome) {
        match outcome {
            Outcome::Started(pid) => {
                let state = &mut *self.0.borrow_mut();
                let number = state.number();
                let child = child(&mut state.children, key);
                child.state = ChildState::Running(*pid);
                child.last = Some(*pid);
                if let (Some(backoff), true) = (child.spec.backoff, child.delays > 0) {
                    child.reset = Some(number);
                    state.surroundings.arm(number, backoff.reset_after);
                }
            }
            Outcome::Ignored => self.forget_or_down(key),
            Outcome::Failed(_) => self.down(key),
        }
    }

    /// Stops a child if it runs. With a caller, of a dynamic supervisor, it can be interrupted.
    async fn stop(&self, key: u64, caller: Option<usize>) -> Run {
        let (pid, policy, gone) = {
            let state = &mut *self.0.borrow_mut();
            let child = child(&mut state.children, key);
            let ChildState::Running(pid) = child.state else { return Ok(()) };
            let policy = child.spec.shutdown;
            let reset = child.reset.take();
            let gone = state.mailbox.iter().position(|m| matches!(m, Mail::Exit(p, _) if *p == pid));
            let gone = gone.and_then(|at| state.mailbox.remove(at));
            if gone.is_none() {
                child.state = ChildState::Stopping(pid);
            }
            if let Some(reset) = reset {
                state.surroundings.cancel(reset);
            }
            (pid, policy, gone)
        };
        let reason = match gone {
            Some(Mail::Exit(_, reason)) => reason,
            _ => self.stop_running(pid, policy, caller).await?,
        };
        self.report(key, &reason);
        Ok(())
    }

    async fn stop_running(&self, pid: Pid, policy: Shutdown, caller: Option<usize>) -> Run<ExitReason> {
        let timer = {
            let state = &mut *self.0.borrow_mut();
            state.surroundings.stop(pid, policy);
            if let Shutdown::After(after) = policy {
                let number = state.number();
                state.surroundings.arm(number, after);
                Some(number)
            } else {
                None
            }
        };
        let yields = self.is_dynamic();
        loop {
            let wanted = |_: &State<S>, mail: &Mail| {
                matches!(mail, Mail::Exit(p, _) if *p == pid)
                    || is_timer(mail, timer)
                    || (yields && matches!(mail, Mail::Shutdown(_)))
            };
            match self.receive(wanted).await {
                Mail::Timer(_) => self.0.borrow_mut().surroundings.kill(pid),
                Mail::Shutdown(reason) => {
                    self.cancel(timer);
                    return Err(Halt::LeaveBeside(reason, pid, caller.expect("only calls stop instances")));
                }
                Mail::Exit(_, reason) => {
                    self.cancel(timer);
                    return Ok(reason);
                }
                _ => unreachable!("nothing else was wanted"),
            }
        }
    }

    fn report(&self, key: u64, reason: &ExitReason) {
        let state = &mut *self.0.borrow_mut();
        let spec = &child(&mut state.children, key).spec;
        let expected = match (spec.shutdown, reason) {
            (Shutdown::Brutal, ExitReason::Killed) => true,
            (Shutdown::After(_) | Shutdown::Infinity, ExitReason::Shutdown) => true,
            (_, ExitReason::Normal | ExitReason::Shutdown | ExitReason::ShutdownWith(_)) => {
                spec.restart != Restart::Permanent
            }
            _ => false,
        };
        if !expected {
            state.surroundings.odd(&spec.id, reason);
        }
    }

    // The end. Nothing interrupts it.

    async fn leave_static(&self) {
        // Whoever waits to be restarted waits in vain.
        for key in self.keys() {
            if matches!(self.with(key, |c| c.state), ChildState::Restarting { .. }) {
                self.down(key);
            }
        }
        for key in self.keys().into_iter().rev() {
            if self.stop(key, None).await.is_err() {
                unreachable!("a stop without a caller is not interrupted");
            }
            self.forget_or_down(key);
        }
    }

    async fn leave_dynamic(&self, beside: Option<(Pid, usize)>) {
        let policy = self.0.borrow().template.as_ref().expect("a template").shutdown;
        let mut left = Vec::new();
        for key in self.keys() {
            let (ChildState::Running(pid) | ChildState::Stopping(pid)) = self.with(key, |c| c.state) else {
                self.forget_or_down(key);
                continue;
            };
            let asked = beside.filter(|(stopping, _)| *stopping == pid);
            let of_it = |m: &Mail| match m {
                Mail::Exit(p, reason) if *p == pid => Some(reason.clone()),
                _ => None,
            };
            let gone = self.0.borrow().mailbox.iter().find_map(of_it);
            if let (Some(reason), None) = (gone, asked) {
                self.report(key, &reason);
                self.forget_or_down(key);
                continue;
            }
            left.push(pid);
            if asked.is_none() {
                let state = &mut *self.0.borrow_mut();
                let child = child(&mut state.children, key);
                child.state = ChildState::Stopping(pid);
                if let Some(reset) = child.reset.take() {
                    state.surroundings.cancel(reset);
                }
                state.surroundings.stop(pid, policy);
            }
        }
        let timer = match policy {
            Shutdown::After(after) if !left.is_empty() => {
                let state = &mut *self.0.borrow_mut();
                let number = state.number();
                state.surroundings.arm(number, after);
                Some(number)
            }
            _ => None,
        };
        while !left.is_empty() {
            let wanted = |_: &State<S>, m: &Mail| {
                matches!(m, Mail::Exit(p, _) if left.contains(p)) || is_timer(m, timer)
            };
            match self.receive(wanted).await {
                Mail::Exit(pid, reason) => {
                    left.retain(|p| *p != pid);
                    let key = self.running(pid).expect("an instance that is left");
                    self.report(key, &reason);
                    self.forget_or_down(key);
                    if let Some((stopping, caller)) = beside
                        && stopping == pid
                    {
                        self.0.borrow_mut().surroundings.reply(caller, Ok(Answer::Done));
                    }
                }
                _ => left.iter().for_each(|pid| self.0.borrow_mut().surroundings.kill(*pid)),
            }
        }
        self.cancel(timer);
    }

    // Calls.

    async fn call(&self, caller: usize, call: Call<Modelled>) -> Run {
        let known =
            |id: &str| self.0.borrow().children.iter().find(|c| &*c.spec.id == id).map(|c| (c.key, c.state));
        let down = |id: &str| match known(id) {
            None => Err(CallError::NotFound),
            Some((key, ChildState::Down)) => Ok(key),
            Some((_, ChildState::Restarting { .. })) => Err(CallError::Restarting),
            Some(_) => Err(CallError::Running),
        };
        let dynamic = self.is_dynamic();
        let reply = match call {
            Call::StartChild(_)
            | Call::RestartChild(_)
            | Call::DeleteChild(_)
            | Call::Child(_)
            | Call::StopChild(Which::Id(_))
                if dynamic =>
            {
                Err(CallError::Dynamic)
            }
            Call::StopChild(Which::Pid { .. }) | Call::StartInstance(_) if !dynamic => {
                Err(CallError::NotDynamic)
            }
            Call::StartChild(spec) => {
                let plan = Plan { flags: self.0.borrow().flags, children: vec![spec.clone()] };
                match (plan.check(), known(&spec.id)) {
                    (Err(bad), _) => Err(bad.into()),
                    (_, Some((_, ChildState::Running(pid)))) => Err(CallError::AlreadyStarted(pid)),
                    (_, Some(_)) => Err(CallError::AlreadyPresent),
                    (_, None) => {
                        let key = self.0.borrow_mut().add(spec, None);
                        self.start_for(caller, key, true).await;
                        return Ok(());
                    }
                }
            }
            Call::StartInstance(args) => {
                let key = {
                    let mut state = self.0.borrow_mut();
                    let template = state.template.clone().expect("a template");
                    state.add(template, Some(args))
                };
                self.start_for(caller, key, true).await;
                return Ok(());
            }
            Call::RestartChild(id) => match down(&id) {
                Ok(key) => {
                    self.start_for(caller, key, false).await;
                    return Ok(());
                }
                Err(refused) => Err(refused),
            },
            Call::DeleteChild(id) => down(&id).map(|key| {
                self.forget(key);
                Answer::Done
            }),
            Call::StopChild(Which::Id(id)) => match known(&id) {
                None => Err(CallError::NotFound),
                Some((key, _)) => return self.stop_for(caller, key).await,
            },
            Call::StopChild(Which::Pid { pid, alive }) => {
                let named = |c: &&Child| {
                    c.state == ChildState::Running(pid)
                        || (c.state != ChildState::Down && c.last == Some(pid))
                };
                let key = self.0.borrow().children.iter().find(named).map(|c| c.key);
                match key {
                    Some(key) => return self.stop_for(caller, key).await,
                    None if alive => Err(CallError::NotFound),
                    None => Ok(Answer::Done),
                }
            }
            Call::Children => Ok(Answer::Children(self.0.borrow().list())),
            Call::Child(id) => {
                let state = self.0.borrow();
                let child = state.children.iter().find(|c| c.spec.id == id);
                child.map(|c| Answer::Child(c.info())).ok_or(CallError::NotFound)
            }
            Call::Counts => Ok(Answer::Counts(self.0.borrow().counts())),
            Call::Change(plan) => self.change(plan),
        };
        self.0.borrow_mut().surroundings.reply(caller, reply);
        Ok(())
    }

    async fn start_for(&self, caller: usize, key: u64, added: bool) {
        let outcome = self.start(key).await;
        self.apply(key, &outcome);
        let reply = match outcome {
            Outcome::Started(pid) => Ok(Answer::Started(pid)),
            Outcome::Ignored => Ok(Answer::Ignored),
            Outcome::Failed(reason) => {
                if added {
                    self.forget(key);
                }
                Err(CallError::StartFailed(reason))
            }
        };
        self.0.borrow_mut().surroundings.reply(caller, reply);
    }

    async fn stop_for(&self, caller: usize, key: u64) -> Run {
        self.stop(key, Some(caller)).await?;
        self.forget_or_down(key);
        self.0.borrow_mut().surroundings.reply(caller, Ok(Answer::Done));
        Ok(())
    }

    fn change(&self, plan: Plan<()>) -> Reply<Pid> {
        use seedbed_core::supervise::SpecError;
        plan.check()?;
        if (plan.flags.strategy == Strategy::Dynamic) != self.is_dynamic() {
            return Err(SpecError::DynamicChange.into());
        }
        let stays = |c: &Child| plan.children.iter().all(|spec| spec.id != c.spec.id);
        if plan.flags.auto_shutdown == AutoShutdown::Never
            && let Some(odd) = self.0.borrow().children.iter().find(|c| stays(c) && c.spec.significant)
        {
            return Err(SpecError::SignificantNever(odd.spec.id.clone()).into());
        }
        self.0.borrow_mut().flags = plan.flags;
        for spec in plan.children {
            let keys: Vec<u64> = if self.is_dynamic() {
                self.0.borrow_mut().template = Some(spec.clone());
                self.keys()
            } else {
                let state = self.0.borrow();
                state.children.iter().filter(|c| c.spec.id == spec.id).map(|c| c.key).collect()
            };
            if keys.is_empty() && !self.is_dynamic() {
                self.0.borrow_mut().add(spec.clone(), None);
            }
            for key in keys {
                self.respec(key, spec.clone());
            }
        }
        Ok(Answer::Done)
    }

    /// A child that waits to be restarted is, by its new spec, at once or not at all.
    fn respec(&self, key: u64, spec: ChildSpec<()>) {
        let restart = spec.restart;
        let waits = self.with(key, |c| {
            c.spec = spec;
            matches!(c.state, ChildState::Restarting { .. })
        });
        if !waits {
            return;
        }
        self.with(key, |c| c.delays = 0);
        self.down(key);
        if restart != Restart::Temporary {
            let state = &mut *self.0.borrow_mut();
            let number = state.number();
            let child = child(&mut state.children, key);
            (child.state, child.waits) = (ChildState::Restarting { until: None }, Some(number));
            state.surroundings.retry(number);
        } else if self.is_dynamic() {
            self.forget(key);
        }
    }

    // Small things.

    /// Waits for the first mail that is wanted, and leaves the rest where it is.
    async fn receive(&self, wanted: impl Fn(&State<S>, &Mail) -> bool) -> Mail {
        poll_fn(|_| {
            let state = &mut *self.0.borrow_mut();
            while let Some(at) = state.mailbox.iter().position(|m| state.is_reset(m)) {
                state.lived_long(at);
            }
            match state.mailbox.iter().position(|m| wanted(state, m)) {
                Some(at) => Poll::Ready(state.mailbox.remove(at).expect("it is there")),
                None => Poll::Pending,
            }
        })
        .await
    }

    /// A shutdown that came meanwhile goes before everything else.
    fn interrupted(&self) -> Run {
        let state = self.0.borrow();
        let wants = |m: &Mail| match m {
            Mail::Shutdown(reason) => Some(reason.clone()),
            _ => None,
        };
        state.mailbox.iter().find_map(wants).map_or(Ok(()), |reason| Err(Halt::Leave(reason)))
    }

    fn cancel(&self, timer: Option<u64>) {
        timer.into_iter().for_each(|number| self.0.borrow_mut().surroundings.cancel(number));
    }

    fn down(&self, key: u64) {
        let state = &mut *self.0.borrow_mut();
        let child = child(&mut state.children, key);
        let waits = child.waits.take();
        let timed = matches!(child.state, ChildState::Restarting { until: Some(_) });
        for number in waits.filter(|_| timed).into_iter().chain(child.reset.take()) {
            state.surroundings.cancel(number);
        }
        child.state = ChildState::Down;
    }

    fn forget(&self, key: u64) {
        self.0.borrow_mut().children.retain(|c| c.key != key);
    }

    fn forget_or_down(&self, key: u64) {
        self.down(key);
        if self.is_dynamic() || self.with(key, |c| c.spec.restart) == Restart::Temporary {
            self.forget(key);
        }
    }

    fn running(&self, pid: Pid) -> Option<u64> {
        let is = |c: &&Child| c.state == ChildState::Running(pid) || c.state == ChildState::Stopping(pid);
        self.0.borrow().children.iter().find(is).map(|c| c.key)
    }

    fn with<T>(&self, key: u64, f: impl FnOnce(&mut Child) -> T) -> T {
        f(child(&mut self.0.borrow_mut().children, key))
    }

    fn keys(&self) -> Vec<u64> {
        self.0.borrow().children.iter().map(|c| c.key).collect()
    }

    fn is_known(&self, key: u64) -> bool {
        self.0.borrow().children.iter().any(|c| c.key == key)
    }

    fn is_dynamic(&self) -> bool {
        self.0.borrow().template.is_some()
    }
}

impl<S> State<S> {
    fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    fn add(&mut self, spec: ChildSpec<()>, args: Option<Vec<u8>>) -> u64 {
        self.children_made += 1;
        let key = self.children_made;
        self.children.push(Child {
            key,
            spec,
            args,
            state: ChildState::Down,
            waits: None,
            last: None,
            delays: 0,
            reset: None,
            starts: 0,
        });
        key
    }

    fn is_reset(&self, mail: &Mail) -> bool {
        self.children.iter().any(|c| c.reset.is_some() && is_timer(mail, c.reset))
    }

    /// The mail at this place says that a child lived for long; it did unless it died before.
    fn lived_long(&mut self, at: usize) {
        let Some(Mail::Timer(number)) = self.mailbox.remove(at) else { unreachable!("it is a timer") };
        let before = self.mailbox.range(..at);
        let child = self.children.iter_mut().find(|c| c.reset == Some(number)).expect("asked before");
        child.reset = None;
        let died =
            |mail: &Mail| matches!(mail, Mail::Exit(pid, _) if child.state == ChildState::Running(*pid));
        if !before.into_iter().any(died) {
            child.delays = 0;
        }
    }

    fn list(&self) -> Vec<ChildInfo<Pid>> {
        self.children.iter().rev().map(Child::info).collect()
    }

    fn counts(&self) -> Counts {
        let all = self.children.len() as u64;
        let of = |is: &dyn Fn(&Child) -> bool| self.children.iter().filter(|c| is(c)).count() as u64;
        let supervisors = of(&|c| c.spec.kind == ChildKind::Supervisor);
        Counts {
            specs: if self.template.is_some() { 1 } else { all },
            // One that is asked to stop still runs.
            active: of(&|c| matches!(c.state, ChildState::Running(_) | ChildState::Stopping(_))),
            supervisors,
            workers: all - supervisors,
        }
    }
}

impl Child {
    fn info(&self) -> ChildInfo<Pid> {
        ChildInfo { id: self.spec.id.clone(), kind: self.spec.kind, state: self.state, starts: self.starts }
    }
}

fn child(children: &mut [Child], key: u64) -> &mut Child {
    children.iter_mut().find(|c| c.key == key).expect("a child")
}

fn is_about(mail: &Mail, pid: Pid) -> bool {
    match mail {
        Mail::Started(p) | Mail::Ignored(p) | Mail::Failed(p, _) | Mail::Exit(p, _) => *p == pid,
        _ => false,
    }
}

fn is_timer(mail: &Mail, number: Option<u64>) -> bool {
    matches!(mail, Mail::Timer(n) if Some(*n) == number)
}
