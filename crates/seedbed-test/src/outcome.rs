//! What the body of a test may return.

/// The result of a test's body: nothing, or a `Result` whose error is a finding.
pub trait Outcome {
    /// The same as one type.
    ///
    /// # Errors
    /// What the body says went wrong.
    fn into_result(self) -> anyhow::Result<()>;
}

impl Outcome for () {
    fn into_result(self) -> anyhow::Result<()> {
        Ok(())
    }
}

impl<E: Into<anyhow::Error>> Outcome for Result<(), E> {
    fn into_result(self) -> anyhow::Result<()> {
        self.map_err(Into::into)
    }
}
