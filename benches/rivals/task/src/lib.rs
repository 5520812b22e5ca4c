//! The check that the plugins with serde have in common: a configuration in, a line of log, an outcome out.

use serde::{Deserialize, Serialize};

/// What to check.
#[derive(Debug, Default, Deserialize, Serialize)]
pub struct Config {
    pub host: String,
    pub port: u16,
    pub tags: Vec<String>,
    pub min_version: i64,
    pub strict: bool,
}

/// What was found.
#[derive(Debug, Serialize)]
pub struct Outcome {
    pub status: &'static str,
    pub message: String,
    pub data: Data,
}

#[derive(Debug, Serialize)]
pub struct Data {
    pub host: String,
    pub port: u16,
    pub tags: usize,
}

/// The line of log is the SDK's to write.
pub fn check(config: Config) -> Outcome {
    let good = !config.strict || config.min_version >= 12;
    Outcome {
        status: if good { "success" } else { "failure" },
        message: format!("{} is checked", config.host),
        data: Data { host: config.host, port: config.port, tags: config.tags.len() },
    }
}
