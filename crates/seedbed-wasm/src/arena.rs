//! The store of a thread, and the instances in it.
//!
//! wasmtime frees the instances of a store only with the store, so instances are put back to their
//! image and serve again. An instance put back is as a fresh one: memory, its size, globals and
//! counters are all the state there is, since the rewriting refuses what would change anything
//! else. A store that is large and mostly idle is closed: new guests go to a new one, and the old
//! one goes with its last guest.
//!
//! One store a thread serves all nodes and worlds of that thread, one after the other; nothing in
//! it outlives an actor.

use crate::dialect::{Before, Hooks, before};
use crate::engine::engine;
use crate::growth::Growth;
use crate::host::Host;
use crate::limits::WasmLimits;
use crate::memory::{PAGE, Size, clear, is_zero, with_room, zero_pages};
use crate::module::{Module, ModuleHash};
use crate::pump::Looped;
use crate::rewrite::{self, FUEL, MEMORY, STACK};
use seedbed_core::stable_hash;
use std::cell::{RefCell, RefMut};
use std::collections::BTreeMap;
use std::ptr::NonNull;
use std::rc::Rc;
use wasmtime::{Global, Instance, Memory, Store, Val};

/// A store with more instances than this is closed when less than a quarter of them serve.
const INSTANCES_MAX: usize = 65_536;

/// So many free instances of a kind keep the pages that they touched.
const WARM_MAX: usize = 1_024;

/// An arena, shared by the actors whose instances are in it.
#[expect(clippy::vec_box, reason = "an actor's guest is in a box, which goes round with it")]
pub(crate) struct Shared {
    arena: RefCell<Arena>,
    /// What was given back while the arena was at work.
    given_back: RefCell<Vec<Box<Guest>>>,
}

impl Shared {
    fn new() -> Rc<Shared> {
        Rc::new(Shared { arena: RefCell::new(Arena::new()), given_back: RefCell::default() })
    }

    /// The arena, for as long as nobody else is at work in it.
    #[inline]
    pub(crate) fn borrow_mut(&self) -> RefMut<'_, Arena> {
        let mut arena = self.arena.borrow_mut();
        if !self.given_back.borrow().is_empty() {
            self.take_back(&mut arena);
        }
        arena
    }

    #[cold]
    fn take_back(&self, arena: &mut Arena) {
        self.given_back.borrow_mut().drain(..).for_each(|guest| arena.give_back(guest));
    }

    /// Takes a guest back whose actor has ended: now or, if it ended in a turn that runs in the arena,
    /// before the arena is used again.
    pub(crate) fn give_back(&self, guest: Box<Guest>) {
        match self.arena.try_borrow_mut() {
            Ok(mut arena) => arena.give_back(guest),
            Err(_) => self.given_back.borrow_mut().push(guest),
        }
    }
}

/// A store with its free instances.
pub(crate) struct Arena {
    pub(crate) store: Store<Host>,
    /// Goes from one guest to the next; made when it is needed first.
    looped: Option<Looped>,
    free: BTreeMap<(ModuleHash, usize), Free>,
    serving: usize,
    instances: usize,
}

/// Instances of one kind that serve nobody. An actor holds its guest in a box, which goes round
/// with it.
#[derive(Default)]
#[expect(clippy::vec_box, reason = "as said above")]
struct Free {
    /// With the pages that they touched.
    warm: Vec<Box<Guest>>,
    /// Without.
    cold: Vec<Box<Guest>>,
}

impl Free {
    fn take(&mut self) -> Option<Box<Guest>> {
        self.warm.pop().or_else(|| self.cold.pop())
    }
}

/// An instance, and what of it is looked up once.
pub(crate) struct Guest {
    pub(crate) instance: Instance,
    /// The start section, then constructors.
    pub(crate) before: [Option<Before>; 2],
    pub(crate) hooks: Hooks,
    /// Where its handler is in the store's loop, if it is there.
    pub(crate) handler: Option<u32>,
    pub(crate) fuel: Global,
    stack: Global,
    globals: Box<[Global]>,
    memory: Memory,
    base: NonNull<u8>,
    size: Size,
    /// Size of the memory in a fresh instance, in bytes, and now.
    fresh_len: usize,
    pub(crate) len: usize,
    /// The instance serves for this module, with room for memories of this size.
    key: (ModuleHash, usize),
    pub(crate) module: Module,
}

