//! What an actor of the dialect is to its imports: its name, whom it may address, what it asked.

use super::address::{self, Address};
use super::envelope::PdEnvelope;
use super::plugin::Plugin;
use seedbed_abi::{Code, Correlation, Envelope, Failure, Flags, Pid, Request};
use seedbed_core::{Context, Failed};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// How long a message that was sent with a correlation waits for its response: the ABI has no
/// timeouts, and a request has to end (rule Q1).
const ASK_TIMEOUT: Duration = Duration::from_secs(30);

/// One life.
#[derive(Clone)]
pub(crate) struct Peer {
    plugin: Arc<Plugin>,
    me: u128,
    /// Seals the pids that it is given.
    key: [u8; 32],
    /// The plugin's own correlation of each request that has not ended.
    asked: BTreeMap<u64, u64>,
    /// Who was looked up last, and its address.
    last: (Pid, u128),
}

impl Peer {
    /// Whoever starts in this turn.
    ///
    /// # Errors
    /// If it lives outside of its namespace.
    pub(super) fn new(cx: &mut Context<'_>, plugin: &Arc<Plugin>) -> Result<Peer, Failed> {
        if let Some(namespaces) = &plugin.namespaces
            && !namespaces.is_home(cx.path())
        {
            let rule = format!("a plugin's actor lives in {}", namespaces.home());
            return Err(Failure::Protocol(rule.into()).into());
        }
        let mut key = [0; 32];
        cx.random(&mut key);
        let me = address::of_path(cx.path(), cx.life());
        let (plugin, asked) = (Arc::clone(plugin), BTreeMap::new());
        Ok(Peer { plugin, me, key, asked, last: (Pid::NOBODY, 0) })
    }

    pub(super) fn type_name(&self) -> &str {
        &self.plugin.type_name
    }

    /// The envelope that a plugin is shown for this one; nothing for what it is not shown.
    pub(super) fn receive(&mut self, cx: &Context<'_>, envelope: &Envelope) -> Option<PdEnvelope> {
        let (flags, correlation) = match envelope.flags {
            Flags::MESSAGE => (0, envelope.correlation),
            Flags::REPLY => (PdEnvelope::RESPONSE, self.asked.remove(&envelope.correlation)?),
            // A request that failed: no response comes, as there.
            _ => {
                self.asked.remove(&envelope.correlation);
                return None;
            }
        };
        Some(PdEnvelope {
            message_id: envelope.id.into(),
            source: self.address_of(cx, Pid::from_raw(envelope.from)),
            destination: self.me,
            type_tag: envelope.tag,
            payload_len: envelope.len,
            flags,
            correlation,
        })
    }

    fn address_of(&mut self, cx: &Context<'_>, pid: Pid) -> u128 {
        if !pid.is_somebody() {
            return 0;
        }
        if self.last.0 != pid {
            let address = match cx.path_of(pid) {
                Some((path, life)) => address::of_path(path, life),
                None => address::sealed(pid, address::seal(&self.key, pid)),
            };
            self.last = (pid, address);
        }
        self.last.1
    }

    /// Sends what a plugin wants sent. Its message id and source are not looked at: those of this
    /// actor are stamped on it.
    pub(super) fn send(
        &mut self,
        cx: &mut Context<'_>,
        envelope: &PdEnvelope,
        payload: &[u8],
    ) -> Result<(), Code> {
        let to = self.resolve(cx, envelope.destination)?;
        let (tag, correlation) = (envelope.type_tag, envelope.correlation);
        if envelope.flags & PdEnvelope::RESPONSE != 0 {
            let request = Request { from: to, correlation: Correlation(correlation) };
            return cx.reply_tagged(request, tag, payload);
        }
        self.may_address(cx, to)?;
        if correlation == 0 {
            return cx.send_tagged(to, tag, payload);
        }
        let asked = cx.ask_tagged(to, tag, payload, ASK_TIMEOUT)?;
        self.asked.insert(asked.0, correlation);
        Ok(())
    }

    fn resolve(&self, cx: &mut Context<'_>, bits: u128) -> Result<Pid, Code> {
        Ok(match Address::of(bits) {
            Address::Path { hash, life } => {
                cx.find_path(address::path_hash, hash, life)?.unwrap_or(Pid::NOBODY)
            }
            Address::Sealed { pid, seal } if address::seal(&self.key, pid) == seal => pid,
            Address::Sealed { .. } | Address::Nobody => Pid::NOBODY,
        })
    }

    fn may_address(&self, cx: &Context<'_>, to: Pid) -> Result<(), Code> {
        let Some(namespaces) = &self.plugin.namespaces else { return Ok(()) };
        match cx.path_of(to) {
            Some((path, _)) if !namespaces.allow(path) => Err(Code::Denied),
            _ => Ok(()),
        }
    }
}
