//! The check on the std layer of this SDK.

use reglet_sdk_std::prelude::*;

config! {
    /// What to check.
    pub struct Config<'a> {
        host: Cow<'a, str>,
        port: u16,
        tags: Vec<Cow<'a, str>>,
        min_version: i64,
        strict: bool,
    }
}

struct Check;

impl Plugin for Check {
    const METADATA: Metadata = Metadata::new("check", "0.1.0", "Does what others do");

    type Config<'a> = Config<'a>;

    fn check(config: Config<'_>, _: &Context<'_>) -> Result<Outcome, Error> {
        log::info!("checking", host = &*config.host);
        let good = !config.strict || config.min_version >= 12;
        Ok(Outcome::when(good, text![config.host, " is checked"])
            .data("host", &*config.host)
            .data("port", u64::from(config.port))
            .data("tags", config.tags.len() as u64))
    }
}

export_plugin!(Check);
