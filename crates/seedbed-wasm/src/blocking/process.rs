//! A guest that waits, as a behaviour of the kernel.

use super::store::{Data, Handles, account, out, suspend};
use super::turn::{Turn, Wait, Woken, poll};
use crate::dialect::lunatic::{self, Lunatic};
use crate::dialect::wasi::{self, Invocation, Wasi};
use crate::dialect::{Before, before};
use crate::engine::engine;
use crate::growth::Growth;
use crate::host::Stop;
use crate::limits::WasmLimits;
use crate::memory::with_room;
use crate::module::Module;
use crate::rewrite::{FUEL, MEMORY, OUT, STACK, entry};
use crate::trap::{self, Circumstances};
use seedbed_abi::{Envelope, ExitReason, Failure, Flags, StopCode, TimerId};
use seedbed_core::{Behaviour, Context, Failed, Want};
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Poll, Waker};
use std::time::Duration;
use wasmtime::{Caller, Func, Instance, Ref, Store, Val};

/// What a guest that waits is made of.
pub(crate) struct Plan {
    pub(crate) module: Module,
    pub(crate) limits: WasmLimits,
    pub(crate) wasi: Wasi,
    /// Of a process of that dialect.
    pub(crate) lunatic: Option<Lunatic>,
    /// What is called once the start is done.
    pub(crate) call: Invocation,
    /// How long the life may take.
    pub(crate) max_execution: Option<Duration>,
}

/// How the future of a life ends.
enum Ended {
    /// What was called came back with this.
    Returned(Vec<u8>),
    /// The guest exited.
    Exited(i32),
    /// The actor ended itself by a wish (rule T4).
    Itself,
    Failed(Failed),
}

/// One life of a guest that waits.
pub(crate) struct Process {
    /// Owns the store; gone when it has ended.
    life: Option<Pin<Box<dyn Future<Output = Ended>>>>,
    max_execution: Option<Duration>,
    deadline: Option<TimerId>,
    started: bool,
}

impl Process {
    pub(crate) fn new(plan: Plan) -> Process {
        let max_execution = plan.max_execution;
        Process { life: Some(Box::pin(live(plan))), max_execution, deadline: None, started: false }
    }

    /// Goes on with the guest until it waits or ends.
    fn poll(&mut self, cx: &mut Context<'_>, woken: Woken) -> Result<(), Failed> {
        let Some(life) = &mut self.life else { return Ok(()) };
        let mut task = std::task::Context::from_waker(Waker::noop());
        let (result, turn) = poll(&mut *cx, woken, || life.as_mut().poll(&mut task));
        cx.set_fuel_used(turn.fuel);
        if turn.started {
            self.started = true;
            cx.start_done();
        }
        match result {
            Poll::Pending => {
                self.wait(cx, turn);
                Ok(())
            }
            Poll::Ready(ended) => {
                self.life = None;
                end(cx, ended)
            }
        }
    }

    fn wait(&self, cx: &mut Context<'_>, turn: Turn) {
        let mut wants = match turn.wait.expect("a guest is suspended by a wait only") {
            Wait::Applied => return cx.apply_now(),
            Wait::Yield => {
                cx.go_on();
                Vec::new()
            }
            Wait::Spin => {
                cx.go_on_later();
                Vec::new()
            }
            Wait::For(wants) => wants,
        };
        wants.extend(turn.timers.then_some(Want::AnyTimer));
        wants.extend(self.deadline.map(|id| Want::Timer(id.0)));
        cx.wait_for(&wants);
    }
}

fn end(cx: &mut Context<'_>, ended: Ended) -> Result<(), Failed> {
    match ended {
        Ended::Returned(value) => cx.set_value(value),
        Ended::Itself => return Ok(()),
        Ended::Exited(0) => {}
        Ended::Exited(code) => return Err(Failure::ExitCode(code).into()),
        Ended::Failed(failed) => return Err(failed),
    }
    let me = cx.me();
    cx.exit_with(me, ExitReason::Normal).expect("no turn but the last of a life refuses its own exit");
    Ok(())
}

impl Behaviour for Process {
    fn start(&mut self, cx: &mut Context<'_>) -> Result<(), Failed> {
        if let Some(within) = self.max_execution {
            let limit = |_| Failed::from(Failure::Protocol("no timer is left for `max_execution`".into()));
            self.deadline = Some(cx.set_timer(within, 0).map_err(limit)?);
        }
        cx.defer_start();
        self.poll(cx, Woken::GoOn)
    }

    fn deliver(&mut self, cx: &mut Context<'_>, envelope: &Envelope, payload: &[u8]) -> Result<(), Failed> {
        let deadline = self.deadline.is_some_and(|id| id.0 == envelope.correlation);
        if envelope.flags == Flags::TIMER && deadline {
            return Err(Failure::Protocol("it took longer than its `max_execution`".into()).into());
        }
        self.poll(cx, Woken::Signal(*envelope, payload.to_vec()))
    }

