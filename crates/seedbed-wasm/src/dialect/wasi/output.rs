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

    /// The level of what is written.
    pub(super) fn level(&self) -> Level {
        self.level
    }

    /// Takes what was written; gives every line that it ends.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Vec<String> {
        let mut lines = Vec::new();
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let (line, ended) = match piece.strip_suffix(b"\n") {
                Some(line) => (line, true),
                None => (piece, false),
            };
            for chunk in line.chunks(LINE_MAX) {
                if self.begun.len() + chunk.len() > LINE_MAX {
                    lines.push(self.line());
                }
                self.begun.extend_from_slice(chunk);
            }
            if ended {
                lines.push(self.line());
            }
        }
        lines
    }

    /// Logs a line that was begun.
    pub(super) fn flush(&mut self) {
        if !self.begun.is_empty() {
            let line = self.line();
            with_turn(|turn| turn.cx().log(self.level, &line));
        }
    }

    fn line(&mut self) -> String {
        let line = String::from_utf8_lossy(&self.begun).into_owned();
        self.begun.clear();
        line
    }
}
