//! Files of the `wasi` dialect, on both reactors: a probe does one call after the other, and writes
//! what it is answered. Real runs replay without a disk.

#![expect(clippy::unwrap_used, reason = "what is missing here fails the test")]

use crate::both::{Did, Directories, both_with, root, simulated_with};
use seedbed_abi::{ExitReason, Failure};
use seedbed_core::{At, Event, Observer, Shared, SpawnOptions};
use seedbed_files::Image;
use seedbed_sim::{InWorld, RunConfig, World, WorldConfig, replay};
use seedbed_wasm::{WasiConfig, WasiMount, WasmActor};
use std::cell::{Cell, RefCell};
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

fn mount(directory: &str, guest: &str, read_only: bool) -> WasiMount {
    WasiMount { directory: directory.into(), guest: guest.into(), read_only }
}

/// Two directories: `data`, that may change, and `fixed`, that may not.
fn config(commands: &[&str]) -> WasiConfig {
    WasiConfig {
        args: commands.iter().map(ToString::to_string).collect(),
        mounts: vec![mount("data", "/data", false), mount("fixed", "/fixed", true)],
        ..WasiConfig::default()
    }
}

fn probe(config: WasiConfig) -> WasmActor {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/wasi/probe.wasm");
    WasmActor::from_file(file).unwrap().wasi(config).unwrap()
}

/// What the two directories hold; `secret` lies beside them, and no guest is given it.
fn directories() -> Directories {
    let data = || {
        Image::directory([
            ("a.txt", Image::file(*b"hello")),
            ("in", Image::Link("sub/deep".into())),
            ("out", Image::Link("../secret".into())),
            ("out-file", Image::Link("../secret/key".into())),
            ("root", Image::Link("/etc".into())),
            ("round", Image::Link("round".into())),
            ("sub", Image::directory([("deep", Image::file(*b"down"))])),
        ])
    };
    let secret = Image::directory([("key", Image::file(*b"no"))]);
    Directories::from([("data", data()), ("fixed", data()), ("secret", secret)])
}

/// Runs commands on both reactors; each must give its line: the call, the errno, and what it gave.
fn calls(expected: &[(&str, &str)]) -> Did {
    let commands: Vec<&str> = expected.iter().map(|(command, _)| *command).collect();
    let did = both_with(&vec![root("g", probe(config(&commands)))], &directories());
    let lines: Vec<(&str, String)> = expected
        .iter()
        .map(|(command, line)| (*command, format!("{} {line}", command.split(' ').next().unwrap())))
        .collect();
    let seen: Vec<(&str, String)> =
        commands.iter().copied().zip(did.log_of("g").into_iter().map(str::to_owned)).collect();
    assert_eq!(seen, lines);
    assert_eq!(did.end_of("g"), Some(&ExitReason::Normal));
    did
}

#[test]
fn a_guest_finds_its_mounts_open() {
    // A name's room of one less than it takes is too small: 37.
    calls(&[
        ("prestat 3", "0 37 0 /data"),
        ("prestat 4", "0 37 0 /fixed"),
        ("prestat 5", "8"),
        ("prestat 1", "8"),
        ("fdstat 3", "0 3 0 --"),
        ("fdstat 0", "0 2 0 r-"),
        ("fdstat 1", "0 2 0 -w"),
    ]);
}

#[test]
fn a_working_directory_is_the_first_by_the_name_of_a_dot() {
    let commands = ["prestat 3", "prestat 4", "open 3 deep rf", "read 6 9"];
    let config = WasiConfig { cwd: Some("/fixed/sub".into()), ..config(&commands) };
    let did = both_with(&vec![root("g", probe(config.clone()))], &directories());
    assert_eq!(did.log_of("g"), ["prestat 0 37 0 .", "prestat 0 37 0 /data", "open 0 6", "read 0 down"]);
    let did = both_with(
        &vec![root("g", probe(WasiConfig { cwd: Some("/data/none".into()), ..config }))],
        &directories(),
    );
    let failure = Failure::Protocol("`.` cannot be opened: WASI's error 44".into());
    assert_eq!(did.end_of("g"), Some(&ExitReason::start_failed(failure.into())));
}

