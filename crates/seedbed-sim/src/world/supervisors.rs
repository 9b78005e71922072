//! Calls to supervisors from a test.

use super::World;
use super::client::AskError;
use seedbed_core::{
    Ask, Caller, Factory, Message, Pid, SupervisorError, SupervisorRef, node_of, read_answer,
};
use std::sync::Arc;

impl World {
    /// A supervisor to be called, by pid or address. A call runs the world until the answer, as
    /// [`ask`](Self::ask) does.
    ///
    /// ```
    /// # use seedbed_core::supervise::ChildSpec;
    /// # use seedbed_core::{Actor, ChildStart, Context, Result, Supervisor};
    /// # use seedbed_sim::{RunConfig, StrategySpec, World, run_with};
    /// # struct Worker;
    /// # impl Actor for Worker {
    /// #     type Message = ();
    /// #     fn on_message(&mut self, _: &mut Context, (): ()) -> Result<()> { Ok(()) }
    /// # }
    /// # let program = |world: &mut World| {
    /// let top = world.spawn("top", Supervisor::one_for_one());
    /// let db = world.supervisor(top).start_child(ChildSpec::worker("db", ChildStart::new(|| Worker)))?;
    /// assert_eq!(world.supervisor(top).which("db")?.state.pid(), db);
    /// # Ok(())
    /// # };
    /// # let outcome = run_with(&program, &RunConfig::seed(1), StrategySpec::Random.build(), Vec::new()).0;
    /// # assert_eq!(outcome.found, None);
    /// ```
    pub fn supervisor(&mut self, pid: Pid) -> SupervisorRef<&mut World> {
        SupervisorRef::new(self, pid)
    }
}

impl Caller for &mut World {
    type Given = Arc<dyn Factory>;
    type Out<T: Send + 'static> = Result<T, SupervisorError>;

    fn call<T: Send + 'static>(&mut self, mut ask: Ask<Arc<dyn Factory>, T>) -> Result<T, SupervisorError> {
        let client = self.default_client();
        let mut payload = Vec::new();
        ask.call.encode(&mut payload);
        let correlation = self.send_raw(client, ask.to, 0, payload, true);
        let node = node_of(ask.to);
        if let Some((kernel, _)) = self.split(node) {
            kernel.give(client.pid, correlation, std::mem::take(&mut ask.given));
        }
        let reply = self.await_reply(client, correlation, self.sim.now + ask.timeout);
        if let Some((kernel, _)) = self.split(node) {
            kernel.take_back(client.pid, correlation);
        }
        match reply {
            Ok(mail) => read_answer(&mail.payload, ask.read),
            Err(AskError::Failed(failure)) => Err(failure.into()),
            Err(AskError::Type { .. }) => Err(SupervisorError::NoSupervisor),
            Err(AskError::Broken(_) | AskError::Ended) => Err(SupervisorError::Ended),
        }
    }
}
