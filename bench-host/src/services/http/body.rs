//! The body of an answer: read up to a limit, and without the coding that it came in.

use core::mem;
use std::io::{self, Write};

use flate2::write::MultiGzDecoder;
use http_body_util::BodyExt;
use hyper::body::Incoming;

use super::failure::Failure;

/// Bytes of a body that the guest gets.
const LIMIT: usize = 10 << 20;

/// What there is of a body, decoded.
#[derive(Debug, Default)]
pub(super) struct Content {
    pub(super) bytes: Vec<u8>,
    /// Whether there was more.
    pub(super) truncated: bool,
}

/// Reads a body to its end, or to the first byte that is too much.
pub(super) async fn read(mut body: Incoming, gzip: bool) -> Result<Content, Failure> {
    let mut decoder = Decoder::new(gzip);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| Failure::of_body(&error))?;
        let Some(data) = frame.data_ref() else { continue };
        if !decoder.write(data)? {
            return Ok(decoder.take());
        }
    }
    decoder.finish()?;
    Ok(decoder.take())
}

enum Decoder {
    Identity(Content),
    /// Knows whether anything came: no bytes at all are no bytes decoded, as in Go.
    Gzip(Box<MultiGzDecoder<Content>>, bool),
}

impl Decoder {
    fn new(gzip: bool) -> Self {
        let content = Content::default();
        if gzip { Self::Gzip(Box::new(MultiGzDecoder::new(content)), false) } else { Self::Identity(content) }
    }

    /// Adds what came; says whether there is room for more.
    fn write(&mut self, data: &[u8]) -> Result<bool, Failure> {
        let result = match self {
            Self::Identity(content) => content.write_all(data),
            Self::Gzip(gzip, began) => {
                *began |= !data.is_empty();
                gzip.write_all(data)
            }
        };
        self.judge(result)
    }

    /// Checks that the end is one.
    fn finish(&mut self) -> Result<bool, Failure> {
        let result = match self {
            Self::Gzip(gzip, true) => gzip.try_finish(),
            _ => Ok(()),
        };
        self.judge(result)
    }

    fn judge(&mut self, result: io::Result<()>) -> Result<bool, Failure> {
        match result {
            Ok(()) => Ok(true),
            Err(_) if self.content().truncated => Ok(false),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                Err(Failure::body("gzip: unexpected EOF"))
            }
            Err(error) => Err(Failure::body(&format!("gzip: {error}"))),
        }
    }

    fn content(&mut self) -> &mut Content {
        match self {
            Self::Identity(content) => content,
            Self::Gzip(gzip, _) => gzip.get_mut(),
        }
    }

    fn take(&mut self) -> Content {
        let content = self.content();
        let taken = mem::take(content);
        // What the decoder still holds is to go nowhere.
        content.truncated = true;
        taken
    }
}

impl Write for Content {
    /// Fails at the first byte that is too much.
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let room = LIMIT.saturating_sub(self.bytes.len());
        let data = if self.truncated { &[] } else { data };
        let fits = data.get(..room).unwrap_or(data);
        let len = self.bytes.len() + fits.len();
        if len > self.bytes.capacity() {
            // Doubled, as ever, but never to more than can be used.
            let capacity = len.max(2 * self.bytes.capacity()).min(LIMIT);
            self.bytes.reserve_exact(capacity - self.bytes.len());
        }
        self.bytes.extend_from_slice(fits);
        self.truncated |= fits.len() < data.len();
        if self.truncated { Err(io::ErrorKind::StorageFull.into()) } else { Ok(fits.len()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn unpacked(parts: &[&[u8]]) -> Result<Content, Failure> {
        let mut decoder = Decoder::new(true);
        for part in parts {
            if !decoder.write(part)? {
                return Ok(decoder.take());
            }
        }
        decoder.finish()?;
        Ok(decoder.take())
    }

    #[test]
    fn gzip_may_come_in_any_pieces() {
        let bytes: Vec<u8> = (0..=255).cycle().take(1000).collect();
        let coded = [packed(&bytes), packed(b""), packed(b"end")].concat();
        let expected = [&bytes[..], b"end"].concat();
        for len in [1, 2, 7, coded.len()] {
            let parts: Vec<&[u8]> = coded.chunks(len).collect();
            let content = unpacked(&parts).unwrap();
            assert!(content.bytes == expected && !content.truncated, "in pieces of {len} bytes");
        }
    }

    #[test]
    fn gzip_that_ends_anywhere_else_is_an_error() {
        let coded = packed(b"some text that is to be cut");
        for len in 1..coded.len() {
            assert!(unpacked(&[&coded[..len]]).is_err(), "{len} bytes");
        }
        assert!(unpacked(&[&coded, b"x"]).is_err());
        assert!(unpacked(&[]).unwrap().bytes.is_empty());
    }

    #[test]
    fn no_more_is_kept_than_the_limit() {
        for (len, truncated) in [(LIMIT - 1, false), (LIMIT, false), (LIMIT + 1, true), (5 * LIMIT, true)] {
            let content = unpacked(&[&packed(&vec![0; len])]).unwrap();
            assert_eq!((content.bytes.len(), content.truncated), (len.min(LIMIT), truncated));
            assert_eq!(
                content.bytes.capacity(),
                content.bytes.len().max(content.bytes.capacity()).min(LIMIT)
            );
        }
    }
}
