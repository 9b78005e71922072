//! Clients that send by a timetable: the real counterpart of the simulator's inputs.

use crate::Cluster;
use crate::error::AskError;
use crate::system::System;
use seedbed_core::{Input, InputStats, RequestFailure};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::task::JoinSet;
use tokio::time::Instant;

/// Inputs that are being played, and how they went so far.
#[derive(Clone, Default)]
pub struct Playing(Arc<Mutex<Vec<InputStats>>>);

impl Playing {
    /// How each input went so far, in their order.
    pub fn stats(&self) -> Vec<InputStats> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn count(&self, index: usize, count: impl FnOnce(&mut InputStats)) {
        count(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner)[index]);
    }
}

impl Cluster {
    /// Sends inputs by their timetables, from now on, each from a client of its own; done when all
    /// are sent and their requests have ended. An input without a `count` is never done.
    ///
    /// # Panics
    /// If an input is for a node that is not there.
    pub async fn play(&self, inputs: Vec<Input>, playing: &Playing) {
        let begun = Instant::now();
        *playing.0.lock().unwrap_or_else(PoisonError::into_inner) = vec![InputStats::default(); inputs.len()];
        let mut clients = JoinSet::new();
        for (index, input) in inputs.into_iter().enumerate() {
            let node = usize::from(input.node().0).checked_sub(1).and_then(|at| self.nodes().get(at));
            let client = Arc::new(node.expect("an input is for a node of the cluster").named(&input.name));
            clients.spawn(play_one(index, input, client, begun, playing.clone()));
        }
        while let Some(ended) = clients.join_next().await {
            ended.expect("a client does not panic, and nobody else ends it");
        }
    }
}

async fn play_one(index: usize, input: Input, client: Arc<System>, begun: Instant, playing: Playing) {
    let mut requests = JoinSet::new();
    let mut sent = 0;
    while let Some(at) = input.next(sent) {
        tokio::time::sleep_until(begun + at).await;
        sent += 1;
        playing.count(index, |stats| stats.sent = sent);
        let Some(timeout) = input.timeout else {
            if client.send_raw(input.to, input.tag, input.payload.clone()).is_err() {
                return; // the node has stopped: nobody is there to send to
            }
            continue;
        };
        let request = client.begin_ask(input.to, input.tag, input.payload.clone(), timeout);
        let playing = playing.clone();
        requests.spawn(async move {
            let outcome = match request.await {
                Ok(_) | Err(AskError::Type { .. }) => Ok(()),
                Err(AskError::Failed(failure)) => Err(failure),
                Err(AskError::Stopped(_)) => Err(RequestFailure::NoConnection),
            };
            playing.count(index, |stats| stats.ended(outcome));
        });
    }
    while let Some(ended) = requests.join_next().await {
        ended.expect("a request does not panic, and nobody else ends it");
    }
}
