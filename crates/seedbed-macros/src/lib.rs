//! The attribute macro seedbed::test.
