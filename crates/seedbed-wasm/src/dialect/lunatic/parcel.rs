//! Resources on their way from one process of a node to another, beside the message that bears them.
//!
//! A socket is the receiver's as soon as its message is sent, so that it is closed if that ends without
//! having taken it.
//! Not modelled: what becomes of those whose message a mailbox dropped; they are forgotten with its
//! receiver.

use crate::module::Module;
use seedbed_abi::{Code, Envelope, Pid};
use seedbed_core::{Context, Correlation};
use seedbed_sockets::{EFFECT, Op};
use std::collections::BTreeMap;

/// Something that can be handed over; taken out of a message it leaves its place empty.
pub(super) enum Resource {
    Module(Module),
    /// A TCP stream, by its number on the node.
    Stream(u64),
    /// A UDP socket.
    Datagrams(u64),
}

/// All that goes along with one message, in its order.
pub(super) type Resources = Vec<Option<Resource>>;

/// What goes along with messages of a node, and to whom, by sender and number.
#[derive(Default)]
struct Parcels {
    all: BTreeMap<(u64, u64), (Pid, Resources)>,
    /// With so many, those are looked for that nobody will fetch.
    sweep_at: usize,
}

/// With fewer nobody is looked for.
const SWEEP_MIN: usize = 64;

/// Sends resources along with the message that was sent last; gives the operations that this asks for.
///
/// # Errors
/// If a limit stands against one of those.
pub(super) fn send(cx: &mut Context<'_>, to: Pid, resources: Resources) -> Result<Vec<Correlation>, Code> {
    if resources.is_empty() {
        return Ok(Vec::new());
    }
    let alive = cx.is_alive(to);
    let mut asked = Vec::new();
    for resource in resources.iter().flatten() {
        if let Resource::Stream(socket) | Resource::Datagrams(socket) = *resource {
            let give = Op::Give { socket, to: to.to_raw() };
            let op = if alive { give } else { Op::Close { socket } };
            asked.push(cx.perform(EFFECT, &op.encode())?);
        }
    }
    let key = (cx.me().to_raw(), cx.sent());
    let mut parcels = std::mem::take(cx.local_or_default::<Parcels>());
    parcels.all.insert(key, (to, resources));
    if parcels.all.len() >= parcels.sweep_at.max(SWEEP_MIN) {
        parcels.all.retain(|_, (to, _)| cx.is_alive(*to));
        parcels.sweep_at = 2 * parcels.all.len();
    }
    *cx.local_or_default() = parcels;
    Ok(asked)
}

/// What came along with a message.
pub(super) fn fetch(cx: &mut Context<'_>, envelope: &Envelope) -> Resources {
    let parcels = cx.local_or_default::<Parcels>();
    if parcels.all.is_empty() {
        return Vec::new();
    }
    parcels.all.remove(&(envelope.from, envelope.id)).map(|(_, resources)| resources).unwrap_or_default()
}
