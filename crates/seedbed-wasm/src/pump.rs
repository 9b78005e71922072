//! Entering WebAssembly once for many turns.
//!
//! wasmtime takes longer to enter a store than most guests take for a message. All guests of an arena are
//! in one store, so a loop in WebAssembly, in an instance of its own, can call their handlers one after
//! the other: `next`, its one import, ends the turn that ran and begins the one that the kernel says
//! is next. A guest that traps takes the loop with it; then it is entered again.
//!
//! Only what is a plain call of a handler goes this way: a signal for the `seedbed` dialect that fits the
//! room that its guest gave. Everything else the kernel calls itself.

use crate::actor::{Running, stopped};
use crate::arena::{Guest, Shared};
use crate::dialect::{self, Handler, Room, seedbed};
use crate::engine::engine;
use crate::growth::Growth;
use crate::host::{Host, Spent, write};
use seedbed_abi::{ENVELOPE_LEN, Failure};
use seedbed_core::{Delivered, Failed, Hook, Pump, Turns};
use std::marker::PhantomData;
use std::ptr::NonNull;
use std::sync::LazyLock;
use wasm_encoder::{
    BlockType, CodeSection, EntityType, ExportKind, ExportSection, Function, FunctionSection, ImportSection,
    Instruction as I, Module, RefType, TableSection, TableType, TypeSection, ValType,
};
use wasmtime::{Caller, Global, InstancePre, Linker, Ref, Store, Table, TypedFunc};

/// What a handler is called with: fuel, where its envelope is, how long the payload behind that is, and
/// where in the table the handler is, or [`NOBODY`].
type Args = (i64, u32, u32, u32);

/// No handler is to be called.
const NOBODY: u32 = u32::MAX;
const NONE: Args = (0, 0, 0, NOBODY);

/// The loop in a store.
pub(crate) struct Looped {
    run: TypedFunc<Args, ()>,
    handlers: Table,
}

impl Looped {
    /// A loop for the guests of this store.
    ///
    /// # Errors
    /// If it cannot be instantiated.
    pub(crate) fn new(store: &mut Store<Host>) -> wasmtime::Result<Looped> {
        let instance = prepared().instantiate(&mut *store)?;
        let run = instance.get_typed_func(&mut *store, "run")?;
        let handlers = instance.get_table(&mut *store, "handlers").expect("it exports its table");
        Ok(Looped { run, handlers })
    }

    /// Takes a guest's handler into the table, and makes its entry; gives where both are.
    ///
    /// # Errors
    /// If the table cannot grow.
    pub(crate) fn add(&self, store: &mut Store<Host>, guest: &Guest) -> wasmtime::Result<u32> {
        let dialect::Hooks::Seedbed(hooks) = &guest.hooks else {
            unreachable!("no other dialect has room for messages that are plain calls")
        };
        store.data_mut().growth.tables = NOBODY as usize;
        let at = self.handlers.grow(&mut *store, 1, Ref::Func(Some(*hooks.on_message.func())));
        let host = store.data_mut();
        host.growth.tables = 0;
        let at = at?;
        assert_eq!(at, host.entries.len() as u64, "every handler has an entry");
        host.entries.push(Entry::new(guest));
        Ok(u32::try_from(at).expect("a table is shorter than 2^32"))
    }
}

/// The module of the loop with its import.
fn prepared() -> &'static InstancePre<Host> {
    static PREPARED: LazyLock<InstancePre<Host>> = LazyLock::new(|| {
        let module = wasmtime::Module::new(engine(), code()).expect("the loop is a module");
        let mut linker = Linker::new(engine());
        linker
            .func_wrap("pump", "next", |mut caller: Caller<'_, Host>, code: i32, left: i64| -> Args {
                next(caller.data_mut(), code, left)
            })
            .expect("it is the only one");
        linker.instantiate_pre(&module).expect("it has all that it imports")
    });
    &PREPARED
}

