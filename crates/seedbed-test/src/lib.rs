//! The runtime of seedbed::test, and ready-made properties.
