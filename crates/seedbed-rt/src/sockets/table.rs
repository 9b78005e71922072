//! Sockets by number, who holds them, and what is done with them.

use super::fault::fault;
use crate::effects::Completion;
use seedbed_sockets::{Address, Answer, BYTES_MAX, DATAGRAM_MAX, Fault, NO_TIMEOUT, Op, Outcome, Setting};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::Mutex;
use tokio::task::JoinSet;

/// A stream. Who reads first is served first, and who writes.
struct Stream {
    io: TcpStream,
    reading: Mutex<()>,
    writing: Mutex<()>,
    read_timeout: Cell<u64>,
    write_timeout: Cell<u64>,
    peek_timeout: Cell<u64>,
}

#[derive(Clone)]
enum Socket {
    Listener(Rc<TcpListener>),
    Stream(Rc<Stream>),
    Datagrams(Rc<UdpSocket>),
}

/// All sockets of a node.
#[derive(Default)]
pub(super) struct Table {
    /// The number given last.
    last: u64,
    /// How often each is held.
    sockets: BTreeMap<u64, (u32, Socket)>,
    /// What each owner holds, and how often.
    held: BTreeMap<u64, BTreeMap<u64, u32>>,
    /// What is under way for each owner.
    tasks: BTreeMap<u64, JoinSet<()>>,
}

pub(super) type Shared = Rc<RefCell<Table>>;

impl Table {
    fn add(&mut self, owner: u64, socket: Socket) -> u64 {
        self.last += 1;
        let number = self.last;
        self.sockets.insert(number, (0, socket));
        self.hold(owner, number).expect("just added");
        number
    }

    fn hold(&mut self, owner: u64, number: u64) -> Result<(), Fault> {
        self.sockets.get_mut(&number).ok_or(Fault::NoSocket)?.0 += 1;
        *self.held.entry(owner).or_default().entry(number).or_default() += 1;
        Ok(())
    }

    fn let_go(&mut self, owner: u64, number: u64) -> Result<(), Fault> {
        let held = self.held.get_mut(&owner).ok_or(Fault::NoSocket)?;
        let times = held.get_mut(&number).ok_or(Fault::NoSocket)?;
        *times -= 1;
        if *times == 0 {
            held.remove(&number);
        }
        self.drop_holds(number, 1);
        Ok(())
    }

    fn drop_holds(&mut self, number: u64, times: u32) {
        let (holds, _) = self.sockets.get_mut(&number).expect("what is held is there");
        *holds -= times;
        if *holds == 0 {
            self.sockets.remove(&number);
        }
    }

    /// An owner is gone.
    pub(super) fn forget(&mut self, owner: u64) {
        self.tasks.remove(&owner);
        for (number, times) in self.held.remove(&owner).unwrap_or_default() {
            self.drop_holds(number, times);
        }
    }

    /// Ends everything.
    pub(super) fn clear(&mut self) {
        *self = Table::default();
    }

    fn of(&self, owner: u64, number: u64) -> Result<Socket, Fault> {
        let holds = self.held.get(&owner).is_some_and(|held| held.contains_key(&number));
        let found = self.sockets.get(&number).filter(|_| holds);
        found.map(|(_, socket)| socket.clone()).ok_or(Fault::NoSocket)
    }

    fn stream(&self, owner: u64, number: u64) -> Result<Rc<Stream>, Fault> {
        match self.of(owner, number)? {
            Socket::Stream(stream) => Ok(stream),
            _ => Err(Fault::NoSocket),
        }
    }

    fn listener(&self, owner: u64, number: u64) -> Result<Rc<TcpListener>, Fault> {
        match self.of(owner, number)? {
            Socket::Listener(listener) => Ok(listener),
            _ => Err(Fault::NoSocket),
        }
    }

    fn datagrams(&self, owner: u64, number: u64) -> Result<Rc<UdpSocket>, Fault> {
        match self.of(owner, number)? {
            Socket::Datagrams(socket) => Ok(socket),
            _ => Err(Fault::NoSocket),
        }
    }
}

/// Does an operation: at once, or as a task that ends with its owner.
pub(super) fn perform(table: &Shared, owner: u64, op: Op, completion: Completion) {
    let waits = matches!(
        op,
        Op::Resolve { .. }
            | Op::Listen { .. }
            | Op::Bind { .. }
            | Op::Aim { .. }
            | Op::Accept { .. }
            | Op::Connect { .. }
            | Op::Read { .. }
            | Op::Write { .. }
            | Op::Receive { .. }
            | Op::Send { .. }
    );
    if !waits {
        let outcome = at_once(&mut table.borrow_mut(), owner, op);
        return completion.done(Ok(Answer::encode(&outcome)));
    }
    let shared = Rc::clone(table);
    let mut table = table.borrow_mut();
    let tasks = table.tasks.entry(owner).or_default();
    while tasks.try_join_next().is_some() {}
    tasks.spawn_local(async move {
        let outcome = in_time(&shared, owner, op).await;
        completion.done(Ok(Answer::encode(&outcome)));
    });
}

