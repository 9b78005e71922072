//! What an actor can ask for during a turn; the same methods as `seedbed_core::Context`.

use crate::supervisor::{Answered, Ask, Caller, SupervisorRef};
use crate::sys::{self, slices};
use crate::{
    Cancelled, Code, Correlation, Envelope, Flags, Level, Message, MonitorRef, Pid, Reason, Request, Result,
    SpawnFlags, SpawnOptions, Time, TimerId, nanos, store,
};
use alloc::vec::Vec;
use core::convert::Infallible;
use core::marker::PhantomData;
use core::time::Duration;

/// The turn in hand: what reached the actor, and what it asks for.
///
/// A wish is checked and answered at the call, and happens at the end of the turn, if the turn does not fail.
#[derive(Debug)]
pub struct Context<'a> {
    envelope: Envelope,
    /// The last message that was encoded; kept for its room.
    encoded: Vec<u8>,
    /// How many monitors this life has made: the host counts them alike.
    monitors: u64,
    starting: bool,
    ignored: bool,
    /// A turn ends, and its context with it; so natively, and so the types are alike.
    turn: PhantomData<&'a mut ()>,
}

/// Who and what.
impl Context<'_> {
    /// Own pid.
    pub fn me(&self) -> Pid {
        Pid::from_raw(sys::me())
    }

    /// Who spawned this actor.
    pub fn parent(&self) -> Pid {
        Pid::from_raw(sys::parent())
    }

    /// Who sent what is in hand; nobody in `on_start` and `on_stop`.
    pub fn from(&self) -> Pid {
        Pid::from_raw(self.envelope.from)
    }

    /// The envelope of what is in hand; all zero in `on_start` and `on_stop`.
    pub fn envelope(&self) -> &Envelope {
        &self.envelope
    }

    /// The request in hand, to answer now or later; `None` if it is a plain message.
    pub fn request(&self) -> Option<Request> {
        let Envelope { from, correlation, flags, .. } = self.envelope;
        (flags == Flags::MESSAGE && correlation != 0)
            .then_some(Request { from: Pid::from_raw(from), correlation: Correlation(correlation) })
    }
}

/// Time and chance.
impl Context<'_> {
    /// Time since the node's clock began; the same for the whole turn.
    pub fn now(&mut self) -> Time {
        Time::from_nanos(sys::now())
    }

    /// Time since 1970 by the node's wall clock, which may jump.
    pub fn unix_time(&mut self) -> Time {
        Time::from_nanos(sys::unix_time())
    }

    /// Fills `to` from this life's own random stream.
    pub fn random(&mut self, to: &mut [u8]) {
        slices::random(to);
    }

    /// A random number from this life's own stream.
    pub fn random_u64(&mut self) -> u64 {
        let mut bytes = [0; 8];
        self.random(&mut bytes);
        u64::from_le_bytes(bytes)
    }

    /// Sends this actor a timer signal once, after `after`.
    ///
    /// # Errors
    /// If it has too many timers.
    pub fn set_timer(&mut self, after: Duration, tag: u64) -> Result<TimerId, Code> {
        id(sys::set_timer(nanos(after), tag)).map(TimerId)
    }

    /// Sends this actor a timer signal every `every`.
    ///
    /// # Errors
    /// If it has too many timers, or `every` is zero.
    pub fn set_interval(&mut self, every: Duration, tag: u64) -> Result<TimerId, Code> {
        id(sys::set_interval(nanos(every), tag)).map(TimerId)
    }

    /// Takes a timer back, also when its signal is queued already.
    pub fn cancel_timer(&mut self, timer: TimerId) -> Cancelled {
        Cancelled::from_i32(sys::cancel_timer(timer.0)).unwrap_or(Cancelled::Unknown)
    }
}

/// Messages.
impl Context<'_> {
    /// Sends a message.
    ///
    /// # Errors
    /// If it is refused, as by a full mailbox.
    pub fn send<M: Message>(&mut self, to: Pid, message: &M) -> Result<(), Code> {
        self.encode(message);
        code(slices::send(to.to_raw(), 0, &self.encoded))
    }

    /// Sends bytes under a tag.
    ///
    /// # Errors
    /// If it is refused.
    pub fn send_tagged(&mut self, to: Pid, tag: u64, payload: &[u8]) -> Result<(), Code> {
        code(slices::send(to.to_raw(), tag, payload))
    }

    /// Sends a request; it ends in exactly one [`Signal::Reply`](crate::Signal::Reply).
    ///
    /// # Errors
    /// If it is refused.
    pub fn ask<M: Message>(&mut self, to: Pid, message: &M, timeout: Duration) -> Result<Correlation, Code> {
        self.encode(message);
        id(slices::request(to.to_raw(), 0, &self.encoded, nanos(timeout))).map(Correlation)
    }

    /// Sends bytes under a tag as a request.
    ///
    /// # Errors
    /// If it is refused.
    pub fn ask_tagged(
        &mut self,
        to: Pid,
        tag: u64,
        payload: &[u8],
        timeout: Duration,
    ) -> Result<Correlation, Code> {
        id(slices::request(to.to_raw(), tag, payload, nanos(timeout))).map(Correlation)
    }

    /// Answers the request in hand. If it is a plain message, the answer goes nowhere.
    ///
    /// # Errors
    /// If it was answered before, or the answer is refused.
    pub fn reply<M: Message>(&mut self, message: M) -> Result<()> {
        match self.request() {
            Some(request) => self.reply_to(request, message),
            None => Ok(()),
        }
    }

    /// Answers a request that was kept.
    ///
    /// # Errors
    /// If it was answered before, or the answer is refused.
    pub fn reply_to<M: Message>(&mut self, request: Request, message: M) -> Result<()> {
        self.encode(&message);
        code(slices::reply(request.from.to_raw(), request.correlation.0, 0, &self.encoded))?;
        Ok(())
    }

    /// Answers a request with bytes under a tag.
    ///
    /// # Errors
    /// If it was answered before, or the answer is refused.
    pub fn reply_tagged(&mut self, request: Request, tag: u64, payload: &[u8]) -> Result<(), Code> {
        code(slices::reply(request.from.to_raw(), request.correlation.0, tag, payload))
    }
}

