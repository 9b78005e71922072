//! Supervisors as actors: the shell around the [`Machine`](crate::supervise::Machine).
//!
//! Feeds it what reaches the actor, and carries out what it commands. It holds no rule of
//! supervision itself.

use crate::actor::{Actor, Behaviour, Factory, Failed, WithArgs};
use crate::context::Context;
use crate::limits::Limits;
use crate::outbox::SpawnOptions;
use crate::snapshot::Snapshot;
use crate::supervise::{
    AutoShutdown, Call, ChildInfo, ChildSpec, Command, Counts, Event, Flags, Machine, Note, Parts, Plan,
    SlotId, SpecError, Strategy, Ticket,
};
use seedbed_abi::supervisor::{Hold, SupervisorCall, SupervisorReply};
use seedbed_abi::{
    Envelope, ExitReason, Failure, Message, Pid, Request, Signal, SpawnFlags, StartOutcome, StopCode, TimerId,
};
use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

mod call;

/// How a supervisor makes a child.
#[derive(Clone)]
pub struct ChildStart {
    /// Makes the actor.
    pub factory: Arc<dyn Factory>,
    /// What it is given.
    pub args: Vec<u8>,
    /// The name it has registered while it lives.
    pub register: Option<String>,
    /// Whether mail for that name is held while nobody has it (rules H); `None` = it is lost and counted.
    pub hold: Option<Hold>,
}

impl ChildStart {
    /// A child made by this factory, without arguments and name.
    pub fn new(factory: impl Factory) -> ChildStart {
        ChildStart { factory: Arc::new(factory), args: Vec::new(), register: None, hold: None }
    }

    /// The same with a registered name.
    #[must_use]
    pub fn registered(mut self, name: impl Into<String>) -> ChildStart {
        self.register = Some(name.into());
        self
    }

    /// The same, whose mail is held while nobody has its name.
    #[must_use]
    pub fn held(mut self, hold: Hold) -> ChildStart {
        self.hold = Some(hold);
        self
    }

    /// A child made from its arguments, read as a `T`: of a template, what each instance is started with.
    pub fn typed<T: Message, A: Actor>(make: impl Fn(T) -> A + Send + Sync + 'static) -> ChildStart {
        ChildStart::new(WithArgs(move |args: &[u8]| Ok(make(T::decode(args)?))))
    }

    /// The same with arguments.
    #[must_use]
    pub fn args(mut self, args: impl Into<Vec<u8>>) -> ChildStart {
        self.args = args.into();
        self
    }
}

impl fmt::Debug for ChildStart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChildStart")
            .field("args", &self.args)
            .field("register", &self.register)
            .finish_non_exhaustive()
    }
}

/// A supervisor to be: a [`Factory`], to be spawned or to be a child of another supervisor.
///
/// ```
/// use seedbed_core::{Actor, ChildStart, Context, Result, Supervisor, supervise::ChildSpec};
/// use std::time::Duration;
///
/// struct Worker;
/// impl Actor for Worker {
///     type Message = ();
///     fn on_message(&mut self, _: &mut Context, (): ()) -> Result<()> { Ok(()) }
/// }
///
/// let tree = Supervisor::one_for_one()
///     .intensity(3, Duration::from_secs(10))
///     .child(ChildSpec::worker("db", ChildStart::new(|| Worker).registered("db")))
///     .child(ChildSpec::worker("cache", ChildStart::new(|| Worker)))
///     .build()?;
/// # Ok::<(), seedbed_core::supervise::SpecError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Supervisor {
    plan: Plan<ChildStart>,
}

impl Supervisor {
    /// Restarts the child that failed.
    pub fn one_for_one() -> Supervisor {
        Supervisor::with(Strategy::OneForOne)
    }

    /// Restarts all children when one fails.
    pub fn one_for_all() -> Supervisor {
        Supervisor::with(Strategy::OneForAll)
    }

    /// Restarts the child that failed and those started after it.
    pub fn rest_for_one() -> Supervisor {
        Supervisor::with(Strategy::RestForOne)
    }

    /// Starts instances of one template at run time.
    pub fn dynamic(template: ChildSpec<ChildStart>) -> Supervisor {
        Supervisor::with(Strategy::Dynamic).child(template)
    }

    fn with(strategy: Strategy) -> Supervisor {
        Supervisor { plan: Plan { flags: Flags { strategy, ..Flags::default() }, children: Vec::new() } }
    }

