//! For programs that have no runtime of their own.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use tokio::sync::Notify;

/// Runs a future to its end, on a runtime made for it.
///
/// # Errors
/// If the operating system does not give what a runtime needs.
pub fn block_on<F: Future>(future: F) -> std::io::Result<F::Output> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    Ok(runtime.block_on(future))
}

/// Asks something that runs to stop, from wherever: a signal handler's thread, say.
#[derive(Clone, Debug, Default)]
pub struct StopHandle(Arc<Notify>);

impl StopHandle {
    /// Asks; once is enough, and it may come before anybody waits for it.
    pub fn stop(&self) {
        self.0.notify_one();
    }

    /// Waits until it was asked.
    pub async fn stopped(&self) {
        self.0.notified().await;
    }
}

/// Waits for so long; without a time, for ever.
pub async fn sleep(time: Option<Duration>) {
    match time {
        Some(time) => tokio::time::sleep(time).await,
        None => std::future::pending().await,
    }
}

/// The first of these to be done, the earlier in the list if several are.
pub async fn first<T, const N: usize>(futures: [Pin<&mut (dyn Future<Output = T> + '_)>; N]) -> T {
    let mut futures = futures;
    poll_fn(move |cx| {
        let done = futures.iter_mut().find_map(|future| match future.as_mut().poll(cx) {
            Poll::Ready(value) => Some(value),
            Poll::Pending => None,
        });
        done.map_or(Poll::Pending, Poll::Ready)
    })
    .await
}

/// The values of all, in their order, once all are done.
pub async fn all<F: Future>(futures: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    let mut waiting: Vec<Pin<Box<F>>> = futures.into_iter().map(Box::pin).collect();
    let mut done: Vec<Option<F::Output>> = waiting.iter().map(|_| None).collect();
    poll_fn(move |cx| {
        for (future, done) in waiting.iter_mut().zip(&mut done).filter(|(_, done)| done.is_none()) {
            if let Poll::Ready(value) = future.as_mut().poll(cx) {
                *done = Some(value);
            }
        }
        if done.iter().all(Option::is_some) {
            Poll::Ready(done.iter_mut().filter_map(Option::take).collect())
        } else {
            Poll::Pending
        }
    })
    .await
}
