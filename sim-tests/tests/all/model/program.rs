//! What the actors of a random program do.

use seedbed_core::{
    Cancelled, Code, Context, ExitReason, Factory, HandlerCode, Key, Limited, Limits, MonitorRef,
    Permissions, Pid, Reason, Request, Result, Signal, SpawnFlags, SpawnOptions, Stream, Time, TimerId,
};
use sim_tests::{Input, actor};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Messages that a mailbox takes.
pub(crate) const ROOM: u32 = 4;

/// Names that actors quarrel about.
const NAMES: [&str; 6] = ["u", "v", "w", "x", "y", "z"];

/// Something an actor did in its turn, and what it was answered.
#[derive(Clone, Debug)]
pub(crate) enum Did {
    Send {
        to: Pid,
        serial: u64,
        answer: std::result::Result<(), Code>,
    },
    Ask {
        to: Pid,
        serial: u64,
        deadline: Time,
        answer: std::result::Result<u64, Code>,
    },
    Reply {
        request: (Pid, u64),
        serial: u64,
        accepted: bool,
    },
    Arm {
        id: u64,
        deadline: Time,
        period: u64,
    },
    Cancel {
        id: u64,
        answer: Cancelled,
    },
    Link(Pid),
    Unlink(Pid),
    Monitor {
        target: Pid,
        reference: u64,
    },
    Demonitor {
        reference: u64,
        flush: bool,
        accepted: bool,
    },
    Kill(Pid),
    Exit {
        to: Pid,
        reason: ExitReason,
    },
    EndItself(ExitReason),
    Stop(ExitReason),
    Ignore,
    Trap(bool),
    Register {
        name: &'static str,
        accepted: bool,
    },
    Unregister {
        accepted: bool,
    },
    Spawn {
        answer: std::result::Result<Pid, Code>,
        flags: SpawnFlags,
        reference: Option<u64>,
        name: Option<&'static str>,
    },
    Fail,
    Panic,
}

/// What one actor remembers.
#[derive(Default)]
struct Memory {
    requests: Vec<Request>,
    timers: u64,
    monitors: u64,
}

/// What all actors of a run share: the draws, who there is, and what was done in the turn that runs.
#[derive(Clone)]
pub(crate) struct Board(Arc<Mutex<Inner>>);

struct Inner {
    stream: Stream,
    left: u32,
    serial: u64,
    /// Who lives, and who has ended.
    living: Vec<Pid>,
    ended: Vec<Pid>,
    done: Vec<Did>,
    memories: BTreeMap<Pid, Memory>,
}

impl Board {
    pub(crate) fn new(number: u64) -> Board {
        Board(Arc::new(Mutex::new(Inner {
            stream: Key::from_seed(number).derive("program", 0, 0).stream(),
            left: 300,
            serial: 0,
            living: Vec::new(),
            ended: Vec::new(),
            done: Vec::new(),
            memories: BTreeMap::new(),
        })))
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        // A panic that a program planned may have happened while it was held.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn know(&self, pid: Pid) {
        self.inner().living.push(pid);
    }

    pub(crate) fn forget(&self, pid: Pid) {
        let mut inner = self.inner();
        inner.living.retain(|p| *p != pid);
        inner.ended.push(pid);
    }

    /// A number that no other message of the run has.
    pub(crate) fn serial(&self) -> u64 {
        let mut inner = self.inner();
        inner.serial += 1;
        inner.serial
    }

    /// Some, now and then of the dead.
    pub(crate) fn some(&self, n: usize) -> Vec<Pid> {
        (0..n).map(|_| self.any()).collect()
    }

    /// From now on nothing more is done.
    pub(crate) fn close(&self) {
        self.inner().left = 0;
    }

    pub(crate) fn take(&self) -> Vec<Did> {
        std::mem::take(&mut self.inner().done)
    }

    fn any(&self) -> Pid {
        let mut inner = self.inner();
        let dead = inner.living.is_empty() || !inner.ended.is_empty() && inner.stream.below(8) == 0;
        let n = if dead { inner.ended.len() } else { inner.living.len() };
        let at = inner.stream.below(n as u64) as usize;
        if dead { inner.ended[at] } else { inner.living[at] }
    }

    fn below(&self, n: u64) -> u64 {
        self.inner().stream.below(n)
    }

    fn did(&self, did: Did) {
        self.inner().done.push(did);
    }

    fn remember<T>(&self, me: Pid, f: impl FnOnce(&mut Memory) -> T) -> T {
        f(self.inner().memories.entry(me).or_default())
    }
}

/// An actor of the program.
pub(crate) fn behave(board: &Board) -> impl Factory + use<> {
    let board = board.clone();
    let factory = actor(move |cx, input| {
        if let Some(request) = cx.request() {
            board.remember(cx.me(), |m| m.requests.push(request));
        }
        let stopping = matches!(input, Input::Stop(_));
        // A signal of another's end is left alone half of the time, so that all comes to an end.
        let quiet =
            matches!(input, Input::Signal(Signal::Exit { .. } | Signal::Down { .. })) && board.below(2) == 0;
        let n = if quiet { 0 } else { board.below(5) };
        for _ in 0..n {
            if !act(cx, &board, &input, stopping)? {
                break;
            }
        }
        Ok(())
    });
    let limits = Limits { mailbox_count: ROOM, ..Limits::default() };
    Limited { factory, limits, permissions: Permissions::default() }
}

