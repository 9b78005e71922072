//! shuttle, with its random scheduler, which is its fastest.

use crate::Ready;
use shuttle::sync::mpsc;
use shuttle::thread;

/// `n` executions of four threads that pass 24 messages each to themselves.
pub fn short_runs(n: u64) -> Ready {
    let executions = usize::try_from(n).expect("a number of runs");
    Box::new(move || {
        shuttle::check_random(
            || {
                let hop = || {
                    let (to, from) = mpsc::channel();
                    for left in 0..24u32 {
                        to.send(left).expect("it is there");
                        assert_eq!(from.recv(), Ok(left));
                    }
                };
                let threads: Vec<_> = (0..4).map(|_| thread::spawn(hop)).collect();
                threads.into_iter().for_each(|t| t.join().expect("it ends"));
            },
            executions,
        );
    })
}
