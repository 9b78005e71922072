//! Guests that call host functions of every dialect with arguments made by chance: whatever they are,
//! the guest is told, or ended with a reason of its own, in every run the same; the host goes on.

use seedbed_abi::Failure;
use seedbed_core::{At, Event, ExitReason, Observer, SpawnOptions};
use seedbed_files::Image;
use seedbed_sim::{InWorld, Plain, RunConfig, World, WorldConfig, run_with};
use seedbed_wasm::{HostFunction, WasiConfig, WasiMount, WasmActor, host_functions};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

/// So many calls a guest makes.
const CALLS: u64 = 48;

/// SplitMix64.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    /// Mostly what a guest would say: a small number, a place in memory. Else what lies.
    fn i32(&mut self) -> i32 {
        let edges = [-1, i32::MIN, i32::MAX, 65_535, 65_536, 65_528, -8, 1 << 20];
        match self.below(32) {
            0 | 1 => edges[self.below(edges.len() as u64) as usize],
            2..=14 => self.below(8) as i32,
            15..=20 => self.below(64) as i32,
            _ => (self.below(4_096) & !7) as i32,
        }
    }

    fn i64(&mut self) -> i64 {
        let edges = [-1, i64::MIN, i64::MAX, 1 << 32, 1 << 62, 1 << 63];
        match self.below(16) {
            0 | 1 => edges[self.below(edges.len() as u64) as usize],
            2..=10 => self.below(8) as i64,
            _ => self.below(1 << 20) as i64,
        }
    }
}

/// The functions that guests of one kind can import.
fn functions(kind: u64) -> Vec<HostFunction> {
    let of = |module: &str| match kind {
        0 => module == "seedbed",
        1 => module == "pd",
        2 => module == "wasi_snapshot_preview1",
        _ => module == "wasi_snapshot_preview1" || module.starts_with("lunatic::"),
    };
    host_functions().into_iter().filter(|f| of(&f.module)).collect()
}

/// The guest of a seed, as text.
fn guest(seed: u64) -> String {
    let mut chance = Chance(seed);
    let kind = chance.below(4);
    let all = functions(kind);
    let (mut imports, mut body) = (String::new(), String::new());
    for (n, f) in all.iter().enumerate() {
        let (params, results) = (f.params.join(" "), f.results.join(" "));
        imports += &format!(
            "(import \"{}\" \"{}\" (func $f{n} (param {params}) (result {results})))\n",
            f.module, f.name
        );
    }
    for _ in 0..CALLS {
        let n = chance.below(all.len() as u64) as usize;
        let f = &all[n];
        // What ends the guest is rare, so that it comes to the others.
        if ["proc_exit", "exit", "stop", "kill", "die_when_link_dies"].contains(&f.name.as_str())
            && chance.below(8) > 0
        {
            continue;
        }
        let arguments: String = f
            .params
            .iter()
            .map(|ty| match ty.as_str() {
                "i32" => format!("(i32.const {})", chance.i32()),
                "i64" => format!("(i64.const {})", chance.i64()),
                other => format!("({other}.const 1)"),
            })
            .collect();
        let call = format!("(call $f{n} {arguments})");
        body += &if f.results.is_empty() { call } else { format!("(drop {call})") };
        body.push('\n');
    }
    let data: String = (0..512).map(|_| format!("\\{:02x}", chance.below(256))).collect();
    let entry = match kind {
        0 => format!(
            "(global (export \"seedbed_inbox_ptr\") i32 (i32.const 4096))
            (global (export \"seedbed_inbox_len\") i32 (i32.const 4096))
            (func (export \"seedbed_on_start\") (param i32 i32) (result i32) {body} (i32.const 0))
            (func (export \"seedbed_on_message\") (param i32 i32 i32) (result i32) (i32.const 0))"
        ),
        1 => format!(
            "(func (export \"pd_actor_on_start\") (param i32 i32) (result i32) {body} (i32.const 0))
            (func (export \"pd_actor_on_message\") (param i32 i32 i32 i32 i32) (result i32) (i32.const 0))"
        ),
        _ => format!("(func (export \"_start\") {body})"),
    };
    format!(
        "(module {imports} (memory (export \"memory\") 1) (data (i32.const 0) \"a.txt\\00sub/deep\\00\") (data (i32.const 64) \"{data}\") {entry})"
    )
}

/// How everybody ended who did.
#[derive(Clone, Default)]
struct Ends(Rc<RefCell<Vec<ExitReason>>>);

impl Observer for Ends {
    fn event(&mut self, _: At, event: &Event<'_>) {
        if let Event::Exited { reason, .. } = event {
            self.0.borrow_mut().push((*reason).clone());
        }
    }
}

/// Runs the guest of a seed twice.
///
/// # Errors
/// If the host panicked, or the two runs differ.
pub(crate) fn try_seed(seed: u64) -> Result<(), String> {
    let text = guest(seed);
    let wasm = wat::parse_str(&text).map_err(|e| format!("{e}"))?;
    let guest = WasmActor::from_bytes(&wasm).map_err(|e| format!("{e}"))?;
    let mount = |guest: &str, read_only| WasiMount { directory: "d".into(), guest: guest.into(), read_only };
    let config =
        WasiConfig { mounts: vec![mount("/d", false), mount("/fixed", true)], ..WasiConfig::default() };
    let guest = guest.clone().wasi(config).unwrap_or(guest);
    let run = || {
        let ends = Ends::default();
        let (seen, guest) = (ends.clone(), guest.clone());
        let program = move |world: &mut World| {
            world.observe(seen.clone());
            let file = Image::file(*b"hello");
            let sub = Image::directory([("deep", file.clone())]);
            let link = Image::Link("../../etc".into());
            world.directory("d", Image::directory([("a.txt", file), ("sub", sub), ("out", link)]));
            let node = world.node("main", |_| {});
            world.spawn_on(node, SpawnOptions::registered("g"), Arc::new(guest.clone()))?;
            let _ = world.settle();
            Ok(())
        };
        let config = WorldConfig { allow_failures: true, ..WorldConfig::default() };
        let in_world = InWorld { config, program };
        let (outcome, _) = run_with(&in_world, &RunConfig::seed(seed), Box::new(Plain), Vec::new());
        (outcome.trace_hash, ends.0.take())
    };
    let (one, two) = (run(), run());
    if one != two {
        return Err(format!("two runs differ: {one:x?} and {two:x?}"));
    }
    let is_panic = |failure: &Failure| matches!(failure, Failure::HostPanic);
    let panicked = |reason: &ExitReason| match reason {
        ExitReason::Failed(Failure::StartFailed(reason)) => {
            matches!(&**reason, ExitReason::Failed(failure) if is_panic(failure))
        }
        ExitReason::Failed(failure) => is_panic(failure),
        _ => false,
    };
    if one.1.iter().any(panicked) { Err("the host panicked".into()) } else { Ok(()) }
}