    /// From a plan.
    pub fn from_plan(plan: Plan<ChildStart>) -> Supervisor {
        Supervisor { plan }
    }

    /// How many restart attempts are allowed in which time.
    #[must_use]
    pub fn intensity(mut self, intensity: u32, period: Duration) -> Supervisor {
        self.plan.flags.intensity = intensity;
        self.plan.flags.period = period;
        self
    }

    /// When it ends because of its significant children.
    #[must_use]
    pub fn auto_shutdown(mut self, auto_shutdown: AutoShutdown) -> Supervisor {
        self.plan.flags.auto_shutdown = auto_shutdown;
        self
    }

    /// Adds a child behind the others.
    #[must_use]
    pub fn child(mut self, spec: ChildSpec<ChildStart>) -> Supervisor {
        self.plan.children.push(spec);
        self
    }

    /// Checks the plan.
    ///
    /// # Errors
    /// See [`SpecError`].
    pub fn build(self) -> Result<Supervisor, SpecError> {
        self.plan.check()?;
        Ok(self)
    }
}

impl Factory for Supervisor {
    fn create(&self, _: &mut Context<'_>, _: &[u8]) -> Result<Box<dyn Behaviour>, Failed> {
        match Machine::new(self.plan.clone()) {
            Ok(machine) => Ok(Box::new(SupervisorActor {
                machine,
                commands: Vec::new(),
                timers: BTreeMap::new(),
                gave_up: false,
            })),
            Err(e) => Err(Failed::new(Failure::Protocol("bad supervisor plan".into()), e.to_string())),
        }
    }

    /// A supervisor of a hundred thousand children stops them in one turn, and watches each.
    fn limits(&self) -> Limits {
        Limits { outbox_max: u32::MAX, spawn_max: u32::MAX, pending_max: u32::MAX, ..Limits::default() }
    }

    fn is_supervisor(&self) -> bool {
        true
    }
}

/// The types of the machine that supervises actors.
#[derive(Clone, Debug)]
pub struct Actors;

impl Parts for Actors {
    type Pid = Pid;
    type Start = ChildStart;
    type Args = Vec<u8>;
    type Caller = Request;
}

/// A supervisor that runs: what [`Behaviour::as_any`] gives for one.
pub struct SupervisorActor {
    machine: Machine<Actors>,
    /// Room for what the machine commands; empty between two events.
    commands: Vec<Command<Actors>>,
    timers: BTreeMap<Ticket, TimerId>,
    gave_up: bool,
}

impl Clone for SupervisorActor {
    fn clone(&self) -> Self {
        let SupervisorActor { machine, commands: _, timers, gave_up } = self;
        SupervisorActor {
            machine: machine.clone(),
            commands: Vec::new(),
            timers: timers.clone(),
            gave_up: *gave_up,
        }
    }
}

/// Tag of the message with which a supervisor sends itself a retry; the payload is the ticket.
const RETRY: u64 = u64::MAX;

/// Numbers of decisions in [`Event::Supervised`](crate::Event::Supervised).
pub mod decision {
    /// A restart was counted; the figure is how many are in the window.
    pub const COUNTED: u32 = 1;
    /// One restart too many: the supervisor ends.
    pub const GAVE_UP: u32 = 2;
    /// A backoff delay was chosen, in nanoseconds.
    pub const BACKOFF: u32 = 3;
    /// A child that was to stop ended with another reason.
    pub const ODD_REASON: u32 = 4;
    /// A start took too long.
    pub const START_OVERDUE: u32 = 5;
    /// A notice of somebody that is no child.
    pub const STRANGER: u32 = 6;
    /// A timer or retry that is not waited for any more.
    pub const STALE: u32 = 7;
    /// A message that means nothing to a supervisor.
    pub const UNKNOWN_MESSAGE: u32 = 8;
}

impl SupervisorActor {
    /// The children, in reverse start order.
    pub fn children(&self) -> Vec<ChildInfo<Pid>> {
        self.machine.children()
    }

    /// Each child with its spec, in start order.
    pub fn records(&self) -> impl Iterator<Item = (ChildInfo<Pid>, &ChildSpec<ChildStart>)> {
        self.machine.records()
    }

    /// Their numbers.
    pub fn counts(&self) -> Counts {
        self.machine.counts()
    }

    /// How it behaves.
    pub fn flags(&self) -> Flags {
        self.machine.flags()
    }

    /// The specs of its children in start order; of a dynamic supervisor, its template.
    pub fn specs(&self) -> impl Iterator<Item = &ChildSpec<ChildStart>> {
        let template = self.machine.template();
        let of_children = self.machine.specs().filter(move |_| template.is_none());
        template.into_iter().chain(of_children)
    }

