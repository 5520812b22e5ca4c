//! What the functions of the protocol do, one file each.

pub(crate) mod exec;
pub(crate) mod net;
pub(crate) mod tcp;
pub(crate) mod trust;
