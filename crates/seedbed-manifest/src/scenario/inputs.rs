//! From `[[input]]` to what clients outside send.

use super::REQUEST_TIMEOUT;
use crate::Manifest;
use crate::input::{Input, InputKind};
use seedbed_core::{NodeId, address_of};

/// The inputs, for nodes that have their numbers in the order of the manifest.
pub(crate) fn inputs(manifest: &Manifest) -> Vec<seedbed_core::Input> {
    manifest.inputs.iter().map(|input| convert(manifest, input)).collect()
}

fn convert(manifest: &Manifest, input: &Input) -> seedbed_core::Input {
    let index = manifest.world.nodes.iter().position(|node| node.name == input.to.node);
    let number = index.and_then(|index| u16::try_from(index + 1).ok());
    let node = NodeId(number.expect("the manifest knows the node of every input, and few enough nodes"));
    seedbed_core::Input {
        name: input.name.clone(),
        to: address_of(node, &input.to.name),
        tag: input.tag,
        payload: input.payload.clone(),
        timeout: match input.kind {
            InputKind::Send => None,
            InputKind::Request { timeout } => Some(timeout.unwrap_or(REQUEST_TIMEOUT)),
        },
        at: input.at,
        every: input.repeat.map(|repeat| repeat.every),
        count: input.repeat.and_then(|repeat| repeat.count),
        optional: input.optional,
    }
}
