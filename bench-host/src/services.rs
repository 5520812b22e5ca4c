//! What the functions of the protocol do, one file each.

pub(crate) mod dns;
pub(crate) mod exec;
pub(crate) mod http;
pub(crate) mod net;
pub(crate) mod smtp;
pub(crate) mod ssrf;
pub(crate) mod tcp;
pub(crate) mod trust;
