//! The simulated reactor: worlds, network, faults, strategies, tapes, replay, shrinking, properties.
