//! What the operating system says, in the words of the effect.

use seedbed_sockets::Fault;
use std::io::{Error, ErrorKind};

pub(super) fn fault(error: &Error) -> Fault {
    match error.kind() {
        ErrorKind::ConnectionRefused => Fault::Refused,
        ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted => Fault::Reset,
        ErrorKind::BrokenPipe => Fault::Closed,
        ErrorKind::TimedOut => Fault::Lost,
        ErrorKind::AddrInUse => Fault::InUse,
        ErrorKind::AddrNotAvailable => Fault::NotAvailable,
        ErrorKind::NetworkUnreachable | ErrorKind::HostUnreachable | ErrorKind::NetworkDown => {
            Fault::Unreachable
        }
        ErrorKind::NotConnected => Fault::NotConnected,
        ErrorKind::InvalidInput => Fault::Invalid,
        ErrorKind::PermissionDenied => Fault::Denied,
        _ if is(error, rustix::io::Errno::MSGSIZE) => Fault::TooLong,
        _ if is(error, rustix::io::Errno::DESTADDRREQ) => Fault::NotConnected,
        _ if is(error, rustix::io::Errno::MFILE) || is(error, rustix::io::Errno::NFILE) => Fault::TooMany,
        _ => Fault::Other(error.to_string()),
    }
}

fn is(error: &Error, errno: rustix::io::Errno) -> bool {
    error.raw_os_error() == Some(errno.raw_os_error())
}
