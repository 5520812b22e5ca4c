//! What the host functions do, one file each.

pub mod tcp;
pub mod trust;
