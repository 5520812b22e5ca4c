//! What plugins talk to: servers on this machine and a folder, and the placeholders that stand for them.

use core::net::{Ipv4Addr, Ipv6Addr};
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use hickory_resolver::proto::op::{Message, ResponseCode};
use hickory_resolver::proto::rr::rdata::{CNAME, MX, NS, TXT};
use hickory_resolver::proto::rr::{Name, RData, RecordType};
use reglet_sdk_core::Timestamp;
use reglet_sdk_core::grants::{Grants, InvalidGrant};
use serde_json::Value;
use tempfile::TempDir;

use super::WorkspaceError;
use crate::guests::{Built, Crate};
use crate::host::Host;
use crate::loopback::{LoopbackTls, MailServer, NameServer, Options, Question, WebServer};
use crate::measure;
use crate::report::Row;

/// The name that the name server knows, and an alias of it.
const SERVICE: &str = "service.example";
const ALIAS: &str = "www.service.example";

/// A command in the manner of systemd's: one service is active.
const SYSTEMCTL: &str = "#!/bin/sh
if [ \"$1 $2\" = 'is-active sshd.service' ]; then
    echo active
else
    echo inactive
    exit 3
fi
";

/// Servers on this machine for plugins, and a host that trusts them. All of it ends when this is dropped.
#[derive(Debug)]
pub struct Servers {
    tls: LoopbackTls,
    http: WebServer,
    https: WebServer,
    mail: MailServer,
    names: NameServer,
    /// The folder with the files, by its canonical path.
    files: String,
    /// Removes the folder.
    _folder: TempDir,
    host: Host,
}

impl Servers {
    /// Starts the servers, and writes the files.
    ///
    /// # Errors
    ///
    /// The system lacks a port, a thread or room for files.
    pub fn start() -> Result<Self, WorkspaceError> {
        let tls = LoopbackTls::start(&Options::default())?;
        let folder = TempDir::new().map_err(WorkspaceError::Folder)?;
        let certificate = folder.path().join("ca.pem");
        let files = write_files(&folder)
            .and_then(|files| tls.write_ca(&certificate).map(|()| files))
            .map_err(WorkspaceError::Folder)?;
        Ok(Self {
            http: WebServer::start(None).map_err(WorkspaceError::Server)?,
            https: WebServer::start(Some(tls.identity())).map_err(WorkspaceError::Server)?,
            mail: MailServer::start(tls.identity()).map_err(WorkspaceError::Server)?,
            names: NameServer::start(|question| vec![zone(question)]).map_err(WorkspaceError::Server)?,
            host: Host::builder().ca_file(&certificate).build()?,
            files: files.to_string_lossy().into_owned(),
            _folder: folder,
            tls,
        })
    }

    /// When the certificate of those that speak TLS ends.
    #[must_use]
    pub fn not_after(&self) -> Timestamp {
        self.tls.not_after()
    }

    /// Runs a plugin with the `config.json` of its crate, granted the servers and the files, and measures it.
    ///
    /// # Errors
    ///
    /// There is no such file, it has unknown placeholders, or the plugin can't be loaded or run. An outcome that is no
    /// success is no such error.
    pub fn measure(&self, plugin: &Crate, built: &Built) -> Result<Row, WorkspaceError> {
        let config = self.config(plugin)?;
        let plugin = self.host.load(&built.name, &built.module.bytes)?.granted(self.grants()?);
        Ok(Row {
            plugin: built.name.clone(),
            target: Some(built.target),
            profile: Some(built.profile),
            raw_module_bytes: Some(built.raw.bytes.len()),
            measured: measure::measure(&plugin, &built.module.bytes, config.as_bytes())?,
        })
    }

    /// The `config.json` of a plugin, filled in.
    pub(super) fn config(&self, plugin: &Crate) -> Result<String, WorkspaceError> {
        let path = plugin.folder().join("config.json");
        let config = fs::read_to_string(&path)
            .map_err(|source| WorkspaceError::Read { path: path.clone(), source })?;
        let values = self.placeholders();
        filled_in(&config, &values).map_err(|placeholder| {
            let known = values.map(|(name, _)| format!("${{{name}}}")).join(", ");
            WorkspaceError::Placeholder { path, placeholder, known }
        })
    }

    fn placeholders(&self) -> [(&'static str, Value); 6] {
        [
            ("TLS_PORT", self.tls.port().into()),
            ("HTTP_PORT", self.http.port().into()),
            ("HTTPS_PORT", self.https.port().into()),
            ("DNS_PORT", self.names.address().port().into()),
            ("SMTP_PORT", self.mail.port().into()),
            ("FOLDER", self.files.as_str().into()),
        ]
    }

    /// Grants for what stands behind the placeholders, and nothing else.
    fn grants(&self) -> Result<Grants, InvalidGrant> {
        let ports = self.placeholders().into_iter().filter_map(|(_, value)| value.as_u64());
        let ports: Vec<_> = ports.map(|port| port.to_string()).collect();
        Grants::default()
            .network_rule(&["localhost", "127.0.0.1"], &ports)?
            // A lookup needs the name, with the port of name servers.
            .network_rule(&[SERVICE, ALIAS], &["53"])?
            .exec(&format!("{}/systemctl", self.files))?
            .read(&format!("{}/**", self.files))
    }
}

fn write_files(folder: &TempDir) -> io::Result<PathBuf> {
    let files = folder.path().canonicalize()?.join("files");
    fs::create_dir(&files)?;
    fs::write(files.join("sshd_config"), "PermitRootLogin no\n")?;
    let systemctl = files.join("systemctl");
    fs::write(&systemctl, SYSTEMCTL)?;
    fs::set_permissions(systemctl, Permissions::from_mode(0o755))?;
    Ok(files)
}

/// What the name server knows.
fn zone(question: &Question) -> Message {
    let name = |name: &str| Name::from_ascii(format!("{name}.")).unwrap_or_default();
    let records = match (&*question.name, question.kind) {
        (ALIAS, _) => vec![RData::CNAME(CNAME(name(SERVICE)))],
        (SERVICE, RecordType::A) => vec![RData::A(Ipv4Addr::new(192, 0, 2, 1).into())],
        (SERVICE, RecordType::AAAA) => {
            vec![RData::AAAA(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1).into())]
        }
        (SERVICE, RecordType::MX) => vec![RData::MX(MX::new(10, name("mail.service.example")))],
        (SERVICE, RecordType::TXT) => vec![RData::TXT(TXT::new(vec!["v=spf1 -all".to_owned()]))],
        (SERVICE, RecordType::NS) => vec![RData::NS(NS(name("ns.service.example")))],
        (SERVICE, _) => vec![],
        _ => return question.code(ResponseCode::NXDomain),
    };
    question.found(records)
}

/// Puts values in the place of their names: `"${NAME}"` becomes the value, and `${NAME}` within a longer string its
/// characters. A name that is left is the error.
fn filled_in(config: &str, values: &[(&str, Value)]) -> Result<String, String> {
    let mut config = config.to_owned();
    for (name, value) in values {
        let (placeholder, value) = (format!("${{{name}}}"), value.to_string());
        let characters = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(&value);
        config = config.replace(&format!("\"{placeholder}\""), &value).replace(&placeholder, characters);
    }
    match config.find("${") {
        Some(start) => {
            let end = config[start..].find('}').map_or(config.len(), |len| start + len + 1);
            Err(config[start..end].to_owned())
        }
        None => Ok(config),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    /// Asks a function of the host, with placeholders in the request.
    #[track_caller]
    fn ask(servers: &Servers, function: &str, request: &str) -> Value {
        let request = filled_in(request, &servers.placeholders()).unwrap();
        let grants = Arc::new(servers.grants().unwrap());
        serde_json::from_slice(&servers.host.invoke(&grants, function, request.as_bytes())).unwrap()
    }

    #[test]
    fn the_web_servers_have_one_page() {
        let servers = Servers::start().unwrap();
        for server in ["http://localhost:${HTTP_PORT}", "https://127.0.0.1:${HTTPS_PORT}"] {
            let get = |path| ask(&servers, "http_request", &format!(r#"{{"url": "{server}{path}"}}"#));
            let page = get("/health");
            // The body is in base64.
            assert_eq!((&page["status_code"], &page["body"]), (&200.into(), &"c3RhdHVzOiBvawo=".into()));
            assert_eq!(page["headers"]["Content-Type"][0], "text/plain");
            assert_eq!(get("/")["status_code"], 404);
        }
    }

    #[test]
    fn the_name_server_knows_a_service_and_its_alias() {
        let servers = Servers::start().unwrap();
        let look_up = |name: &str, kind: &str| {
            let request = format!(
                r#"{{"hostname": "{name}", "type": "{kind}", "nameserver": "127.0.0.1:${{DNS_PORT}}"}}"#
            );
            ask(&servers, "dns_lookup", &request)
        };
        for (name, kind, record) in [
            (SERVICE, "A", "192.0.2.1"),
            (ALIAS, "A", "192.0.2.1"),
            (SERVICE, "AAAA", "2001:db8::1"),
            (SERVICE, "TXT", "v=spf1 -all"),
            (SERVICE, "NS", "ns.service.example."),
            (ALIAS, "CNAME", "service.example."),
        ] {
            assert_eq!(look_up(name, kind)["records"], Value::from(vec![record]), "{name} {kind}");
        }
        let mail = &look_up(SERVICE, "MX")["mx_records"][0];
        assert_eq!((&mail["host"], &mail["pref"]), (&"mail.service.example.".into(), &10.into()));
    }

    #[test]
    fn the_mail_server_goes_on_over_tls() {
        let servers = Servers::start().unwrap();
        for (wish, version) in [("false", Value::Null), ("true", "TLS 1.3".into())] {
            let request = format!(r#"{{"host": "localhost", "port": "${{SMTP_PORT}}", "starttls": {wish}}}"#);
            let answer = ask(&servers, "smtp_connect", &request);
            assert_eq!(
                (&answer["connected"], &answer["banner"]),
                (&true.into(), &"220 localhost ESMTP".into())
            );
            assert_eq!(answer["tls_version"], version, "{answer}");
        }
    }

    #[test]
    fn one_service_is_active() {
        let servers = Servers::start().unwrap();
        for (service, text, status) in [
            (
                "sshd.service",
                "active
",
                0,
            ),
            (
                "other",
                "inactive
",
                3,
            ),
        ] {
            let request =
                format!(r#"{{"command": "${{FOLDER}}/systemctl", "args": ["is-active", "{service}"]}}"#);
            let answer = ask(&servers, "exec_command", &request);
            assert_eq!((&answer["stdout"], &answer["exit_code"]), (&text.into(), &status.into()), "{answer}");
        }
    }

    #[test]
    fn nothing_else_is_granted() {
        let servers = Servers::start().unwrap();
        for (function, request) in [
            ("exec_command", r#"{"command": "/bin/echo"}"#),
            ("tcp_connect", r#"{"host": "127.0.0.1", "port": 22}"#),
            ("dns_lookup", r#"{"hostname": "example.com", "type": "A"}"#),
            ("http_request", r#"{"url": "http://example.com/"}"#),
        ] {
            assert_eq!(ask(&servers, function, request)["error"]["type"], "capability", "{function}");
        }
    }

    #[test]
    fn placeholders_become_values_in_and_out_of_strings() {
        let config = r#"{"port": "${TLS_PORT}", "url": "https://localhost:${TLS_PORT}/", "path": "${FOLDER}/a", "folder": "${FOLDER}"}"#;
        let values = [("TLS_PORT", 8443.into()), ("FOLDER", "/tmp/a \"b\"".into())];
        let expected = r#"{"port": 8443, "url": "https://localhost:8443/", "path": "/tmp/a \"b\"/a", "folder": "/tmp/a \"b\""}"#;
        assert_eq!(filled_in(config, &values).unwrap(), expected);
    }

    #[test]
    fn an_unknown_placeholder_is_named() {
        let values = [("TLS_PORT", 8443.into())];
        assert_eq!(filled_in(r#"{"port": "${HTTP_PORT}"}"#, &values).unwrap_err(), "${HTTP_PORT}");
        assert_eq!(filled_in(r#"{"port": "${HTTP"#, &values).unwrap_err(), "${HTTP");
    }
}
