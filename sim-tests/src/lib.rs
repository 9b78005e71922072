//! What the simulation tests share.
