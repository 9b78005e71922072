# Formatting, lints with warnings denied, docs.
check:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets -- -D warnings
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps

# All tests.
test:
    cargo test --workspace

# The main job: finds the mistake in the transfer application.
hunt:
    cargo run --release -- hunt fixtures/transfer/seedbed.toml

# What each strategy finds how soon: the tables of docs/finding-bugs.md.
strategies *OPTIONS:
    cargo run --release -p seedbed-cli --example strategies -- {{OPTIONS}}

# What shrinking leaves of findings, and whether they are explained: the tables of docs/finding-bugs.md.
findings *OPTIONS:
    cargo run --release -p seedbed-corpus --example findings -- {{OPTIONS}}

# Whether every program of the corpus, and its twin, is the same in two processes with all faults on: 100 050 pairs.
pairs SEEDS="1725":
    cargo build --release --package seedbed-cli
    for manifest in fixtures/corpus/*/*.toml; do target/release/seedbed check $manifest --seeds {{SEEDS}} --faults chaos || exit 1; done

# Whether a hunt flags a twin: it may not.
twins STRATEGY="portfolio" RUNS="20000":
    cargo build --release --package seedbed-cli
    for twin in fixtures/corpus/*/fixed.toml; do target/release/seedbed hunt $twin --runs {{RUNS}} --strategy {{STRATEGY}} || exit 1; done

# Measurements beside peers and limits.
bench:
    cargo build --release --workspace --manifest-path crates/seedbed-bench/Cargo.toml
    cd crates/seedbed-bench/simulators && cargo build --release
    cd crates/seedbed-bench/palladium && cargo build --release
    cd crates/seedbed-bench/lunatic && cargo build --release
    crates/seedbed-bench/target/release/seedbed-bench

# Instructions of a message, compared with what is checked in.
instructions:
    cargo run --release -p seedbed-instructions

# Rebuilds the guests and compares them with what is checked in.
guests:
    fixtures/build.sh --check
