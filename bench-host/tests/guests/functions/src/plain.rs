//! What the plugin does, with the core layer.

extern crate alloc;

use alloc::vec::Vec;
use core::time::Duration;

use reglet_sdk_core::dns::RecordType;
use reglet_sdk_core::error::Kind;
use reglet_sdk_core::json::{Encode, Writer};
use reglet_sdk_core::log::{self, Level};
use reglet_sdk_core::prelude::*;
use reglet_sdk_core::text::Piece;
use reglet_sdk_core::{host_function, ssrf};

config! {
    /// What to call, and with what.
    pub struct Config<'a> {
        /// The function.
        call: Str<'a>,
        /// The name, host, URL, command or address that it is about.
        target: Str<'a>,
        /// TCP port.
        port: u16 = 443,
        /// Shake hands over TLS at once.
        tls: bool = false,
        /// Shake hands after STARTTLS.
        starttls: bool = false,
        /// The type of the records.
        record_type: Str<'a> = "A",
        /// The server to look them up at.
        nameserver: Option<Str<'a>>,
        /// The method of the HTTP request.
        method: Cow<'a, str> = "GET",
        /// Names and values of header fields, in turn.
        headers: Option<Vec<Cow<'a, str>>>,
        /// A body of text.
        body: Cow<'a, str> = "",
        /// Bytes of a body that has bytes of all values, in place of the text.
        binary: u32 = 0,
        /// How many redirects to follow.
        max_redirects: Option<u32>,
        /// Arguments of the command, or the names that a function of our own is asked for.
        args: Option<Vec<Str<'a>>>,
        /// Environment of the command.
        env: Option<Vec<Str<'a>>>,
        /// Folder of the command.
        dir: Option<Str<'a>>,
        /// Time limit of the request, in milliseconds.
        timeout_ms: Option<u32>,
        /// Time that is left of the call that this check serves, in milliseconds.
        context_timeout_ms: Option<u32>,
        /// Name of the call that this check serves.
        request_id: Option<Cow<'a, str>>,
        /// Try the other dialect if the host does not understand the first.
        either: bool = false,
    }
}

host_function! {
    /// Asks which packages are installed: a function that only hosts of one's own have.
    fn packages(PackagesRequest<'a> {
        manager: Str<'a>,
        names: Vec<Str<'a>>,
        limit: u32,
        since: Option<&'a str>,
        strict: bool,
    }) -> PackagesAnswer {
        complete: boolean,
        installed: integer,
        drift: number,
        names: list,
        newest: value,
        source: text,
    }
}

/// The check.
#[derive(Debug)]
pub struct Functions;

impl Plugin for Functions {
    const METADATA: Metadata = Metadata::new("functions", "1.0.0", "Calls what it is told to")
        .needs(&[Capability::Network { hosts: &["*"], ports: &["*"] }, Capability::Exec(&["*"])]);

    type Config<'a> = Config<'a>;

    fn check(config: Config<'_>, _: &Context<'_>) -> Result<Outcome, Error> {
        let mut context = Context::default();
        context.timeout_ms = config.context_timeout_ms;
        context.request_id = config.request_id.as_deref();
        match config.call.raw() {
            b"dns_lookup" => look_up(&config, &context),
            b"http_request" => fetch(&config, &context),
            b"tcp_connect" => connect(&config, &context),
            b"smtp_connect" => greet(&config, &context),
            b"exec_command" => execute(&config, &context),
            b"ssrf_check" => judge(&config),
            b"packages" => ask(&config),
            b"log_message" => record(&config, &context),
            _ => Err(Error::config("call", "no such function")),
        }
    }
}

fn look_up(config: &Config<'_>, context: &Context<'_>) -> Result<Outcome, Error> {
    let record_type = match config.record_type.raw() {
        b"A" => RecordType::A,
        b"AAAA" => RecordType::Aaaa,
        b"CNAME" => RecordType::Cname,
        b"MX" => RecordType::Mx,
        b"TXT" => RecordType::Txt,
        b"NS" => RecordType::Ns,
        _ => return Err(Error::config("record_type", "no such type")),
    };
    let mut request = dns::Request::new(&config.target, record_type).timeout_ms(config.timeout_ms);
    if let Some(nameserver) = &config.nameserver {
        request = request.nameserver(nameserver);
    }
    let answer = request.send(context)?;
    let exchangers = List(|out: &mut Writer<'_>| {
        answer.mx_records().for_each(|(host, pref)| out.text(&text![pref, " ", host]));
    });
    Ok(Outcome::success("")
        .data("records", answer.records().collect::<Vec<_>>())
        .data("mx_records", exchangers))
}

