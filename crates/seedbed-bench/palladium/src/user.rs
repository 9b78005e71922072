//! The engine, and actors below `/user` that say when they begin and end.

use palladium_actor::*;
use palladium_runtime::{Engine, EngineHandle, TokioReactor};
use std::sync::{Arc, Mutex};
use tokio::sync::oneshot;
use tokio::task::{LocalSet, spawn_local};

/// An actor that says where it is when it has started, and when it has ended.
struct Told<A> {
    actor: A,
    started: Option<oneshot::Sender<AddrHash>>,
    ended: Option<oneshot::Sender<()>>,
}

impl<A: Actor<TokioReactor>> Actor<TokioReactor> for Told<A> {
    fn on_start(&mut self, cx: &mut ActorContext<TokioReactor>) -> Result<(), ActorError> {
        self.actor.on_start(cx)?;
        self.started.take().expect("it starts once").send(cx.addr_hash()).expect("it is waited for");
        Ok(())
    }

    fn on_message(
        &mut self,
        cx: &mut ActorContext<TokioReactor>,
        envelope: &Envelope,
        payload: MessagePayload,
    ) -> Result<(), ActorError> {
        self.actor.on_message(cx, envelope, payload)
    }

    fn on_stop(&mut self, cx: &mut ActorContext<TokioReactor>, reason: StopReason) {
        self.actor.on_stop(cx, reason);
        // Nobody waits for the end of some.
        let _ = self.ended.take().expect("it ends once").send(());
    }
}

/// An actor that runs.
pub struct Running {
    pub path: ActorPath,
    pub address: AddrHash,
    pub ended: oneshot::Receiver<()>,
}

/// Spawns an actor, and waits until it has started.
pub async fn spawn(engine: &EngineHandle, name: &str, actor: impl Actor<TokioReactor>) -> Running {
    let path = ActorPath::parse(&format!("/user/{name}")).expect("it is a path");
    let ((started, address), (ended, end)) = (oneshot::channel(), oneshot::channel());
    // One that fails is made again whatever its policy: that panics, after the measurement.
    let told = Mutex::new(Some(Told { actor, started: Some(started), ended: Some(ended) }));
    let spec = ChildSpec::new(
        name,
        RestartPolicy::Temporary,
        ShutdownPolicy::Brutal,
        NamespacePolicy::default_for(&path).expect("it is a path"),
        move || Box::new(told.lock().expect("no panic").take().expect("it is not restarted")),
    );
    engine.spawn_user_actor(spec);
    Running { path, address: address.await.expect("it starts"), ended: end }
}

/// Asks an actor to stop, and waits until it has.
pub async fn stop(engine: &EngineHandle, actor: Running) {
    assert!(engine.stop_actor(&actor.path));
    actor.ended.await.expect("it ends");
}

/// Runs `work` beside an engine on this thread.
pub fn here<F: Future<Output = ()>>(work: impl FnOnce(Arc<EngineHandle>) -> F) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    LocalSet::new().block_on(&runtime, async {
        let engine = Engine::new();
        let handle = Arc::new(engine.handle());
        let (_stop, stopped) = oneshot::channel();
        spawn_local(engine.run_async(stopped));
        // What is spawned before its supervisor is there is lost without a word.
        let supervisor = ActorPath::parse("/user").expect("it is a path");
        while handle.lookup_path(&supervisor).is_none() {
            tokio::task::yield_now().await;
        }
        work(handle).await;
    });
}