    fn go_on(&mut self, cx: &mut Context<'_>) -> Result<(), Failed> {
        self.poll(cx, Woken::GoOn)
    }

    fn resume(&mut self, cx: &mut Context<'_>) -> Result<(), Failed> {
        self.poll(cx, Woken::GoOn)
    }

    /// No instruction of it runs any more.
    fn stop(&mut self, _: &mut Context<'_>, _: StopCode) -> Result<(), Failed> {
        self.life = None;
        Ok(())
    }
}

/// A whole life.
async fn live(plan: Plan) -> Ended {
    let Plan { module, limits, wasi, lunatic, call, .. } = plan;
    // One table is ours.
    let tables = (limits.tables_max as usize).max(1);
    let growth = Growth { max: limits.memory(), tables, ..Growth::default() };
    let mut data = Data::new(growth, wasi, (limits.slice(), limits.fuel_max));
    data.lunatic = lunatic.map(Box::new);
    let mut store = Store::new(engine(), data);
    store.limiter(|data| data);
    let result = run(&mut store, &module, &limits, &call).await;
    let accounted = if store.data().handles.is_some() { account(&mut store) } else { Ok(()) };
    store.data_mut().wasi.flush();
    let result = match accounted {
        Ok(()) => result,
        Err(stop) => Err(stop.into()),
    };
    let error = match result {
        Ok(value) => return Ended::Returned(value),
        Err(error) => error,
    };
    if let Some(Stop::Exit(code)) = error.downcast_ref::<Stop>() {
        return Ended::Exited(*code);
    }
    let growth_refused = store.data().growth.refused;
    match trap::ended(&error, &Circumstances { halt: None, growth_refused }) {
        trap::Ended::Itself => Ended::Itself,
        trap::Ended::Failed(failed) if store.data().lunatic.is_some() => Ended::Failed(named(failed)),
        trap::Ended::Failed(failed) => Ended::Failed(failed),
    }
}

/// A failure with the names that the process is registered under.
fn named(failed: Failed) -> Failed {
    let names = super::with_turn(|turn| lunatic::names(turn.cx()));
    if names.is_empty() {
        return failed;
    }
    let names = format!("registered as {}", names.join(", "));
    let (failure, detail) = failed.into_parts();
    Failed::new(failure, detail.map_or_else(|| names.clone(), |detail| format!("{names}: {detail}")))
}

async fn run(
    store: &mut Store<Data>,
    module: &Module,
    limits: &WasmLimits,
    call: &Invocation,
) -> wasmtime::Result<Vec<u8>> {
    let instance = instantiate(store, module, limits).await?;
    wasi::open_mounts(store).await?;
    let slice = limits.slice();
    for hook in before(&instance, store)?.iter().flatten() {
        let hook: &Before = hook;
        hook.call_async(&mut *store, slice).await?;
        account(&mut *store)?;
    }
    super::with_turn(|turn| turn.started = true);
    if let Some(lunatic) = &mut store.data_mut().lunatic {
        lunatic.initialized();
    }
    suspend(store, Wait::Yield).await?;
    let function = instance.get_func(&mut *store, &entry(&call.export)).expect("checked with the module");
    let mut arguments = vec![Val::I64(slice)];
    arguments.extend(call.arguments.iter().copied());
    let mut results = vec![Val::I64(0); call.results.len() + 1];
    function.call_async(&mut *store, &arguments, &mut results).await?;
    results.pop();
    Ok(Invocation::value_of(&results))
}

async fn instantiate(
    store: &mut Store<Data>,
    module: &Module,
    limits: &WasmLimits,
) -> wasmtime::Result<Instance> {
    let instance = {
        // It comes back at its first poll: no code of the guest runs.
        let mut made = pin!(module.waiting().instantiate_async(&mut *store));
        poll_fn(move |task| with_room(limits.memory(), || made.as_mut().poll(task)).0).await?
    };
    let global =
        |store: &mut Store<Data>, name| instance.get_global(store, name).expect("the rewriting exports it");
    let (fuel, stack) = (global(store, FUEL), global(store, STACK));
    let memory = match &store.data().lunatic {
        Some(_) => instance.get_memory(&mut *store, seedbed_abi::dialect::MEMORY),
        None => instance.get_memory(&mut *store, MEMORY),
    };
    stack.set(&mut *store, Val::I64(limits.stack()))?;
    fuel.set(&mut *store, Val::I64(limits.slice()))?;
    store.data_mut().handles = Some(Handles { fuel, stack, memory });
    let host = Func::wrap_async(&mut *store, |mut caller: Caller<'_, Data>, (): ()| {
        Box::new(async move { out(&mut caller).await })
    });
    let table = instance.get_table(&mut *store, OUT).expect("the rewriting exports it");
    table.set(&mut *store, 0, Ref::Func(Some(host)))?;
    Ok(instance)
}
