//! Versioned trace, recording and finding files, and exporters.