#[test]
fn a_file_is_read_and_written_where_it_stands() {
    calls(&[
        ("open 3 a.txt rw", "0 5"),
        ("fdstat 5", "0 4 0 rw"),
        ("stat 5", "0 4 5 1"),
        ("read 5 2", "0 he"),
        ("tell 5", "0 2"),
        ("pread 5 1 3", "0 ell"),
        ("write 5 LLO!", "0 4"),
        ("tell 5", "0 6"),
        ("seek 5 -6 1", "0 0"),
        ("read 5 99", "0 heLLO!"),
        ("read 5 99", "0 "),
        ("seek 5 -1 2", "0 5"),
        ("read 5 99", "0 !"),
        ("seek 5 -1 0", "28 0"),
        ("seek 5 0 3", "28 0"),
        ("pwrite 5 8 x", "0 1"),
        ("stat 5", "0 4 9 1"),
        ("size 5 1", "0"),
        ("allocate 5 1 2", "0"),
        ("stat 5", "0 4 3 1"),
        ("allocate 5 0 0", "28"),
        ("advise 5 3", "0"),
        ("advise 5 9", "28"),
        ("sync 5", "0"),
        ("datasync 5", "0"),
        ("close 5", "0"),
        ("close 5", "8"),
        ("open 3 a.txt r", "0 5"),
        ("write 5 x", "8 0"),
        ("size 5 0", "8"),
        ("open 3 a.txt w", "0 6"),
        ("read 6 1", "8"),
    ]);
}

#[test]
fn appending_goes_to_the_end_and_flags_can_change() {
    calls(&[
        ("open 3 log cwa", "0 5"),
        ("write 5 one", "0 3"),
        ("seek 5 0 0", "0 0"),
        ("write 5 two", "0 3"),
        ("tell 5", "0 6"),
        ("fdstat 5", "0 4 1 -w"),
        ("flags 5 0", "0"),
        ("seek 5 0 0", "0 0"),
        ("write 5 ONE", "0 3"),
        ("flags 5 32", "28"),
        ("flags 5 16", "0"),
        ("write 5 !", "0 1"),
        ("open 3 log r", "0 6"),
        ("read 6 9", "0 ONE!wo"),
        ("rights 5 0", "58"),
        ("flags 1 1", "58"),
    ]);
}

#[test]
fn what_is_opened_is_made_emptied_or_refused_as_asked() {
    calls(&[
        ("open 3 none r", "44"),
        ("open 3 none/x cw", "44"),
        ("open 3 a.txt cew", "20"),
        ("open 3 new cew", "0 5"),
        ("open 3 a.txt tw", "0 6"),
        ("stat 6", "0 4 0 1"),
        ("open 3 sub w", "31"),
        ("open 3 sub dr", "0 7"),
        ("open 7 deep r", "0 8"),
        ("open 3 a.txt d", "54"),
        ("open 3 x cd", "28"),
        ("open 8 x r", "54"),
        ("open 9 x r", "8"),
        ("open 1 x r", "58"),
        ("open 3 in r", "32"),
        ("open 3 in rf", "0 9"),
        ("read 9 9", "0 down"),
        ("read 7 1", "31"),
        ("write 7 x", "8 0"),
        ("seek 7 0 0", "8 0"),
        ("renumber 9 8", "0"),
        ("seek 8 0 0", "0 0"),
        ("read 8 9", "0 down"),
        ("read 9 1", "8"),
        ("renumber 8 99", "8"),
    ]);
}

