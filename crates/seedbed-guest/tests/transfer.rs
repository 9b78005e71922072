//! The application `transfer` and its mended twin, simulated natively and as modules.

#![expect(clippy::unwrap_used, reason = "what is missing here fails the test")]

mod common;

use common::Events;
use seedbed_core::{Actor, Context, Factory, Shared, Signal, SpawnOptions, WithArgs};
use seedbed_guest::{Message, Result, SpawnFlags};
use seedbed_sim::{
    Faults, InWorld, Outcome, Program, RunConfig, StrategySpec, World, WorldConfig, replay, run_with,
};
use seedbed_wasm::WasmActor;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use transfer_protocol::record;

/// What the application is made of.
#[derive(Clone)]
struct Application {
    ledger: Shared,
    teller: Shared,
    client: Shared,
}

fn shared(factory: impl Factory) -> Shared {
    Shared(Arc::new(factory))
}

impl Application {
    fn native(ledger: impl Factory) -> Application {
        Application {
            ledger: shared(ledger),
            teller: shared(teller::Teller::default),
            client: shared(WithArgs(|args: &[u8]| Ok(client::Client::decode(args)?))),
        }
    }

    fn broken() -> Application {
        Application::native(WithArgs(ledger::Ledger::new))
    }

    fn fixed() -> Application {
        Application::native(WithArgs(ledger_fixed::Ledger::new))
    }

    fn modules(directory: &str) -> Application {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures").join(directory);
        let module = |name: &str| shared(WasmActor::from_file(fixtures.join(name)).unwrap());
        Application {
            ledger: module("ledger.wasm"),
            teller: module("teller.wasm"),
            client: module("client.wasm"),
        }
    }
}

/// Keeps one child alive, whatever it dies of, unless it is done.
struct Keeper {
    name: String,
    args: Vec<u8>,
    child: Shared,
}

impl Keeper {
    fn start(&self, cx: &mut Context<'_>) -> Result<()> {
        let options = SpawnOptions::registered(&*self.name).args(&*self.args).flags(SpawnFlags::MONITOR);
        cx.spawn(SpawnOptions { supervised: true, ..options }, self.child.clone())?;
        Ok(())
    }
}

impl Actor for Keeper {
    type Message = ();

    fn on_start(&mut self, cx: &mut Context<'_>) -> Result<()> {
        self.start(cx)
    }

    fn on_message(&mut self, _: &mut Context<'_>, (): ()) -> Result<()> {
        Ok(())
    }

    fn on_signal(&mut self, cx: &mut Context<'_>, signal: Signal) -> Result<()> {
        match signal {
            Signal::Down { reason, .. } if !reason.is_clean() => self.start(cx),
            _ => Ok(()),
        }
    }
}

impl Application {
    /// Two ledgers, two tellers and two clients, on four nodes, as the manifests have it.
    fn world(&self, world: &mut World) {
        let opening = record(&500u32);
        let client = |teller: &str, a: &str, b: &str| {
            record(&client::Client { teller: teller.into(), a: a.into(), b: b.into(), transfers: 3 })
        };
        let nothing = Vec::new();
        for (node, children) in [
            ("a", vec![("ledger-a", &self.ledger, opening.clone())]),
            ("b", vec![("ledger-b", &self.ledger, opening)]),
            ("c", vec![("teller-1", &self.teller, nothing.clone()), ("teller-2", &self.teller, nothing)]),
            (
                "d",
                vec![
                    ("client-1", &self.client, client("teller-1@c", "ledger-a@a", "ledger-b@b")),
                    ("client-2", &self.client, client("teller-2@c", "ledger-b@b", "ledger-a@a")),
                ],
            ),
        ] {
            let children: Vec<(&str, Shared, Vec<u8>)> =
                children.into_iter().map(|(name, child, args)| (name, child.clone(), args)).collect();
            world.node(node, move |boot| {
                for (name, child, args) in children.clone() {
                    let keep = move || Keeper { name: name.into(), args: args.clone(), child: child.clone() };
                    boot.spawn(SpawnOptions::named(format!("keeper-of-{name}")), Arc::new(keep)).unwrap();
                }
            });
        }
        world.idle("money is conserved", |world: &World| match world.facts().sum("balance") {
            1000 => Ok(()),
            found => Err(format!("expected 1000, found {found}")),
        });
        world.idle("no transfer is left behind", |world: &World| world.facts().sum("transfers") == 0);
    }

