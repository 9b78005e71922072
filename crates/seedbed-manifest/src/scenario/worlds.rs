//! From `[world]` to what the simulator is made with.

use crate::world::{Between, Budget, Faults, Link, NodeSpec, Profile, Shape, WorldSpec};
use seedbed_abi::nanos;
use seedbed_sim::{Costs, Latency, WorldConfig};

/// What a world is made with.
pub(super) fn config(spec: &WorldSpec) -> WorldConfig {
    let default = WorldConfig::default();
    WorldConfig {
        duration: spec.duration,
        steps_max: spec.steps_max.unwrap_or(default.steps_max),
        converge_within: spec.converge_within.unwrap_or(default.converge_within),
        latency: match spec.latency {
            Some(between) => latency(between, spec.latency_shape),
            None => Latency { shape: shape(spec.latency_shape), ..default.latency },
        },
        bandwidth: spec.bandwidth,
        loss_after: spec.loss_after.unwrap_or(default.loss_after),
        faults: faults(&spec.faults, &spec.budget),
        allow_failures: spec.allow_failures,
    }
}

/// What turns cost on a node.
pub(super) fn costs(world: &WorldSpec, node: &NodeSpec) -> Costs {
    Costs {
        ns_per_turn: node.ns_per_turn.or(world.ns_per_turn).unwrap_or_default(),
        ns_per_fuel: node.ns_per_fuel.or(world.ns_per_fuel).unwrap_or_default(),
    }
}

/// What a link is like.
pub(super) fn link(link: &Link) -> seedbed_sim::Link {
    seedbed_sim::Link {
        latency: link.latency.map(|between| latency(between, link.latency_shape)),
        bandwidth: link.bandwidth,
        drop: link.drop_per_million,
        duplicate: link.duplicate_per_million,
        delay: link.delay_per_million,
        partition: link.partition_per_million,
        clog: link.clog_per_million,
    }
}

fn latency(between: Between, of: Shape) -> Latency {
    Latency { min: nanos(between.min), max: nanos(between.max), shape: shape(of) }
}

fn shape(shape: Shape) -> seedbed_sim::Shape {
    match shape {
        Shape::Uniform => seedbed_sim::Shape::Uniform,
        Shape::LongTail => seedbed_sim::Shape::LongTail,
    }
}

fn faults(spec: &Faults, budget: &Budget) -> seedbed_sim::Faults {
    let profile = match spec.profile {
        Profile::None => seedbed_sim::Faults::none(),
        Profile::Chaos => seedbed_sim::Faults::chaos(),
    };
    let range = |between: Between| (nanos(between.min), nanos(between.max));
    seedbed_sim::Faults {
        drop: spec.drop_per_million.unwrap_or(profile.drop),
        duplicate: spec.duplicate_per_million.unwrap_or(profile.duplicate),
        delay: spec.delay_per_million.unwrap_or(profile.delay),
        delay_by: spec.delay.map(range).or(profile.delay_by),
        kill: spec.kill_per_million.unwrap_or(profile.kill),
        crash: spec.crash_per_million.unwrap_or(profile.crash),
        down: spec.restart_after.map_or(profile.down, range),
        pause: spec.pause_per_million.unwrap_or(profile.pause),
        pause_for: spec.pause_for.map_or(profile.pause_for, range),
        partition: spec.partition_per_million.unwrap_or(profile.partition),
        clog: spec.clog_per_million.unwrap_or(profile.clog),
        cut_for: heal_within(spec.heal_after.map_or(profile.cut_for, range), budget),
        clock_jump: spec.clock_jump_per_million.unwrap_or(profile.clock_jump),
        jump_by: spec.clock_jump.map_or(profile.jump_by, range),
        fuel_cut: spec.fuel_cut_per_million.unwrap_or(profile.fuel_cut),
        grow_refused: spec.grow_refused_per_million.unwrap_or(profile.grow_refused),
        call_refused: spec.call_refused_per_million.unwrap_or(profile.call_refused),
        effect_failed: spec.effect_failed_per_million.unwrap_or(profile.effect_failed),
        timer_late: spec.timer_late_per_million.unwrap_or(profile.timer_late),
        late_by: spec.timer_late.map_or(profile.late_by, range),
        slow: spec.slow_per_million.unwrap_or(profile.slow),
        slow_by: spec.slow.map_or(profile.slow_by, range),
        slow_for: spec.slow_for.map_or(profile.slow_for, range),
        unsynced: spec.unsynced_per_million.unwrap_or(profile.unsynced),
        torn: spec.torn_per_million.unwrap_or(profile.torn),
        heal_max: budget.heal_within.map_or(u64::MAX, nanos),
        buggify: spec.buggify_per_million.unwrap_or(profile.buggify),
        nodes_down_max: budget.nodes_down.unwrap_or(profile.nodes_down_max),
        faults_max: budget.faults_max.unwrap_or(profile.faults_max),
        ..profile
    }
}

/// A range that stays within the budget.
fn heal_within((min, max): (u64, u64), budget: &Budget) -> (u64, u64) {
    let bound = budget.heal_within.map_or(u64::MAX, nanos);
    (min.min(bound), max.min(bound))
}
