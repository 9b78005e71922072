//! Effects on the real reactor.

use crate::actors::{block_on, end_of};
use seedbed_core::abi::store;
use seedbed_core::{Actor, Bytes, Context, EffectError, Pid, Reason, Request, Result, Signal};
use seedbed_rt::System;
use std::collections::BTreeMap;

/// Performs what it is asked, and replies with the outcome: the bytes, or `!` and the error code.
#[derive(Default)]
pub(crate) struct Performer(BTreeMap<u64, Request>);

impl Actor for Performer {
    type Message = (String, Vec<u8>);

    fn on_message(&mut self, cx: &mut Context, (effect, payload): Self::Message) -> Result<()> {
        let correlation = cx.perform(&effect, &payload)?;
        self.0.insert(correlation.0, cx.request().expect("it was asked"));
        Ok(())
    }

    fn on_signal(&mut self, cx: &mut Context, signal: Signal) -> Result<()> {
        if let Signal::Completion { correlation, outcome } = signal {
            let request = self.0.remove(&correlation.0).expect("it asked");
            let said = outcome.map_or_else(|e| format!("!{}", e.code).into_bytes(), |b| b.0);
            cx.reply_to(request, Bytes(said))?;
        }
        Ok(())
    }
}

pub(crate) async fn perform(system: &System, pid: Pid, effect: &str, payload: &[u8]) -> Vec<u8> {
    let reply: Bytes = system.ask(pid, (effect.to_owned(), payload.to_vec())).await.unwrap();
    reply.0
}

async fn append(system: &System, pid: Pid, record: &[u8]) -> Vec<u8> {
    perform(system, pid, store::EFFECT, &[&[store::APPEND], record].concat()).await
}

async fn records(system: &System, pid: Pid) -> Vec<Vec<u8>> {
    let all = perform(system, pid, store::EFFECT, &[store::READ]).await;
    store::Records::new(&all).map(<[u8]>::to_vec).collect()
}

#[test]
fn a_store_outlives_the_lives_of_its_path_and_in_files_the_system() {
    let dir = tempfile::tempdir().unwrap();
    block_on(async {
        for files in [false, true] {
            let builder = System::builder();
            let system = if files { builder.store_in(dir.path()) } else { builder }.start().unwrap();
            let a = system.spawn("a", Performer::default).await.unwrap();
            let b = system.spawn("b", Performer::default).await.unwrap();
            assert_eq!(append(&system, a, b"one").await, b"");
            assert_eq!(append(&system, b, b"else").await, b"");
            assert_eq!(perform(&system, a, store::EFFECT, &[7]).await, b"!1");
            system.stop(a, Reason::Normal).await.unwrap();
            let a = system.spawn("a", Performer::default).await.unwrap();
            assert_eq!(append(&system, a, b"two").await, b"");
            assert_eq!(records(&system, a).await, [b"one", b"two"]);
            system.shutdown().await.unwrap();
        }
        let system = System::builder().store_in(dir.path()).start().unwrap();
        let a = system.spawn("a", Performer::default).await.unwrap();
        assert_eq!(records(&system, a).await, [b"one", b"two"]);
    });
}

#[test]
fn an_effect_of_the_embedder_ends_in_exactly_one_completion() {
    block_on(async {
        let system = System::builder()
            .effect("double", async |r: seedbed_core::EffectRequest| Ok([&*r.payload, &*r.payload].concat()))
            .effect("late", async |r: seedbed_core::EffectRequest| {
                tokio::task::yield_now().await;
                Err(EffectError { code: 42, text: r.path_text.as_ref().into() })
            })
            .effect("panic", async |_| panic!("no effect"))
            .start()
            .unwrap();
        let a = system.spawn("a", Performer::default).await.unwrap();
        assert_eq!(perform(&system, a, "double", b"ab").await, b"abab");
        assert_eq!(perform(&system, a, "late", b"").await, b"!42");
        assert_eq!(perform(&system, a, "panic", b"").await, b"!0");
        system.send(a, ("unknown".to_owned(), Vec::<u8>::new())).unwrap();
        assert!(!end_of(&system, a).await.is_clean(), "an unknown effect is refused at the call");
    });
}
