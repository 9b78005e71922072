//! Logs in files: one a path, append-only, synced before an append completes.
//!
//! A thread of its own does what blocks. It takes all that waits as one batch, writes, syncs each
//! file once, and then completes the batch in the order in which it was asked for.
//!
//! A file begins with the path's text, so that two paths of one hash never share a log; then come
//! records, each with length and hash. What a crash tore at the tail is cut off when the file is
//! opened. If a write or sync fails, the file is closed and opened anew, so that a torn record is
//! never followed by another; whether an append that failed in its sync is in the log is not known.

use super::{Wrong, bad_payload, error};
use crate::effects::Completion;
use seedbed_core::abi::store;
use seedbed_core::{EffectOutcome, PathId, stable_hash};
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc;

/// Files that are kept open between batches.
const OPEN_MAX: usize = 256;

/// One operation.
struct Job {
    path: PathId,
    text: Box<str>,
    payload: Vec<u8>,
    completion: Completion,
}

/// The way to the thread.
pub(crate) struct Files {
    jobs: mpsc::Sender<Job>,
}

impl Files {
    /// Keeps logs under this directory, which is made if need be.
    pub(crate) fn open(dir: &Path) -> io::Result<Files> {
        std::fs::create_dir_all(dir)?;
        let (jobs, inbox) = mpsc::channel();
        let logs = Logs { dir: dir.to_owned(), open: BTreeMap::new() };
        std::thread::Builder::new().name("seedbed-store".into()).spawn(move || serve(logs, &inbox))?;
        Ok(Files { jobs })
    }

    pub(crate) fn begin(&self, path: PathId, text: Box<str>, payload: Vec<u8>, completion: Completion) {
        // Without the thread the job is dropped, and completes with an error.
        let _ = self.jobs.send(Job { path, text, payload, completion });
    }
}

fn serve(mut logs: Logs, inbox: &mpsc::Receiver<Job>) {
    while let Ok(first) = inbox.recv() {
        let batch: Vec<Job> = std::iter::once(first).chain(inbox.try_iter()).collect();
        let outcomes = logs.perform(batch.iter().map(|job| (job.path, &*job.text, &*job.payload)));
        for (job, outcome) in batch.into_iter().zip(outcomes) {
            job.completion.done(outcome);
        }
    }
}

/// The open files.
struct Logs {
    dir: PathBuf,
    open: BTreeMap<PathId, File>,
}

impl Logs {
    /// Performs a batch; an append's outcome is that of the sync after it.
    fn perform<'a>(
        &mut self,
        batch: impl Iterator<Item = (PathId, &'a str, &'a [u8])>,
    ) -> Vec<EffectOutcome> {
        let mut outcomes: Vec<EffectOutcome> = Vec::new();
        // Appends that wait for the sync of their file.
        let mut unsynced: BTreeMap<PathId, Vec<usize>> = BTreeMap::new();
        for (n, (path, text, payload)) in batch.enumerate() {
            let outcome = match payload {
                [store::APPEND, record @ ..] => self.append(path, text, record).map(|()| {
                    unsynced.entry(path).or_default().push(n);
                    Vec::new()
                }),
                [store::READ] => {
                    self.sync(path, unsynced.remove(&path).unwrap_or_default(), &mut outcomes);
                    self.read(path, text)
                }
                _ => {
                    outcomes.push(Err(bad_payload()));
                    continue;
                }
            };
            outcomes.push(outcome.map_err(|e| self.failed(path, &e)));
        }
        for (path, appends) in unsynced {
            self.sync(path, appends, &mut outcomes);
        }
        if self.open.len() > OPEN_MAX {
            self.open.clear();
        }
        outcomes
    }

    fn sync(&mut self, path: PathId, appends: Vec<usize>, outcomes: &mut [EffectOutcome]) {
        if appends.is_empty() {
            return;
        }
        let synced = match self.open.get(&path) {
            Some(file) => file.sync_data(),
            // It was closed because of a failure after these appends were written.
            None => Err(io::Error::other("an append after it failed before it was synced")),
        };
        if let Err(e) = synced {
            let e = self.failed(path, &e);
            for n in appends {
                outcomes[n] = Err(e.clone());
            }
        }
    }

    fn failed(&mut self, path: PathId, e: &io::Error) -> seedbed_core::EffectError {
        self.open.remove(&path);
        error(Wrong::Io, e.to_string())
    }

    fn append(&mut self, path: PathId, text: &str, record: &[u8]) -> io::Result<()> {
        let mut bytes = Vec::with_capacity(record.len() + HEAD);
        let len = u32::try_from(record.len()).map_err(io::Error::other)?;
        bytes.extend_from_slice(&len.to_le_bytes());
        bytes.extend_from_slice(&stable_hash(record).to_le_bytes());
        bytes.extend_from_slice(record);
        self.file(path, text)?.write_all(&bytes)
    }

    fn read(&mut self, path: PathId, text: &str) -> io::Result<Vec<u8>> {
        let file = self.file(path, text)?;
        let bytes = read_all(file)?;
        let mut out = Vec::new();
        records(&bytes, text).0.iter().for_each(|record| store::push_record(&mut out, record));
        Ok(out)
    }

    fn file(&mut self, path: PathId, text: &str) -> io::Result<&mut File> {
        match self.open.entry(path) {
            std::collections::btree_map::Entry::Occupied(open) => Ok(open.into_mut()),
            std::collections::btree_map::Entry::Vacant(closed) => {
                Ok(closed.insert(open_log(&self.dir, path, text)?))
            }
        }
    }
}