/// Names.
impl Context<'_> {
    /// The address of `name` or `name@node`: taken wherever a pid is, it follows whoever has the name.
    ///
    /// # Errors
    /// If it is no name, or the permission is missing.
    pub fn address(&mut self, name: &str) -> Result<Pid, Code> {
        id(slices::address(name)).map(Pid::from_raw)
    }

    /// Who has this name on this node.
    pub fn whereis(&mut self, name: &str) -> Option<Pid> {
        id(slices::whereis(name)).ok().filter(|&raw| raw != 0).map(Pid::from_raw)
    }

    /// Takes a name.
    ///
    /// # Errors
    /// If it is taken, is no name, or this actor has one.
    pub fn register(&mut self, name: &str) -> Result<(), Code> {
        code(slices::register(name))
    }

    /// Gives the name up.
    ///
    /// # Errors
    /// If it has none.
    pub fn unregister(&mut self) -> Result<(), Code> {
        code(sys::unregister())
    }
}

/// Other actors, and its own end.
impl Context<'_> {
    /// Spawns an actor from an entry of the manifest; gives the reference too, if the options ask for a monitor.
    ///
    /// # Errors
    /// If there is no such entry, or the spawn is refused. How the start goes is told by a signal, if asked for.
    pub fn spawn_entry(
        &mut self,
        entry: &str,
        options: SpawnOptions,
    ) -> Result<(Pid, Option<MonitorRef>), Code> {
        self.spawn(Some(entry), &options)
    }

    /// Spawns another of this actor's own kind.
    ///
    /// # Errors
    /// As [`spawn_entry`](Self::spawn_entry).
    pub fn spawn_own(&mut self, options: SpawnOptions) -> Result<(Pid, Option<MonitorRef>), Code> {
        self.spawn(None, &options)
    }

    fn spawn(
        &mut self,
        entry: Option<&str>,
        options: &SpawnOptions,
    ) -> Result<(Pid, Option<MonitorRef>), Code> {
        let name = options.name.as_deref().unwrap_or_default();
        let pid = id(slices::spawn(entry, &options.args, options.flags.0, name))?;
        let monitor = options.flags.has(SpawnFlags::MONITOR).then(|| {
            self.monitors += 1;
            MonitorRef(self.monitors)
        });
        Ok((Pid::from_raw(pid), monitor))
    }

    /// A supervisor to be called, by pid or address. What a call gives knows the answer when it comes,
    /// as a [`Signal::Reply`](crate::Signal::Reply).
    pub fn supervisor(&mut self, pid: Pid) -> SupervisorRef<&mut Self> {
        SupervisorRef::new(self, pid)
    }

    /// Ties the ends of two actors together.
    ///
    /// # Errors
    /// If it has too many links.
    pub fn link(&mut self, pid: Pid) -> Result<(), Code> {
        code(sys::link(pid.to_raw()))
    }

    /// Undoes a link; nothing of it arrives any more.
    ///
    /// # Errors
    /// If `pid` is nobody.
    pub fn unlink(&mut self, pid: Pid) -> Result<(), Code> {
        code(sys::unlink(pid.to_raw()))
    }

    /// Asks for a [`Signal::Down`](crate::Signal::Down) when `pid` ends.
    ///
    /// # Errors
    /// If it has too many monitors.
    pub fn monitor(&mut self, pid: Pid) -> Result<MonitorRef, Code> {
        self.monitors = id(sys::monitor(pid.to_raw()))?;
        Ok(MonitorRef(self.monitors))
    }

    /// Takes a monitor back; with `flush`, also a down that is queued.
    ///
    /// # Errors
    /// If this life never had it, or it is used up and nothing was flushed.
    pub fn demonitor(&mut self, monitor: MonitorRef, flush: bool) -> Result<(), Code> {
        code(sys::demonitor(monitor.0, flush.into()))
    }

    /// Whether exits of others arrive as signals, or act.
    pub fn trap_exits(&mut self, on: bool) {
        sys::trap_exits(on.into());
    }

    /// Sends an exit. To oneself it ends the turn here: what was asked before counts.
    ///
    /// # Errors
    /// If `pid` is nobody.
    pub fn exit(&mut self, pid: Pid, reason: Reason) -> Result<(), Code> {
        code(sys::exit(pid.to_raw(), reason.to_i32()))
    }

    /// Kills. To oneself it ends the turn here.
    ///
    /// # Errors
    /// If `pid` is nobody.
    pub fn kill(&mut self, pid: Pid) -> Result<(), Code> {
        code(sys::exit(pid.to_raw(), Reason::KILL))
    }

    /// Stops this actor after this turn, the rest of which counts too.
    pub fn stop(&mut self, reason: Reason) {
        sys::stop(reason.to_i32());
    }

    /// In `on_start`: chooses not to run; no failure, and nothing is left of it.
    pub fn ignore(&mut self) {
        self.ignored = self.starting;
    }
}

