//! What client and server say to each other (RFC 5321), as far as it is needed without sending mail.

use core::fmt::Display;
use core::time::Duration;
use std::io;

use reglet_sdk_core::error::Error;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::log::printable;
use crate::services::net::{self, failure};

/// Bytes that a line of a reply may have. RFC 5321 allows 512.
const MAX_LINE: usize = 2048;

/// Bytes that a whole reply may have.
const MAX_REPLY: usize = 16 * 1024;

/// The longest time to wait for a server to say goodbye.
const FAREWELL: Duration = Duration::from_secs(1);

/// A dialogue with a server. Nothing in it has a time limit but [`quit`](Self::quit).
pub(super) struct Dialogue<'a, S> {
    stream: BufReader<S>,
    /// The server, for messages.
    address: &'a str,
}

struct Reply {
    code: u16,
    /// The texts of its lines, in one.
    text: String,
}

impl Reply {
    /// In the form of a reply of one line.
    fn line(&self) -> String {
        format!("{} {}", self.code, self.text).trim_end().to_owned()
    }
}

impl<'a, S: AsyncRead + AsyncWrite + Unpin> Dialogue<'a, S> {
    pub(super) fn new(address: &'a str, stream: S) -> Self {
        Self { stream: BufReader::new(stream), address }
    }

    /// Waits for the greeting.
    pub(super) async fn greeting(&mut self) -> Result<String, Error> {
        let reply = self.reply().await;
        let reply = reply.map_err(|reason| self.error("READ_BANNER_FAILED", "greeting", reason))?;
        if reply.code == 220 {
            Ok(reply.line())
        } else {
            Err(self.error("SMTP_CLIENT_FAILED", "greeting", reply.line()))
        }
    }

    /// Says hello, in the old way if the server does not know the new one.
    pub(super) async fn hello(&mut self) -> Result<(), Error> {
        const CODE: &str = "SMTP_CLIENT_FAILED";
        for command in ["EHLO localhost", "HELO localhost"] {
            let reply = self.ask(command).await.map_err(|reason| self.error(CODE, command, reason))?;
            match (reply.code, command) {
                (250, _) => return Ok(()),
                (500..600, "EHLO localhost") => {}
                _ => return Err(self.error(CODE, command, reply.line())),
            }
        }
        Ok(())
    }

    /// Says goodbye, waits a little for an answer, and closes. Whether that works does not matter, but it must not take
    /// all the time that is left.
    pub(super) async fn quit(mut self, time_left: Duration) {
        let farewell = async {
            let _ = self.ask("QUIT").await;
            let _ = self.stream.shutdown().await;
        };
        let _ = timeout(FAREWELL.min(time_left / 2), farewell).await;
    }

    async fn ask(&mut self, command: &str) -> Result<Reply, String> {
        let line = format!("{command}\r\n");
        let sent = async {
            self.stream.write_all(line.as_bytes()).await?;
            self.stream.flush().await
        };
        sent.await.map_err(|error| broken(&error))?;
        self.reply().await
    }

    async fn reply(&mut self) -> Result<Reply, String> {
        let (mut code, mut text, mut bytes) = (None, String::new(), 0);
        loop {
            let line = self.line().await?;
            bytes += line.len();
            if bytes > MAX_REPLY {
                return Err(format!("the reply has more than {MAX_REPLY} bytes"));
            }
            let (number, is_last, rest) = parse(&line)
                .filter(|(number, ..)| code.is_none_or(|code| code == *number))
                .ok_or_else(|| format!("no reply: {}", printable(&String::from_utf8_lossy(&line))))?;
            code = Some(number);
            if !(text.is_empty() || rest.is_empty()) {
                text.push(' ');
            }
            text.push_str(&printable(&String::from_utf8_lossy(rest)));
            if is_last {
                return Ok(Reply { code: number, text });
            }
        }
    }

    /// A line without its end.
    async fn line(&mut self) -> Result<Vec<u8>, String> {
        let mut line = Vec::new();
        let mut limited = (&mut self.stream).take(MAX_LINE as u64);
        limited.read_until(b'\n', &mut line).await.map_err(|error| broken(&error))?;
        match line.strip_suffix(b"\n") {
            Some(text) => Ok(text.strip_suffix(b"\r").unwrap_or(text).to_vec()),
            None if line.len() < MAX_LINE => Err("the server closed the connection".into()),
            None => Err(format!("a line has more than {MAX_LINE} bytes")),
        }
    }

    fn error(&self, code: &'static str, said: &str, reason: impl Display) -> Error {
        failure(code, format!("smtp {}: {said}: {reason}", self.address))
    }
}

impl Dialogue<'_, TcpStream> {
    /// Asks for TLS, and gives the connection for the handshake.
    pub(super) async fn start_tls(mut self) -> Result<TcpStream, Error> {
        const COMMAND: &str = "STARTTLS";
        let reply = self.ask(COMMAND).await;
        let reply = reply.map_err(|reason| self.error("STARTTLS_FAILED", COMMAND, reason))?;
        if reply.code != 220 {
            return Err(self.error("STARTTLS_FAILED", COMMAND, reply.line()));
        }
        // It would be taken for something that was said under TLS.
        if !self.stream.buffer().is_empty() {
            return Err(self.error("STARTTLS_FAILED", COMMAND, "the server went on without TLS"));
        }
        Ok(self.stream.into_inner())
    }
}

/// Code, whether it is the last line of its reply, and text.
fn parse(line: &[u8]) -> Option<(u16, bool, &[u8])> {
    let (code, rest) = line.split_at_checked(3)?;
    let code = str::from_utf8(code).ok().filter(|code| code.bytes().all(|byte| byte.is_ascii_digit()))?;
    let code = code.parse().ok().filter(|code| (200..600).contains(code))?;
    match rest {
        [] => Some((code, true, rest)),
        [b' ', text @ ..] => Some((code, true, text)),
        [b'-', text @ ..] => Some((code, false, text)),
        _ => None,
    }
}

fn broken(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => "the server closed the connection".into(),
        _ => net::reason(error),
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn replies_are_told_from_anything_else() {
        assert_eq!(parse(b"220 mail ready"), Some((220, true, &b"mail ready"[..])));
        assert_eq!(parse(b"220-mail"), Some((220, false, &b"mail"[..])));
        assert_eq!(parse(b"250"), Some((250, true, &b""[..])));
        for line in
            [&b""[..], b"22", b"2200 x", b"+20 x", b"199 x", b"600 x", b"HTTP/1.1 400", b"\xff\xff\xff x"]
        {
            assert_eq!(parse(line), None);
        }
    }
}
