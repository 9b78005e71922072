//! A check over real processes: this program starts itself.

mod common;

use common::{race, sound};
use seedbed_hunt::check::{Check, Checked, Commands, serve};
use seedbed_hunt::{Died, died, run_seed};
use seedbed_sim::{Program, StrategySpec, World};
use std::process::Command;

/// Depends on where this process has its code: no seed decides that.
fn by_address(world: &mut World) -> anyhow::Result<()> {
    sound(world)?;
    let register = world.address("register", "main").expect("there is a node");
    world.send(register, common::Op::Write(std::process::id().into()));
    Ok(())
}

type Body = fn(&mut World) -> anyhow::Result<()>;

const PROGRAMS: [(&str, Body); 3] = [("sound", sound), ("race", race), ("by-address", by_address)];

fn check(name: &str) -> Checked {
    let this = std::env::current_exe().expect("a process knows its program");
    let children = Commands(|| {
        let mut command = Command::new(&this);
        command.args(["--serve", name]);
        command
    });
    let check = Check { children: &children, root: 1, seeds: 5, strategy: StrategySpec::Random };
    check.run(&mut |_| true).expect("the processes answer")
}

/// A hunt whose process aborts in a run says nothing any more, but leaves the seed.
fn a_death_leaves_its_seed() {
    let this = std::env::current_exe().expect("a process knows its program");
    let dir = tempfile::tempdir().expect("there is room for a directory");
    let status = Command::new(this).arg("--die").arg(dir.path()).status().expect("it starts");
    assert!(!status.success());
    let told = died(dir.path(), "test").expect("the directory is there");
    assert_eq!(told, [Died { seed: run_seed(7, 20), start: None, strategy: "portfolio".into() }]);
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [_, "--serve", name] => {
            let found = PROGRAMS.iter().find(|(n, _)| *n == name);
            let program: &dyn Program = found.map(|(_, program)| program).expect("a program of this test");
            serve(program, std::io::stdin().lock(), std::io::stdout()).expect("the check answers");
        }
        [_, "--die", dir] => {
            let dies = |world: &mut World| {
                if world.seed() == run_seed(7, 20) {
                    std::process::abort();
                }
                sound(world)
            };
            let mut hunt = common::hunt(&dies, 1_000);
            hunt.witness_in = Some(dir.into());
            common::run(&hunt);
        }
        [.., "--list"] => {}
        _ => {
            for name in ["sound", "race"] {
                let checked = check(name);
                assert!(checked.difference.is_none() && checked.same == 5, "{name}: {checked:?}");
            }
            let difference = check("by-address").difference.expect("processes differ in their numbers");
            a_death_leaves_its_seed();
            assert!(!difference.leak && difference.to_string().contains("event "), "{difference}");
        }
    }
}
