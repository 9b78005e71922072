//! The real reactor: handles, recorder, effects.
