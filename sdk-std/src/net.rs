//! The network: names, connections, HTTP and mail.

pub mod dns;
pub mod http;
pub mod smtp;
pub mod tcp;