/// Calls a handler, asks for the next, and calls that, until there is none.
fn code() -> Vec<u8> {
    let (i32, i64) = (ValType::I32, ValType::I64);
    let args = [i64, i32, i32, i32];
    let [handler, next, run] = [0, 1, 2];
    let mut types = TypeSection::new();
    types.ty().function(args, [i32, i64]);
    types.ty().function([i32, i64], args);
    types.ty().function(args, []);
    let mut imports = ImportSection::new();
    imports.import("pump", "next", EntityType::Function(next));
    let mut functions = FunctionSection::new();
    functions.function(run);
    let mut tables = TableSection::new();
    let element_type = RefType::FUNCREF;
    tables.table(TableType { element_type, minimum: 0, maximum: None, table64: false, shared: false });
    let mut exports = ExportSection::new();
    exports.export("run", ExportKind::Func, 1).export("handlers", ExportKind::Table, 0);
    let [fuel, envelope, len, at] = [0, 1, 2, 3];
    let mut f = Function::new([]);
    f.instruction(&I::Loop(BlockType::Empty));
    f.instruction(&I::LocalGet(fuel)).instruction(&I::LocalGet(envelope));
    f.instruction(&I::LocalGet(envelope)).instruction(&I::I32Const(ENVELOPE_LEN as i32));
    f.instruction(&I::I32Add).instruction(&I::LocalGet(len)).instruction(&I::LocalGet(at));
    f.instruction(&I::CallIndirect { type_index: handler, table_index: 0 });
    f.instruction(&I::Call(0));
    f.instruction(&I::LocalSet(at)).instruction(&I::LocalSet(len));
    f.instruction(&I::LocalSet(envelope)).instruction(&I::LocalSet(fuel));
    f.instruction(&I::LocalGet(at)).instruction(&I::I32Const(NOBODY as i32)).instruction(&I::I32Ne);
    f.instruction(&I::BrIf(0)).instruction(&I::End).instruction(&I::End);
    let mut code = CodeSection::new();
    code.function(&f);
    let mut module = Module::new();
    module.section(&types).section(&imports).section(&functions).section(&tables);
    module.section(&exports).section(&code);
    module.finish()
}

/// What of a guest is needed to call its handler: one cache line, so that nothing else of the actor is
/// looked at between two turns.
#[repr(align(64))]
pub(crate) struct Entry {
    memory: NonNull<u8>,
    /// Size of the memory, in bytes.
    len: usize,
    memory_max: usize,
    fuel: i64,
    counter: Global,
    room: Room,
}

#[expect(unsafe_code, reason = "wasmtime wants a limiter that could go to another thread")]
// SAFETY: an entry is used through the store that it is in, while `Pumping` borrows that.
unsafe impl Send for Entry {}

impl Entry {
    fn new(guest: &Guest) -> Entry {
        let (memory, len) = guest.memory();
        Entry { memory, len, memory_max: 0, fuel: 0, counter: guest.fuel, room: Room::default() }
    }

    /// Notes how large the guest's memory is now, and what room it gives.
    #[inline]
    pub(crate) fn note(&mut self, len: usize, room: Room) {
        (self.len, self.room) = (len, room);
    }
}

/// The turns that a store's loop goes through.
pub(crate) struct Batch {
    /// Lent for as long as this is in the store, see [`Pumping`].
    turns: NonNull<dyn Turns>,
    /// Whose loop it is.
    pump: usize,
}

#[expect(unsafe_code, reason = "wasmtime wants a limiter that could go to another thread")]
// SAFETY: a batch is in a store only while `Pumping` borrows that store, which cannot go to another
// thread, since it holds (as a marker) the borrow of what is not `Send`.
unsafe impl Send for Batch {}

/// A batch in a store: from its beginning until this is dropped, the store's loop finds its turns.
struct Pumping<'a> {
    store: &'a mut Store<Host>,
    _turns: PhantomData<&'a mut dyn Turns>,
}

impl<'a> Pumping<'a> {
    /// Puts the turns and the first call into the store; gives that call's arguments.
    fn new(store: &'a mut Store<Host>, turns: &'a mut dyn Turns, pump: usize) -> (Pumping<'a>, Args) {
        let mut turns = NonNull::from(turns);
        #[expect(unsafe_code, reason = "a store's data cannot name the lifetime of a batch")]
        // SAFETY: only the lifetime changes. `Pumping` holds the borrow, and takes the pointer out of the
        // store when it goes.
        let lent = unsafe { std::mem::transmute::<NonNull<dyn Turns + 'a>, NonNull<dyn Turns>>(turns) };
        let host = store.data_mut();
        host.batch = Some(Batch { turns: lent, pump });
        host.growth = Growth::default();
        let pumping = Pumping { store, _turns: PhantomData };
        #[expect(unsafe_code, reason = "the batch's turns, lent for the length of the batch")]
        // SAFETY: they are what was lent to `pumping`, and nothing uses that before the loop runs.
        let turns = unsafe { turns.as_mut() };
        let args = begin(pumping.store.data_mut(), pump, &mut turns.delivered());
        (pumping, args)
    }

    /// Ends it where a guest did not come back.
    fn over(self) -> Spent {
        self.store.data().turn.spent()
    }
}

impl Drop for Pumping<'_> {
    fn drop(&mut self) {
        let host = self.store.data_mut();
        host.turn.end();
        host.batch = None;
    }
}

