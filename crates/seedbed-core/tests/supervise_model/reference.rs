//! A supervisor as OTP writes it: one thread of control that blocks where it waits.
//!
//! Nothing of the machine is used here but its plain data. What the machine defers, this one
//! simply does not receive yet.

use crate::program::{Action, Ask, show_reason};
use crate::world::{Mail, STRANGER, World};
use seedbed_abi::{ExitReason, Failure};
use seedbed_core::supervise::{
    AutoShutdown, Backoff, ChildKind, ChildSpec, Flags, Plan, Restart, Shutdown, Strategy,
};

pub(crate) struct Reference<'w> {
    world: &'w mut World,
    flags: Flags,
    template: Option<ChildSpec<()>>,
    children: Vec<Child>,
    attempts: Vec<u64>,
    /// Timers and retries given out.
    numbers: u64,
    children_made: u64,
}

struct Child {
    key: u64,
    spec: ChildSpec<()>,
    args: Option<u32>,
    status: Status,
    /// The last pid that ran.
    last: Option<u64>,
    delays: u32,
    reset: Option<u64>,
}

#[derive(Clone, Copy, PartialEq)]
enum Status {
    Down,
    Running(u64),
    Restarting { number: u64, timed: bool },
}

enum Outcome {
    Started(u64),
    Ignored,
    Failed(ExitReason),
}

/// Why the thread of control ends.
enum Halt {
    Leave(ExitReason),
    /// The same, while an instance stops that this caller asked for.
    LeaveBeside(ExitReason, u64, usize),
    /// It waits for ever.
    Stuck,
}

type Run<T = ()> = Result<T, Halt>;

/// Runs a supervisor until it exits or nothing happens any more.
pub(crate) fn run(plan: Plan<()>, world: &mut World) {
    let dynamic = plan.flags.strategy == Strategy::Dynamic;
    let mut sup = Reference {
        world,
        flags: plan.flags,
        template: dynamic.then(|| plan.children[0].clone()),
        children: Vec::new(),
        attempts: Vec::new(),
        numbers: 0,
        children_made: 0,
    };
    if !dynamic {
        for spec in plan.children {
            sup.add(spec, None);
        }
    }
    let halt = match sup.live() {
        Err(halt) => halt,
        Ok(never) => match never {},
    };
    let (reason, beside) = match halt {
        Halt::Stuck => return,
        Halt::Leave(reason) => (reason, None),
        Halt::LeaveBeside(reason, pid, caller) => (reason, Some((pid, caller))),
    };
    let left = if sup.is_dynamic() { sup.leave_dynamic(beside) } else { sup.leave_static() };
    if left.is_ok() {
        sup.world.say(format_args!("exit {}", show_reason(&reason)));
    }
}