impl Caller for &mut Context<'_> {
    /// A guest's children are made by entries: a closure of it is not the host's to call.
    type Given = Infallible;
    type Out<T: Send + 'static> = Result<Answered<T>, Code>;

    fn call<T: Send + 'static>(&mut self, ask: Ask<Infallible, T>) -> Result<Answered<T>, Code> {
        let correlation = self.ask(ask.to, &ask.call, ask.timeout)?;
        Ok(Answered::new(correlation, ask.read))
    }
}

/// Looking in, and being tried.
impl Context<'_> {
    /// Logs a line; at once, whether the turn fails or not.
    pub fn log(&mut self, level: Level, text: &str) {
        slices::log(level as i32, text);
    }

    /// Publishes a fact about this actor, for properties and reports; past the limit of the turn's wishes, nothing.
    pub fn observe(&mut self, key: &str, value: i64) {
        slices::observe(key, value);
    }

    /// Fuel left in this turn.
    pub fn fuel_left(&self) -> u64 {
        sys::fuel_left()
    }

    /// True where a simulation chose to do the odd thing at `site`; never outside of one.
    pub fn buggify(&mut self, site: &str) -> bool {
        slices::buggify(site) != 0
    }

    /// Says something that holds whenever this is reached; in a simulation it is a finding if not.
    pub fn always(&mut self, name: &str, holds: bool) {
        slices::always(name, holds.into());
    }

    /// Says something that holds in some run; a hunt that never saw it says so.
    pub fn sometimes(&mut self, name: &str, holds: bool) {
        slices::sometimes(name, holds.into());
    }
}

/// Effects.
impl Context<'_> {
    /// Asks for an I/O effect; the outcome is one [`Signal::Completion`](crate::Signal::Completion).
    ///
    /// # Errors
    /// If nobody registered it, or the permission is missing.
    pub fn perform(&mut self, effect: &str, payload: &[u8]) -> Result<Correlation, Code> {
        id(slices::perform(effect, payload)).map(Correlation)
    }

    /// Appends a record to this actor's store; it completes once the record is durable.
    ///
    /// # Errors
    /// If the permission is missing.
    pub fn store_append(&mut self, record: &[u8]) -> Result<Correlation, Code> {
        self.encoded.clear();
        self.encoded.push(store::APPEND);
        self.encoded.extend_from_slice(record);
        id(slices::perform(store::EFFECT, &self.encoded)).map(Correlation)
    }

    /// Reads all records of this actor's store; [`store::Records`] takes them apart.
    ///
    /// # Errors
    /// If the permission is missing.
    pub fn store_read(&mut self) -> Result<Correlation, Code> {
        self.perform(store::EFFECT, &[store::READ])
    }
}

impl Context<'static> {
    pub(crate) const fn new() -> Context<'static> {
        let envelope =
            Envelope { id: 0, from: 0, to: 0, correlation: 0, tag: 0, len: 0, flags: Flags::MESSAGE };
        Context {
            envelope,
            encoded: Vec::new(),
            monitors: 0,
            starting: false,
            ignored: false,
            turn: PhantomData,
        }
    }
}

impl Context<'_> {
    /// Makes it that of a new turn.
    pub(crate) fn enter(&mut self, envelope: Envelope, starting: bool) {
        self.envelope = envelope;
        self.starting = starting;
        self.ignored = false;
    }

    pub(crate) fn was_ignored(&self) -> bool {
        self.ignored
    }

    fn encode<M: Message>(&mut self, message: &M) {
        self.encoded.clear();
        message.encode(&mut self.encoded);
    }
}

fn code(n: i32) -> Result<(), Code> {
    if n >= 0 { Ok(()) } else { Err(refused(n)) }
}

fn id(n: i64) -> Result<u64, Code> {
    u64::try_from(n).map_err(|_| refused(i32::try_from(n).unwrap_or(i32::MIN)))
}

/// A host that is newer than this crate may know more codes.
fn refused(n: i32) -> Code {
    Code::from_i32(n).unwrap_or(Code::Invalid)
}
