//! How nodes come and go (rules N2, N3, N5).

use super::World;
use crate::latency::{STEPS, share};
use crate::sim::NodePort;
use seedbed_core::{
    Boot, ChoiceKind, ChoicePoint, Code, Factory, Kernel, KernelSnapshot, Life, NodeConfig, NodeId,
    NotSnapshot, PathId, Pid, SpawnOptions, Time, node_of,
};
use std::any::Any;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

/// The answers to how much of a torn record is left: none, or so many quarters.
const TORN: u32 = 4;

type BootFn = Rc<dyn Fn(&mut NodeBoot<'_>)>;

/// One node of a world: its kernel while it is up.
pub(super) struct Host {
    pub(super) name: String,
    pub(super) path: PathId,
    pub(super) kernel: Option<Kernel>,
    boot: Boot,
    on_boot: Option<BootFn>,
    lives: BTreeMap<PathId, Life>,
    /// When it comes up again.
    pub(super) up_at: Option<Time>,
    /// When the others count it as lost.
    pub(super) lost_at: Option<Time>,
    /// Turns since it booted: names its crash points.
    pub(super) turns: u64,
    /// Occasions since it booted on which timers fired: names those that are late.
    pub(super) firings: u64,
    /// Until when timers that are due wait.
    pub(super) late_until: Option<Time>,
}

/// A node, kept. Its name and its boot function are as they were.
pub(super) struct HostState {
    kernel: Option<KernelSnapshot>,
    boot: Boot,
    lives: BTreeMap<PathId, Life>,
    up_at: Option<Time>,
    lost_at: Option<Time>,
    turns: u64,
    firings: u64,
    late_until: Option<Time>,
}

impl Host {
    pub(super) fn kept(&mut self) -> Result<HostState, NotSnapshot> {
        let Host {
            name: _,
            path: _,
            kernel,
            boot,
            on_boot: _,
            lives,
            up_at,
            lost_at,
            turns,
            firings,
            late_until,
        } = self;
        Ok(HostState {
            kernel: kernel.as_mut().map(Kernel::snapshot).transpose()?,
            boot: *boot,
            lives: lives.clone(),
            up_at: *up_at,
            lost_at: *lost_at,
            turns: *turns,
            firings: *firings,
            late_until: *late_until,
        })
    }

    pub(super) fn put_back(&mut self, from: &HostState) {
        let HostState { kernel, boot, lives, up_at, lost_at, turns, firings, late_until } = from;
        match (&mut self.kernel, kernel) {
            (Some(kernel), Some(from)) => kernel.restore(from),
            (here, there) => *here = there.as_ref().map(KernelSnapshot::kernel),
        }
        self.boot = *boot;
        self.lives.clone_from(lives);
        (self.up_at, self.lost_at, self.late_until) = (*up_at, *lost_at, *late_until);
        (self.turns, self.firings) = (*turns, *firings);
    }

    /// True if the node comes back by itself.
    pub(super) fn has_boot_function(&self) -> bool {
        self.on_boot.is_some()
    }
}

/// A node that boots: what its boot function may do.
pub struct NodeBoot<'a> {
    kernel: &'a mut Kernel,
    port: NodePort<'a>,
}

impl NodeBoot<'_> {
    /// Spawns an actor without a parent. Inputs wait for its start to be done.
    ///
    /// # Errors
    /// As [`Context::spawn`](seedbed_core::Context::spawn).
    pub fn spawn(&mut self, options: SpawnOptions, factory: Arc<dyn Factory>) -> Result<Pid, Code> {
        let pid = self.kernel.spawn(&mut self.port, options, factory)?;
        self.port.sim.starting.insert(pid);
        Ok(pid)
    }

    /// Keeps a value for all actors of the node, see [`Kernel::set_local`].
    pub fn set_local<T: Any>(&mut self, value: T) {
        self.kernel.set_local(value);
    }
}

impl World {
    /// The node `main`, made if need be. It has no boot function: no fault by chance crashes, pauses or slows
    /// it, or makes its clock jump.
    pub fn main(&mut self) -> NodeId {
        match self.names.get("main") {
            Some(id) => *id,
            None => self.add_host("main", None),
        }
    }

