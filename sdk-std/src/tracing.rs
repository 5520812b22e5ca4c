//! Events and spans of the crate `tracing`, as records of the host's log.
