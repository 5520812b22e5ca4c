//! The plugin `functions` once more, with the wrappers of the std layer: whoever tests the one tests the other.

#[path = "../../functions/src/plain.rs"]
#[allow(unreachable_pub, reason = "where it comes from, it is public")]
mod plain;

use core::time::Duration;

use plain::{Config, Functions};
use reglet_sdk_std::exec::Command;
pub use reglet_sdk_std::plugin::observe;
use reglet_sdk_std::prelude::*;

/// The check.
#[derive(Debug)]
pub struct Wrappers;

impl Plugin for Wrappers {
    const METADATA: Metadata = Metadata::new("wrappers", "1.0.0", "Calls what it is told to")
        .needs(&[Capability::Network { hosts: &["*"], ports: &["*"] }, Capability::Exec(&["*"])]);

    type Config<'a> = Config<'a>;

    fn check(config: Config<'_>, check: &Context<'_>) -> Result<Outcome, Error> {
        let id = config.request_id.clone().unwrap_or_default();
        let context = check.with_request_id(&id).with_timeout(config.context_timeout_ms.unwrap_or(0));
        match config.call.raw() {
            b"dns_lookup" => look_up(&config, &context),
            b"http_request" => fetch(&config, &context),
            b"tcp_connect" => connect(&config, &context),
            b"smtp_connect" => greet(&config, &context),
            b"exec_command" => execute(&config, &context),
            b"facades" => Ok(record()),
            // What has no wrapper is the core's own.
            _ => Functions::check(config, check),
        }
    }
}

/// Logs through each of the facades.
fn record() -> Outcome {
    ::log::warn!(target: "disk", free = 5_u64, name = "<é>"; "disk {}", "full");
    let _span = tracing::info_span!("mount", path = "/var").entered();
    tracing::error!(target: "disk", code = -3, "unmounted");
    Outcome::success("logged")
}

fn timeout(config: &Config<'_>) -> Option<Duration> {
    config.timeout_ms.map(|timeout| Duration::from_millis(timeout.into()))
}

fn look_up(config: &Config<'_>, context: &Context<'_>) -> Result<Outcome, Error> {
    let name = config.target.decode();
    let mut resolver = dns::Resolver::new();
    if let Some(nameserver) = &config.nameserver {
        resolver = resolver.nameserver(nameserver.decode());
    }
    if let Some(timeout) = timeout(config) {
        resolver = resolver.timeout(timeout);
    }
    let (mut records, mut exchangers) = (Vec::new(), Vec::new());
    match config.record_type.raw() {
        b"A" => records.extend(resolver.ipv4(&name, context)?.iter().map(ToString::to_string)),
        b"AAAA" => records.extend(resolver.ipv6(&name, context)?.iter().map(ToString::to_string)),
        b"CNAME" => records.push(resolver.cname(&name, context)?),
        b"TXT" => records = resolver.txt(&name, context)?,
        b"NS" => records = resolver.ns(&name, context)?,
        b"MX" => {
            let found = resolver.mx(&name, context)?;
            exchangers.extend(found.iter().map(|found| format!("{} {}", found.pref, found.host)));
        }
        _ => return Err(Error::config("record_type", "no such type")),
    }
    Ok(Outcome::success("").data("records", records).data("mx_records", exchangers))
}

fn fetch(config: &Config<'_>, context: &Context<'_>) -> Result<Outcome, Error> {
    let binary: Vec<u8> = (0..config.binary).map(|at| (at ^ at >> 8) as u8).collect();
    let mut client = http::Client::new();
    if let Some(timeout) = timeout(config) {
        client = client.timeout(timeout);
    }
    if let Some(redirects) = config.max_redirects {
        client = client.max_redirects(redirects);
    }
    if config.either {
        client = client.in_either_dialect();
    }
    let mut request = client.request(config.method.clone().into_owned(), &config.target.decode());
    request = request.body(if binary.is_empty() { config.body.as_bytes() } else { &binary });
    for field in config.headers.iter().flat_map(|headers| headers.chunks_exact(2)) {
        request = request.header(&field[0], &field[1]);
    }
    let response = request.send(context)?;
    let headers: Vec<_> = response.headers().map(|(name, value)| format!("{name}: {value}")).collect();
    Ok(Outcome::success("")
        .data("status_code", response.status())
        .data("proto", response.protocol())
        .data("headers", headers)
        .data("content_type", response.header("content-type"))
        .data("latency_ms", response.latency().as_millis() as u64)
        .data("body_length", response.body().len() as u64)
        .data("body_checksum", plain::checksum(response.body()))
        .data("body", response.text().ok()))
}