#[test]
fn directories_are_listed_by_name_and_from_where_it_was_left() {
    calls(&[
        ("list 3 4096 0", "0 249 .:3 ..:3 a.txt:4 in:7 out:7 out-file:7 root:7 round:7 sub:3"),
        ("list 3 60 0", "0 60 .:3 ..:3"),
        ("list 3 60 2", "0 60 a.txt:4 in:7"),
        ("list 3 4096 8", "0 27 sub:3"),
        ("list 3 4096 9", "0 0"),
        ("list 3 4096 99", "0 0"),
        ("unlink 3 a.txt", "0"),
        ("list 3 60 2", "0 60 a.txt:4 in:7"),
        ("list 3 80 0", "0 80 .:3 ..:3 in:7"),
        ("open 3 sub dr", "0 5"),
        ("list 5 200 0", "0 79 .:3 ..:3 deep:4"),
        ("open 3 sub/deep r", "0 6"),
        ("list 6 200 0", "54"),
        ("list 1 200 0", "58"),
    ]);
}

#[test]
fn of_the_eight_directories_listed_last_it_is_known_what_they_were() {
    let opened: Vec<(String, String)> =
        (5..14).map(|fd| ("open 3 . dr".to_owned(), format!("0 {fd}"))).collect();
    let listed = (5..14).map(|fd| (format!("list {fd} 60 0"), "0 60 .:3 ..:3".to_owned()));
    let then = [
        ("unlink 3 a.txt", "0"),
        ("list 6 60 2", "0 60 a.txt:4 in:7"),
        ("list 5 60 2", "0 60 in:7 out:7"),
        // Now that is among the eight, and 7 is not.
        ("close 6", "0"),
        ("unlink 3 in", "0"),
        ("list 5 60 2", "0 60 in:7 out:7"),
        ("list 8 60 2", "0 60 a.txt:4 in:7"),
    ];
    let all: Vec<(String, String)> = opened.into_iter().chain(listed).collect();
    let all = all.iter().map(|(call, line)| (call.as_str(), line.as_str()));
    calls(&all.chain(then).collect::<Vec<_>>());
}

#[test]
fn directories_and_names_change() {
    calls(&[
        ("mkdir 3 x", "0"),
        ("mkdir 3 x", "20"),
        ("mkdir 3 y/z", "44"),
        ("rename 3 a.txt 3 x/b", "0"),
        ("pstat 3 x/b f", "0 4 5 1"),
        ("pstat 3 a.txt f", "44"),
        ("rename 3 x 3 x/y", "28"),
        ("rename 3 sub 3 x/b", "54"),
        ("rename 3 x/b 3 sub", "31"),
        ("rmdir 3 x", "55"),
        ("link 3 x/b 3 c", "0"),
        ("pstat 3 c f", "0 4 5 2"),
        ("link 3 x/b 3 c", "20"),
        ("link 3 x/b 3 d f", "28"),
        ("unlink 3 x/b", "0"),
        ("unlink 3 x", "31"),
        ("rmdir 3 c", "54"),
        ("rmdir 3 x", "0"),
        ("symlink c 3 s", "0"),
        ("symlink c 3 s", "20"),
        ("readlink 3 s 99", "0 c"),
        ("readlink 3 in 3", "0 sub"),
        ("readlink 3 c 9", "28"),
        ("open 3 s rf", "0 5"),
        ("read 5 9", "0 hello"),
        ("pstat 3 s _", "0 7 1 1"),
        ("rename 3 c 4 c", "69"),
        ("rename 3 none 3 c", "44"),
        ("rename 9 a 3 c", "8"),
    ]);
}

#[test]
fn two_mounts_are_two_disks() {
    let both = |read_only| vec![mount("data", "/a", false), mount("fixed", "/b", read_only)];
    let commands = ["rename 3 a.txt 4 b", "link 3 a.txt 4 b", "rename 3 a.txt 3 b"];
    let config = |read_only| WasiConfig { mounts: both(read_only), ..config(&commands) };
    let did = both_with(&vec![root("g", probe(config(false)))], &directories());
    assert_eq!(did.log_of("g"), ["rename 75", "link 75", "rename 0"]);
    let did = both_with(&vec![root("g", probe(config(true)))], &directories());
    assert_eq!(did.log_of("g"), ["rename 69", "link 69", "rename 0"]);
}

