//! What a guest writes to its standard streams: a line is an entry of the log.

use crate::blocking::with_turn;
use seedbed_abi::Level;

/// A line is logged when it is this long, ended or not.
const LINE_MAX: usize = 4096;

/// One stream.
pub(super) struct Lines {
    level: Level,
    begun: Vec<u8>,
}

impl Lines {
    pub(super) fn new(level: Level) -> Lines {
        Lines { level, begun: Vec::new() }
    }

    /// Takes what was written; logs every line that it ends.
    pub(super) fn write(&mut self, bytes: &[u8]) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let (line, ended) = match piece.strip_suffix(b"\n") {
                Some(line) => (line, true),
                None => (piece, false),
            };
            for chunk in line.chunks(LINE_MAX) {
                if self.begun.len() + chunk.len() > LINE_MAX {
                    self.log();
                }
                self.begun.extend_from_slice(chunk);
            }
            if ended {
                self.log();
            }
        }
    }

    /// Logs a line that was begun.
    pub(super) fn flush(&mut self) {
        if !self.begun.is_empty() {
            self.log();
        }
    }

    fn log(&mut self) {
        let text = String::from_utf8_lossy(&self.begun);
        with_turn(|turn| turn.cx().log(self.level, &text));
        self.begun.clear();
    }
}
