//! The effect `files` on this machine: named directories, and what is below them.
//!
//! A thread of its own does what blocks, in the order in which it was asked; another reads standard
//! input, which may take as long as it likes. Paths are followed by `cap-std`, which no `..` and no
//! symbolic link leads out of the directory that they begin at.

mod disk;
mod errno;
mod streams;

use crate::effects::Completion;
use disk::Disk;
use seedbed_files::{Answer, Op, Stream};
use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::mpsc;

/// Directories by their names, and whether the standard streams are this process's.
#[derive(Clone, Debug, Default)]
pub(crate) struct Given {
    pub(crate) directories: BTreeMap<String, PathBuf>,
    pub(crate) streams: bool,
}

enum Job {
    /// An operation of an owner.
    Do(u64, Op, Completion),
    /// An owner is gone.
    Forget(u64),
}

/// The way to the threads, which are made when the first operation is asked for.
pub(crate) struct Files {
    given: Given,
    disk: Option<mpsc::Sender<Job>>,
    input: Option<mpsc::Sender<(u32, Completion)>>,
}

impl Files {
    pub(crate) fn new(given: Given) -> Files {
        Files { given, disk: None, input: None }
    }

    /// Begins an operation. One that no thread can do completes with an error, as its duty is dropped.
    pub(crate) fn begin(&mut self, owner: u64, payload: &[u8], completion: Completion) {
        let op = match Op::decode(payload) {
            Ok(op) => op,
            Err(errno) => return completion.done(Ok(Answer::encode(&Err(errno)))),
        };
        let begun = match op {
            Op::Input { .. } if !self.given.streams => {
                completion.done(Ok(Answer::encode(&Ok(Answer::Data(Vec::new())))));
                Ok(())
            }
            Op::Input { len } => self.input(len, completion),
            op => self.disk(Job::Do(owner, op, completion)),
        };
        if let Err(error) = begun {
            tracing::error!(target: "seedbed", %error, "failed to start a thread for files");
        }
    }

    /// Closes what an owner has open.
    pub(crate) fn forget(&self, owner: u64) {
        if let Some(disk) = &self.disk {
            // Without the thread nothing is open.
            let _ = disk.send(Job::Forget(owner));
        }
    }

    fn disk(&mut self, job: Job) -> io::Result<()> {
        if self.disk.is_none() {
            let (jobs, inbox) = mpsc::channel();
            let disk = Disk::new(self.given.directories.clone());
            let streams = self.given.streams;
            std::thread::Builder::new()
                .name("seedbed-files".into())
                .spawn(move || serve(disk, streams, &inbox))?;
            self.disk = Some(jobs);
        }
        // Without the thread the job is dropped, and completes with an error.
        let _ = self.disk.as_ref().map(|disk| disk.send(job));
        Ok(())
    }

    fn input(&mut self, len: u32, completion: Completion) -> io::Result<()> {
        if self.input.is_none() {
            let (jobs, inbox) = mpsc::channel::<(u32, Completion)>();
            std::thread::Builder::new().name("seedbed-input".into()).spawn(move || {
                while let Ok((len, completion)) = inbox.recv() {
                    completion.done(Ok(Answer::encode(&streams::read(len))));
                }
            })?;
            self.input = Some(jobs);
        }
        let _ = self.input.as_ref().map(|input| input.send((len, completion)));
        Ok(())
    }
}

fn serve(mut disk: Disk, streams: bool, inbox: &mpsc::Receiver<Job>) {
    while let Ok(job) = inbox.recv() {
        match job {
            Job::Forget(owner) => disk.forget(owner),
            Job::Do(_, Op::Output { stream, data }, completion) => {
                completion.done(Ok(Answer::encode(&output(streams, stream, &data))));
            }
            Job::Do(owner, op, completion) => {
                completion.done(Ok(Answer::encode(&disk.perform(owner, op))));
            }
        }
    }
}

fn output(streams: bool, stream: Stream, data: &[u8]) -> seedbed_files::Outcome {
    if streams { streams::write(stream, data) } else { Ok(streams::written(data)) }
}