/// The actor of a turn, if it is one with a guest in this arena.
fn own<'d>(delivered: &'d mut Delivered<'_>, arena: &Shared) -> Option<&'d mut Running<seedbed::Handler>> {
    let running: &mut Running<seedbed::Handler> = delivered.behaviour().as_any_mut()?.downcast_mut()?;
    std::ptr::eq(&raw const *running.arena, arena).then_some(running)
}

/// Begins the guest's part of a turn: its signal is in its memory, and what the handler is to be called
/// with is given. [`NONE`] if it is not for a guest of this pump, or is no plain call.
#[inline(always)]
fn begin(host: &mut Host, pump: usize, delivered: &mut Delivered<'_>) -> Args {
    // Nothing is moved as a whole here: what was written in small parts and is read as a whole soon
    // after waits for all of them to reach the cache, which costs more than all else in here.
    let Some(at) = delivered.entry(pump) else { return NONE };
    let Entry { memory, len, memory_max, fuel, counter, room } = &host.entries[at as usize];
    let (envelope, payload) = delivered.signal();
    let payload_len = payload.len();
    if !room.fits(payload_len) {
        return NONE;
    }
    let envelope_at = room.ptr;
    write(*memory, *len, envelope_at, [&envelope.to_bytes(), payload])
        .expect("the room was looked at when it was given");
    host.growth.len = *len;
    host.growth.max = *memory_max;
    let budget = if delivered.starves() { cut(delivered, *fuel) } else { *fuel };
    host.turn.begin(delivered.context(), *memory, *counter, budget);
    (budget, envelope_at, payload_len as u32, at)
}

/// What a turn gets of its fuel that may meet a fault.
#[cold]
fn cut(delivered: &mut Delivered<'_>, fuel: i64) -> i64 {
    delivered.context().fuel_of(fuel.cast_unsigned()).cast_signed()
}

/// Ends the turn whose handler came back with this code and so much fuel, and begins the next.
#[inline]
fn next(host: &mut Host, code: i32, left: i64) -> Args {
    let (spent, cx) = (host.turn.spent(), host.turn.cx());
    let done = spent.account(cx, left).and_then(|()| seedbed::Handler::finish(cx, Hook::Message, code));
    host.turn.end();
    let Some(Batch { turns, pump }) = &mut host.batch else { unreachable!("the loop runs inside a batch") };
    let pump = *pump;
    #[expect(unsafe_code, reason = "the batch's turns, lent for the length of the batch")]
    // SAFETY: `Pumping` holds the one mutable borrow of the turns while they are in the store, and does not
    // use it; what was lent of it to the turn that ran has just gone with that.
    let turns = unsafe { turns.as_mut() };
    if host.growth.asked {
        note_growth(turns, pump, &mut host.growth, &mut host.entries);
    }
    match &mut turns.next(done) {
        Some(delivered) => begin(host, pump, delivered),
        None => NONE,
    }
}

/// The guest whose turn it is asked for memory, and has perhaps more now.
#[cold]
fn note_growth(turns: &mut dyn Turns, pump: usize, growth: &mut Growth, entries: &mut [Entry]) {
    (growth.asked, growth.refused) = (false, false);
    let mut delivered = turns.delivered();
    let entry = delivered.entry(pump).expect("it was called by its entry");
    entries[entry as usize].len = growth.len;
    let running = delivered.behaviour().as_any_mut().and_then(|any| any.downcast_mut());
    let running: &mut Running<seedbed::Handler> = running.expect("it was called");
    running.guest().len = growth.len;
}

impl Pump for Shared {
    fn run(&self, turns: &mut dyn Turns) {
        let arena = &mut *self.borrow_mut();
        let id = (&raw const *self).addr();
        loop {
            let mut delivered = turns.delivered();
            let Some(running) = own(&mut delivered, self) else { return };
            let done = match arena.ready_for(running.guest()) {
                Err(error) => Err(Failed::new(Failure::HostPanic, format!("{error:#}"))),
                Ok((store, looped, at)) => {
                    let entry = &mut store.data_mut().entries[at as usize];
                    (entry.fuel, entry.memory_max) = (running.fuel, running.memory_max);
                    let len = running.guest().len;
                    entry.note(len, running.dialect.room());
                    delivered.set_entry(id, at);
                    let (pumping, args) = Pumping::new(store, turns, id);
                    if args == NONE {
                        return;
                    }
                    let Err(error) = looped.run.call(&mut *pumping.store, args) else { return };
                    let spent = pumping.over();
                    let mut delivered = turns.delivered();
                    let running = own(&mut delivered, self).expect("it was called");
                    let left = running.guest().left_behind(store);
                    stopped(&mut delivered.context(), left, spent, &error)
                }
            };
            if turns.next(done).is_none() {
                return;
            }
        }
    }
}