/// A guest that did not come back: what its counters say is left, and whether it was refused memory.
pub(crate) struct Left {
    pub(crate) fuel: i64,
    pub(crate) stack: i64,
    pub(crate) growth_refused: bool,
}

impl Arena {
    /// This thread's store for new guests.
    pub(crate) fn current() -> Rc<Shared> {
        thread_local! {
            static CURRENT: RefCell<Option<Rc<Shared>>> = const { RefCell::new(None) };
        }
        CURRENT.with_borrow_mut(|current| {
            if let Some(arena) = current
                && arena.borrow_mut().serves()
            {
                return Rc::clone(arena);
            }
            Rc::clone(current.insert(Shared::new()))
        })
    }

    fn new() -> Arena {
        let mut store = Store::new(engine(), Host::default());
        store.limiter(|host| host);
        Arena { store, looped: None, free: BTreeMap::new(), serving: 0, instances: 0 }
    }

    fn serves(&self) -> bool {
        self.instances <= INSTANCES_MAX || self.serving >= self.instances / 4
    }

    /// A fresh instance of `module`: a used one, put back, or a new one.
    ///
    /// # Errors
    /// If it cannot be instantiated.
    pub(crate) fn take(&mut self, module: &Module, limits: &WasmLimits) -> wasmtime::Result<Box<Guest>> {
        let key = (module.hash(), limits.memory());
        let guest = match self.free.get_mut(&key).and_then(Free::take) {
            Some(guest) => guest,
            None => Box::new(self.instantiate(module, limits, key)?),
        };
        guest.stack.set(&mut self.store, Val::I64(limits.stack()))?;
        self.serving += 1;
        Ok(guest)
    }

    /// The store with its loop, and where in that this guest's handler is.
    ///
    /// # Errors
    /// If there is no room for it.
    pub(crate) fn ready_for(
        &mut self,
        guest: &mut Guest,
    ) -> wasmtime::Result<(&mut Store<Host>, &Looped, u32)> {
        let Arena { store, looped, .. } = self;
        let looped = match looped {
            Some(looped) => looped,
            None => looped.insert(Looped::new(store)?),
        };
        let at = match guest.handler {
            Some(at) => at,
            None => *guest.handler.insert(looped.add(store, guest)?),
        };
        Ok((store, looped, at))
    }

    /// Takes a guest back whose actor has ended.
    pub(crate) fn give_back(&mut self, mut guest: Box<Guest>) {
        self.serving -= 1;
        let free = self.free.entry(guest.key).or_default();
        let warm = free.warm.len() < WARM_MAX;
        guest.put_back(&mut self.store, warm);
        if warm { free.warm.push(guest) } else { free.cold.push(guest) }
    }

    fn instantiate(
        &mut self,
        module: &Module,
        limits: &WasmLimits,
        key: (ModuleHash, usize),
    ) -> wasmtime::Result<Guest> {
        let (max, tables) = (limits.memory(), limits.tables_max as usize);
        self.store.data_mut().growth = Growth { max, tables, ..Growth::default() };
        let (instance, size) = with_room(max, || module.prepared().instantiate(&mut self.store));
        self.store.data_mut().growth.tables = 0;
        let instance = instance?;
        self.instances += 1;
        let store = &mut self.store;
        let memory = instance.get_memory(&mut *store, MEMORY).expect("the dialect needs a memory");
        let global = |store: &mut Store<Host>, name: &str| {
            instance.get_global(store, name).expect("the rewriting exports it")
        };
        let globals =
            (0..module.shape().mutable_globals.len()).map(|n| global(store, &rewrite::global(n))).collect();
        let (fuel, stack) = (global(store, FUEL), global(store, STACK));
        let guest = Guest {
            instance,
            before: before(&instance, store)?,
            hooks: Hooks::find(module.dialect(), &instance, store)?,
            handler: None,
            fuel,
            stack,
            globals,
            base: base(&memory, store),
            memory,
            size: size.expect("an instance with a memory made one"),
            fresh_len: memory.data_size(&*store),
            len: memory.data_size(&*store),
            key,
            module: module.clone(),
        };
        module.image().get_or_init(|| guest.image(&mut self.store));
        Ok(guest)
    }
}

