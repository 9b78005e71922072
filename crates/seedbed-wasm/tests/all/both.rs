//! The same program on both reactors: what it does must be the same, and the real run must replay
//! in the simulator, event for event.

#![expect(clippy::unwrap_used, reason = "what is missing here fails the test")]

use seedbed_core::{
    Actor, At, Bytes, Context, Event, ExitReason, Factory, Observer, Pid, Result, Shared, Signal,
    SpawnOptions,
};
use seedbed_files::Image;
use seedbed_rt::{Cluster, System, block_on};
use seedbed_sim::{InWorld, Plain, RunConfig, Setup, World, WorldConfig, replay_recording, run_with};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What a test looks at, each with the path on the node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Did {
    /// Everybody who ended before the program was over.
    pub(crate) exits: Vec<(String, ExitReason)>,
    /// Level and text.
    pub(crate) logged: Vec<(String, i32, String)>,
    /// Key and value of what was published.
    pub(crate) facts: Vec<(String, String, i64)>,
}

impl Did {
    fn see(&mut self, event: &Event<'_>) {
        let name = |text: &str| text.split_once('/').map_or(text, |(_, rest)| rest).to_owned();
        match event {
            Event::Exited { who, reason, .. } => self.exits.push((name(who.text), (*reason).clone())),
            Event::Logged { who, level, text } => {
                self.logged.push((name(who.text), *level as i32, (*text).to_owned()));
            }
            Event::Observed { who, key, value } => {
                self.facts.push((name(who.text), (*key).to_owned(), *value));
            }
            _ => {}
        }
    }

    /// What an actor logged.
    pub(crate) fn log_of(&self, path: &str) -> Vec<&str> {
        self.logged.iter().filter(|(who, ..)| who == path).map(|(.., text)| text.as_str()).collect()
    }

    /// How an actor ended.
    pub(crate) fn end_of(&self, path: &str) -> Option<&ExitReason> {
        self.exits.iter().find(|(who, _)| who == path).map(|(_, reason)| reason)
    }
}

#[derive(Clone, Default)]
struct Seeing(Arc<Mutex<Did>>);

impl Observer for Seeing {
    fn event(&mut self, _: At, event: &Event<'_>) {
        self.0.lock().unwrap().see(event);
    }
}

