//! Many runs: jobs, shards, time budget, determinism check, finding files.