#[test]
fn what_is_mounted_to_be_read_does_not_change() {
    calls(&[
        ("open 4 a.txt r", "0 5"),
        ("read 5 9", "0 hello"),
        ("open 4 a.txt cr", "0 6"),
        ("open 4 a.txt rw", "69"),
        ("open 4 a.txt tr", "69"),
        ("open 4 new cr", "69"),
        ("open 4 new cer", "69"),
        ("open 4 a.txt cer", "20"),
        ("mkdir 4 x", "69"),
        ("rmdir 4 sub", "69"),
        ("unlink 4 a.txt", "69"),
        ("rename 4 a.txt 4 b", "69"),
        ("link 4 a.txt 4 b", "69"),
        ("symlink a.txt 4 b", "69"),
        ("ptimes 4 a.txt f 1 1 5", "69"),
        ("times 5 1 1 5", "69"),
        ("open 4 sub dr", "0 7"),
        ("unlink 7 deep", "69"),
        ("open 7 deep w", "69"),
    ]);
}

#[test]
fn no_path_leads_out_of_a_mount() {
    calls(&[
        ("open 3 ../secret/key r", "63"),
        ("open 3 sub/../../secret/key r", "63"),
        ("open 3 /etc/passwd r", "63"),
        ("open 3 out/key r", "63"),
        ("open 3 out-file rf", "63"),
        ("open 3 root/passwd r", "63"),
        ("open 3 round rf", "32"),
        ("open 3 .. dr", "63"),
        ("pstat 3 out-file f", "63"),
        ("pstat 3 out-file _", "0 7 13 1"),
        ("mkdir 3 ../x", "63"),
        ("mkdir 3 out/x", "63"),
        ("unlink 3 ../secret/key", "63"),
        ("unlink 3 out/key", "63"),
        ("rmdir 3 ../secret", "63"),
        ("rename 3 a.txt 3 ../b", "63"),
        ("rename 3 ../secret/key 3 b", "63"),
        ("link 3 ../secret/key 3 b", "63"),
        ("symlink /etc 3 e", "63"),
        ("symlink ../secret 3 e", "0"),
        ("open 3 e/key r", "63"),
        ("readlink 3 root 9", "63"),
        ("open 3 sub dr", "0 5"),
        ("open 5 ../a.txt r", "63"),
    ]);
}

#[test]
fn times_are_those_of_the_node_or_what_is_set() {
    calls(&[
        ("ptimes 3 a.txt f 1000 2000 5", "0"),
        ("modified 3 a.txt f", "0 1000 2000"),
        ("ptimes 3 a.txt f 9 9 0", "0"),
        ("modified 3 a.txt f", "0 1000 2000"),
        ("ptimes 3 a.txt f 1 1 3", "28"),
        ("ptimes 3 a.txt f 1 1 16", "28"),
        ("ptimes 3 in _ 5 6 5", "0"),
        ("modified 3 in _", "0 5 6"),
        ("open 3 a.txt r", "0 5"),
        ("times 5 7000 8000 5", "0"),
        ("modified 3 a.txt f", "0 7000 8000"),
        ("times 3 3000 4000 5", "0"),
        ("modified 3 . f", "0 3000 4000"),
    ]);
    let commands =
        ["unix", "open 3 new cw", "modified 3 new f", "ptimes 3 a.txt f 1 1 10", "modified 3 a.txt f"];
    let did = simulated_with(&vec![root("g", probe(config(&commands)))], &directories());
    let log = did.log_of("g");
    // Since 2020: an operation takes 10 µs, and two mounts were opened before.
    let ns = |us: u64| 1_577_836_800_000_000_000 + us * 1_000;
    assert_eq!(log[0], format!("unix 0 {}", ns(20)));
    assert_eq!(log[2], format!("modified 0 {0} {0}", ns(30)));
    assert_eq!(log[4], format!("modified 0 {0} {0}", ns(50)));
}