/// One thing; false if the turn is over.
fn act(cx: &mut Context, board: &Board, input: &Input, stopping: bool) -> Result<bool> {
    {
        let mut inner = board.inner();
        if inner.left == 0 {
            return Ok(false);
        }
        inner.left -= 1;
    }
    let me = cx.me();
    let draw = board.below(if stopping { 30 } else { 100 });
    match draw {
        0..=21 => send(cx, board),
        22..=29 => reply(cx, board),
        30..=37 => ask(cx, board)?,
        38..=43 => timer(cx, board)?,
        44..=48 => cancel(cx, board),
        49..=53 => {
            let other = board.any();
            cx.link(other)?;
            board.did(Did::Link(other));
        }
        54..=57 => {
            let other = board.any();
            cx.unlink(other)?;
            board.did(Did::Unlink(other));
        }
        58..=62 => {
            let target = board.any();
            let reference = cx.monitor(target)?.0;
            board.remember(me, |m| m.monitors = reference);
            board.did(Did::Monitor { target, reference });
        }
        63..=66 => {
            let made = board.remember(me, |m| m.monitors);
            let (reference, flush) = (1 + board.below(made + 1), board.below(2) == 0);
            let accepted = cx.demonitor(MonitorRef(reference), flush).is_ok();
            board.did(Did::Demonitor { reference, flush, accepted });
        }
        67..=68 => {
            let target = board.any();
            cx.kill(target)?;
            let itself = target == me;
            board.did(if itself { Did::EndItself(ExitReason::Killed) } else { Did::Kill(target) });
            return Ok(!itself);
        }
        69..=72 => return exit(cx, board),
        73..=74 => {
            let reason = reason(board);
            cx.stop(reason);
            board.did(Did::Stop(reason.into()));
        }
        75..=76 if *input == Input::Start => {
            cx.ignore();
            board.did(Did::Ignore);
        }
        75..=84 => {
            let on = board.below(3) > 0;
            cx.trap_exits(on);
            board.did(Did::Trap(on));
        }
        85..=88 => names(cx, board),
        89..=95 => spawn(cx, board),
        96 => {
            // Half of the time with a name to give back.
            if board.below(2) == 0 {
                names(cx, board);
            }
            board.did(Did::Fail);
            anyhow::bail!("planned");
        }
        97 => {
            board.did(Did::Panic);
            panic!("planned");
        }
        _ => {}
    }
    Ok(true)
}

fn send(cx: &mut Context, board: &Board) {
    let (to, serial) = (board.any(), board.serial());
    let answer = cx.send(to, &serial);
    board.did(Did::Send { to, serial, answer });
}

fn ask(cx: &mut Context, board: &Board) -> Result<()> {
    let (to, serial) = (board.any(), board.serial());
    let timeout = Duration::from_millis(1 + board.below(20));
    let deadline = cx.now() + timeout;
    let answer = cx.ask(to, &serial, timeout).map(|c| c.0);
    board.did(Did::Ask { to, serial, deadline, answer });
    Ok(())
}

/// One of the requests it got, also one that it answered; seldom another's.
fn reply(cx: &mut Context, board: &Board) {
    let held = board.remember(cx.me(), |m| m.requests.clone());
    if held.is_empty() {
        return;
    }
    let request = held[board.below(held.len() as u64) as usize];
    let serial = board.serial();
    let accepted = cx.reply_to(request, serial).is_ok();
    board.did(Did::Reply { request: (request.from, request.correlation.0), serial, accepted });
}

fn timer(cx: &mut Context, board: &Board) -> Result<()> {
    let after = Duration::from_millis(board.below(8));
    let interval = board.below(4) == 0 && !after.is_zero();
    let id = if interval { cx.set_interval(after, 0)? } else { cx.set_timer(after, 0)? }.0;
    board.remember(cx.me(), |m| m.timers = id);
    let period = if interval { after.as_nanos() as u64 } else { 0 };
    board.did(Did::Arm { id, deadline: cx.now() + after, period });
    Ok(())
}

fn cancel(cx: &mut Context, board: &Board) {
    let made = board.remember(cx.me(), |m| m.timers);
    let id = board.below(made + 2);
    let answer = cx.cancel_timer(TimerId(id));
    board.did(Did::Cancel { id, answer });
}

fn exit(cx: &mut Context, board: &Board) -> Result<bool> {
    let (to, reason) = (board.any(), reason(board));
    cx.exit(to, reason)?;
    if to != cx.me() {
        board.did(Did::Exit { to, reason: reason.into() });
        return Ok(true);
    }
    board.did(Did::EndItself(reason.into()));
    // Passing a refusal on is no failure any more.
    if board.below(2) == 0 {
        cx.send(to, &0u64)?;
    }
    Ok(false)
}

fn reason(board: &Board) -> Reason {
    match board.below(3) {
        0 => Reason::Normal,
        1 => Reason::Shutdown,
        _ => Reason::Failed(HandlerCode(7)),
    }
}

fn names(cx: &mut Context, board: &Board) {
    if board.below(3) == 0 {
        let accepted = cx.unregister().is_ok();
        return board.did(Did::Unregister { accepted });
    }
    let name = NAMES[board.below(NAMES.len() as u64) as usize];
    let accepted = cx.register(name).is_ok();
    board.did(Did::Register { name, accepted });
}

fn spawn(cx: &mut Context, board: &Board) {
    let flags = SpawnFlags(board.below(8) as u32);
    let name = (board.below(3) == 0).then(|| NAMES[board.below(NAMES.len() as u64) as usize]);
    let options = SpawnOptions { register: name.map(str::to_owned), flags, ..SpawnOptions::default() };
    let answer = cx.spawn_shared(options, Arc::new(behave(board)));
    let reference = answer.ok().and_then(|a| a.1).map(|r| r.0);
    if let Some(reference) = reference {
        board.remember(cx.me(), |m| m.monitors = reference);
    }
    let answer = answer.map(|a| a.0);
    if let Ok(pid) = answer {
        board.know(pid);
    }
    board.did(Did::Spawn { answer, flags, reference, name });
}