/// Bytes before a record: its length and its hash.
const HEAD: usize = 12;

const MAGIC: &[u8; 8] = b"seedlog1";

/// What a log's file begins with.
fn head(text: &str) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    store::push_record(&mut bytes, text.as_bytes());
    bytes
}

/// The whole records of a file, and where they end.
fn records<'a>(bytes: &'a [u8], text: &str) -> (Vec<&'a [u8]>, usize) {
    let mut at = head(text).len();
    let mut out = Vec::new();
    while let Some((len, rest)) = bytes.get(at..).and_then(|rest| rest.split_first_chunk::<4>()) {
        let Some((hash, rest)) = rest.split_first_chunk::<8>() else { break };
        let Some(record) = rest.get(..u32::from_le_bytes(*len) as usize) else { break };
        if stable_hash(record) != u64::from_le_bytes(*hash) {
            break;
        }
        out.push(record);
        at += HEAD + record.len();
    }
    (out, at)
}

fn read_all(file: &mut File) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Opens a log to append to it, and cuts a torn tail off.
fn open_log(dir: &Path, path: PathId, text: &str) -> io::Result<File> {
    let name = dir.join(format!("{:016x}.log", path.0));
    let mut file = OpenOptions::new().read(true).append(true).create(true).open(&name)?;
    let (bytes, head) = (read_all(&mut file)?, head(text));
    if bytes.len() >= head.len() {
        if !bytes.starts_with(&head) {
            let message = format!("{} is the log of another path than {text}", name.display());
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        let (_, end) = records(&bytes, text);
        if end < bytes.len() {
            tracing::warn!(target: "seedbed", path = text, bytes = bytes.len() - end, "a torn record at the end of a log was cut off");
            file.set_len(end as u64)?;
            file.sync_data()?;
        }
    } else if head.starts_with(&bytes) {
        file.set_len(0)?;
        file.write_all(&head)?;
        file.sync_all()?;
        sync_dir(dir)?;
    } else {
        let message = format!("{} is not a log", name.display());
        return Err(io::Error::new(io::ErrorKind::InvalidData, message));
    }
    Ok(file)
}

/// Makes a new file's name durable, where directories can be synced.
fn sync_dir(dir: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(dir)?.sync_all() } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const APPEND_A: &[u8] = &[store::APPEND, b'a'];
    const APPEND_B: &[u8] = &[store::APPEND, b'b', b'b'];
    const READ: &[u8] = &[store::READ];

    fn logs(dir: &Path) -> Logs {
        Logs { dir: dir.to_owned(), open: BTreeMap::new() }
    }

    fn read(logs: &mut Logs, path: &str) -> Vec<Vec<u8>> {
        let all = logs.perform([(PathId::of(path), path, READ)].into_iter()).remove(0).unwrap();
        store::Records::new(&all).map(<[u8]>::to_vec).collect()
    }

    #[test]
    fn what_was_appended_is_there_after_a_restart_each_path_for_itself() {
        let dir = tempfile::tempdir().unwrap();
        let (x, y) = ("n/x", "n/y");
        let batch = [(x, APPEND_A), (y, APPEND_B), (x, READ), (x, APPEND_B), (y, &[9][..])];
        let outcomes = logs(dir.path()).perform(batch.map(|(p, b)| (PathId::of(p), p, b)).into_iter());
        assert!(outcomes[4].is_err(), "neither an append nor a read");
        assert_eq!(outcomes[2].as_deref(), Ok(&[1, 0, 0, 0, b'a'][..]), "a read sees what came before it");
        let mut again = logs(dir.path());
        assert_eq!(read(&mut again, x), [&b"a"[..], b"bb"]);
        assert_eq!(read(&mut again, y), [b"bb"]);
        assert_eq!(read(&mut again, "n/z"), Vec::<Vec<u8>>::new());
    }

    #[test]
    fn a_file_cut_anywhere_gives_a_prefix_and_takes_more() {
        let dir = tempfile::tempdir().unwrap();
        let (path, text) = (PathId::of("n/x"), "n/x");
        let file = dir.path().join(format!("{:016x}.log", path.0));
        logs(dir.path()).perform([APPEND_A, APPEND_B, APPEND_A].map(|b| (path, text, b)).into_iter());
        let whole = std::fs::read(&file).unwrap();
        let all = [&b"a"[..], b"bb", b"a"];
        for cut in 0..whole.len() {
            for flip in [false, true] {
                let mut bytes = whole[..cut].to_vec();
                if flip && cut > head(text).len() {
                    bytes[cut - 1] ^= 1;
                }
                std::fs::write(&file, bytes).unwrap();
                let mut logs = logs(dir.path());
                let some = read(&mut logs, text);
                assert_eq!(some, all[..some.len()], "cut at {cut}");
                logs.perform([(path, text, APPEND_B)].into_iter());
                assert_eq!(read(&mut logs, text).len(), some.len() + 1, "cut at {cut}");
            }
        }
    }

    #[test]
    fn a_log_of_another_path_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = PathId(7);
        let mut logs = logs(dir.path());
        assert!(logs.perform([(path, "n/x", APPEND_A)].into_iter())[0].is_ok());
        logs.open.clear();
        assert!(logs.perform([(path, "n/y", APPEND_A)].into_iter())[0].is_err());
        let all = logs.perform([(path, "n/x", READ)].into_iter()).remove(0).unwrap();
        assert_eq!(store::Records::new(&all).count(), 1);
    }
}