    /// Adds a node that runs `on_boot` whenever it starts, now and after a crash. Faults by chance
    /// that are of whole nodes (crashes, pauses, slowness, clock jumps) meet only such nodes.
    ///
    /// # Panics
    /// If there is a node of that name, or the world has 511 nodes.
    pub fn node(&mut self, name: &str, on_boot: impl Fn(&mut NodeBoot<'_>) + 'static) -> NodeId {
        self.add_host(name, Some(Rc::new(on_boot)))
    }

    fn add_host(&mut self, name: &str, on_boot: Option<BootFn>) -> NodeId {
        assert!(!self.names.contains_key(name), "there is a node `{name}` already");
        assert!(self.hosts.len() < usize::from(NodeId::MAX.0), "a world has at most {} nodes", NodeId::MAX.0);
        let id = NodeId(self.hosts.len() as u16 + 1);
        self.names.insert(name.to_owned(), id);
        self.sim.sockets.names.insert(name.to_owned(), id);
        for kernel in self.hosts.iter_mut().filter_map(|h| h.kernel.as_mut()) {
            kernel.set_nodes(self.names.clone());
        }
        self.sim.paths.insert(PathId::of(name), name.to_owned());
        self.hosts.push(Host {
            name: name.to_owned(),
            path: PathId::of(name),
            kernel: None,
            boot: Boot(0),
            on_boot,
            lives: BTreeMap::new(),
            up_at: None,
            lost_at: None,
            turns: 0,
            firings: 0,
            late_until: None,
        });
        self.boot(id);
        id
    }

    fn host_mut(&mut self, node: NodeId) -> &mut Host {
        &mut self.hosts[usize::from(node.0) - 1]
    }

    /// The names of all nodes, in the order of their numbers.
    pub fn nodes(&self) -> impl Iterator<Item = (&str, NodeId)> {
        self.hosts.iter().enumerate().map(|(i, h)| (h.name.as_str(), NodeId(i as u16 + 1)))
    }

    /// True while the node is up.
    pub fn is_up(&self, node: NodeId) -> bool {
        self.host(node).is_some_and(|h| h.kernel.is_some())
    }

    pub(super) fn boot(&mut self, node: NodeId) {
        self.sim.looked = None;
        let mut effects: Vec<String> = self.handlers.keys().cloned().collect();
        effects.push(seedbed_core::abi::store::EFFECT.to_owned());
        effects.push(seedbed_files::EFFECT.to_owned());
        effects.push(seedbed_sockets::EFFECT.to_owned());
        let (entries, nodes) = (self.entries.clone(), self.names.clone());
        let key = self.key;
        let was_up_before = {
            let host = self.host_mut(node);
            let boot = host.boot;
            let key = key.derive("node", host.path.0, u64::from(boot.0));
            let name = host.name.clone();
            let mut kernel = Kernel::new(NodeConfig { id: node, name, boot, key, entries, effects, nodes });
            kernel.inherit_lives(std::mem::take(&mut host.lives));
            host.kernel = Some(kernel);
            host.up_at = None;
            host.lost_at = None;
            host.turns = 0;
            host.firings = 0;
            host.late_until = None;
            boot != Boot(0)
        };
        self.count_down();
        // A new boot is the sign that the old one is lost.
        if was_up_before {
            self.lose(node);
        }
        let on_boot = self.host_mut(node).on_boot.clone();
        let host = &mut self.hosts[usize::from(node.0) - 1];
        let kernel = host.kernel.as_mut().expect("just made");
        kernel.set_step(self.sim.step);
        let mut port = NodePort { sim: &mut self.sim, node };
        kernel.boot(&mut port);
        if let Some(on_boot) = on_boot {
            on_boot(&mut NodeBoot { kernel, port });
        }
    }

    /// Ends what crosses to a lost node, on all others.
    pub(super) fn lose(&mut self, lost: NodeId) {
        self.host_mut(lost).lost_at = None;
        self.lose_inputs(lost);
        for (index, host) in self.hosts.iter_mut().enumerate() {
            let node = NodeId(index as u16 + 1);
            if let Some(kernel) = host.kernel.as_mut().filter(|_| node != lost) {
                kernel.lose_node(&mut NodePort { sim: &mut self.sim, node }, lost);
                self.sim.lose_streams(node, lost);
            }
        }
    }

    /// Somebody turned to a node that is down. If it counted as lost before, it will once more, for
    /// what was asked of it since.
    pub(super) fn wait_for_lost(&mut self, node: NodeId) {
        let lost_at = self.sim.now + self.config.loss_after;
        self.sim.is_due(lost_at);
        if let Some(host) = self.hosts.get_mut(usize::from(node.0) - 1)
            && host.up_at.is_none()
        {
            host.lost_at.get_or_insert(lost_at);
        }
    }

    /// Two nodes that count each other as lost: what crosses between them ends on both.
    pub(super) fn lose_each_other(&mut self, a: NodeId, b: NodeId) {
        for (node, lost) in [(a, b), (b, a)] {
            if let Some((kernel, mut port)) = self.split(node) {
                kernel.lose_node(&mut port, lost);
                self.sim.lose_streams(node, lost);
            }
        }
    }

    /// Crashes a node: its actors, mail and timers are gone, and what its stores and files had not synced
    /// may be. It boots again after a while that is chosen, or never if it has no boot function.
    pub fn crash(&mut self, node: NodeId) {
        let Some((path, life)) = self.go_down(node) else { return };
        if self.host_mut(node).on_boot.is_some() {
            let point =
                ChoicePoint { kind: ChoiceKind::Restart, site: 0, path, life, ordinal: Some(1), n: STEPS };
            let answer = self.sim.choose(node, &point);
            let after = share(self.config.faults.down, answer, STEPS - 1);
            let now = self.sim.now;
            self.host_mut(node).up_at = Some(Time::from_nanos(now.as_nanos() + after));
        }
    }

    /// Crashes a node that does not boot again by itself; gives its path and which boot ended, unless
    /// it is down.
    pub(super) fn go_down(&mut self, node: NodeId) -> Option<(PathId, Life)> {
        let (path, life) = {
            let host = self.host_mut(node);
            host.kernel.as_ref()?;
            (host.path, Life(u32::from(host.boot.0)))
        };
        for id in self.sim.order.of_node(node) {
            self.sim.gone(id);
        }
        self.sim.facts.forget_all(|pid| node_of(pid) == node);
        self.sim.effects.forget(|pid| node_of(pid) == node);
        self.sim.sockets.crash(node);
        self.sim.busy.forget(node);
        self.sim.slowed.remove(&node);
        self.sim.kept.forget(node);
        self.sim.starting.retain(|pid| node_of(*pid) != node);
        self.lose_unsynced(node, life);
        self.lose_unsynced_files(node, life);
        let now = self.sim.now;
        let lost_at = now + self.config.loss_after;
        self.sim.looked = None;
        let host = self.host_mut(node);
        host.lives = host.kernel.take().expect("it is up").into_lives();
        host.boot = host.boot.next();
        host.lost_at = Some(lost_at);
        self.count_down();
        Some((path, life))
    }

    fn count_down(&mut self) {
        let down = self.hosts.iter().filter(|h| h.kernel.is_none()).count();
        self.sim.chance.down = u32::try_from(down).expect("a world has at most 511 nodes");
    }

    /// Decides for each log how much of what was not synced survives: all (plain), or a prefix; and
    /// whether the beginning of the first record that does not is left.
    fn lose_unsynced(&mut self, node: NodeId, life: Life) {
        let Some(disk) = self.sim.disks.get(&node) else { return };
        for (path, count) in disk.unsynced() {
            let (lost, torn) = self.lost_and_torn(node, path, life, count);
            if let Some(disk) = self.sim.disks.get_mut(&node) {
                disk.crash(path, count - lost, (torn, TORN));
            }
        }
    }

    /// The same for each file, and for the names on the node's disk.
    fn lose_unsynced_files(&mut self, node: NodeId, life: Life) {
        let Some(mut files) = self.sim.disks.get_mut(&node).and_then(|disk| disk.files.take()) else {
            return;
        };
        let name = self.host_mut(node).name.clone();
        let unsynced = files.crash();
        let path_of = |world: &mut World, path: &str| {
            let text = format!("{name}//{path}");
            let path = PathId::of(&text);
            world.sim.paths.entry(path).or_insert(text);
            path
        };
        for file in &unsynced.files {
            let path = path_of(self, &file.path);
            let (lost, torn) = self.lost_and_torn(node, path, life, file.changes);
            files.lose(file, lost, (torn, TORN));
        }
        let names = (unsynced.names > 0).then(|| {
            let path = path_of(self, "");
            self.lost(node, path, life, unsynced.names)
        });
        files.lose_names(names.unwrap_or(0));
        self.sim.disks.entry(node).or_default().files = Some(files);
    }

    /// How many of the last of so many records or changes are lost.
    fn lost(&mut self, node: NodeId, path: PathId, life: Life, count: usize) -> usize {
        let n = count as u32 + 1;
        let point = ChoicePoint { kind: ChoiceKind::Unsynced, site: 0, path, life, ordinal: Some(1), n };
        self.sim.choose(node, &point) as usize
    }

    /// The same, and how many parts of the first of those are left.
    fn lost_and_torn(&mut self, node: NodeId, path: PathId, life: Life, count: usize) -> (usize, u32) {
        let lost = self.lost(node, path, life, count);
        let point = ChoicePoint { kind: ChoiceKind::Torn, site: 0, path, life, ordinal: Some(1), n: TORN };
        let torn = if lost > 0 && self.sim.is_open(point.kind) { self.sim.choose(node, &point) } else { 0 };
        (lost, torn)
    }

    /// Boots a node that is down, now.
    pub fn restart(&mut self, node: NodeId) {
        if !self.is_up(node) {
            self.boot(node);
        }
    }
}
