//! Until a module can be spawned.

use crate::itself::alone;
use crate::limits;
use crate::round::Work;
use crate::rows::work;
use seedbed_wasm::{Handed, Module, keep_compiled_in};
use std::path::Path;
use std::process::Command;
use std::time::Instant;

/// A guest of 64 KB, built from Rust.
const GUEST: &[u8] = include_bytes!("../../../fixtures/transfer/ledger.wasm");

fn module() -> Module {
    Module::from_bytes(GUEST).expect("it is an actor")
}

/// How long the first module of a process takes, in milliseconds; with code that an earlier one may have
/// kept in a directory.
pub fn first_module(kept_in: Option<&Path>) -> f64 {
    if let Some(directory) = kept_in {
        keep_compiled_in(directory).expect("nobody else can write there");
    }
    let start = Instant::now();
    std::hint::black_box(module());
    start.elapsed().as_nanos() as f64 / 1e6
}

/// In milliseconds each.
pub fn works() -> Vec<(&'static str, Work)> {
    vec![
        ("bare wasmtime, compiled", in_ms(work(|n| limits::wasmtime::compiled(n, GUEST)))),
        ("compiled", in_ms(work(|n| (0..n).for_each(|_| drop(module()))))),
        ("found compiled in the process", in_ms(found())),
        ("first of a process, compiled", alone(|_, process| _ = process.arg("cold"))),
        (
            "first of a process, handed down by its parent",
            alone(|_, process| {
                let handed = Handed::new([&module()]).expect("there is a disk");
                handed.to(process.arg("cold"));
                handed
            }),
        ),
        (
            "first of a process, kept by an earlier one",
            alone(|_, process| {
                let directory = tempfile::tempdir().expect("there is a disk");
                let cold = |process: &mut Command| _ = process.arg("cold").arg(directory.path());
                let mut earlier = Command::new(process.get_program());
                cold(&mut earlier);
                assert!(earlier.output().expect("it starts").status.success());
                cold(process);
                directory
            }),
        ),
    ]
}

fn in_ms(work: Work) -> Work {
    Box::new(move |n, clock| work(n, clock).into_iter().map(|ns| ns / 1e6).collect())
}

fn found() -> Work {
    let again = work(|n| (0..n).for_each(|_| drop(module())));
    Box::new(move |n, clock| {
        let _kept = module();
        again(n, clock)
    })
}