    fn program(&self, faults: Faults) -> impl Program + use<> {
        let application = self.clone();
        InWorld {
            config: WorldConfig { faults, ..WorldConfig::default() },
            program: move |world: &mut World| {
                application.world(world);
                Ok(())
            },
        }
    }
}

fn once(program: &dyn Program, seed: u64, strategy: &str) -> Outcome {
    let strategy: StrategySpec = strategy.parse().unwrap();
    run_with(program, &RunConfig::seed(seed), strategy.build(), Vec::new()).0
}

#[test]
fn without_faults_both_conserve_money() {
    for application in [Application::broken(), Application::fixed()] {
        let outcome = once(&application.program(Faults::none()), 1, "plain");
        assert_eq!(outcome.found, None);
        assert!(outcome.stats.sometimes["a client was told that its money moved"]);
    }
}

#[test]
fn a_hunt_finds_the_mistake() {
    let program = Application::broken().program(Faults::chaos());
    let found = (0..300).map(|seed| once(&program, seed, "random")).find(|outcome| outcome.found.is_some());
    let found = found.expect("300 runs are enough");
    assert_eq!(found.found.as_ref().unwrap().property, "money is conserved");
    let again = replay(&program, &RunConfig::seed(found.seed), &found.tape, true, Vec::new()).unwrap();
    assert_eq!((again.trace_hash, again.found), (found.trace_hash, found.found));
}

#[test]
fn no_hunt_flags_the_mended_twin_and_it_tries_what_it_should() {
    let program = Application::fixed().program(Faults::chaos());
    let mut seen = BTreeSet::new();
    let mut marks = BTreeSet::new();
    for seed in 0..300 {
        let outcome = once(&program, seed, if seed % 2 == 0 { "random" } else { "pct:3" });
        assert_eq!(outcome.found, None, "seed {seed}");
        for (mark, holds) in outcome.stats.sometimes {
            if holds {
                seen.insert(mark.clone());
            }
            marks.insert(mark);
        }
    }
    assert_eq!(seen, marks);
    assert!(seen.contains("a credit was retried") && seen.contains("a retry was recognised"), "{seen:?}");
}

fn events(application: &Application, seed: u64) -> (Vec<String>, Outcome) {
    let events = Events::default();
    // Guests alone can be starved: a native actor burns no fuel, and has no memory of its own to grow.
    let faults = Faults { starved_max: 0, ..Faults::chaos() };
    let program = application.program(faults);
    let strategy = "random".parse::<StrategySpec>().unwrap().build();
    let (outcome, _) = run_with(&program, &RunConfig::seed(seed), strategy, vec![Box::new(events.clone())]);
    (events.take(), outcome)
}

#[test]
fn a_module_gives_the_events_of_its_native_build() {
    let pairs = [
        (Application::broken(), Application::modules("transfer")),
        (Application::fixed(), Application::modules("transfer-fixed")),
    ];
    for (native, modules) in pairs {
        for seed in 0..20 {
            let (native, outcome) = events(&native, seed);
            let (module, module_outcome) = events(&modules, seed);
            let differ = native.iter().zip(&module).position(|(a, b)| a != b);
            if let Some(i) = differ {
                panic!("seed {seed}, event {i}:\nnative {}\nmodule {}", native[i], module[i]);
            }
            assert_eq!(native.len(), module.len(), "seed {seed}");
            assert_eq!(
                (outcome.found, outcome.tape),
                (module_outcome.found, module_outcome.tape),
                "seed {seed}"
            );
        }
    }
}
