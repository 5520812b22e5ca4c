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
    let schema = schemars::schema_for!(Config);
    Ok(found.data("schema", serde_json::to_string(&schema).unwrap_or_default()))
}

#[cfg(feature = "http")]
pub(crate) fn http(found: Outcome, context: &Context<'_>) -> Found {
    let answer = http::Request::get(&black_box("https://example.com")).send(context)?;
    #[cfg(feature = "http-json")]
    let found = {
        #[derive(serde::Deserialize)]
        struct Body {
            status: String,
            checks: Vec<u32>,
        }
        let body: Body = reglet_sdk_std::json::from_slice(answer.body())?;
        found.data("state", body.status).data("checks", body.checks.len() as u64)
    };
    Ok(found.data("status", answer.status_code()))
}

pub(crate) fn dns(found: Outcome, context: &Context<'_>) -> Found {
    let answer = dns::Request::new(&black_box("example.com"), dns::RecordType::A).send(context)?;
    Ok(found.data("records", answer.records().count() as u64))
}

pub(crate) fn tcp(found: Outcome, context: &Context<'_>) -> Found {
    let connection = tcp::Request::new(&black_box("example.com"), 443).send(context)?;
    Ok(found.data("address", connection.remote_addr()))
}

pub(crate) fn smtp(found: Outcome, context: &Context<'_>) -> Found {
    let connection = smtp::Request::new(&black_box("example.com"), 25).send(context)?;
    Ok(found.data("banner", connection.banner()))
}

pub(crate) fn exec(found: Outcome, context: &Context<'_>) -> Found {
    let output = exec::Request::new(&black_box("ls")).args(&[&"-l"]).send(context)?;
    Ok(found.data("status", output.exit_code()))
}

pub(crate) fn log(found: Outcome, _: &Context<'_>) -> Found {
    log::info!("checked", host = black_box("example.com"), days = black_box(5));
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