    /// The child with this id, as it is.
    pub fn which(&self, id: &str) -> Option<ChildInfo<Pid>> {
        self.machine.which(id)
    }

    /// Feeds one event, and the answers that its commands give at once.
    fn feed(&mut self, cx: &mut Context<'_>, event: Event<Actors>) {
        let now = cx.now();
        let mut next = Some(event);
        while let Some(event) = next.take() {
            let mut commands = std::mem::take(&mut self.commands);
            self.machine.handle(now, event, &mut || cx.random_u64(), &mut commands);
            for command in commands.drain(..) {
                if let Some(answer) = self.carry_out(cx, command) {
                    next = Some(answer);
                }
            }
            self.commands = commands;
        }
        for spec in self.machine.given_up() {
            if let (Some(name), Some(_)) = (&spec.start.register, spec.start.hold) {
                cx.end_hold(name);
            }
        }
    }

    /// After a change of specs: names that no child has any more hold nothing.
    fn end_other_holds(&self, cx: &mut Context<'_>) {
        let held = |spec: &&ChildSpec<ChildStart>| spec.start.hold.is_some();
        let kept: BTreeSet<&str> =
            self.machine.specs().filter(held).filter_map(|spec| spec.start.register.as_deref()).collect();
        cx.end_other_holds(&kept);
    }

    fn carry_out(&mut self, cx: &mut Context<'_>, command: Command<Actors>) -> Option<Event<Actors>> {
        // A wish of a supervisor is refused only by a limit; then nothing can be kept as promised.
        let granted = |refused: Result<(), seedbed_abi::Code>| {
            assert!(refused.is_ok(), "a supervisor's limits leave room for its own work: {refused:?}");
        };
        match command {
            Command::Start { spec, args, .. } => return Some(start(cx, &spec, args)),
            Command::Monitor { pid } => granted(cx.monitor(pid).map(drop)),
            Command::Shutdown { pid } => granted(cx.exit_with(pid, ExitReason::Shutdown)),
            Command::Kill { pid } => granted(cx.kill(pid)),
            Command::ArmTimer { ticket, after } => match cx.set_timer(after, ticket.0) {
                Ok(id) => drop(self.timers.insert(ticket, id)),
                Err(code) => granted(Err(code)),
            },
            Command::CancelTimer { ticket } => {
                if let Some(id) = self.timers.remove(&ticket) {
                    cx.cancel_timer(id);
                }
            }
            Command::SendRetryToSelf { ticket } => {
                let me = cx.me();
                granted(cx.send_tagged(me, RETRY, &ticket.0.to_le_bytes()));
            }
            Command::Reply { caller, reply } => {
                // The caller may be gone, or its request over: then nobody waits for this.
                let _ = cx.reply_to(caller, call::from_machine(reply));
            }
            Command::Ready => cx.start_done(),
            Command::Exit { reason } => {
                let me = cx.me();
                granted(cx.exit_with(me, reason));
            }
            Command::Note(note) => self.note(cx, &note),
        }
        None
    }

    fn note(&mut self, cx: &mut Context<'_>, note: &Note<Pid>) {
        match note {
            Note::Counted { slot, attempts, allowed } => {
                let code = if *allowed { decision::COUNTED } else { decision::GAVE_UP };
                self.gave_up |= !allowed;
                let flags = self.machine.flags();
                let text = format_args!("{attempts} of {} in {:?}", flags.intensity, flags.period);
                self.about(cx, *slot, code, u64::from(*attempts), text);
            }
            Note::Backoff { slot, delay, .. } => {
                let text = format_args!("waits {delay:?}");
                self.about(cx, *slot, decision::BACKOFF, seedbed_abi::nanos(*delay), text);
            }
            Note::OddReason { slot, reason, .. } => {
                self.about(cx, *slot, decision::ODD_REASON, 0, format_args!("{reason}"));
            }
            Note::StartOverdue { slot, .. } => {
                self.about(cx, *slot, decision::START_OVERDUE, 0, format_args!("start took too long"));
            }
            Note::Stranger { pid } => {
                let text = format_args!("no child of this supervisor");
                cx.supervised("", decision::STRANGER, pid.to_raw(), text);
            }
            Note::Stale { ticket } => {
                cx.supervised("", decision::STALE, ticket.0, format_args!("not waited for any more"));
            }
            _ => cx.supervised("", decision::UNKNOWN_MESSAGE, 0, format_args!("unknown message")),
        }
    }