/// Actors without a parent, in the order in which they are spawned.
pub(crate) type Roots = Vec<(&'static str, Shared)>;

/// A root.
pub(crate) fn root(name: &'static str, factory: impl Factory) -> (&'static str, Shared) {
    (name, Shared(Arc::new(factory)))
}

/// Runs the roots on both reactors until all is at rest.
pub(crate) fn both(roots: &Roots) -> Did {
    both_with(roots, &Directories::new())
}

/// What named directories hold at first.
pub(crate) type Directories = BTreeMap<&'static str, Image>;

/// The same with directories: in memory, and in a real one that is gone before the replay.
pub(crate) fn both_with(roots: &Roots, directories: &Directories) -> Did {
    let real = really(roots, directories);
    let simulated = simulated_with(roots, directories);
    assert_eq!(real, simulated, "the real reactor first");
    real
}

/// Runs them in the simulator, in plain order.
pub(crate) fn simulated(roots: &Roots) -> Did {
    simulated_with(roots, &Directories::new())
}

/// The same with directories.
pub(crate) fn simulated_with(roots: &Roots, directories: &Directories) -> Did {
    let directories = directories.clone();
    let seen = Rc::new(RefCell::new(Did::default()));
    let (roots, seeing) = (roots.clone(), Rc::clone(&seen));
    let program = move |world: &mut World| {
        let sees = Seeing::default();
        world.observe(sees.clone());
        for (name, image) in &directories {
            world.directory(*name, image.clone());
        }
        let node = world.node("main", |_| {});
        for (name, factory) in &roots {
            world.spawn_on(node, SpawnOptions::registered(*name), Arc::clone(&factory.0))?;
            world.settle().map_err(|broken| anyhow::anyhow!("{broken:?}"))?;
        }
        let did = sees.0.lock().unwrap().clone();
        *seeing.borrow_mut() = did;
        Ok(())
    };
    let config = WorldConfig { allow_failures: true, ..WorldConfig::default() };
    let (outcome, _) =
        run_with(&InWorld { config, program }, &RunConfig::seed(1), Box::new(Plain), Vec::new());
    assert_eq!(outcome.found, None);
    seen.borrow().clone()
}

/// Puts an image where nothing is.
fn unpack(image: &Image, path: &Path) {
    match image {
        Image::File(bytes) => std::fs::write(path, bytes.as_slice()).unwrap(),
        Image::Link(target) => std::os::unix::fs::symlink(target, path).unwrap(),
        Image::Directory(entries) => {
            std::fs::create_dir(path).unwrap();
            entries.iter().for_each(|(name, image)| unpack(image, &path.join(name)));
        }
    }
}

fn really(roots: &Roots, directories: &Directories) -> Did {
    let seen = Seeing::default();
    let disk = tempfile::tempdir().unwrap();
    let mut builder = System::builder().record_every_event().observe(seen.clone());
    for (name, image) in directories {
        unpack(image, &disk.path().join(name));
        builder = builder.directory(*name, disk.path().join(name));
    }
    let (did, recording) = block_on(async {
        let cluster = Cluster::start(vec![builder]).unwrap();
        let system = &cluster.nodes()[0];
        for (name, factory) in roots {
            // One that does not start is seen to end.
            let _ = system.spawn_with(SpawnOptions::registered(*name), Arc::clone(&factory.0)).await;
            cluster.rest().await.unwrap();
        }
        let did = seen.0.lock().unwrap().clone();
        let finished = cluster.shutdown_within(Duration::from_secs(10)).await;
        (did, finished.into_iter().next().flatten().unwrap().recording.unwrap())
    })
    .unwrap();
    drop(disk);
    let setup = roots
        .iter()
        .fold(Setup::default(), |setup, (name, factory)| setup.shared_root(*name, Arc::clone(&factory.0)));
    let replayed = replay_recording(&recording, setup).unwrap_or_else(|e| panic!("failed to {e}"));
    assert_eq!((replayed.turns, replayed.trace_hash), (recording.turns, recording.hash));
    did
}

/// An actor whose children have it as the first part of their path.
pub(crate) struct Folder(pub(crate) Vec<(&'static str, Shared)>);

impl Actor for Folder {
    type Message = ();

    fn on_start(&mut self, cx: &mut Context<'_>) -> Result<()> {
        for (name, factory) in &self.0 {
            cx.spawn(SpawnOptions::registered(*name), factory.clone())?;
        }
        Ok(())
    }

    fn on_message(&mut self, _: &mut Context<'_>, (): ()) -> Result<()> {
        Ok(())
    }
}

/// Something a [`Client`] does.
#[derive(Clone, Debug)]
pub(crate) enum Do {
    /// Sends to a name, under a tag.
    Send(&'static str, u64, Vec<u8>),
    /// Asks a name, under a tag, and waits for the answer.
    Ask(&'static str, u64, Vec<u8>),
    /// Monitors a name.
    Watch(&'static str),
    /// Stops a name, as a supervisor would.
    Stop(&'static str),
    /// Kills a name.
    Kill(&'static str),
    /// Waits so many milliseconds.
    Wait(u64),
}

/// Does one thing after the other, each in a turn of its own, and logs what reaches it.
pub(crate) struct Client {
    to_do: Vec<Do>,
}

/// A root that is a [`Client`].
pub(crate) fn client(name: &'static str, to_do: Vec<Do>) -> (&'static str, Shared) {
    root(name, move || Client { to_do: to_do.iter().rev().cloned().collect() })
}

impl Client {
    fn next(&mut self, cx: &mut Context<'_>) -> Result<()> {
        let Some(next) = self.to_do.pop() else { return Ok(()) };
        let find = |cx: &mut Context<'_>, name: &str| cx.whereis(name).unwrap_or(Pid::NOBODY);
        match next {
            Do::Send(to, tag, payload) => {
                let to = find(cx, to);
                cx.send_tagged(to, tag, &payload)?;
            }
            Do::Ask(to, tag, payload) => {
                let to = find(cx, to);
                cx.ask_tagged(to, tag, &payload, Duration::from_secs(1))?;
                return Ok(());
            }
            Do::Watch(whom) => {
                let whom = find(cx, whom);
                cx.monitor(whom)?;
            }
            Do::Stop(whom) => {
                let whom = find(cx, whom);
                cx.exit_with(whom, ExitReason::Shutdown)?;
            }
            Do::Kill(whom) => {
                let whom = find(cx, whom);
                cx.kill(whom)?;
            }
            Do::Wait(ms) => {
                cx.set_timer(Duration::from_millis(ms), 0)?;
                return Ok(());
            }
        }
        let me = cx.me();
        Ok(cx.send_tagged(me, 0, b"next")?)
    }

    fn log(&self, cx: &mut Context<'_>, text: &str) {
        cx.log(seedbed_core::Level::Info, text);
    }
}

impl Actor for Client {
    type Message = Bytes;

    fn on_start(&mut self, cx: &mut Context<'_>) -> Result<()> {
        let me = cx.me();
        Ok(cx.send_tagged(me, 0, b"next")?)
    }

    fn on_message(&mut self, cx: &mut Context<'_>, message: Bytes) -> Result<()> {
        if cx.from() == cx.me() {
            return self.next(cx);
        }
        let (tag, from) = (cx.envelope().tag, cx.path_of(cx.from()).map(|(path, _)| path.to_owned()));
        let text = format!("message {tag} {:?} from {}", message.0, from.unwrap_or_default());
        self.log(cx, &text);
        Ok(())
    }

    fn on_signal(&mut self, cx: &mut Context<'_>, signal: Signal) -> Result<()> {
        match signal {
            Signal::Reply { outcome, .. } => {
                let text = match outcome {
                    Ok(payload) => format!("reply {} {:?}", cx.envelope().tag, payload.0),
                    Err(failure) => format!("no reply: {failure:?}"),
                };
                self.log(cx, &text);
                self.next(cx)
            }
            Signal::Down { reason, .. } => {
                self.log(cx, &format!("down: {reason}"));
                Ok(())
            }
            Signal::Timer { .. } => self.next(cx),
            other => {
                self.log(cx, &format!("{other:?}"));
                Ok(())
            }
        }
    }
}
