//! Schemas of configurations.
