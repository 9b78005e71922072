//! An actor that does anything an actor can do, as its own random stream says.

use seedbed_core::abi::store;
use seedbed_core::{
    Actor, Bytes, Context, Correlation, ExitReason, Factory, HandlerCode, Level, Limited, Limits,
    MailboxPolicy, MonitorRef, Permissions, Pid, Reason, Request, Result, Signal, SpawnFlags, SpawnOptions,
    StopCode, TimerId, WithArgs,
};
use std::sync::Arc;
use std::time::Duration;

/// Pids that agents know of each other.
#[derive(Default)]
pub(crate) struct Known(Vec<Pid>);

/// Acts a few times at every turn, for so many turns.
pub(crate) struct Agent {
    left: u32,
    held: Vec<Request>,
    timers: Vec<TimerId>,
    monitors: Vec<MonitorRef>,
    last: Option<Correlation>,
}

/// What agents are sent: anything.
pub(crate) type Poke = Bytes;

pub(crate) fn agent(left: u32) -> Agent {
    Agent { left, held: Vec::new(), timers: Vec::new(), monitors: Vec::new(), last: None }
}

/// The kinds of agent that agents spawn.
fn kinds(n: u64) -> Arc<dyn Factory> {
    let made = WithArgs(|args: &[u8]| {
        anyhow::ensure!(args.first() != Some(&0), "an agent that does not start");
        Ok(agent(args.len() as u32))
    });
    let policy = [MailboxPolicy::Refuse, MailboxPolicy::DropOldest, MailboxPolicy::DropNewest];
    let limits =
        Limits { mailbox_count: 2, policy: policy[(n % 3) as usize], log_max: 7, ..Limits::default() };
    if n.is_multiple_of(2) {
        Arc::new(made)
    } else {
        Arc::new(Limited { factory: made, limits, permissions: Permissions::default() })
    }
}

impl Agent {
    fn act(&mut self, cx: &mut Context) -> Result<()> {
        if self.left == 0 {
            return Ok(());
        }
        self.left -= 1;
        for _ in 0..cx.random_u64() % 4 {
            self.act_once(cx)?;
        }
        Ok(())
    }

    /// Somebody: known, a name, or nobody.
    fn somebody(cx: &mut Context) -> Pid {
        let n = cx.random_u64();
        let known = cx.local::<Known>().expect("the test keeps it").0.clone();
        match n % 8 {
            0 => Pid::NOBODY,
            1 => cx.address(["a", "b", "x0", "x1"][(n / 8 % 4) as usize]).expect("a name"),
            2 => cx.me(),
            _ => known.get((n / 8) as usize % known.len().max(1)).copied().unwrap_or_default(),
        }
    }

    /// Refusals are part of it.
    fn act_once(&mut self, cx: &mut Context) -> Result<()> {
        let (n, to) = (cx.random_u64(), Agent::somebody(cx));
        let short = Duration::from_micros(n >> 8 & 0x7f);
        let bytes = vec![n as u8; (n >> 16 & 0x7f) as usize];
        match n & 0x1f {
            0..=4 => drop(cx.send_tagged(to, n >> 32, &bytes)),
            5..=8 => self.last = cx.ask_tagged(to, 1, &bytes, short).ok(),
            9 | 10 => self.timers.extend(cx.set_timer(short, n).ok()),
            11 => self.timers.extend(cx.set_interval(short + Duration::from_micros(20), n).ok()),
            12 | 13 => {
                if let Some(timer) = self.timers.pop() {
                    cx.cancel_timer(timer);
                }
            }
            14..=16 => self.spawn(cx, n, bytes),
            17 => drop(cx.link(to)),
            18 => drop(cx.unlink(to)),
            19 => self.monitors.extend(cx.monitor(to).ok()),
            20 => drop(self.monitors.pop().map(|m| cx.demonitor(m, n >> 8 & 1 == 0))),
            21 => cx.trap_exits(n >> 8 & 3 != 0),
            22 => drop(cx.exit(to, Reason::Failed(HandlerCode(7)))),
            23 => drop(cx.register(["x0", "x1"][(n >> 8 & 1) as usize])),
            24 => drop(cx.unregister()),
            25 => drop(cx.store_append(&bytes)),
            26 => drop(cx.store_read()),
            27 => drop(cx.perform("later", &bytes)),
            28 => {
                let (now, unix) = (cx.now(), cx.unix_time());
                cx.observe("now", now.as_nanos() as i64);
                cx.log(Level::Debug, &format!("it is {unix}"));
            }
            29 => {
                if let Some(request) = self.held.pop() {
                    cx.reply_tagged(request, n, &bytes)?;
                }
            }
            _ => return self.end(cx, n >> 8, to),
        }
        Ok(())
    }

    fn spawn(&mut self, cx: &mut Context, n: u64, args: Vec<u8>) {
        let name = (n >> 40 & 1 == 0).then(|| format!("x{}", n >> 41 & 1));
        let options = SpawnOptions {
            register: name.clone().filter(|_| n >> 42 & 1 == 0),
            name,
            flags: SpawnFlags((n >> 43 & 7) as u32),
            args: args.into_iter().take(12).collect(),
            supervised: n >> 46 & 3 == 0,
        };
        if let Ok((pid, monitor)) = cx.spawn_shared(options, kinds(n >> 8)) {
            self.monitors.extend(monitor);
            cx.local::<Known>().expect("the test keeps it").0.push(pid);
        }
    }

    /// The rarer things: most of them end somebody.
    fn end(&mut self, cx: &mut Context, n: u64, to: Pid) -> Result<()> {
        match n & 0xf {
            0 => panic!("an agent panics"),
            1 => return Err(HandlerCode(5).into()),
            2 => cx.stop(Reason::Shutdown),
            3 => cx.exit_with(cx.me(), ExitReason::Normal)?,
            4 => drop(cx.kill(to)),
            5 => cx.set_value(vec![1]),
            6 => cx.ignore(),
            7 => cx.stop(Reason::Normal),
            _ => {}
        }
        Ok(())
    }
}

impl Actor for Agent {
    type Message = Poke;

    fn on_start(&mut self, cx: &mut Context) -> Result<()> {
        self.act(cx)
    }

    fn on_message(&mut self, cx: &mut Context, payload: Poke) -> Result<()> {
        match cx.request() {
            Some(request) if payload.len().is_multiple_of(2) => cx.reply_tagged(request, 0, &payload)?,
            request => self.held.extend(request),
        }
        self.act(cx)
    }

    fn on_signal(&mut self, cx: &mut Context, signal: Signal) -> Result<()> {
        if let Signal::Completion { outcome: Ok(bytes), .. } = &signal {
            cx.observe("records", store::Records::new(bytes).count() as i64);
        }
        self.act(cx)
    }

    fn on_stop(&mut self, cx: &mut Context, _: StopCode) -> Result<()> {
        for request in self.held.drain(..) {
            cx.reply_tagged(request, 0, b"the end")?;
        }
        Ok(())
    }
}
