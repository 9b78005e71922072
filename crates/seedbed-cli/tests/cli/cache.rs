//! Compiled code is kept from one call to the next.

use crate::rig::{Ran, Rig};
use std::path::PathBuf;

/// A guest that logs this word when it starts.
fn guest(word: &str) -> String {
    format!(
        r#"(module
            (import "seedbed" "log" (func $log (param i32 i32 i32)))
            (memory (export "memory") 1)
            (data (i32.const 2048) "{word}")
            (global (export "seedbed_inbox_ptr") i32 (i32.const 0))
            (global (export "seedbed_inbox_len") i32 (i32.const 1024))
            (func (export "seedbed_on_start") (param i32 i32) (result i32)
                (call $log (i32.const 3) (i32.const 2048) (i32.const {})) (i32.const 0))
            (func (export "seedbed_on_message") (param i32 i32 i32) (result i32) (i32.const 0)))"#,
        word.len()
    )
}

/// A run of a guest, with a directory for compiled code.
fn sim(rig: &Rig, word: &str, cache: &str) -> Ran {
    rig.manifest(&guest(word), "");
    Ran::of(rig.command("sim seedbed.toml --seed 1").env("SEEDBED_CACHE", rig.path().join(cache)))
}

fn files(rig: &Rig, cache: &str) -> Vec<PathBuf> {
    let files = std::fs::read_dir(rig.path().join(cache)).unwrap();
    files.map(|file| file.unwrap().path()).collect()
}

#[test]
fn a_second_call_takes_the_code_that_the_first_has_kept() {
    let rig = Rig::new();
    let ran = sim(&rig, "lark", "a");
    assert!(ran.exit == 0 && ran.stderr.contains("lark"), "{ran:?}");
    let of_wren = sim(&rig, "wren", "b");
    let ([lark], [wren]) = (&files(&rig, "a")[..], &files(&rig, "b")[..]) else { panic!("a file each") };
    let own = std::fs::read(wren).unwrap();

    // Code of another module under the name of this one shows that it is taken from there.
    std::fs::copy(lark, wren).unwrap();
    let ran = sim(&rig, "wren", "b");
    assert!(ran.stderr.contains("lark") && !ran.stderr.contains("wren"), "{ran:?}");

    std::fs::write(wren, &own[..own.len() / 2]).unwrap();
    assert_eq!(sim(&rig, "wren", "b"), of_wren, "what is cut short is not taken");
    assert_eq!(std::fs::read(wren).unwrap(), own, "and made anew, the same byte for byte");
}

#[test]
fn nothing_is_kept_where_none_is_asked_for() {
    let rig = Rig::new();
    rig.manifest(&guest("lark"), "");
    let home = rig.path().join("home");
    let run = |command: &mut std::process::Command| {
        let ran = Ran::of(command.env("HOME", &home).env_remove("XDG_CACHE_HOME"));
        assert_eq!(ran.exit, 0, "{ran:?}");
    };
    run(rig.command("sim seedbed.toml --seed 1").env("SEEDBED_CACHE", ""));
    assert!(!home.exists());
    run(rig.command("sim seedbed.toml --seed 1").env_remove("SEEDBED_CACHE"));
    assert_eq!(files(&rig, "home/.cache/seedbed").len(), 1);
}

#[test]
fn a_directory_that_cannot_be_used_is_an_error_where_it_was_named() {
    let rig = Rig::new();
    let file = rig.write("file", "mine");
    let ran = sim(&rig, "lark", "file");
    assert_eq!(ran.exit, 2, "{ran:?}");
    assert!(ran.stderr.contains("SEEDBED_CACHE: no code can be kept in"), "{ran:?}");
    assert_eq!(std::fs::read(file).unwrap(), b"mine");
}