#[test]
fn inodes_count_in_the_order_of_making() {
    let commands =
        ["inode 3 .", "inode 3 a.txt", "inode 3 sub/deep", "mkdir 3 x", "inode 3 x", "inode 4 a.txt"];
    let did = simulated_with(&vec![root("g", probe(config(&commands)))], &directories());
    // `data` and all that is in it, `fixed`, `secret`; then what is new.
    assert_eq!(
        did.log_of("g"),
        ["inode 0 1", "inode 0 2", "inode 0 9", "mkdir 0", "inode 0 21", "inode 0 11"]
    );
}

#[test]
fn what_is_written_stays_for_the_next_life_and_what_is_open_does_not() {
    let roots = vec![
        root("one", probe(config(&["open 3 new cw", "write 5 kept", "unlink 3 a.txt"]))),
        root("two", probe(config(&["read 5 9", "open 3 new r", "read 5 9", "open 3 a.txt r"]))),
    ];
    let did = both_with(&roots, &directories());
    assert_eq!(did.log_of("two"), ["read 8", "open 0 5", "read 0 kept", "open 44"]);
}

#[test]
fn a_directory_that_nobody_named_cannot_be_mounted() {
    let config = WasiConfig { mounts: vec![mount("none", "/x", false)], ..config(&[]) };
    let did = both_with(&vec![root("g", probe(config))], &directories());
    let failure = Failure::Protocol("`/x` cannot be opened: WASI's error 44".into());
    assert_eq!(did.end_of("g"), Some(&ExitReason::start_failed(failure.into())));
}

#[test]
fn a_program_that_was_given_no_directory_has_none() {
    let config =
        WasiConfig { mounts: Vec::new(), ..config(&["prestat 3", "open 3 a.txt r", "open 4 a.txt r"]) };
    let did = both_with(&vec![root("g", probe(config))], &directories());
    assert_eq!(did.log_of("g"), ["prestat 8", "open 8", "open 8"]);
}

/// Notes what is logged.
#[derive(Clone, Default)]
struct Lines(Rc<RefCell<Vec<String>>>);

impl Observer for Lines {
    fn event(&mut self, _: At, event: &Event<'_>) {
        if let Event::Logged { text, .. } = event {
            self.0.borrow_mut().push((*text).to_owned());
        }
    }
}

/// What probes say of which one runs in each boot of a node, that crashes in between, by a tape all of whose
/// entries must be met.
fn by_tape(tape: &str, boots: &[&[&str]]) -> Vec<String> {
    let said = Lines::default();
    let keep = said.clone();
    let boots: Vec<Shared> = boots.iter().map(|commands| Shared(Arc::new(probe(config(commands))))).collect();
    let program = move |world: &mut World| {
        world.observe(keep.clone());
        for (name, image) in directories() {
            world.directory(name, image);
        }
        let (of_boot, boot) = (boots.clone(), Cell::new(0));
        let node = world.node("main", move |node| {
            let probe = of_boot[boot.replace(boot.get() + 1)].clone();
            node.spawn(SpawnOptions::registered("g"), probe.0).unwrap();
        });
        world.settle().map_err(|broken| anyhow::anyhow!("{broken:?}"))?;
        for _ in 1..boots.len() {
            world.crash(node);
            world.restart(node);
            world.settle().map_err(|broken| anyhow::anyhow!("{broken:?}"))?;
        }
        Ok(())
    };
    let config = WorldConfig { allow_failures: true, ..WorldConfig::default() };
    let outcome =
        replay(&InWorld { config, program }, &RunConfig::seed(1), &tape.parse().unwrap(), true, Vec::new());
    let outcome = outcome.unwrap_or_else(|e| panic!("failed to {e}"));
    assert_eq!((outcome.replay_error, outcome.found), (None, None));
    said.0.take()
}