impl Reference<'_> {
    fn live(&mut self) -> Run<std::convert::Infallible> {
        for key in self.keys() {
            let outcome = self.start(key)?;
            if let Outcome::Failed(reason) = &outcome {
                let text = format!("failed to start {}: {reason}", self.child(key).spec.id);
                self.apply(key, &outcome);
                self.interrupted()?;
                return Err(Halt::Leave(ExitReason::ShutdownWith(text.into())));
            }
            self.apply(key, &outcome);
            self.interrupted()?;
        }
        self.world.say("ready");
        loop {
            self.interrupted()?;
            let mail = self.receive(|_| true)?;
            self.handle(mail)?;
        }
    }

    fn handle(&mut self, mail: Mail) -> Run {
        match mail {
            Mail::Started(_) | Mail::Ignored(_) | Mail::Failed(..) => Ok(()),
            Mail::Exit(pid, reason) => match self.running(pid) {
                Some(key) => self.ended(key, &reason),
                None => Ok(()),
            },
            Mail::Timer(number) | Mail::Retry(number) => {
                let waits =
                    |c: &&Child| matches!(c.status, Status::Restarting { number: n, .. } if n == number);
                match self.children.iter().find(waits).map(|c| c.key) {
                    Some(key) => self.attempt(key),
                    None => Ok(()),
                }
            }
            Mail::Outside(Action::Crash(k, why)) => {
                self.world.crash(k, why);
                Ok(())
            }
            Mail::Outside(Action::Shutdown(why)) => Err(Halt::Leave(why.into())),
            Mail::Outside(Action::Call(caller, ask)) => self.call(caller, ask),
        }
    }

    // The restart decision.

    fn ended(&mut self, key: u64, reason: &ExitReason) -> Run {
        let child = self.child(key);
        let (restart, significant) = (child.spec.restart, child.spec.significant);
        let abnormal =
            !matches!(reason, ExitReason::Normal | ExitReason::Shutdown | ExitReason::ShutdownWith(_));
        if restart == Restart::Permanent || (restart == Restart::Transient && abnormal) {
            return if child.spec.backoff.is_some() { self.block(key) } else { self.attempt(key) };
        }
        self.forget_or_down(key);
        let live = self.children.iter().any(|c| c.spec.significant && c.status != Status::Down);
        let ends = match self.flags.auto_shutdown {
            AutoShutdown::Never => false,
            AutoShutdown::AnySignificant => significant,
            AutoShutdown::AllSignificant => significant && !live,
        };
        if ends { Err(Halt::Leave(ExitReason::Shutdown)) } else { Ok(()) }
    }

    fn attempt(&mut self, key: u64) -> Run {
        let now = self.world.now;
        self.attempts.push(now);
        let period = self.flags.period.as_nanos() as u64;
        // Dropped for good: a longer period set later does not bring them back.
        self.attempts.retain(|at| now - at <= period);
        let recent = self.attempts.len();
        self.world.say(format_args!("count {recent}"));
        if recent > self.flags.intensity as usize {
            self.down(key);
            return Err(Halt::Leave(ExitReason::Shutdown));
        }
        let group: Vec<u64> = match self.flags.strategy {
            Strategy::OneForOne | Strategy::Dynamic => {
                let outcome = self.start(key)?;
                return self.restarted(key, &outcome);
            }
            Strategy::OneForAll => self.keys(),
            Strategy::RestForOne => self.keys().into_iter().filter(|k| *k >= key).collect(),
        };
        self.down(key);
        for member in group.iter().rev() {
            self.stop(*member, None)?;
            self.forget_or_down(*member);
            self.interrupted()?;
        }
        for member in group {
            if self.children.iter().any(|c| c.key == member) {
                let outcome = self.start(member)?;
                self.restarted(member, &outcome)?;
                if let Outcome::Failed(_) = outcome {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    fn restarted(&mut self, key: u64, outcome: &Outcome) -> Run {
        self.apply(key, outcome);
        self.interrupted()?;
        if let Outcome::Failed(_) = outcome { self.block(key) } else { Ok(()) }
    }

    fn block(&mut self, key: u64) -> Run {
        self.down(key);
        self.numbers += 1;
        let number = self.numbers;
        let backoff = self.child(key).spec.backoff;
        if let Some(backoff) = backoff {
            let n = self.child(key).delays;
            self.child(key).delays += 1;
            let delay = delay(&backoff, n, self.world.draw());
            self.world.say(format_args!("delay n={n} {delay}"));
            self.world.arm(number, delay);
        } else {
            self.world.mailbox.push_back(Mail::Retry(number));
        }
        self.child(key).status = Status::Restarting { number, timed: backoff.is_some() };
        Ok(())
    }

    // One child.

    fn start(&mut self, key: u64) -> Run<Outcome> {
        let child = self.children.iter_mut().find(|c| c.key == key).expect("a child");
        if let Some(reset) = child.reset.take() {
            self.world.cancel(reset);
        }
        let pid = match self.world.spawn(&child.spec.id, child.args) {
            Ok(pid) => pid,
            Err(reason) => return Ok(Outcome::Failed(reason)),
        };
        let bound = child.spec.start_timeout.map(|after| {
            self.numbers += 1;
            self.world.arm(self.numbers, after.as_nanos() as u64);
            self.numbers
        });
        let mut late = false;
        let mut overdue = false;
        let outcome = loop {
            match self.receive(|mail| is_about(mail, pid) || is_timer(mail, bound))? {
                Mail::Timer(_) => {
                    overdue = true;
                    self.world.kill(pid);
                }
                Mail::Started(_) if overdue => late = true,
                Mail::Started(_) => break Outcome::Started(pid),
                Mail::Ignored(_) => break Outcome::Ignored,
                Mail::Exit(_, ExitReason::Normal) if !late => break Outcome::Ignored,
                Mail::Exit(_, ExitReason::Failed(Failure::StartFailed(reason))) => {
                    break Outcome::Failed(*reason);
                }
                Mail::Failed(_, reason) | Mail::Exit(_, reason) => break Outcome::Failed(reason),
                _ => unreachable!(),
            }
        };
        if let Some(number) = bound {
            self.world.cancel(number);
        }
        Ok(outcome)
    }

    /// Ok ends a start at whatever it came to; a failed one is down until someone says else.
    fn apply(&mut self, key: u64, outcome: &Outcome) {
        match outcome {
            Outcome::Started(pid) => {
                self.numbers += 1;
                let (number, child) = (self.numbers, self.child(key));
                child.status = Status::Running(*pid);
                child.last = Some(*pid);
                if let (Some(backoff), true) = (child.spec.backoff, child.delays > 0) {
                    child.reset = Some(number);
                    self.world.arm(number, backoff.reset_after.as_nanos() as u64);
                }
            }
            Outcome::Ignored => self.forget_or_down(key),
            Outcome::Failed(_) => self.down(key),
        }
    }

    /// Stops a child if it runs. With a caller, of a dynamic supervisor, it can be interrupted.
    fn stop(&mut self, key: u64, caller: Option<usize>) -> Run {
        let Status::Running(pid) = self.child(key).status else { return Ok(()) };
        let policy = self.child(key).spec.shutdown;
        if let Some(reset) = self.child(key).reset.take() {
            self.world.cancel(reset);
        }
        let gone = self.world.mailbox.iter().position(|m| matches!(m, Mail::Exit(p, _) if *p == pid));
        let reason = match gone.and_then(|at| self.world.mailbox.remove(at)) {
            Some(Mail::Exit(_, reason)) => reason,
            _ => self.stop_running(pid, policy, caller)?,
        };
        self.report(key, &reason);
        Ok(())
    }

    fn stop_running(&mut self, pid: u64, policy: Shutdown, caller: Option<usize>) -> Run<ExitReason> {
        self.world.monitor(pid);
        let timer = match policy {
            Shutdown::Brutal => {
                self.world.kill(pid);
                None
            }
            Shutdown::Infinity => {
                self.world.shutdown(pid);
                None
            }
            Shutdown::After(after) => {
                self.world.shutdown(pid);
                self.numbers += 1;
                self.world.arm(self.numbers, after.as_nanos() as u64);
                Some(self.numbers)
            }
        };
        let yields = self.is_dynamic();
        loop {
            let wanted = |mail: &Mail| {
                matches!(mail, Mail::Exit(p, _) if *p == pid)
                    || is_timer(mail, timer)
                    || (yields && matches!(mail, Mail::Outside(Action::Shutdown(_))))
            };
            match self.receive(wanted)? {
                Mail::Timer(_) => self.world.kill(pid),
                Mail::Outside(Action::Shutdown(why)) => {
                    timer.into_iter().for_each(|number| self.world.cancel(number));
                    return Err(Halt::LeaveBeside(why.into(), pid, caller.expect("calls only")));
                }
                Mail::Exit(_, reason) => {
                    timer.into_iter().for_each(|number| self.world.cancel(number));
                    return Ok(reason);
                }
                _ => unreachable!(),
            }
        }
    }

    fn report(&mut self, key: u64, reason: &ExitReason) {
        let spec = &self.child(key).spec;
        let expected = match (spec.shutdown, reason) {
            (Shutdown::Brutal, ExitReason::Killed) => true,
            (Shutdown::After(_) | Shutdown::Infinity, ExitReason::Shutdown) => true,
            (_, ExitReason::Normal | ExitReason::Shutdown | ExitReason::ShutdownWith(_)) => {
                spec.restart != Restart::Permanent
            }
            _ => false,
        };
        if !expected {
            self.world.say(format_args!("odd {}", show_reason(reason)));
        }
    }

    // The end.

    fn leave_static(&mut self) -> Run {
        for key in self.keys().into_iter().rev() {
            self.stop(key, None)?;
        }
        Ok(())
    }

    fn leave_dynamic(&mut self, beside: Option<(u64, usize)>) -> Run {
        let policy = self.template.as_ref().expect("a template").shutdown;
        let mut left = Vec::new();
        for key in self.keys() {
            let Status::Running(pid) = self.child(key).status else { continue };
            let gone = self.world.mailbox.iter().find(|m| matches!(m, Mail::Exit(p, _) if *p == pid));
            if let Some(Mail::Exit(_, reason)) = gone.cloned() {
                self.report(key, &reason);
                if let Some((stopping, caller)) = beside
                    && stopping == pid
                {
                    self.world.say(format_args!("reply {caller} done"));
                }
                continue;
            }
            left.push(pid);
            if beside.is_some_and(|(stopping, _)| stopping == pid) {
                continue;
            }
            self.world.monitor(pid);
            if policy == Shutdown::Brutal { self.world.kill(pid) } else { self.world.shutdown(pid) }
        }
        self.numbers += 1;
        let timer = Some(self.numbers);
        if let (Shutdown::After(after), false) = (policy, left.is_empty()) {
            self.world.arm(self.numbers, after.as_nanos() as u64);
        }
        while !left.is_empty() {
            let wanted = |m: &Mail| matches!(m, Mail::Exit(p, _) if left.contains(p)) || is_timer(m, timer);
            match self.receive(wanted)? {
                Mail::Exit(pid, reason) => {
                    left.retain(|p| *p != pid);
                    let key = self.running(pid).expect("an instance");
                    self.report(key, &reason);
                    if let Some((stopping, caller)) = beside
                        && stopping == pid
                    {
                        self.world.say(format_args!("reply {caller} done"));
                    }
                }
                _ => left.iter().for_each(|pid| self.world.kill(*pid)),
            }
        }
        Ok(())
    }

    // Calls.

    fn call(&mut self, caller: usize, ask: Ask) -> Run {
        let known =
            |sup: &Self, id: &str| sup.children.iter().find(|c| &*c.spec.id == id).map(|c| (c.key, c.status));
        let dynamic = self.is_dynamic();
        let answer = match ask {
            Ask::Start(_) | Ask::Restart(_) | Ask::Delete(_) | Ask::Stop(_) if dynamic => "dynamic".into(),
            Ask::StopPid { .. } | Ask::Instance(_) if !dynamic => "not dynamic".into(),
            Ask::Start(spec) => match known(self, &spec.id) {
                Some((_, Status::Running(pid))) => format!("already started {pid}"),
                Some(_) => "already present".into(),
                None => {
                    let key = self.add(spec, None);
                    return self.start_for(caller, key, true);
                }
            },
            Ask::Instance(args) => {
                let key = self.add(self.template.clone().expect("a template"), Some(args));
                return self.start_for(caller, key, true);
            }
            Ask::Restart(id) => match known(self, &id) {
                None => "not found".into(),
                Some((_, Status::Running(_))) => "running".into(),
                Some((_, Status::Restarting { .. })) => "restarting".into(),
                Some((key, Status::Down)) => return self.start_for(caller, key, false),
            },
            Ask::Delete(id) => match known(self, &id) {
                None => "not found".into(),
                Some((_, Status::Running(_))) => "running".into(),
                Some((_, Status::Restarting { .. })) => "restarting".into(),
                Some((key, Status::Down)) => {
                    self.children.retain(|c| c.key != key);
                    "done".into()
                }
            },
            Ask::Stop(id) => match known(self, &id) {
                None => "not found".into(),
                Some((key, _)) => return self.stop_for(caller, key),
            },
            Ask::StopPid { pid, .. } => {
                let named = |c: &&Child| {
                    c.status == Status::Running(pid) || (c.status != Status::Down && c.last == Some(pid))
                };
                match self.children.iter().find(named).map(|c| c.key) {
                    Some(key) => return self.stop_for(caller, key),
                    None if pid == STRANGER => "not found".into(),
                    None => "done".into(),
                }
            }
            Ask::Children => {
                let line = |c: &Child| match c.status {
                    Status::Running(pid) => format!("{} {pid}", c.spec.id),
                    Status::Restarting { .. } => format!("{} restarting", c.spec.id),
                    Status::Down => format!("{} down", c.spec.id),
                };
                self.children.iter().rev().map(line).collect::<Vec<_>>().join(", ")
            }
            Ask::Counts => {
                let all = self.children.len();
                let active = self.children.iter().filter(|c| matches!(c.status, Status::Running(_))).count();
                let sups = self.children.iter().filter(|c| c.spec.kind == ChildKind::Supervisor).count();
                format!("{} {active} {sups} {}", if dynamic { 1 } else { all }, all - sups)
            }
            Ask::Change(plan) => self.change(plan),
        };
        self.world.say(format_args!("reply {caller} {answer}"));
        Ok(())
    }

    fn start_for(&mut self, caller: usize, key: u64, added: bool) -> Run {
        let outcome = self.start(key)?;
        self.apply(key, &outcome);
        let answer = match &outcome {
            Outcome::Started(pid) => format!("started {pid}"),
            Outcome::Ignored => "ignored".into(),
            Outcome::Failed(reason) => format!("failed {}", show_reason(reason)),
        };
        if added && matches!(outcome, Outcome::Failed(_)) {
            self.children.retain(|c| c.key != key);
        }
        self.world.say(format_args!("reply {caller} {answer}"));
        Ok(())
    }

    fn stop_for(&mut self, caller: usize, key: u64) -> Run {
        self.stop(key, Some(caller))?;
        self.forget_or_down(key);
        self.world.say(format_args!("reply {caller} done"));
        Ok(())
    }

    fn change(&mut self, plan: Plan<()>) -> String {
        if (plan.flags.strategy == Strategy::Dynamic) != self.is_dynamic() {
            return "refused".into();
        }
        self.flags = plan.flags;
        for spec in plan.children {
            let keys: Vec<u64> = if self.is_dynamic() {
                self.template = Some(spec.clone());
                self.keys()
            } else {
                self.children.iter().filter(|c| c.spec.id == spec.id).map(|c| c.key).collect()
            };
            if keys.is_empty() && !self.is_dynamic() {
                self.add(spec.clone(), None);
            }
            for key in keys {
                self.child(key).spec = spec.clone();
                if matches!(self.child(key).status, Status::Restarting { .. }) {
                    self.child(key).delays = 0;
                    self.down(key);
                    if spec.restart != Restart::Temporary {
                        self.numbers += 1;
                        let number = self.numbers;
                        self.child(key).status = Status::Restarting { number, timed: false };
                        self.world.mailbox.push_back(Mail::Retry(number));
                    } else if self.is_dynamic() {
                        self.children.retain(|c| c.key != key);
                    }
                }
            }
        }
        "done".into()
    }

    // Small things.

    /// Waits for the first mail that is wanted, and leaves the rest where it is.
    fn receive(&mut self, wanted: impl Fn(&Mail) -> bool) -> Run<Mail> {
        loop {
            // A crash is not mail: it happens, whoever waits.
            if let Some(at) =
                self.world.mailbox.iter().position(|m| matches!(m, Mail::Outside(Action::Crash(..))))
                && let Some(Mail::Outside(Action::Crash(k, why))) = self.world.mailbox.remove(at)
            {
                self.world.crash(k, why);
            } else if let Some(at) = self.world.mailbox.iter().position(|m| self.is_reset(m)) {
                self.lived_long(at);
            } else if let Some(at) = self.world.mailbox.iter().position(&wanted) {
                return Ok(self.world.mailbox.remove(at).expect("it is there"));
            } else if !self.world.step() {
                return Err(Halt::Stuck);
            }
        }
    }

    fn is_reset(&self, mail: &Mail) -> bool {
        self.children.iter().any(|c| c.reset.is_some() && is_timer(mail, c.reset))
    }

    /// The mail at this place says that a child lived for long; it did unless it died before.
    fn lived_long(&mut self, at: usize) {
        let before: Vec<Mail> = self.world.mailbox.range(..at).cloned().collect();
        let Some(Mail::Timer(number)) = self.world.mailbox.remove(at) else { unreachable!() };
        let child = self.children.iter_mut().find(|c| c.reset == Some(number)).expect("asked before");
        child.reset = None;
        let died = |mail: &Mail| matches!(mail, Mail::Exit(pid, _) if child.status == Status::Running(*pid));
        if !before.iter().any(died) {
            child.delays = 0;
        }
    }

    /// A shutdown that came meanwhile goes before everything else.
    fn interrupted(&mut self) -> Run {
        let wants = |m: &Mail| match m {
            Mail::Outside(Action::Shutdown(why)) => Some(*why),
            _ => None,
        };
        match self.world.mailbox.iter().find_map(wants) {
            Some(why) => Err(Halt::Leave(why.into())),
            None => Ok(()),
        }
    }

    fn add(&mut self, spec: ChildSpec<()>, args: Option<u32>) -> u64 {
        self.children_made += 1;
        let key = self.children_made;
        self.children.push(Child {
            key,
            spec,
            args,
            status: Status::Down,
            last: None,
            delays: 0,
            reset: None,
        });
        key
    }

    fn down(&mut self, key: u64) {
        let child = self.children.iter_mut().find(|c| c.key == key).expect("a child");
        if let Status::Restarting { number, timed: true } = child.status {
            self.world.cancel(number);
        }
        if let Some(reset) = child.reset.take() {
            self.world.cancel(reset);
        }
        child.status = Status::Down;
    }

    fn forget_or_down(&mut self, key: u64) {
        self.down(key);
        if self.is_dynamic() || self.child(key).spec.restart == Restart::Temporary {
            self.children.retain(|c| c.key != key);
        }
    }

    fn running(&self, pid: u64) -> Option<u64> {
        self.children.iter().find(|c| c.status == Status::Running(pid)).map(|c| c.key)
    }

    fn child(&mut self, key: u64) -> &mut Child {
        self.children.iter_mut().find(|c| c.key == key).expect("a child")
    }

    fn keys(&self) -> Vec<u64> {
        self.children.iter().map(|c| c.key).collect()
    }

    fn is_dynamic(&self) -> bool {
        self.template.is_some()
    }
}

fn is_about(mail: &Mail, pid: u64) -> bool {
    match mail {
        Mail::Started(p) | Mail::Ignored(p) | Mail::Failed(p, _) | Mail::Exit(p, _) => *p == pid,
        _ => false,
    }
}

fn is_timer(mail: &Mail, number: Option<u64>) -> bool {
    matches!(mail, Mail::Timer(n) if Some(*n) == number)
}

/// min(max, min · factorⁿ), one factor at a time; then jitter.
fn delay(backoff: &Backoff, n: u32, random: u64) -> u64 {
    let max = backoff.max.as_nanos() as u64;
    let base = (0..n).fold(backoff.min.as_nanos() as u64, |d, _| (d * u64::from(backoff.factor)).min(max));
    let most = base * u64::from(backoff.jitter_permille) / 1000;
    base + (u128::from(most) * u128::from(random) / (1 << 64)) as u64
}
