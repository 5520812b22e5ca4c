//! Checks what is in a file, and what an environment variable is set to.

use std::env;
use std::fs::File;
use std::io::Read;

use garde::Validate;
use reglet_sdk_std::config::Valid;
use reglet_sdk_std::prelude::*;
use schemars::JsonSchema;
use serde::Deserialize;

/// What to look for, and where.
#[derive(Debug, Deserialize, JsonSchema, Validate)]
#[garde(allow_unvalidated)]
pub struct Config {
    /// The file: an absolute path.
    #[garde(length(min = 1), custom(absolute))]
    path: String,
    /// A text that must be in it.
    #[garde(inner(length(min = 1)))]
    contains: Option<String>,
    /// A text that may not be in it.
    #[garde(inner(length(min = 1)))]
    absent: Option<String>,
    /// Bytes that the file may have.
    #[garde(range(min = 1, max = 16_777_216))]
    #[serde(default = "one_mebibyte")]
    max_bytes: u32,
    /// An environment variable, and the value that it must have.
    variable: Option<Variable>,
}

/// What a variable must be.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Variable {
    /// Its name.
    name: String,
    /// Its value.
    value: String,
}

serde_config!(Config, schema: include_str!("../schema.json"));

fn one_mebibyte() -> u32 {
    1 << 20
}

fn absolute(path: &str, (): &()) -> garde::Result {
    if path.starts_with('/') { Ok(()) } else { Err(garde::Error::new("not an absolute path")) }
}

/// The check.
#[derive(Debug)]
pub struct FileCheck;

impl Plugin for FileCheck {
    const METADATA: Metadata = Metadata::new("file-check", "1.0.0", "Checks what is in a file")
        .needs(&[Capability::Read(&["/**"]), Capability::Env(&["*"])]);

    type Config<'a> = Valid<Config>;

    fn check(config: Valid<Config>, _: &Context<'_>) -> Result<Outcome, Error> {
        let Config { path, contains, absent, max_bytes, variable } = &*config;
        let mut content = Vec::new();
        let file = File::open(path).during(text!["opening ", path])?;
        file.take(u64::from(*max_bytes) + 1).read_to_end(&mut content).during(text!["reading ", path])?;

        let has = |text: &str| content.windows(text.len()).any(|part| part == text.as_bytes());
        let fault = if content.len() > *max_bytes as usize {
            Some(text!["has more than ", max_bytes, " bytes"].to_string())
        } else if let Some(text) = contains.as_deref().filter(|text| !has(text)) {
            Some(text!["has no '", text, "'"].to_string())
        } else if let Some(text) = absent.as_deref().filter(|text| has(text)) {
            Some(text!["has '", text, "'"].to_string())
        } else if let Some(Variable { name, value }) = variable
            && env::var(name).ok().as_ref() != Some(value)
        {
            Some(text!["is fine, but ", name, " is not '", value, "'"].to_string())
        } else {
            None
        };
        let message = text![path, " ", fault.as_deref().unwrap_or("is as it should be")];
        Ok(Outcome::when(fault.is_none(), message).data("bytes", content.len() as u64))
    }
}

export_plugin!(FileCheck);