fn connect(config: &Config<'_>, context: &Context<'_>) -> Result<Outcome, Error> {
    let mut target = tcp::connect(config.target.decode(), config.port);
    if let Some(timeout) = timeout(config) {
        target = target.timeout(timeout);
    }
    if config.tls {
        target = target.tls();
    }
    if config.either {
        target = target.in_either_dialect();
    }
    let connected = target.send(context)?;
    let not_after = connected.not_after().ok().map(Timestamp::unix_seconds);
    Ok(Outcome::success("")
        // What was asked for: one dialect does not say.
        .data("tls", (*connected).tls())
        .data("address", connected.address())
        .data("remote_addr", address(connected.remote_addr()))
        .data("local_addr", address(connected.local_addr()))
        .data("response_time_ms", connected.response_time().as_millis() as u64)
        .data("tls_version", connected.tls().map(|tls| tls.version().into_owned()).unwrap_or_default())
        .data("tls_cipher_suite", connected.tls_cipher_suite())
        .data("tls_server_name", connected.tls_server_name())
        .data("tls_cert_subject", connected.tls_cert_subject())
        .data("tls_cert_issuer", connected.tls_cert_issuer())
        .data("not_after", not_after))
}

fn address(address: Option<core::net::SocketAddr>) -> String {
    address.map(|address| address.to_string()).unwrap_or_default()
}

fn greet(config: &Config<'_>, context: &Context<'_>) -> Result<Outcome, Error> {
    let mut target = smtp::connect(config.target.decode(), config.port);
    if let Some(timeout) = timeout(config) {
        target = target.timeout(timeout);
    }
    if config.tls {
        target = target.tls();
    }
    if config.starttls {
        target = target.starttls();
    }
    if config.either {
        target = target.in_either_dialect();
    }
    let connected = target.send(context)?;
    Ok(Outcome::success("")
        .data("banner", connected.banner())
        .data("tls", (*connected).tls())
        .data("address", connected.address())
        .data("response_time_ms", connected.response_time().as_millis() as u64)
        .data("tls_version", connected.tls_version())
        .data("tls_cipher_suite", connected.tls_cipher_suite())
        .data("tls_server_name", connected.tls_server_name()))
}

fn execute(config: &Config<'_>, context: &Context<'_>) -> Result<Outcome, Error> {
    let mut command = Command::new(config.target.decode());
    command.args(config.args.iter().flatten().map(|arg| arg.decode()));
    for variable in config.env.iter().flatten() {
        let variable = variable.decode();
        let (name, value) = variable.split_once('=').unwrap_or((&variable, ""));
        command.env(name, value);
    }
    if let Some(dir) = &config.dir {
        command.current_dir(dir.decode());
    }
    if let Some(timeout) = timeout(config) {
        command.timeout(timeout);
    }
    let output = command.output(context)?;
    Ok(Outcome::success("")
        .data("stdout", output.stdout())
        .data("stdout_length", output.stdout().len() as u64)
        .data("stdout_truncated", output.stdout_truncated())
        .data("stderr", output.stderr())
        .data("stderr_truncated", output.stderr_truncated())
        .data("exit_code", output.status().code().unwrap_or(-1))
        .data("duration_ms", output.duration().as_millis() as u64)
        .data("is_timeout", output.timed_out()))
}

export_plugin!(Wrappers);
