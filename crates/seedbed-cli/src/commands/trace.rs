//! `seedbed trace`: everything that happens in a finding's run, in another format.

use crate::args::{Trace, TraceFormat};
use crate::commands::replay::{load, strictly};
use crate::exit::Exit;
use crate::failure::Failure;
use seedbed_trace::export;
use std::io::{BufWriter, ErrorKind, Write};

pub(crate) fn run(args: &Trace) -> Result<Exit, Failure> {
    let (finding, runnable) = load(&args.of)?;
    let trace = strictly(&finding, &runnable)?.trace;
    let mut to = BufWriter::new(std::io::stdout().lock());
    let written = match args.to {
        TraceFormat::Jsonl => export::jsonl(&trace, &mut to),
    };
    match written.and_then(|()| to.flush()) {
        // Who reads may have seen enough.
        Err(e) if e.kind() == ErrorKind::BrokenPipe => Ok(Exit::Fine),
        Err(e) => Err(Failure::unexpected(format_args!("write the trace: {e}"))),
        Ok(()) => Ok(Exit::Fine),
    }
}
