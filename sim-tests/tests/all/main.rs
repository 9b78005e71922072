//! One module a claim.
