//! shuttle, with its random scheduler, which is its fastest: threads and channels. It has neither network
//! nor time, so that a message takes none, and what is lost is said at once.

use crate::{LOSS, Ready};
use shuttle::rand::{Rng, thread_rng};
use shuttle::sync::mpsc::{Receiver, Sender, channel};
use shuttle::{Config, Runner, scheduler::RandomScheduler, thread};

/// Runs a client beside a server that gives back what comes, or says that it was lost.
fn beside_server(
    loss: f64,
    client: impl Fn(&Sender<u64>, &Receiver<Option<u64>>) + Send + Sync + 'static,
) -> Ready {
    let mut config = Config::default();
    config.max_steps = shuttle::MaxSteps::None;
    let runner = Runner::new(RandomScheduler::new_from_seed(1, 1), config);
    let client = std::sync::Arc::new(client);
    Box::new(move || {
        runner.run(move || {
            let ((ask, asked), (answer, answers)) = (channel(), channel());
            let server = thread::spawn(move || {
                for ball in asked {
                    let lost = loss > 0.0 && (0..2).any(|_| thread_rng().gen_bool(loss));
                    answer.send((!lost).then_some(ball)).expect("the client is there");
                }
            });
            client(&ask, &answers);
            drop(ask);
            server.join().expect("it ends");
        });
    })
}

pub fn ping_pong(n: u64) -> Ready {
    beside_server(0.0, move |ask, answers| {
        for ball in 0..n / 2 {
            ask.send(ball).expect("the server is there");
            assert_eq!(answers.recv(), Ok(Some(ball)));
        }
    })
}

pub fn lossy_requests(n: u64) -> Ready {
    beside_server(LOSS, move |ask, answers| {
        for request in 0..n {
            loop {
                ask.send(request).expect("the server is there");
                if answers.recv() == Ok(Some(request)) {
                    break;
                }
            }
        }
    })
}
