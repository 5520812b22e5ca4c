//! The conveniences. What they are used on is hidden from the compiler, which else would do the work itself.

#![allow(dead_code, unused_imports, clippy::wildcard_imports, reason = "most are off")]

use core::hint::black_box;
use std::collections::{BTreeMap, HashMap};

use reglet_sdk_std::prelude::*;

use super::USES;

type Found = Result<Outcome, Error>;

/// What the plugin does: with all features off, it still reports two data.
pub(crate) fn all(host: &str, port: u16, context: &Context<'_>) -> Found {
    let found = Outcome::success("done").data("host", host).data("port", port);
    USES.iter().try_fold(found, |found, add| add(found, context))
}

#[cfg(feature = "services")]
pub(crate) fn operation((): (), context: &Context<'_>) -> Found {
    all(black_box("example.com"), black_box(443), context)
}

#[cfg(feature = "schemars")]
pub(crate) fn schemars(found: Outcome, _: &Context<'_>) -> Found {
    #[derive(schemars::JsonSchema)]
    struct Config {
        /// Its name.
        host: String,
        /// Its port.
        #[schemars(range(min = 1))]
        port: u16,
    }
    Ok(found.data("schema", reglet_sdk_std::schema::of::<Config>()))
}

#[cfg(feature = "garde")]
pub(crate) fn garde(found: Outcome, _: &Context<'_>) -> Found {
    use garde::Validate;

    #[derive(Validate)]
    struct Config {
        #[garde(length(min = 1, max = 253))]
        host: String,
        #[garde(range(min = 1))]
        port: u16,
    }
    let config = Config { host: black_box("example.com").to_owned(), port: black_box(443) };
    let faults = config.validate().err().map(|faults| faults.to_string());
    Ok(found.data("faults", faults))
}

pub(crate) fn http(found: Outcome, context: &Context<'_>) -> Found {
    let response = http::get(black_box("https://example.com")).send(context)?;
    #[cfg(feature = "http-json")]
    let found = {
        #[derive(serde::Deserialize)]
        struct Body {
            status: String,
            checks: Vec<u32>,
        }
        let body: Body = response.json()?;
        found.data("state", body.status).data("checks", body.checks.len() as u64)
    };
    Ok(found.data("status", response.status()))
}

pub(crate) fn http_client(found: Outcome, context: &Context<'_>) -> Found {
    let client = http::Client::new().header("Accept", "text/plain").retries(black_box(2));
    Ok(found.data("status", client.get(black_box("https://example.com")).send(context)?.status()))
}

pub(crate) fn dns(found: Outcome, context: &Context<'_>) -> Found {
    let addresses = dns::Resolver::new().lookup_host(black_box("example.com"), context)?;
    Ok(found.data("addresses", addresses.len() as u64))
}

pub(crate) fn tcp(found: Outcome, context: &Context<'_>) -> Found {
    let connected = tcp::connect(black_box("example.com"), 443).tls().send(context)?;
    Ok(found.data("tls_version", connected.tls().map(|tls| tls.version())))
}

pub(crate) fn smtp(found: Outcome, context: &Context<'_>) -> Found {
    let connected = smtp::connect(black_box("example.com"), 25).starttls().send(context)?;
    Ok(found.data("banner", connected.banner()))
}

pub(crate) fn exec(found: Outcome, context: &Context<'_>) -> Found {
    let output = Command::new(black_box("ls")).arg("-l").output(context)?;
    Ok(found.data("stdout", output.stdout()))
}

#[cfg(feature = "log-facade")]
pub(crate) fn log_facade(found: Outcome, _: &Context<'_>) -> Found {
    ::log::info!("checked {}", black_box("example.com"));
    Ok(found)
}

#[cfg(feature = "log-kv")]
pub(crate) fn log_kv(found: Outcome, _: &Context<'_>) -> Found {
    ::log::info!(host = black_box("example.com"), days = black_box(5); "checked");
    Ok(found)
}

#[cfg(feature = "tracing")]
pub(crate) fn tracing(found: Outcome, _: &Context<'_>) -> Found {
    let span = tracing::info_span!("check", host = black_box("example.com"));
    span.in_scope(|| tracing::info!(days = black_box(5), "checked"));
    Ok(found)
}

pub(crate) fn log(found: Outcome, _: &Context<'_>) -> Found {
    reglet_sdk_std::log::info!("checked", host = black_box("example.com"), days = black_box(5));
    Ok(found)
}

pub(crate) fn panic(found: Outcome, _: &Context<'_>) -> Found {
    let number = black_box(5);
    assert!(number < 6, "{number} of {} is too much", black_box("example.com"));
    Ok(found)
}

pub(crate) fn text(found: Outcome, _: &Context<'_>) -> Found {
    Ok(found.data("text", text![black_box(5_u32), " of ", black_box("example.com")]))
}

pub(crate) fn format(found: Outcome, _: &Context<'_>) -> Found {
    Ok(found.data("text", format!("{} of {}", black_box(5_u32), black_box("example.com"))))
}

pub(crate) fn format_float(found: Outcome, _: &Context<'_>) -> Found {
    Ok(found.data("text", format!("{} of {}", black_box(5.5_f64), black_box("example.com"))))
}

pub(crate) fn btree_map(found: Outcome, _: &Context<'_>) -> Found {
    let mut map = BTreeMap::new();
    for name in black_box(["a", "b", "a"]) {
        *map.entry(name.to_owned()).or_insert(0_u32) += 1;
    }
    Ok(found.data("count", map.get(black_box("a")).copied()))
}

pub(crate) fn hash_map(found: Outcome, _: &Context<'_>) -> Found {
    let mut map = HashMap::new();
    for name in black_box(["a", "b", "a"]) {
        *map.entry(name.to_owned()).or_insert(0_u32) += 1;
    }
    Ok(found.data("count", map.get(black_box("a")).copied()))
}
