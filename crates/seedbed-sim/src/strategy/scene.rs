//! Where a choice point lies: what there is to know of it beyond its name.
//!
//! Its failure id, as Gunawi et al. have it ("FATE and DESTINI: A Framework for Cloud Recovery Testing", NSDI
//! 2011): the kind, who, to whom, and what was just done. Points with the same id are alike, so that
//! testing them one by one tells little.

use seedbed_core::{ChoiceKind, ChoicePoint, NodeId, PathId};

/// What surrounds a choice point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scene {
    /// The node it is decided on.
    pub node: NodeId,
    /// Of what may happen to a packet: the node it is for.
    pub to: Option<NodeId>,
    /// Of what may happen after a turn: what that turn did.
    pub after: Did,
}

/// What a turn asked of the world around its node, the most telling of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Did {
    /// Nothing.
    #[default]
    Nothing,
    /// It sent to another node.
    Sent,
    /// It began an effect that is no mere read, such as an append to its store: what it said and what is
    /// durable differ.
    Began,
}

impl Did {
    /// What is told at a point of this kind: only what comes after a turn has one.
    pub(crate) fn at(self, kind: ChoiceKind) -> Did {
        match kind {
            ChoiceKind::Kill
            | ChoiceKind::Crash
            | ChoiceKind::Pause
            | ChoiceKind::Slow
            | ChoiceKind::ClockJump => self,
            _ => Did::Nothing,
        }
    }
}

/// A failure id: points of which one is as good as another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FailureId {
    /// What may happen.
    pub kind: ChoiceKind,
    /// After what.
    pub after: Did,
    /// To whom: the actor, or the node.
    pub path: PathId,
    /// Of what may happen to a packet: the node it is for.
    pub to: Option<NodeId>,
}

impl FailureId {
    /// The id of a point.
    pub fn of(point: &ChoicePoint, scene: &Scene) -> FailureId {
        FailureId { kind: point.kind, after: scene.after, path: point.path, to: scene.to }
    }
}
