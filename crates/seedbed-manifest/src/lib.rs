//! The manifest: processes, trees, worlds, inputs, CEL properties.
