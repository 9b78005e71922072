//! The effect `sockets` on this machine.
//!
//! A thread of its own has a runtime for input and output, and on it a task for each operation that waits;
//! so a node needs no such runtime, and its turns wait for no socket. A socket is closed when nobody holds
//! it any more, and all are when the node is done.

mod fault;
mod table;

use crate::effects::Completion;
use seedbed_sockets::{Answer, Op};
use std::io;
use std::thread::JoinHandle;
use tokio::sync::mpsc;

enum Job {
    /// An operation of an owner.
    Do(u64, Op, Completion),
    /// An owner is gone.
    Forget(u64),
}

/// The way to the thread, which is made when the first operation is asked for.
#[derive(Default)]
pub(crate) struct Sockets {
    thread: Option<(mpsc::UnboundedSender<Job>, JoinHandle<()>)>,
}

impl Sockets {
    /// Begins an operation. One that no thread can do completes with an error, as its duty is dropped.
    pub(crate) fn begin(&mut self, owner: u64, payload: &[u8], completion: Completion) {
        let op = match Op::decode(payload) {
            Ok(op) => op,
            Err(fault) => return completion.done(Ok(Answer::encode(&Err(fault)))),
        };
        match self.jobs() {
            // Without the thread the job is dropped.
            Ok(jobs) => drop(jobs.send(Job::Do(owner, op, completion))),
            Err(error) => {
                tracing::error!(target: "seedbed", %error, "failed to start a thread for sockets");
            }
        }
    }

    /// An owner is gone: what it waits for is not done, and what only it held is closed.
    pub(crate) fn forget(&self, owner: u64) {
        if let Some((jobs, _)) = &self.thread {
            // Without the thread nothing is open.
            let _ = jobs.send(Job::Forget(owner));
        }
    }

    /// Closes all sockets, and waits until that is done: nothing that happens there takes long.
    pub(crate) fn close(&mut self) {
        let Some((jobs, thread)) = self.thread.take() else { return };
        drop(jobs);
        if thread.join().is_err() {
            tracing::error!(target: "seedbed", "the thread for sockets panicked");
        }
    }

    fn jobs(&mut self) -> io::Result<&mpsc::UnboundedSender<Job>> {
        if self.thread.is_none() {
            let (jobs, inbox) = mpsc::unbounded_channel();
            let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
            let thread = std::thread::Builder::new().name("seedbed-sockets".into()).spawn(move || {
                let tasks = tokio::task::LocalSet::new();
                tasks.block_on(&runtime, serve(inbox));
                drop(tasks);
                // A look-up of a host that is under way is not waited for.
                runtime.shutdown_background();
            })?;
            self.thread = Some((jobs, thread));
        }
        Ok(&self.thread.as_ref().expect("just made").0)
    }
}

impl Drop for Sockets {
    fn drop(&mut self) {
        self.close();
    }
}

async fn serve(mut inbox: mpsc::UnboundedReceiver<Job>) {
    let table = table::Shared::default();
    while let Some(job) = inbox.recv().await {
        match job {
            Job::Do(owner, op, completion) => table::perform(&table, owner, op, completion),
            Job::Forget(owner) => table.borrow_mut().forget(owner),
        }
    }
    table.borrow_mut().clear();
}