fn base(memory: &Memory, store: &Store<Host>) -> NonNull<u8> {
    NonNull::new(memory.data_ptr(store)).expect("a slot of the slab is not at 0")
}

impl Guest {
    /// Base and size of its memory.
    #[inline]
    pub(crate) fn memory(&self) -> (NonNull<u8>, usize) {
        (self.base, self.len)
    }

    /// How its turn left it, from which it did not come back: notes what size its memory has now.
    #[cold]
    pub(crate) fn left_behind(&mut self, store: &mut Store<Host>) -> Left {
        let Growth { len, refused: growth_refused, .. } = store.data().growth;
        self.len = len;
        Left { fuel: i64_of(&self.fuel, store), stack: i64_of(&self.stack, store), growth_refused }
    }

    /// Its memory's bytes.
    pub(crate) fn bytes(&self) -> &[u8] {
        #[expect(unsafe_code, reason = "reads guest memory by its cached base")]
        // SAFETY: `base` and `len` are base and size of its slab memory, which cannot move. The
        // guest runs only with the arena borrowed mutably and `&mut` of this; `&self` excludes it.
        unsafe {
            std::slice::from_raw_parts(self.base.as_ptr(), self.len)
        }
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        #[expect(unsafe_code, reason = "writes guest memory by its cached base")]
        // SAFETY: as for `bytes`; `&mut self` is the only way to it.
        unsafe {
            std::slice::from_raw_parts_mut(self.base.as_ptr(), self.len)
        }
    }

    /// A hash of its memory and globals: the same wherever the same guest did the same.
    pub(crate) fn state_hash(&self, store: &mut Store<Host>) -> u64 {
        let mut hash = seedbed_core::TraceHash::default();
        hash.word(self.len as u64);
        for (n, page) in self.bytes().chunks(PAGE).enumerate().filter(|(_, page)| !is_zero(page)) {
            hash.word(n as u64);
            hash.bytes(page);
        }
        for global in &self.globals {
            let bits = bits_of(global, store);
            hash.pair(bits as u64, (bits >> 64) as u64);
        }
        hash.value()
    }

    /// What [`state_hash`](Self::state_hash) is made of: the size of the memory, its pages that are not
    /// zero, and the mutable globals, by their number among those.
    pub(crate) fn state_parts(&self, store: &mut Store<Host>) -> Vec<(String, u64)> {
        let mut parts = vec![("the size of its memory".to_owned(), self.len as u64)];
        for (n, page) in self.bytes().chunks(PAGE).enumerate().filter(|(_, page)| !is_zero(page)) {
            let at = n * PAGE;
            parts.push((format!("its memory from {at:#x} to {:#x}", at + page.len()), stable_hash(page)));
        }
        for (n, global) in self.globals.iter().enumerate() {
            let bits = bits_of(global, store);
            parts.push((format!("its mutable global {n}"), stable_hash(&bits.to_le_bytes())));
        }
        parts
    }

    fn image(&self, store: &mut Store<Host>) -> Image {
        let pages = self.bytes().chunks(PAGE).enumerate().filter(|(_, page)| !is_zero(page));
        Image {
            pages: pages.map(|(n, page)| (n * PAGE, page.into())).collect(),
            globals: self.globals.iter().map(|g| g.get(&mut *store)).collect(),
        }
    }

    /// Makes it as it was when it was fresh; if `warm`, with the pages that it touched.
    fn put_back(&mut self, store: &mut Store<Host>, warm: bool) {
        #[expect(unsafe_code, reason = "zeroes guest memory by its cached base")]
        // SAFETY: `len` bytes from the base of a slab memory that `&mut self` owns; the pages
        // around them are its slot's alone.
        unsafe {
            if warm { clear(self.base, self.len) } else { zero_pages(self.base, self.len) }
        }
        self.resize(store, self.fresh_len);
        let module = self.module.clone();
        let image = module.image().get().expect("taken from the first instance");
        for (at, page) in &image.pages {
            self.bytes_mut()[*at..*at + page.len()].copy_from_slice(page);
        }
        for (global, value) in self.globals.iter().zip(&image.globals) {
            global.set(&mut *store, *value).expect("it is mutable, and the value its own");
        }
    }
}

/// What a guest's memory and globals hold between two turns: the pages that differ from those of a fresh
/// instance of its module, what the memory is long, and the mutable globals.
pub(crate) struct State {
    pages: Box<[(usize, Box<[u8]>)]>,
    len: usize,
    globals: Box<[Val]>,
}

