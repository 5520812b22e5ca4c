//! Several addresses of one host: whichever answers first.

use core::net::{IpAddr, SocketAddr};
use core::time::Duration;
use std::io;

use reglet_sdk_core::error::Error;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::{failure, reason};

/// How long one address keeps the next one waiting, as RFC 8305 advises.
const HEAD_START: Duration = Duration::from_millis(250);

/// Tries the addresses in turn, the next as soon as the last one fails or has had its head start; the first connection
/// counts. If there is none, the error of the first address does, as in Go.
pub(super) async fn dial(addresses: &[IpAddr], port: u16) -> Result<(TcpStream, SocketAddr), Error> {
    let mut untried = addresses.iter().map(|address| SocketAddr::new(*address, port)).enumerate();
    let mut tries = JoinSet::new();
    let mut first: Option<(usize, Error)> = None;
    loop {
        let next = untried.next();
        let head_start = if next.is_some() { HEAD_START } else { Duration::MAX };
        if let Some((at, address)) = next {
            tries.spawn(async move { (at, address, connect(address).await) });
        }
        match timeout(head_start, tries.join_next()).await {
            Err(_) => {}
            Ok(Some(Ok((_, address, Ok(stream))))) => return Ok((stream, address)),
            Ok(Some(Ok((at, address, Err(error))))) => {
                if first.as_ref().is_none_or(|(other, _)| at < *other) {
                    first = Some((at, dial_error(address, &error)));
                }
            }
            Ok(Some(Err(ended))) => return Err(failure("CONNECTION_FAILED", format!("dial tcp: {ended}"))),
            Ok(None) => {
                let none = || failure("CONNECTION_FAILED", "dial tcp: no address to connect to".into());
                return Err(first.map_or_else(none, |(_, error)| error));
            }
        }
    }
}

async fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address).await?;
    // As in Go: what is written here is whole, and would only wait for the other side to acknowledge what came before.
    stream.set_nodelay(true)?;
    Ok(stream)
}

fn dial_error(address: SocketAddr, error: &io::Error) -> Error {
    let code = match error.kind() {
        io::ErrorKind::ConnectionRefused => "CONNECTION_REFUSED",
        _ => "CONNECTION_FAILED",
    };
    let failure = failure(code, format!("dial tcp {address}: connect: {}", reason(error)));
    if error.kind() == io::ErrorKind::TimedOut { failure.with_timeout() } else { failure }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use core::net::{IpAddr, Ipv4Addr, SocketAddr};
    use core::time::Duration;
    use std::time::Instant;

    use tokio::net::{TcpListener, TcpSocket, TcpStream};
    use tokio::time::timeout;

    use super::dial;

    const SILENT: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

    /// Has an address not answer: it lets nobody wait there but who came first. Ends with what is returned.
    async fn silence(port: u16) -> (TcpListener, Vec<TcpStream>) {
        let address = SocketAddr::from((SILENT, port));
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(address).unwrap();
        let listener = socket.listen(1).unwrap();
        let mut waiting = Vec::new();
        while let Ok(stream) = timeout(Duration::from_millis(200), TcpStream::connect(address)).await {
            waiting.push(stream.unwrap());
        }
        (listener, waiting)
    }

    #[tokio::test]
    async fn an_address_that_does_not_answer_keeps_no_other_from_it() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let _silence = silence(port).await;
        let began = Instant::now();
        let addresses = [SILENT, Ipv4Addr::LOCALHOST].map(IpAddr::V4);
        let (stream, address) = dial(&addresses, port).await.unwrap();
        assert_eq!(address.ip(), Ipv4Addr::LOCALHOST);
        assert!(stream.nodelay().unwrap());
        // The system tries the first again after a second, and takes two minutes to give it up.
        assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    }

    #[tokio::test]
    async fn the_first_addresss_error_is_told() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let addresses = [SILENT, Ipv4Addr::LOCALHOST].map(IpAddr::V4);
        let error = dial(&addresses, port).await.unwrap_err();
        assert_eq!(error.message(), format!("dial tcp {SILENT}:{port}: connect: connection refused"));
        assert_eq!(dial(&[], port).await.unwrap_err().message(), "dial tcp: no address to connect to");
    }
}
