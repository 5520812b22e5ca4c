//! A program of one's own that runs plugins: with a host function of its own, grants, a cache, and several threads.
//!
//! ```sh
//! cargo run -p host-runtime
//! ```

use core::error::Error;
use core::time::Duration;
use std::sync::Arc;
use std::{env, fs, thread};

use reglet_bench_host::guests::{Crate, Profile};
use reglet_bench_host::loopback::{LoopbackTls, Options};
use reglet_bench_host::{Call, Functions, Host};
use reglet_sdk_core::error::{Error as Failure, Kind};
use reglet_sdk_core::grants::Grants;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What a plugin asks `tls_check`.
#[derive(Deserialize)]
struct Request {
    host: String,
    #[serde(default)]
    port: u16,
    #[serde(default)]
    timeout_ms: u32,
}

/// What it gets.
#[derive(Serialize)]
struct Answer {
    connected: bool,
    not_after: Value,
    issuer: String,
}

/// The function: the host's own `tcp_connect` with defaults, which also asks the plugin's grants.
fn tls_check(call: &Call<'_>, request: Request) -> Result<Answer, Failure> {
    let port = if request.port == 0 { 443 } else { request.port };
    let timeout_ms = if request.timeout_ms == 0 { 5_000 } else { request.timeout_ms };
    let connect = json!({ "host": request.host, "port": port, "tls": true, "timeout_ms": timeout_ms });
    let answer = call.invoke("tcp_connect", connect.to_string().as_bytes());
    let answer: Value = serde_json::from_slice(&answer)
        .map_err(|error| Failure::internal(format!("tcp_connect: {error}")))?;
    if let Some(error) = answer["error"]["message"].as_str() {
        return Err(Failure::new(Kind::Network, error).with_code("CONNECTION_FAILED"));
    }
    let issuer = answer["tls_cert_issuer"].as_str().unwrap_or_default();
    let common_name = issuer.split(',').find_map(|part| part.strip_prefix("CN="));
    Ok(Answer {
        connected: true,
        not_after: answer["tls_cert_not_after"].clone(),
        issuer: common_name.unwrap_or(issuer).to_owned(),
    })
}

fn main() -> Result<(), Box<dyn Error>> {
    // Somebody to connect to. A real program has its plugins in files, and servers elsewhere.
    let server = LoopbackTls::start(&Options::default())?;
    let module = Crate::find("certificate")?.build(Profile::Small, &())?.module;
    let folder = env::temp_dir().join(format!("host-runtime-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let ca_file = folder.join("ca.pem");
    server.write_ca(&ca_file)?;

    let functions = Functions::all().with("tls_check", tls_check).wrapped(|call, request, next| {
        eprintln!("{} calls {} with {} bytes", call.plugin(), call.function(), request.len());
        next(call, request)
    });
    let host = Host::builder()
        .functions(functions)
        .ca_file(&ca_file)
        .cache_folder(folder.join("modules"))
        .memory_limit(16 << 20)
        .call_timeout(Duration::from_secs(10))
        .log(|record| eprintln!("{record}"))
        .build()?;
    fs::remove_file(&ca_file)?;

    let plugin = host.load("certificate", &module.bytes)?;
    println!("{}", plugin.manifest()?);
    let config = json!({ "host": "localhost", "port": server.port() }).to_string();

    // Nothing is allowed without a grant.
    println!("without a grant: {}", plugin.check(config.as_bytes())?.message());

    let grants = Arc::new(Grants::default().network("localhost", &server.port().to_string())?);
    let plugin = plugin.granted(grants);
    thread::scope(|scope| {
        let checks = [(); 2].map(|()| scope.spawn(|| plugin.check(config.as_bytes())));
        for check in checks {
            match check.join() {
                Ok(Ok(outcome)) => println!("granted: {}", outcome.json()),
                Ok(Err(error)) => println!("granted: {error}"),
                Err(_) => println!("granted: the check panicked"),
            }
        }
    });
    fs::remove_dir_all(&folder)?;
    Ok(())
}
