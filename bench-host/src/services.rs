//! What the functions of the protocol do, one file each.

pub(crate) mod http;
pub(crate) mod net;
pub(crate) mod tcp;
pub(crate) mod trust;
