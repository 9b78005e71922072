//! What goes from a guest's calls to the reactor, and what comes back.

use super::abi::{Errno, Fail};
use super::mounts::Preopen;
use super::table::Open;
use crate::blocking::{Data, Wait, Woken, suspend, with_turn};
use crate::host::Stop;
use seedbed_abi::{Code, Failure, Flags, store};
use seedbed_core::Want;
use seedbed_files::{Answer, EFFECT, Filetype, How, Op};
use wasmtime::AsContextMut;

/// Has the reactor do an operation, and waits until it is done.
pub(super) async fn ask<S>(store: &mut S, op: Op) -> Result<Answer, Fail>
where
    S: AsContextMut<Data = Data>,
{
    let payload = op.encode();
    let asked = with_turn(|turn| turn.cx().perform(EFFECT, &payload));
    let correlation = asked.map_err(|code| match code {
        Code::Denied => Errno::Acces,
        Code::NotFound => Errno::Nosys,
        _ => Errno::Nomem,
    })?;
    match suspend(store, Wait::one(Want::Completion(correlation.0))).await? {
        Woken::Signal(envelope, outcome) if !envelope.flags.has(Flags::FAILED) => {
            Ok(Answer::decode(&outcome)?)
        }
        Woken::Signal(envelope, _) if envelope.tag == store::FULL => Err(Errno::Nospc.into()),
        _ => Err(Errno::Io.into()),
    }
}

/// Opens the directories that the guest is given, as part of its start.
///
/// # Errors
/// Ends the start if one of them cannot be opened.
pub(crate) async fn open_mounts<S>(store: &mut S) -> Result<(), Stop>
where
    S: AsContextMut<Data = Data>,
{
    for preopen in std::mem::take(&mut store.as_context_mut().data_mut().wasi.preopens) {
        let guest = preopen.guest.clone();
        match open_mount(store, preopen).await {
            Ok(()) => {}
            Err(Fail::Stop(stop)) => return Err(stop),
            Err(Fail::Errno(errno)) => {
                let text = format!("`{guest}` cannot be opened: WASI's error {}", errno as u16);
                return Err(Stop::Failed(Failure::Protocol(text.into())));
            }
        }
    }
    Ok(())
}

async fn open_mount<S>(store: &mut S, preopen: Preopen) -> Result<(), Fail>
where
    S: AsContextMut<Data = Data>,
{
    let Preopen { guest, name, path, mount, read_only } = preopen;
    let root = store.as_context_mut().data_mut().wasi.table.new_handle();
    ask(store, Op::Root { name, handle: root }).await?;
    let handle = if path.is_empty() {
        root
    } else {
        let handle = store.as_context_mut().data_mut().wasi.table.new_handle();
        let how = How { follow: true, directory: true, read: true, ..How::default() };
        ask(store, Op::Open { dir: root, path, how, handle }).await?;
        ask(store, Op::Close { handle: root }).await?;
        handle
    };
    store.as_context_mut().data_mut().wasi.table.add(Open {
        handle,
        filetype: Filetype::Directory,
        mount,
        read_only,
        read: true,
        write: false,
        flags: 0,
        offset: 0,
        preopened: Some(guest),
    });
    Ok(())
}
