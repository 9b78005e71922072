//! Actors in a service: a supervised native actor and a WebAssembly one, asked from async code.
//!
//! `cargo run -p seedbed --example service`

use seedbed::prelude::*;
use serde::{Deserialize, Serialize};
use std::time::Duration;

#[derive(Serialize, Deserialize)]
enum Ask {
    Add(u64),
    Fail,
}

struct Counter(u64);

impl Actor for Counter {
    type Message = Ask;

    fn on_message(&mut self, cx: &mut Context, ask: Ask) -> Result<()> {
        match ask {
            Ask::Add(n) => {
                self.0 += n;
                cx.reply(self.0)
            }
            Ask::Fail => bail!("as ordered"),
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let system = System::start()?;

    let child = ChildSpec::worker("counter", ChildStart::new(|| Counter(0)).registered("counter"));
    let tree = Supervisor::one_for_one().intensity(3, Duration::from_secs(5)).child(child).build()?;
    system.spawn("tree", tree).await?;

    // An address follows the name: whoever has it now, also after a restart.
    let counter = system.address("counter")?;
    let sum: u64 = system.ask(counter, Ask::Add(5)).await?;
    println!("the native counter says {sum}");
    let failed = system.ask::<_, u64>(counter, Ask::Fail).await;
    println!("asked to fail, it answers: {failed:?}");
    while system.whereis("counter").await?.is_none() {
        tokio::task::yield_now().await;
    }
    let sum: u64 = system.ask(counter, Ask::Add(1)).await?;
    println!("its supervisor started it again: it says {sum}");

    let module = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/counter/counter.wasm");
    let guest = system.spawn("guest", WasmActor::from_file(module)?).await?;
    let sum: u64 = system.ask(guest, 7u64).await?;
    println!("the WebAssembly counter says {sum}");

    let end = system.shutdown().await?;
    println!("down after {} turns", end.turns);
    Ok(())
}