fn at_once(table: &mut Table, owner: u64, op: Op) -> Outcome {
    Ok(match op {
        Op::Hold { socket } => {
            table.of(owner, socket)?;
            table.hold(owner, socket)?;
            Answer::Done
        }
        Op::Give { socket, to } => {
            table.of(owner, socket)?;
            table.hold(to, socket)?;
            table.let_go(owner, socket)?;
            Answer::Done
        }
        Op::Close { socket } => {
            table.let_go(owner, socket)?;
            Answer::Done
        }
        Op::Local { socket } => addresses(match table.of(owner, socket)? {
            Socket::Listener(listener) => listener.local_addr(),
            Socket::Stream(stream) => stream.io.local_addr(),
            Socket::Datagrams(socket) => socket.local_addr(),
        })?,
        Op::Peer { socket } => addresses(match table.of(owner, socket)? {
            Socket::Listener(_) => return Err(Fault::NotConnected),
            Socket::Stream(stream) => stream.io.peer_addr(),
            Socket::Datagrams(socket) => socket.peer_addr(),
        })?,
        Op::Set { socket, setting, value } => {
            set(&table.of(owner, socket)?, setting, value)?;
            Answer::Done
        }
        Op::Get { socket, setting } => Answer::Value(get(&table.of(owner, socket)?, setting)?),
        _ => return Err(Fault::Invalid),
    })
}

fn addresses(found: io::Result<SocketAddr>) -> Outcome {
    found.map(|address| Answer::Addresses(vec![address.into()])).map_err(|e| fault(&e))
}

fn set(socket: &Socket, setting: Setting, value: u64) -> Result<(), Fault> {
    match (socket, setting) {
        (Socket::Stream(stream), Setting::ReadTimeout) => stream.read_timeout.set(value),
        (Socket::Stream(stream), Setting::WriteTimeout) => stream.write_timeout.set(value),
        (Socket::Stream(stream), Setting::PeekTimeout) => stream.peek_timeout.set(value),
        (Socket::Datagrams(socket), Setting::Broadcast) => {
            socket.set_broadcast(value != 0).map_err(|e| fault(&e))?;
        }
        (Socket::Datagrams(socket), Setting::Ttl) => {
            let ttl = u32::try_from(value).map_err(|_| Fault::Invalid)?;
            socket.set_ttl(ttl).map_err(|e| fault(&e))?;
        }
        _ => return Err(Fault::NoSocket),
    }
    Ok(())
}

fn get(socket: &Socket, setting: Setting) -> Result<u64, Fault> {
    Ok(match (socket, setting) {
        (Socket::Stream(stream), Setting::ReadTimeout) => stream.read_timeout.get(),
        (Socket::Stream(stream), Setting::WriteTimeout) => stream.write_timeout.get(),
        (Socket::Stream(stream), Setting::PeekTimeout) => stream.peek_timeout.get(),
        (Socket::Datagrams(socket), Setting::Broadcast) => socket.broadcast().map_err(|e| fault(&e))?.into(),
        (Socket::Datagrams(socket), Setting::Ttl) => socket.ttl().map_err(|e| fault(&e))?.into(),
        _ => return Err(Fault::NoSocket),
    })
}

/// Waits at most so many milliseconds; what is there at once is had also with 0.
async fn within(timeout_ms: u64, outcome: impl Future<Output = Outcome>) -> Outcome {
    if timeout_ms == NO_TIMEOUT {
        return outcome.await;
    }
    let within = tokio::time::timeout(Duration::from_millis(timeout_ms), outcome);
    within.await.unwrap_or(Err(Fault::TimedOut))
}