impl Guest {
    /// Keeps its state.
    pub(crate) fn state(&self, store: &mut Store<Host>) -> State {
        let image = self.module.image().get().expect("taken from the first instance");
        let pages = self.bytes().chunks(PAGE).enumerate().map(|(n, page)| (n * PAGE, page));
        let changed = pages.zip(image.all_pages()).filter(|((_, page), fresh)| !is_same(page, *fresh));
        State {
            pages: changed.map(|((at, page), _)| (at, page.into())).collect(),
            len: self.len,
            globals: self.globals.iter().map(|global| global.get(&mut *store)).collect(),
        }
    }

    /// Puts it in a state that was kept of an instance of the same module: pages that are as they are to
    /// be are read only.
    pub(crate) fn set_state(&mut self, store: &mut Store<Host>, state: &State) {
        if self.len > state.len {
            // What a memory gets by growing reads as zero.
            self.bytes_mut()[state.len..]
                .chunks_mut(PAGE)
                .filter(|page| !is_zero(page))
                .for_each(|p| p.fill(0));
        }
        self.resize(store, state.len);
        let module = self.module.clone();
        let image = module.image().get().expect("taken from the first instance");
        let mut kept = state.pages.iter().peekable();
        for ((n, page), fresh) in self.bytes_mut().chunks_mut(PAGE).enumerate().zip(image.all_pages()) {
            let wanted = kept.next_if(|(at, _)| *at == n * PAGE).map(|(_, page)| &**page).or(fresh);
            if !is_same(page, wanted) {
                match wanted {
                    Some(wanted) => page.copy_from_slice(wanted),
                    None => page.fill(0),
                }
            }
        }
        for (global, value) in self.globals.iter().zip(&state.globals) {
            global.set(&mut *store, *value).expect("it is mutable, and the value its own");
        }
    }

    /// Makes its memory that long; what is cut off is zero, or was never there.
    fn resize(&mut self, store: &mut Store<Host>, len: usize) {
        let more = len.saturating_sub(self.len);
        if self.len == len {
            return;
        }
        if more == 0 {
            self.size.set(len);
        } else {
            store.data_mut().growth = Growth { len: self.len, max: len, ..Growth::default() };
        }
        let pages = (more >> 16) as u64;
        self.memory.grow(&mut *store, pages).expect("it had room for so much once");
        assert_eq!(self.memory.data_size(&*store), len, "it is as long as was said");
        self.len = len;
    }
}

/// True if a page holds what a fresh one does; `None` is a page of zeroes.
fn is_same(page: &[u8], fresh: Option<&[u8]>) -> bool {
    fresh.map_or_else(|| is_zero(page), |fresh| page == fresh)
}

fn bits_of(global: &Global, store: &mut Store<Host>) -> u128 {
    match global.get(store) {
        Val::I32(n) => n as u32 as u128,
        Val::I64(n) => n as u64 as u128,
        Val::F32(bits) => bits.into(),
        Val::F64(bits) => bits.into(),
        Val::V128(bits) => bits.as_u128(),
        _ => unreachable!("the rewriting refuses mutable globals of other types"),
    }
}

fn i64_of(global: &Global, store: &mut Store<Host>) -> i64 {
    match global.get(store) {
        Val::I64(n) => n,
        _ => unreachable!("the rewriting made it an i64"),
    }
}

/// What a fresh instance holds: the pages that are not zero, and the mutable globals.
pub(crate) struct Image {
    pages: Box<[(usize, Box<[u8]>)]>,
    globals: Box<[Val]>,
}

impl Image {
    /// All pages from the first on, without end; `None` is one of zeroes.
    fn all_pages(&self) -> impl Iterator<Item = Option<&[u8]>> {
        let mut pages = self.pages.iter().peekable();
        (0..).map(move |n: usize| pages.next_if(|(at, _)| *at == n * PAGE).map(|(_, page)| &**page))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn module(pages: u32) -> Module {
        let text = format!(
            r#"(module (memory (export "memory") {pages})
            (global (export "seedbed_inbox_ptr") i32 (i32.const 0))
            (global (export "seedbed_inbox_len") i32 (i32.const 1024))
            (func (export "seedbed_on_message") (param i32 i32 i32) (result i32)
                (i32.store (i32.const 5000) (i32.const 7)) (i32.const 0)))"#
        );
        Module::from_bytes(&wat::parse_str(text).unwrap()).unwrap()
    }

