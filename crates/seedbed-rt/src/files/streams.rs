//! The standard streams of this process.

use super::errno::errno;
use seedbed_files::{Answer, BYTES_MAX, Outcome, Stream};
use std::io::{self, Read, Write};

/// Waits until there is something to read, or the end.
pub(super) fn read(len: u32) -> Outcome {
    let mut bytes = vec![0; len.min(BYTES_MAX) as usize];
    let read = loop {
        match io::stdin().lock().read(&mut bytes) {
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            other => break other,
        }
    };
    bytes.truncate(read.map_err(|e| errno(&e))?);
    Ok(Answer::Data(bytes))
}

/// Writes all of it, and lets it go out.
pub(super) fn write(stream: Stream, data: &[u8]) -> Outcome {
    let done = match stream {
        Stream::Output => {
            let mut out = io::stdout().lock();
            out.write_all(data).and_then(|()| out.flush())
        }
        Stream::Error => io::stderr().lock().write_all(data),
    };
    done.map_err(|e| errno(&e))?;
    Ok(written(data))
}

pub(super) fn written(data: &[u8]) -> Answer {
    Answer::Written { len: u32::try_from(data.len()).unwrap_or(u32::MAX), end: 0 }
}
