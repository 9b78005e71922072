//! Calls to supervisors from a service.

use crate::error::AskError;
use crate::system::System;
use seedbed_core::{
    Ask, Caller, Factory, Message, Pid, SupervisorError, SupervisorRef, node_of, read_answer,
};
use std::pin::Pin;
use std::sync::Arc;

/// What a call to a supervisor will come to. It is asked at the call; the future only waits.
pub type Calling<T> = Pin<Box<dyn Future<Output = Result<T, SupervisorError>> + Send>>;

impl System {
    /// A supervisor to be called, by pid or address.
    ///
    /// ```
    /// # use seedbed_core::supervise::ChildSpec;
    /// # use seedbed_core::{Actor, ChildStart, Context, Result, Supervisor};
    /// # use seedbed_rt::System;
    /// # struct Worker;
    /// # impl Actor for Worker {
    /// #     type Message = ();
    /// #     fn on_message(&mut self, _: &mut Context, (): ()) -> Result<()> { Ok(()) }
    /// # }
    /// # seedbed_rt::block_on(async {
    /// let system = System::start()?;
    /// let top = system.spawn("top", Supervisor::one_for_one()).await?;
    /// let db = ChildSpec::worker("db", ChildStart::new(|| Worker));
    /// let db = system.supervisor(top).start_child(db).await?;
    /// assert_eq!(system.supervisor(top).which("db").await?.state.pid(), db);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub fn supervisor(&self, pid: Pid) -> SupervisorRef<&System> {
        SupervisorRef::new(self, pid)
    }
}

impl Caller for &System {
    type Given = Arc<dyn Factory>;
    type Out<T: Send + 'static> = Calling<T>;

    fn call<T: Send + 'static>(&mut self, mut ask: Ask<Arc<dyn Factory>, T>) -> Calling<T> {
        let given = std::mem::take(&mut ask.given);
        if !given.is_empty() && node_of(ask.to) != self.node_id() {
            return Box::pin(std::future::ready(Err(SupervisorError::Elsewhere)));
        }
        let mut payload = Vec::new();
        ask.call.encode(&mut payload);
        let asked = self.begin_ask_giving(ask.to, payload, ask.timeout, given);
        let read = ask.read;
        Box::pin(async move {
            match asked.await {
                Ok(mail) => read_answer(&mail.payload, read),
                Err(AskError::Failed(failure)) => Err(failure.into()),
                Err(AskError::Type { .. }) => Err(SupervisorError::NoSupervisor),
                Err(AskError::Stopped(_)) => Err(SupervisorError::Ended),
            }
        })
    }
}