    /// Reports a decision about a child; one that has been forgotten since goes by its slot's number.
    fn about(&self, cx: &mut Context<'_>, slot: SlotId, code: u32, figure: u64, text: fmt::Arguments<'_>) {
        match self.machine.id_of(slot) {
            Some(id) => cx.supervised(&id, code, figure, text),
            None => cx.supervised(&slot.0.to_string(), code, figure, text),
        }
    }
}

/// Spawns a child as the machine asks for: linked, its start to be told, under this supervisor.
fn start(cx: &mut Context<'_>, spec: &ChildSpec<ChildStart>, args: Option<Vec<u8>>) -> Event<Actors> {
    let dynamic = args.is_some();
    let options = SpawnOptions {
        name: (!dynamic).then(|| spec.id.to_string()),
        register: spec.start.register.clone(),
        flags: SpawnFlags::LINK.with(SpawnFlags::NOTIFY),
        args: args.unwrap_or_else(|| spec.start.args.clone()),
        supervised: true,
    };
    match cx.spawn_held(options, Arc::clone(&spec.start.factory), spec.start.hold) {
        Ok(pid) => Event::Spawned { pid },
        Err(code) => {
            let reason = ExitReason::Failed(Failure::Protocol(code.to_string().into()));
            Event::SpawnRefused { reason }
        }
    }
}

impl Behaviour for SupervisorActor {
    fn start(&mut self, cx: &mut Context<'_>) -> Result<(), Failed> {
        cx.trap_exits(true);
        cx.defer_start();
        self.feed(cx, Event::Init);
        Ok(())
    }

    fn deliver(&mut self, cx: &mut Context<'_>, envelope: &Envelope, payload: &[u8]) -> Result<(), Failed> {
        let event = match Signal::decode(envelope, payload) {
            Some(Signal::Started { pid, outcome }) => match outcome {
                StartOutcome::Started => Event::Started { pid },
                StartOutcome::Ignored => Event::Ignored { pid },
                StartOutcome::Failed(reason) => Event::StartFailed { pid, reason },
            },
            Some(Signal::Exit { from, reason, .. }) if from == cx.parent() || !from.is_somebody() => {
                Event::Shutdown { reason }
            }
            // An exit signal that a living child sends is no death.
            Some(Signal::Exit { from, .. }) if cx.is_alive(from) => Event::Unknown,
            Some(Signal::Exit { from, reason, .. } | Signal::Down { from, reason, .. }) => {
                Event::Exited { pid: from, reason }
            }
            Some(Signal::Timer { id, tag }) => {
                let ticket = Ticket(tag);
                if self.timers.get(&ticket) == Some(&id) {
                    self.timers.remove(&ticket);
                }
                Event::TimerFired { ticket }
            }
            Some(_) => Event::Unknown,
            None => self.message(cx, envelope, payload),
        };
        let changes = matches!(event, Event::Call { call: Call::Change(_), .. });
        self.feed(cx, event);
        if changes {
            self.end_other_holds(cx);
        }
        Ok(())
    }

    fn stop(&mut self, _: &mut Context<'_>, _: StopCode) -> Result<(), Failed> {
        Ok(())
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }

    fn snapshot(&self) -> Option<Box<dyn Snapshot>> {
        Some(Box::new(self.clone()))
    }
}

impl Snapshot for SupervisorActor {
    fn restore(&self) -> Box<dyn Behaviour> {
        Box::new(self.clone())
    }
}

impl SupervisorActor {
    fn message(&mut self, cx: &mut Context<'_>, envelope: &Envelope, payload: &[u8]) -> Event<Actors> {
        if envelope.from == cx.me().to_raw() && envelope.tag == RETRY {
            let mut ticket = [0; 8];
            ticket.copy_from_slice(&payload[..8]);
            return Event::Retry { ticket: Ticket(u64::from_le_bytes(ticket)) };
        }
        let Some(caller) = cx.request() else { return Event::Unknown };
        let Ok(asked) = SupervisorCall::decode(payload) else { return Event::Unknown };
        let given = cx.take_given(caller);
        match call::into_machine(asked, given, cx) {
            Ok(call) => Event::Call { caller, call },
            Err(error) => {
                // The caller may be gone, or its request over: then nobody waits for this.
                let _ = cx.reply_to(caller, SupervisorReply::Refused(error));
                Event::Unknown
            }
        }
    }
}
