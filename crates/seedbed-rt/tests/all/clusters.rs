//! Several nodes of one process.

use seedbed_core::{Actor, Context, ExitReason, Input, Pid, RequestFailure, Result, Signal, address_of};
use seedbed_rt::{AskError, Cluster, Playing, StartError, StopHandle, System, block_on, first, sleep};
use std::pin::pin;
use std::time::Duration;

/// Counts down with another of its kind on another node; publishes how often it was asked, and what it saw end.
struct Player;

#[derive(serde::Serialize, serde::Deserialize)]
enum Order {
    Play(String, u32),
    Ball(u32),
    Watch(String),
    Sum(u64, u64),
}

impl Actor for Player {
    type Message = Order;

    fn on_message(&mut self, cx: &mut Context, order: Order) -> Result<()> {
        match order {
            Order::Play(other, n) => {
                let other = cx.address(&other)?;
                cx.send(other, &Order::Ball(n)).map_err(Into::into)
            }
            Order::Ball(0) => {
                cx.observe("done", 1);
                Ok(())
            }
            Order::Ball(n) => {
                let from = cx.from();
                Ok(cx.send(from, &Order::Ball(n - 1))?)
            }
            Order::Watch(other) => {
                let other = cx.address(&other)?;
                cx.monitor(other)?;
                cx.reply(())
            }
            Order::Sum(a, b) => cx.reply(a + b),
        }
    }

    fn on_signal(&mut self, cx: &mut Context, signal: Signal) -> Result<()> {
        if let Signal::Down { reason: ExitReason::NoConnection, .. } = signal {
            cx.observe("lost", 1);
        }
        Ok(())
    }
}

fn on_two_nodes<F: Future<Output = ()>>(test: impl FnOnce(Cluster) -> F) {
    let run = async {
        let cluster = Cluster::start(["a", "b"].map(|name| System::builder().name(name)).into()).unwrap();
        for node in cluster.nodes() {
            node.spawn("player", || Player).await.unwrap();
        }
        test(cluster).await;
    };
    block_on(run).unwrap();
}

async fn facts(node: &System, key: &str) -> Vec<i64> {
    node.facts().await.unwrap().into_iter().filter(|f| f.key == key).map(|f| f.value).collect()
}

fn player(cluster: &Cluster, node: usize) -> Pid {
    address_of(cluster.nodes()[node].node_id(), "player")
}

#[test]
fn rest_is_when_the_last_ball_has_been_played() {
    on_two_nodes(|cluster| async move {
        let to = player(&cluster, 0);
        for _ in 0..20 {
            cluster.nodes()[0].send(to, Order::Play("player@b".into(), 101)).unwrap();
        }
        cluster.rest().await.unwrap();
        assert_eq!(facts(&cluster.nodes()[0], "done").await, [1]);
        let finished = cluster.shutdown_within(Duration::from_secs(10)).await;
        // Starts and stops, the orders, and 102 balls each.
        let turns: Vec<u64> = finished.iter().map(|f| f.as_ref().unwrap().turns).collect();
        assert_eq!(turns, [2 + 20 + 20 * 51, 2 + 20 * 51]);
    });
}

#[test]
fn any_handle_reaches_any_node_and_gets_its_replies() {
    on_two_nodes(|cluster| async move {
        for (from, to) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
            let handle = cluster.nodes()[from].clone();
            let sum: u64 = handle.ask(player(&cluster, to), Order::Sum(20, 22)).await.unwrap();
            assert_eq!(sum, 42);
            let nobody = address_of(cluster.nodes()[to].node_id(), "nobody");
            let error = handle.ask::<_, u64>(nobody, Order::Sum(1, 1)).await.unwrap_err();
            assert_eq!(error, AskError::Failed(RequestFailure::Dead));
        }
    });
}

#[test]
fn a_node_that_stopped_is_lost_to_the_others() {
    on_two_nodes(|cluster| async move {
        let (a, b) = (&cluster.nodes()[0], &cluster.nodes()[1]);
        let () = a.ask(player(&cluster, 0), Order::Watch("player@b".into())).await.unwrap();
        let watch = a.monitor(player(&cluster, 1));
        // What a handle asks for stays in order: after this, the monitor is in force.
        let _: u64 = a.ask(player(&cluster, 1), Order::Sum(1, 1)).await.unwrap();
        b.shutdown().await.unwrap();
        // Its actors ended before it did, and said so; who asks now is told that it is lost.
        assert_eq!(watch.await.unwrap(), ExitReason::Shutdown);
        let error = a.ask::<_, u64>(player(&cluster, 1), Order::Sum(1, 1)).await.unwrap_err();
        assert_eq!(error, AskError::Failed(RequestFailure::NoConnection));
        let () = a.ask(player(&cluster, 0), Order::Watch("player@b".into())).await.unwrap();
        while facts(a, "lost").await.is_empty() {
            tokio::task::yield_now().await;
        }
        assert_eq!(a.monitor(player(&cluster, 1)).await.unwrap(), ExitReason::NoConnection);
        assert!(cluster.rest().await.is_err());
        assert!(cluster.shutdown_within(Duration::from_secs(10)).await[1].is_none());
    });
}

#[test]
fn inputs_are_played_and_counted() {
    on_two_nodes(|cluster| async move {
        let mut payload = Vec::new();
        seedbed_core::Message::encode(&Order::Sum(1, 2), &mut payload);
        let input = |name: &str, to| Input {
            name: name.into(),
            to,
            tag: 0,
            payload: payload.clone(),
            timeout: Some(Duration::from_secs(60)),
            at: Duration::ZERO,
            every: Some(Duration::from_millis(1)),
            count: Some(5),
            optional: false,
        };
        let nobody = address_of(cluster.nodes()[0].node_id(), "nobody");
        let inputs = vec![
            input("asks", player(&cluster, 1)),
            Input { timeout: None, every: None, ..input("sends", player(&cluster, 0)) },
            input("to nobody", nobody),
        ];
        let playing = Playing::default();
        cluster.play(inputs, &playing).await;
        cluster.rest().await.unwrap();
        let stats = playing.stats();
        assert_eq!((stats[0].sent, stats[0].replied, stats[0].failed.len()), (5, 5, 0));
        assert_eq!((stats[1].sent, stats[1].replied, stats[1].failed.len()), (1, 0, 0));
        assert_eq!((stats[2].sent, stats[2].failed[&RequestFailure::Dead]), (5, 5));
    });
}

#[test]
fn names_of_nodes_are_checked_before_any_starts() {
    let start =
        |names: &[&str]| Cluster::start(names.iter().map(|n| System::builder().name(*n)).collect()).err();
    assert!(matches!(start(&["a", "b", "a"]), Some(StartError::SameName { name }) if name == "a"));
    assert!(matches!(start(&["a", ""]), Some(StartError::Name { .. })));
    assert!(start(&[]).is_none());
}

#[test]
fn the_first_to_be_done_wins_and_a_stop_may_come_early() {
    let stop = StopHandle::default();
    stop.clone().stop();
    let winner = block_on(async {
        let never = pin!(async {
            sleep(None).await;
            0
        });
        let stopped = pin!(async {
            stop.stopped().await;
            1
        });
        let at_once = pin!(async { 2 });
        first([never, stopped, at_once]).await
    });
    assert_eq!(winner.unwrap(), 1);
}