    fn dirty(arena: &mut Arena, guest: &mut Guest) {
        let Hooks::Seedbed(hooks) = &guest.hooks else { panic!("another dialect") };
        hooks.on_message.call(&mut arena.store, (1_000, 0, 0, 0)).unwrap();
        assert_eq!(guest.bytes()[5000], 7);
    }

    #[test]
    fn an_instance_put_back_serves_again_as_a_fresh_one() {
        for (pages, grow, warm) in [(1, 0, 1), (2, 0, 1), (1, 3, 1), (2, 1, 0)] {
            let (module, limits) = (module(pages), WasmLimits::default());
            let mut arena = Arena::new();
            let mut guest = arena.take(&module, &limits).unwrap();
            let fresh = guest.state_hash(&mut arena.store);
            let base = guest.base;
            dirty(&mut arena, &mut guest);
            assert_ne!(guest.state_hash(&mut arena.store), fresh);
            if grow > 0 {
                guest.memory.grow(&mut arena.store, grow).unwrap();
                guest.len += (grow as usize) << 16;
                guest.bytes_mut()[70_000] = 1;
            }
            guest.put_back(&mut arena.store, warm == 1);
            arena.give_back(guest);
            let again = arena.take(&module, &limits).unwrap();
            assert_eq!(again.base, base, "the same instance");
            assert_eq!(again.memory.data_size(&arena.store), (pages as usize) << 16);
            assert_eq!(again.state_hash(&mut arena.store), fresh);
            assert!(again.bytes().iter().all(|b| *b == 0));
        }
    }

    #[test]
    fn a_state_is_put_into_any_instance_of_its_module() {
        let grow = |arena: &mut Arena, guest: &mut Guest, pages: usize| {
            guest.resize(&mut arena.store, guest.len + (pages << 16));
            *guest.bytes_mut().last_mut().unwrap() = 1;
        };
        for (kept, here) in [(0, 0), (2, 0), (0, 2), (1, 3)] {
            let (module, limits) = (module(1), WasmLimits::default());
            let mut arena = Arena::new();
            let mut guest = arena.take(&module, &limits).unwrap();
            dirty(&mut arena, &mut guest);
            grow(&mut arena, &mut guest, kept);
            let state = guest.state(&mut arena.store);
            assert_eq!(state.pages.len(), 2, "no page that is as in a fresh instance");
            let hash = guest.state_hash(&mut arena.store);
            let mut other = arena.take(&module, &limits).unwrap();
            other.bytes_mut()[100] = 9;
            grow(&mut arena, &mut other, here);
            for guest in [&mut guest, &mut other] {
                guest.bytes_mut()[5_001] = 8;
                guest.set_state(&mut arena.store, &state);
                assert_eq!(guest.state_hash(&mut arena.store), hash, "{kept} beside {here}");
                let len = guest.len;
                guest.resize(&mut arena.store, len + (4 << 16));
                assert!(guest.bytes()[len..].iter().all(|b| *b == 0), "what is grown is zero");
            }
        }
    }

    #[test]
    fn what_is_given_back_while_the_arena_is_at_work_serves_again() {
        let (module, limits) = (module(1), WasmLimits::default());
        let shared = Shared::new();
        let mut arena = shared.borrow_mut();
        let guest = arena.take(&module, &limits).unwrap();
        let base = guest.base;
        shared.give_back(guest);
        assert_eq!(arena.serving, 1, "it cannot be put back now");
        drop(arena);
        assert_eq!(shared.borrow_mut().serving, 0);
        assert_eq!(shared.borrow_mut().take(&module, &limits).unwrap().base, base);
    }

    #[test]
    fn a_large_idle_store_is_left_by_new_guests() {
        let first = Arena::current();
        assert!(Rc::ptr_eq(&first, &Arena::current()));
        first.borrow_mut().instances = INSTANCES_MAX + 1;
        first.borrow_mut().serving = INSTANCES_MAX;
        assert!(Rc::ptr_eq(&first, &Arena::current()));
        first.borrow_mut().serving = 10;
        assert!(!Rc::ptr_eq(&first, &Arena::current()));
    }
}
