//! Where a socket is: an IP address and a port, as recordings hold them.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::{IpAddr, SocketAddr, SocketAddrV4, SocketAddrV6};

/// An IP address and a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Address {
    /// Of IPv4.
    V4 {
        /// The address.
        ip: [u8; 4],
        /// The port.
        port: u16,
    },
    /// Of IPv6.
    V6 {
        /// The address.
        ip: [u8; 16],
        /// The port.
        port: u16,
        /// Flow label and class.
        flow_info: u32,
        /// The scope, of a link-local address.
        scope_id: u32,
    },
}

impl Address {
    /// The port.
    pub fn port(&self) -> u16 {
        match self {
            Address::V4 { port, .. } | Address::V6 { port, .. } => *port,
        }
    }

    /// The IP address.
    pub fn ip(&self) -> IpAddr {
        SocketAddr::from(*self).ip()
    }
}

impl From<SocketAddr> for Address {
    fn from(address: SocketAddr) -> Address {
        match address {
            SocketAddr::V4(v4) => Address::V4 { ip: v4.ip().octets(), port: v4.port() },
            SocketAddr::V6(v6) => Address::V6 {
                ip: v6.ip().octets(),
                port: v6.port(),
                flow_info: v6.flowinfo(),
                scope_id: v6.scope_id(),
            },
        }
    }
}

impl From<Address> for SocketAddr {
    fn from(address: Address) -> SocketAddr {
        match address {
            Address::V4 { ip, port } => SocketAddrV4::new(ip.into(), port).into(),
            Address::V6 { ip, port, flow_info, scope_id } => {
                SocketAddrV6::new(ip.into(), port, flow_info, scope_id).into()
            }
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        SocketAddr::from(*self).fmt(f)
    }
}