/// Operations that wait. Nothing of the table is borrowed while one does.
async fn in_time(table: &Shared, owner: u64, op: Op) -> Outcome {
    match op {
        Op::Resolve { host, timeout_ms } => within(timeout_ms, resolve(host)).await,
        Op::Listen { at } => {
            let listener = TcpListener::bind(SocketAddr::from(at)).await.map_err(|e| fault(&e))?;
            let socket = table.borrow_mut().add(owner, Socket::Listener(Rc::new(listener)));
            Ok(Answer::Socket { socket, peer: None })
        }
        Op::Bind { at } => {
            let bound = UdpSocket::bind(SocketAddr::from(at)).await.map_err(|e| fault(&e))?;
            let socket = table.borrow_mut().add(owner, Socket::Datagrams(Rc::new(bound)));
            Ok(Answer::Socket { socket, peer: None })
        }
        Op::Accept { socket } => {
            let listener = table.borrow().listener(owner, socket)?;
            let (io, peer) = listener.accept().await.map_err(|e| fault(&e))?;
            Ok(made(table, owner, io, Some(peer.into())))
        }
        Op::Connect { to, timeout_ms } => {
            let connect = async {
                let io = TcpStream::connect(SocketAddr::from(to)).await.map_err(|e| fault(&e))?;
                Ok(made(table, owner, io, None))
            };
            within(timeout_ms, connect).await
        }
        Op::Read { socket, len, peek } => {
            let stream = table.borrow().stream(owner, socket)?;
            let timeout = if peek { &stream.peek_timeout } else { &stream.read_timeout };
            within(timeout.get(), read(&stream, len, peek)).await
        }
        Op::Write { socket, data } => {
            let stream = table.borrow().stream(owner, socket)?;
            within(stream.write_timeout.get(), write(&stream, &data)).await
        }
        Op::Aim { socket, to } => {
            let socket = table.borrow().datagrams(owner, socket)?;
            socket.connect(SocketAddr::from(to)).await.map_err(|e| fault(&e))?;
            Ok(Answer::Done)
        }
        Op::Receive { socket, len, aimed } => {
            let socket = table.borrow().datagrams(owner, socket)?;
            if aimed {
                socket.peer_addr().map_err(|e| fault(&e))?;
            }
            let mut data = vec![0; len.min(BYTES_MAX) as usize];
            let (n, from) = socket.recv_from(&mut data).await.map_err(|e| fault(&e))?;
            data.truncate(n);
            Ok(Answer::Data { data, from: Some(from.into()) })
        }
        Op::Send { socket, data, to } => {
            let socket = table.borrow().datagrams(owner, socket)?;
            if data.len() > DATAGRAM_MAX {
                return Err(Fault::TooLong);
            }
            let sent = match to {
                Some(to) => socket.send_to(&data, SocketAddr::from(to)).await,
                None => socket.send(&data).await,
            };
            Ok(Answer::Written(sent.map_err(|e| fault(&e))? as u32))
        }
        _ => Err(Fault::Invalid),
    }
}

/// A stream that was just connected, which its maker holds.
fn made(table: &Shared, owner: u64, io: TcpStream, peer: Option<Address>) -> Answer {
    let timeout = || Cell::new(NO_TIMEOUT);
    let (read_timeout, write_timeout, peek_timeout) = (timeout(), timeout(), timeout());
    let (reading, writing) = (Mutex::new(()), Mutex::new(()));
    let stream = Stream { io, reading, writing, read_timeout, write_timeout, peek_timeout };
    let socket = table.borrow_mut().add(owner, Socket::Stream(Rc::new(stream)));
    Answer::Socket { socket, peer }
}

async fn resolve(host: String) -> Outcome {
    match tokio::net::lookup_host(host).await {
        Ok(found) => Ok(Answer::Addresses(found.map(Address::from).collect())),
        Err(e) if e.kind() == ErrorKind::InvalidInput => Err(Fault::Invalid),
        Err(_) => Err(Fault::UnknownHost),
    }
}

async fn read(stream: &Stream, len: u32, peek: bool) -> Outcome {
    let _first = stream.reading.lock().await;
    let mut data = vec![0; len.min(BYTES_MAX) as usize];
    if data.is_empty() {
        return Ok(Answer::Data { data, from: None });
    }
    let n = loop {
        let read = if peek {
            stream.io.peek(&mut data).await
        } else {
            stream.io.readable().await.map_err(|e| fault(&e))?;
            stream.io.try_read(&mut data)
        };
        match read {
            Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
            other => break other.map_err(|e| fault(&e))?,
        }
    };
    data.truncate(n);
    Ok(Answer::Data { data, from: None })
}

async fn write(stream: &Stream, data: &[u8]) -> Outcome {
    let _first = stream.writing.lock().await;
    if data.is_empty() {
        return Ok(Answer::Written(0));
    }
    loop {
        stream.io.writable().await.map_err(|e| fault(&e))?;
        match stream.io.try_write(data) {
            Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
            other => return Ok(Answer::Written(other.map_err(|e| fault(&e))? as u32)),
        }
    }
}
