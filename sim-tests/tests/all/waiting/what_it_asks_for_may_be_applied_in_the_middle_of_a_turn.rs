//! G8: effects that are applied before the actor goes on, in one turn.

use seedbed_core::{
    Behaviour, Context, Envelope, ExitReason, Factory, Failed, Failure, Level, Pid, SpawnOptions, StopCode,
};
use seedbed_sim::World;
use sim_tests::{Diary, idle, lenient};
use std::sync::Arc;

type Piece = Arc<dyn Fn(&mut Context<'_>, &Diary<String>) -> Result<(), Failed> + Send + Sync>;

/// One turn in pieces; what each asks for is applied before the next.
struct Pieces {
    left: Vec<Piece>,
    diary: Diary<String>,
}

impl Pieces {
    fn next(&mut self, cx: &mut Context<'_>) -> Result<(), Failed> {
        let Some(piece) = self.left.pop() else { return Ok(()) };
        cx.log(Level::Info, "piece");
        cx.apply_now();
        piece(cx, &self.diary)
    }
}

impl Behaviour for Pieces {
    fn start(&mut self, _: &mut Context<'_>) -> Result<(), Failed> {
        Ok(())
    }

    fn deliver(&mut self, cx: &mut Context<'_>, _: &Envelope, _: &[u8]) -> Result<(), Failed> {
        self.next(cx)
    }

    fn resume(&mut self, cx: &mut Context<'_>) -> Result<(), Failed> {
        self.next(cx)
    }

    fn stop(&mut self, _: &mut Context<'_>, _: StopCode) -> Result<(), Failed> {
        self.diary.push("stop".into());
        Ok(())
    }
}

struct Made(Vec<Piece>, Diary<String>);

impl Factory for Made {
    fn create(&self, _: &mut Context<'_>, _: &[u8]) -> Result<Box<dyn Behaviour>, Failed> {
        Ok(Box::new(Pieces { left: self.0.iter().rev().cloned().collect(), diary: self.1.clone() }))
    }
}

fn piece(
    does: impl Fn(&mut Context<'_>, &Diary<String>) -> Result<(), Failed> + Send + Sync + 'static,
) -> Piece {
    Arc::new(does)
}

/// Runs the pieces in one turn of an actor beside one that idles; what is written down, and who is left.
fn run(pieces: impl Fn(Pid) -> Vec<Piece>, then: impl Fn(&mut World, Pid, Pid, Vec<String>)) {
    sim_tests::holds_in(&lenient(), |world| {
        let diary = Diary::new();
        let other = world.spawn("other", idle());
        let node = world.main();
        let made = Made(pieces(other), diary.clone());
        let actor = world.spawn_on(node, SpawnOptions::named("actor"), Arc::new(made))?;
        world.settle()?;
        world.send(actor, 1u64);
        world.settle()?;
        then(world, actor, other, diary.all());
        Ok(())
    });
}

#[test]
fn a_kill_acts_before_the_next_instruction() {
    run(
        |other| {
            vec![
                piece(move |cx, diary| {
                    cx.kill(other).expect("may kill");
                    diary.push(format!("alive {}", cx.is_alive(other)));
                    Ok(())
                }),
                piece(move |cx, diary| {
                    diary.push(format!("alive {}", cx.is_alive(other)));
                    Ok(())
                }),
            ]
        },
        |world, actor, other, diary| {
            assert_eq!(diary, ["alive true", "alive false"]);
            assert_eq!((world.actor(other), world.actor(actor).map(|a| a.turns)), (None, Some(2)));
        },
    );
}

#[test]
fn a_failure_takes_back_nothing_that_was_applied() {
    run(
        |other| {
            vec![
                piece(move |cx, _| {
                    cx.register("mine").expect("is free");
                    cx.spawn(SpawnOptions::registered("child"), idle()).expect("may spawn");
                    Ok(())
                }),
                piece(move |cx, diary| {
                    diary.push(format!("{:?}", cx.whereis("child").map(|pid| cx.is_alive(pid))));
                    cx.kill(other).expect("may kill");
                    Err(Failure::OutOfFuel.into())
                }),
            ]
        },
        |world, actor, other, diary| {
            assert_eq!(diary, ["Some(true)"]);
            assert_eq!(world.actor(actor), None);
            assert!(world.actor(other).is_some(), "the last piece failed");
            let paths: Vec<_> = world.actors().iter().map(|a| (a.path.clone(), a.name.clone())).collect();
            assert_eq!(paths.len(), 2, "the other and the child: {paths:?}");
        },
    );
}

#[test]
fn what_comes_back_and_ends_it_ends_the_turn() {
    run(
        |other| {
            vec![
                piece(move |cx, _| {
                    cx.link(other).expect("may link");
                    Ok(())
                }),
                piece(move |cx, _| {
                    cx.exit_with(other, ExitReason::Shutdown).expect("may exit");
                    cx.kill(other).expect("may kill");
                    Ok(())
                }),
                piece(move |_, diary| {
                    diary.push("too far".into());
                    Ok(())
                }),
            ]
        },
        |world, actor, other, diary| {
            assert_eq!(diary, ["stop"]);
            assert_eq!((world.actor(actor), world.actor(other)), (None, None));
        },
    );
}

#[test]
fn an_exit_of_itself_is_the_last_that_is_applied() {
    run(
        |_| {
            vec![
                piece(move |cx, _| {
                    let me = cx.me();
                    cx.kill(me).expect("may kill itself");
                    Ok(())
                }),
                piece(move |_, diary| {
                    diary.push("too far".into());
                    Ok(())
                }),
            ]
        },
        |world, actor, _, diary| {
            assert_eq!(diary, Vec::<String>::new());
            assert_eq!(world.actor(actor), None);
        },
    );
}
