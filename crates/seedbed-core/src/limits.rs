//! What an actor may use (spec `guest.md` §4), as far as the kernel counts it.

use serde::{Deserialize, Serialize};

/// What happens to a message that finds no room in a mailbox (rule M5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailboxPolicy {
    /// The sender is told, and keeps the message.
    #[default]
    Refuse,
    /// The oldest message of the same sender makes room; if it has none, the new one is dropped.
    DropOldest,
    /// The new message is dropped.
    DropNewest,
    /// A sender that can wait does so until there is room, the first to wait first; any other is
    /// told, and keeps the message (rule M10).
    Wait,
}

/// Bounds that the kernel keeps for one actor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Messages and requests waiting.
    pub mailbox_count: u32,
    /// Payload bytes waiting.
    pub mailbox_bytes: u32,
    /// Payload bytes of one message.
    pub message_bytes: u32,
    /// What to do when there is no room.
    pub policy: MailboxPolicy,
    /// Effects on others that one turn may ask for.
    pub outbox_max: u32,
    /// Payload bytes that one turn may send.
    pub outbox_bytes: u32,
    /// Actors that it may spawn in its life.
    pub spawn_max: u32,
    /// Timers, requests and effects pending at once.
    pub pending_max: u32,
    /// Links and monitors at once.
    pub watch_max: u32,
    /// Bytes of log text in one turn, an entry without text being one; the rest is cut.
    pub log_max: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            mailbox_count: 65_536,
            mailbox_bytes: 64 << 20,
            message_bytes: 16 << 20,
            policy: MailboxPolicy::Refuse,
            outbox_max: 4_096,
            outbox_bytes: 64 << 20,
            spawn_max: u32::MAX,
            pending_max: 65_536,
            watch_max: u32::MAX,
            log_max: 64 << 10,
        }
    }
}

/// What an actor may do beside handling its mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permissions {
    /// May spawn actors.
    pub spawn: bool,
    /// May register a name.
    pub register: bool,
    /// May look up names and send to addresses.
    pub lookup: bool,
    /// Which effects it may perform; `None` = all.
    pub effects: Option<Vec<String>>,
}

impl Default for Permissions {
    fn default() -> Self {
        Permissions { spawn: true, register: true, lookup: true, effects: None }
    }
}

impl Permissions {
    /// True if the effect may be performed.
    pub fn effect(&self, name: &str) -> bool {
        self.effects.as_ref().is_none_or(|list| list.iter().any(|e| e == name))
    }
}