#[test]
fn an_operation_that_fails_by_a_fault_does_nothing_and_says_so() {
    // Effects 1 and 2 open the mounts; 29 is a failure, 51 that there is no room.
    let fails = |nth: u32, how: u32, commands: &[&str]| {
        by_tape(&format!("choice failed-effect main/g:1 #{nth} = {how}"), &[commands])
    };
    let commands = ["open 3 a.txt rw", "write 5 HE", "sync 5", "pread 5 0 9", "tell 5"];
    let opened = "open 0 5";
    let write = |errno: u32| {
        vec![
            opened.to_owned(),
            format!("write {errno} 0"),
            "sync 0".into(),
            "pread 0 hello".into(),
            "tell 0 0".into(),
        ]
    };
    assert_eq!(fails(4, 1, &commands), write(29));
    assert_eq!(fails(4, 2, &commands), write(51));
    assert_eq!(fails(5, 1, &commands), [opened, "write 0 2", "sync 29", "pread 0 HEllo", "tell 0 2"]);
    assert_eq!(fails(6, 1, &commands)[3..], ["pread 29", "tell 0 2"]);
    assert_eq!(fails(3, 1, &commands)[0], "open 29");
    assert_eq!(fails(3, 2, &["open 3 new crw", "open 3 new r"]), ["open 51", "open 44"]);
    assert_eq!(fails(3, 1, &["unlink 3 a.txt", "open 3 a.txt r"]), ["unlink 29", "open 0 5"]);
    // A start that cannot open its directories fails.
    assert_eq!(fails(1, 1, &commands), [""; 0]);
}

#[test]
fn a_crash_may_take_back_what_was_not_synced() {
    let writes: &[&str] = &[
        "open 3 a.txt rw",
        "write 5 SYNCED",
        "sync 5",
        "write 5 -datasync",
        "datasync 5",
        "write 5 -not-synced",
    ];
    let reads: &[&str] = &["open 3 a.txt r", "read 5 99"];
    let all = "SYNCED-datasync-not-synced";
    let left = |tape: &str| by_tape(tape, &[writes, reads]).pop().unwrap();
    assert_eq!(left(""), format!("read 0 {all}"));
    assert_eq!(left("choice unsynced-write main//data/a.txt:0 #1 = 1"), "read 0 SYNCED-datasync");
    let torn = "choice unsynced-write main//data/a.txt:0 #1 = 1\nchoice torn-write main//data/a.txt:0 #1 = 2";
    assert_eq!(left(torn), "read 0 SYNCED-datasync-not-");
    // A file that was made, and renamed in another's place: the names may be lost from the end on.
    let replaces: &[&str] = &["open 3 new crw", "write 5 new", "datasync 5", "rename 3 new 3 a.txt"];
    let reads: &[&str] = &["open 3 a.txt r", "read 5 9", "open 3 new r", "read 6 9"];
    for (lost, said) in [
        (0, ["open 0 5", "read 0 new", "open 44", "read 8"]),
        (1, ["open 0 5", "read 0 hello", "open 0 6", "read 0 new"]),
        (2, ["open 0 5", "read 0 hello", "open 44", "read 8"]),
    ] {
        let tape =
            if lost == 0 { String::new() } else { format!("choice unsynced-write main//:0 #1 = {lost}") };
        assert_eq!(by_tape(&tape, &[replaces, reads])[4..], said, "{lost}");
    }
    // Synced, they stay: no such choice is met.
    let synced = [replaces, &["sync 5"]].concat();
    assert_eq!(by_tape("", &[&synced, reads])[5..], ["open 0 5", "read 0 new", "open 44", "read 8"]);
}