fn fetch(config: &Config<'_>, context: &Context<'_>) -> Result<Outcome, Error> {
    let binary: Vec<u8> = (0..config.binary).map(|at| (at ^ at >> 8) as u8).collect();
    let body = if binary.is_empty() { config.body.as_bytes() } else { &binary };
    let mut request =
        http::Request::new(&config.method, &config.target).body(body).timeout_ms(config.timeout_ms);
    for field in config.headers.iter().flat_map(|headers| headers.chunks_exact(2)) {
        if let [name, value] = field {
            request = request.header(name, value);
        }
    }
    if let Some(redirects) = config.max_redirects {
        request = request.max_redirects(redirects);
    }
    let answer = if config.either { request.send_in_either_dialect(context) } else { request.send(context) }?;
    let headers = List(|out: &mut Writer<'_>| {
        answer.headers().for_each(|(name, value)| out.text(&text![name, ": ", value]));
    });
    Ok(Outcome::success("")
        .data("status_code", answer.status_code())
        .data("proto", answer.proto())
        .data("headers", headers)
        .data("content_type", answer.header("content-type"))
        .data("latency_ms", answer.latency_ms())
        .data("body_length", answer.body().len() as u64)
        .data("body_checksum", checksum(answer.body()))
        .data("body", core::str::from_utf8(answer.body()).ok()))
}

fn connect(config: &Config<'_>, context: &Context<'_>) -> Result<Outcome, Error> {
    let mut request = tcp::Request::new(&config.target, config.port).timeout_ms(config.timeout_ms);
    if config.tls {
        request = request.tls();
    }
    let connection =
        if config.either { request.send_in_either_dialect(context) } else { request.send(context) }?;
    Ok(Outcome::success("")
        .data("tls", connection.tls())
        .data("address", connection.address())
        .data("remote_addr", connection.remote_addr())
        .data("local_addr", connection.local_addr())
        .data("response_time_ms", connection.response_time_ms())
        .data("tls_version", connection.tls_version())
        .data("tls_cipher_suite", connection.tls_cipher_suite())
        .data("tls_server_name", connection.tls_server_name())
        .data("tls_cert_subject", connection.tls_cert_subject())
        .data("tls_cert_issuer", connection.tls_cert_issuer())
        .data("not_after", connection.not_after().ok().map(Timestamp::unix_seconds)))
}

fn greet(config: &Config<'_>, context: &Context<'_>) -> Result<Outcome, Error> {
    let mut request = smtp::Request::new(&config.target, config.port).timeout_ms(config.timeout_ms);
    if config.tls {
        request = request.tls();
    }
    if config.starttls {
        request = request.starttls();
    }
    let connection =
        if config.either { request.send_in_either_dialect(context) } else { request.send(context) }?;
    Ok(Outcome::success("")
        .data("banner", connection.banner())
        .data("tls", connection.tls())
        .data("address", connection.address())
        .data("response_time_ms", connection.response_time_ms())
        .data("tls_version", connection.tls_version())
        .data("tls_cipher_suite", connection.tls_cipher_suite())
        .data("tls_server_name", connection.tls_server_name()))
}

fn execute(config: &Config<'_>, context: &Context<'_>) -> Result<Outcome, Error> {
    let (args, env) = (pieces(&config.args), pieces(&config.env));
    let mut request = exec::Request::new(&config.target).args(&args).env(&env).timeout_ms(config.timeout_ms);
    if let Some(dir) = &config.dir {
        request = request.dir(dir);
    }
    let output = request.send(context)?;
    Ok(Outcome::success("")
        .data("stdout", output.stdout())
        .data("stdout_length", output.stdout().decode().len() as u64)
        .data("stdout_truncated", output.stdout_truncated())
        .data("stderr", output.stderr())
        .data("stderr_truncated", output.stderr_truncated())
        .data("exit_code", output.exit_code())
        .data("duration_ms", output.duration_ms())
        .data("is_timeout", output.is_timeout()))
}

fn judge(config: &Config<'_>) -> Result<Outcome, Error> {
    let verdict = ssrf::check(&config.target)?;
    Ok(Outcome::success("")
        .data("allowed", verdict.allowed())
        .data("reason", verdict.reason())
        .data("resolved_ip", verdict.resolved_ip()))
}

fn ask(config: &Config<'_>) -> Result<Outcome, Error> {
    let answer = packages(&PackagesRequest {
        manager: config.target,
        names: config.args.clone().unwrap_or_default(),
        limit: u32::MAX,
        since: None,
        strict: true,
    })?;
    Ok(Outcome::success("")
        .data("complete", answer.complete())
        .data("installed", answer.installed())
        .data("drift", answer.drift())
        .data("names", answer.names().collect::<Vec<_>>())
        .data("newest", answer.newest())
        .data("source", answer.source()))
}

/// Logs at every level.
fn record(config: &Config<'_>, context: &Context<'_>) -> Result<Outcome, Error> {
    log::set_level(Level::Debug);
    log::debug!("debug", negative = -1, whole = u64::MAX, half = 1.5, yes = true);
    log::info!("info", name = config.target, took = Duration::from_millis(1500));
    log::warn!(context: context, text!["warn ", config.target]);
    log::error!("error", error = Error::new(Kind::Network, "no answer"));
    Ok(Outcome::success("logged"))
}

/// A list of what it holds writes.
struct List<W>(W);

impl<W: Fn(&mut Writer<'_>)> Encode for List<W> {
    fn encode(&self, out: &mut Writer<'_>) {
        out.begin_array();
        self.0(out);
        out.end_array();
    }
}

fn pieces<'a>(texts: &'a Option<Vec<Str<'_>>>) -> Vec<&'a dyn Piece> {
    texts.iter().flatten().map(|text| text as &dyn Piece).collect()
}

/// The checksum FNV-1a of 32 bits.
pub(crate) fn checksum(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |sum, byte| (sum ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}
