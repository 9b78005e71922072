//! `lunatic::distributed`: nodes, and mail between them.
//!
//! A node that is alone is node 0, and the list of nodes is empty.

use super::abi::{Guest, functions, misuse, own, waiting, write};
use super::message::{post, request};
use super::networking::sweep;
use super::process::{fail, start};
use super::spawn::{Asked, prepare};
use crate::blocking::{Data, with_turn};
use crate::host::Stop;
use seedbed_abi::Pid;
use seedbed_core::{Context, NodeId, node_of};
use wasmtime::Linker;

/// A node that is not there.
const NO_NODE: u32 = 1;
/// The same, for a send.
const NO_NODE_TO_SEND_TO: u32 = 2;
/// A process that is on another node than was said.
const NO_PROCESS: u32 = 1;
/// A node that cannot do it.
const NO_CONNECTION: u32 = 9027;

pub(super) fn define(linker: &mut Linker<Data>) -> wasmtime::Result<()> {
    functions! { linker, "distributed":
        nodes_count() -> u32;
        get_nodes(to: u32, count: u32) -> u32;
        node_id() -> u64;
        module_id() -> u64;
        copy_lookup_nodes_results(query: u64, to: u32, count: u32, error_to: u32) -> i32;
        exec_lookup_nodes(query: u32, len: u32, id_to: u32, count_to: u32, error_to: u32) -> u32;
        test_root_cert(len_to: u32) -> u32;
        default_server_certificates(a: u32, b: u32, c: u32, d: u32, len_to: u32) -> u32;
        sign_node(a: u32, b: u32, c: u32, d: u32, e: u32, f: u32, len_to: u32) -> u32;
    }
    waiting! { linker, "distributed":
        spawn(node: u64, config: i64, module: u64, function: u32, function_len: u32, params: u32, params_len: u32, id_to: u32) -> u32;
        send(node: u64, id: u64) -> u32;
        send_receive_skip_search(node: u64, id: u64, tag: i64, timeout: u64) -> u32;
    }
    Ok(())
}

/// How a guest calls a node.
pub(super) fn number_of(cx: &Context<'_>, node: NodeId) -> u64 {
    if node == cx.node_id() && cx.nodes().len() <= 1 { 0 } else { node.0.into() }
}

/// The nodes there are, if this one is not alone.
fn nodes() -> Vec<u64> {
    with_turn(|turn| {
        let cx = turn.cx();
        let nodes = cx.nodes();
        if nodes.len() <= 1 { Vec::new() } else { nodes.map(|node| node.0.into()).collect() }
    })
}

fn own_node() -> u64 {
    with_turn(|turn| {
        let cx = turn.cx();
        number_of(cx, cx.node_id())
    })
}

fn nodes_count(_: &mut Guest<'_>) -> Result<u32, Stop> {
    Ok(nodes().len() as u32)
}

fn get_nodes(caller: &mut Guest<'_>, to: u32, count: u32) -> Result<u32, Stop> {
    let mut bytes = Vec::new();
    let nodes = nodes();
    let shown = nodes.len().min(count as usize);
    nodes[..shown].iter().for_each(|node| bytes.extend(node.to_le_bytes()));
    write(caller, "distributed::get_nodes", to, &bytes)?;
    Ok(shown as u32)
}

fn node_id(_: &mut Guest<'_>) -> Result<u64, Stop> {
    Ok(own_node())
}

/// The module of the caller is all that can be spawned so.
fn module_id(_: &mut Guest<'_>) -> Result<u64, Stop> {
    Ok(0)
}

#[expect(clippy::too_many_arguments, reason = "as the guest calls it")]
async fn spawn(
    caller: &mut Guest<'_>,
    node: u64,
    config: i64,
    module: u64,
    function: u32,
    function_len: u32,
    params: u32,
    params_len: u32,
    id_to: u32,
) -> Result<u32, Stop> {
    const NAME: &str = "distributed::spawn";
    let asked =
        Asked { config, module: -1, function: (function, function_len), params: (params, params_len) };
    let spawned = prepare(caller, NAME, asked)?;
    let (code, error) = match (node == own_node(), module) {
        (true, 0) => return start(caller, NAME, 0, spawned, id_to, None).await,
        (true, _) => (2, format!("there is no module {module}")),
        (false, _) if nodes().contains(&node) => {
            (NO_CONNECTION, format!("node {node} takes no processes from others"))
        }
        (false, _) => (NO_NODE, format!("there is no node {node}")),
    };
    fail(caller, NAME, error, id_to)?;
    Ok(code)
}

/// Why nothing can be sent to a process of a node.
fn unreachable(node: u64, id: u64) -> Option<u32> {
    if node != own_node() && !nodes().contains(&node) {
        return Some(NO_NODE_TO_SEND_TO);
    }
    let is_there = with_turn(|turn| number_of(turn.cx(), node_of(Pid::from_raw(id))) == node);
    (!is_there).then_some(NO_PROCESS)
}

async fn send(caller: &mut Guest<'_>, node: u64, id: u64) -> Result<u32, Stop> {
    const NAME: &str = "distributed::send";
    if let Some(code) = unreachable(node, id) {
        let message = super::message::take_written(caller, NAME)?;
        own(caller).discard(message.resources);
        sweep(caller, NAME).await?;
        return Ok(code);
    }
    post(caller, NAME, id).await?;
    Ok(0)
}

async fn send_receive_skip_search(
    caller: &mut Guest<'_>,
    node: u64,
    id: u64,
    tag: i64,
    timeout: u64,
) -> Result<u32, Stop> {
    const NAME: &str = "distributed::send_receive_skip_search";
    if let Some(code) = unreachable(node, id) {
        let message = super::message::take_written(caller, NAME)?;
        own(caller).discard(message.resources);
        sweep(caller, NAME).await?;
        return Ok(code);
    }
    request(caller, NAME, id, tag, timeout).await
}

/// Nodes have no attributes to look for.
fn exec_lookup_nodes(
    caller: &mut Guest<'_>,
    query: u32,
    len: u32,
    _id_to: u32,
    _count_to: u32,
    error_to: u32,
) -> Result<u32, Stop> {
    const NAME: &str = "distributed::exec_lookup_nodes";
    let query = super::abi::text(caller, NAME, (query, len), super::registry::NAME_MAX)?;
    fail(caller, NAME, format!("nodes have no attributes to look up: `{query}`"), error_to)?;
    Ok(1)
}

fn copy_lookup_nodes_results(
    caller: &mut Guest<'_>,
    query: u64,
    _to: u32,
    _count: u32,
    error_to: u32,
) -> Result<i32, Stop> {
    fail(caller, "distributed::copy_lookup_nodes_results", format!("there is no query {query}"), error_to)?;
    Ok(-1)
}

/// Certificates are none of a guest's business.
fn no_certificates(name: &str) -> Stop {
    misuse(&format!("{name}: certificates are not made for guests"))
}

fn test_root_cert(_: &mut Guest<'_>, _: u32) -> Result<u32, Stop> {
    Err(no_certificates("distributed::test_root_cert"))
}

fn default_server_certificates(
    _: &mut Guest<'_>,
    _: u32,
    _: u32,
    _: u32,
    _: u32,
    _: u32,
) -> Result<u32, Stop> {
    Err(no_certificates("distributed::default_server_certificates"))
}

#[expect(clippy::too_many_arguments, reason = "as the guest calls it")]
fn sign_node(_: &mut Guest<'_>, _: u32, _: u32, _: u32, _: u32, _: u32, _: u32, _: u32) -> Result<u32, Stop> {
    Err(no_certificates("distributed::sign_node"))
}
