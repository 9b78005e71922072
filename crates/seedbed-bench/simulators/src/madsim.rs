//! madsim, with the endpoints of its own network.

use crate::{LATENCY, LOSS, PATIENCE, Ready};
use madsim::net::{self, Endpoint};
use madsim::runtime::{Handle, Runtime};
use madsim::{Config, time};

const SERVER: &str = "10.0.0.2:1";

fn runtime(packet_loss_rate: f64) -> Runtime {
    let net = net::Config { packet_loss_rate, send_latency: LATENCY.0..LATENCY.1 };
    Runtime::with_seed_and_config(1, Config { net, ..Config::default() })
}

/// Gives back what comes.
async fn serve() {
    let endpoint = Endpoint::bind(SERVER).await.expect("the address is free");
    loop {
        let mut ball = [0; 8];
        let (_, from) = endpoint.recv_from(1, &mut ball).await.expect("it is bound");
        endpoint.send_to(from, 2, &ball).await.expect("it is bound");
    }
}

/// Runs a client beside the server.
fn beside_server<F>(loss: f64, client: impl FnOnce(Endpoint) -> F + Send + 'static) -> Ready
where
    F: Future<Output = ()> + Send + 'static,
{
    let runtime = runtime(loss);
    Box::new(move || {
        runtime.block_on(async {
            let node = |ip: &str| Handle::current().create_node().ip(ip.parse().expect("an address")).build();
            node("10.0.0.2").spawn(serve());
            let client = node("10.0.0.1").spawn(async {
                client(Endpoint::bind("10.0.0.1:1").await.expect("the address is free")).await;
            });
            client.await.expect("it ends");
        });
    })
}

pub fn ping_pong(n: u64) -> Ready {
    beside_server(0.0, move |endpoint| async move {
        for ball in 0..n / 2 {
            let mut back = [0; 8];
            // The server may not be bound yet when the first is sent.
            while time::timeout(PATIENCE, async {
                endpoint.send_to(SERVER, 1, &ball.to_le_bytes()).await.expect("it is bound");
                endpoint.recv_from(2, &mut back).await.expect("it is bound");
            })
            .await
            .is_err()
            {}
            assert_eq!(u64::from_le_bytes(back), ball);
        }
    })
}

pub fn lossy_requests(n: u64) -> Ready {
    beside_server(LOSS, move |endpoint| async move {
        for request in 0..n {
            let mut answer = [0; 8];
            loop {
                endpoint.send_to(SERVER, 1, &request.to_le_bytes()).await.expect("it is bound");
                let wait = time::timeout(PATIENCE, endpoint.recv_from(2, &mut answer)).await;
                if wait.is_ok() && u64::from_le_bytes(answer) == request {
                    break;
                }
            }
        }
    })
}
