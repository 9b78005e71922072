//! Several nodes of one process, each on a thread of its own, that reach each other in memory.

use crate::builder::{Builder, Place};
use crate::clock::Clock;
use crate::error::{StartError, Stopped};
use crate::node::Finished;
use crate::reactor::Crossed;
use crate::system::System;
use seedbed_core::{NodeId, Time};
use std::time::Duration;

/// The nodes, by their numbers.
///
/// # Examples
/// ```
/// # use seedbed_core::{Actor, Context, Result};
/// # use seedbed_rt::{Cluster, System};
/// # struct Echo;
/// # impl Actor for Echo {
/// #     type Message = u64;
/// #     fn on_message(&mut self, cx: &mut Context, n: u64) -> Result<()> { cx.reply(n) }
/// # }
/// # async fn service() -> anyhow::Result<()> {
/// let cluster = Cluster::start(vec![System::builder().name("a"), System::builder().name("b")])?;
/// cluster.nodes()[0].spawn("echo", || Echo).await?;
/// let echo = cluster.nodes()[1].address("echo@a")?;
/// let n: u64 = cluster.nodes()[1].ask(echo, 7u64).await?;
/// # assert_eq!(n, 7);
/// # Ok(())
/// # }
/// # fn main() -> anyhow::Result<()> { seedbed_rt::block_on(service())? }
/// ```
pub struct Cluster {
    nodes: Vec<System>,
    clock: Clock,
}

impl Cluster {
    /// Starts nodes that reach each other; their numbers are in this order, from 1.
    ///
    /// # Errors
    /// See [`StartError`]; those that had started stop again.
    pub fn start(nodes: Vec<Builder>) -> Result<Cluster, StartError> {
        let mut names: Vec<String> = Vec::new();
        for node in &nodes {
            let name = node.checked_name()?;
            if names.iter().any(|other| other == name) {
                return Err(StartError::SameName { name: name.to_owned() });
            }
            names.push(name.to_owned());
        }
        if nodes.len() > usize::from(NodeId::MAX.0) {
            return Err(StartError::TooMany { nodes: nodes.len() });
        }
        let places = Place::for_all(&names);
        let start = |(node, place): (Builder, Place)| node.start_at(place);
        let nodes = nodes.into_iter().zip(places).map(start).collect::<Result<_, _>>()?;
        Ok(Cluster { nodes, clock: Clock::start() })
    }

    /// Handles of the nodes, in the order of their numbers.
    pub fn nodes(&self) -> &[System] {
        &self.nodes
    }

    /// How long ago they started.
    pub fn elapsed(&self) -> Duration {
        self.clock.now().since(Time::ZERO)
    }

    /// Waits until all is at rest: no mail, nothing under way, no effect, no one-shot timer, no
    /// request of a client.
    ///
    /// # Errors
    /// If a node has stopped.
    pub async fn rest(&self) -> Result<(), Stopped> {
        let mut before = None;
        loop {
            let mut all = Vec::new();
            for node in &self.nodes {
                all.push(node.rest().await?);
            }
            let sum = |count: fn(&Crossed) -> u64| all.iter().map(count).sum::<u64>();
            if sum(|c| c.sent) == sum(|c| c.taken) && before.as_ref() == Some(&all) {
                return Ok(());
            }
            before = Some(all);
        }
    }

    /// Shuts all nodes down, the last one first; see [`System::shutdown_within`], whose time each has.
    /// Of a node that had stopped before there is nothing to tell.
    pub async fn shutdown_within(&self, within: Duration) -> Vec<Option<Finished>> {
        let mut finished = Vec::new();
        for node in self.nodes.iter().rev() {
            finished.push(node.shutdown_within(within).await.ok());
        }
        finished.reverse();
        finished
    }
}
