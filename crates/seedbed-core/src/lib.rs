//! The deterministic kernel: actors, mail, links, monitors, timers, names, supervisors, events.
