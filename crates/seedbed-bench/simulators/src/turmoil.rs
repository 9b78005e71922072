//! turmoil, with its datagrams.

use crate::{LATENCY, LOSS, PATIENCE, Ready};
use std::time::Duration;
use turmoil::Builder;
use turmoil::net::UdpSocket;

const PORT: u16 = 1;

/// Gives back what comes.
async fn serve() -> turmoil::Result {
    let socket = UdpSocket::bind(("0.0.0.0", PORT)).await?;
    loop {
        let mut ball = [0; 8];
        let (_, from) = socket.recv_from(&mut ball).await?;
        socket.send_to(&ball, from).await?;
    }
}

/// Runs a client beside the server. A link that fails loses what is on it, and is there again for the next.
fn beside_server<F>(loss: f64, client: impl FnOnce(UdpSocket) -> F + 'static) -> Ready
where
    F: Future<Output = turmoil::Result> + 'static,
{
    let mut sim = Builder::new()
        .rng_seed(1)
        .min_message_latency(LATENCY.0)
        .max_message_latency(LATENCY.1)
        .fail_rate(loss)
        .repair_rate(1.0)
        .simulation_duration(Duration::from_secs(1_000_000))
        .build();
    sim.host("server", serve);
    sim.client("client", async { client(UdpSocket::bind(("0.0.0.0", PORT)).await?).await });
    Box::new(move || sim.run().expect("the client ends"))
}

pub fn ping_pong(n: u64) -> Ready {
    beside_server(0.0, move |socket| async move {
        for ball in 0..n / 2 {
            socket.send_to(&ball.to_le_bytes(), ("server", PORT)).await?;
            let mut back = [0; 8];
            socket.recv_from(&mut back).await?;
            assert_eq!(u64::from_le_bytes(back), ball);
        }
        Ok(())
    })
}

pub fn lossy_requests(n: u64) -> Ready {
    beside_server(LOSS, move |socket| async move {
        for request in 0..n {
            let mut answer = [0; 8];
            loop {
                socket.send_to(&request.to_le_bytes(), ("server", PORT)).await?;
                let wait = tokio::time::timeout(PATIENCE, socket.recv_from(&mut answer)).await;
                if wait.is_ok() && u64::from_le_bytes(answer) == request {
                    break;
                }
            }
        }
        Ok(())
    })
}
