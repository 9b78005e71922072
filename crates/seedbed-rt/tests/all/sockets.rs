//! Sockets of this machine: whose they are, and when they are closed.

use crate::actors::{block_on, both};
use crate::effects::{Performer, perform};
use seedbed_core::{Bytes, Pid};
use seedbed_rt::System;
use seedbed_sim::{Setup, replay_recording};
use seedbed_sockets::{Address, Answer, EFFECT, Fault, Op, Outcome};
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpStream};

async fn ask(system: &System, pid: Pid, op: Op) -> Outcome {
    Answer::decode(&perform(system, pid, EFFECT, &op.encode()).await)
}

/// A listener, and its port.
async fn listen(system: &System, pid: Pid) -> (u64, u16) {
    let at = Address::V4 { ip: [127, 0, 0, 1], port: 0 };
    let Ok(Answer::Socket { socket, .. }) = ask(system, pid, Op::Listen { at }).await else {
        panic!("it listens")
    };
    let Ok(Answer::Addresses(at)) = ask(system, pid, Op::Local { socket }).await else {
        panic!("it is bound")
    };
    (socket, at[0].port())
}

fn connect(port: u16) -> std::io::Result<TcpStream> {
    TcpStream::connect((Ipv4Addr::LOCALHOST, port))
}

async fn performer(system: &System, name: &str) -> Pid {
    system.spawn(name, Performer::default).await.unwrap()
}

#[test]
fn a_shutdown_is_over_when_all_sockets_are_closed() {
    block_on(async {
        let system = System::start().unwrap();
        let a = performer(&system, "a").await;
        let (listener, port) = listen(&system, a).await;
        let mut outside = connect(port).unwrap();
        let accepted = ask(&system, a, Op::Accept { socket: listener }).await;
        assert!(matches!(accepted, Ok(Answer::Socket { .. })), "{accepted:?}");
        // Somebody waits for another when it is shut down.
        let op = Op::Accept { socket: listener }.encode();
        let waits = system.ask::<_, Bytes>(a, (EFFECT.to_owned(), op));
        let (waited, ended) = both(waits, system.shutdown()).await;
        assert!(waited.is_err() && ended.is_ok(), "{waited:?}");
        assert_eq!(connect(port).unwrap_err().kind(), ErrorKind::ConnectionRefused);
        assert_eq!(outside.read(&mut [0; 8]).unwrap(), 0, "its end is told");
        assert_eq!(std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map(drop).ok(), Some(()));
    });
}

#[test]
fn a_kill_closes_what_only_the_dead_held() {
    block_on(async {
        let system = System::start().unwrap();
        let (a, b) = (performer(&system, "a").await, performer(&system, "b").await);
        let (kept, kept_port) = listen(&system, a).await;
        assert_eq!(ask(&system, a, Op::Hold { socket: kept }).await, Ok(Answer::Done));
        assert_eq!(ask(&system, a, Op::Give { socket: kept, to: b.to_raw() }).await, Ok(Answer::Done));
        let (lost, port) = listen(&system, a).await;
        // What another holds it cannot use.
        assert_eq!(ask(&system, b, Op::Local { socket: lost }).await, Err(Fault::NoSocket));
        assert_eq!(ask(&system, b, Op::Close { socket: lost }).await, Err(Fault::NoSocket));
        assert_eq!(
            ask(&system, b, Op::Read { socket: kept, len: 1, peek: false }).await,
            Err(Fault::NoSocket)
        );
        system.kill(a).await.unwrap();
        // What it is followed by comes after the end of what it held.
        assert!(matches!(ask(&system, b, Op::Local { socket: kept }).await, Ok(Answer::Addresses(_))));
        assert_eq!(connect(port).unwrap_err().kind(), ErrorKind::ConnectionRefused);
        let mut outside = connect(kept_port).unwrap();
        let Ok(Answer::Socket { socket, peer: Some(_) }) = ask(&system, b, Op::Accept { socket: kept }).await
        else {
            panic!("the other listens still")
        };
        outside.write_all(b"hello").unwrap();
        let read = ask(&system, b, Op::Read { socket, len: 9, peek: false }).await;
        assert_eq!(read, Ok(Answer::Data { data: b"hello".to_vec(), from: None }));
        assert_eq!(ask(&system, b, Op::Close { socket }).await, Ok(Answer::Done));
        assert_eq!(outside.read(&mut [0; 8]).unwrap(), 0);
        system.shutdown().await.unwrap();
    });
}

#[test]
fn a_recorded_run_replays_without_a_network() {
    let recording = block_on(async {
        let system = System::builder().record_every_event().start().unwrap();
        let a = performer(&system, "a").await;
        let (listener, port) = listen(&system, a).await;
        let mut outside = connect(port).unwrap();
        outside.write_all(b"from outside").unwrap();
        let Ok(Answer::Socket { socket, .. }) = ask(&system, a, Op::Accept { socket: listener }).await else {
            panic!("it accepts")
        };
        let read = ask(&system, a, Op::Read { socket, len: 99, peek: false }).await;
        assert_eq!(read, Ok(Answer::Data { data: b"from outside".to_vec(), from: None }));
        assert_eq!(ask(&system, a, Op::Read { socket: 99, len: 1, peek: false }).await, Err(Fault::NoSocket));
        system.shutdown().await.unwrap().recording.unwrap()
    });
    let replayed = replay_recording(&recording, Setup::default().root("a", Performer::default)).unwrap();
    assert_eq!((replayed.turns, replayed.trace_hash), (recording.turns, recording.hash));
}
