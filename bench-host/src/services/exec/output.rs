//! What a command prints.

use tokio::io::{AsyncRead, AsyncReadExt};

/// Bytes that are kept of each stream.
const MOST: usize = 10 << 20;

/// Bytes that are read at a time; as many as a pipe holds on Linux.
const CHUNK: usize = 64 << 10;

/// The start of a stream. What is beyond the limit is read and dropped, for the command must not wait for a reader.
pub(super) struct Output<R> {
    from: R,
    chunk: Vec<u8>,
    kept: Vec<u8>,
    is_truncated: bool,
}

impl<R: AsyncRead + Unpin> Output<R> {
    pub(super) fn new(from: R) -> Self {
        Self { from, chunk: vec![0; CHUNK], kept: Vec::new(), is_truncated: false }
    }

    /// Reads until the stream ends. It may be dropped, and called again, without loss.
    pub(super) async fn read_to_end(&mut self) {
        while let Ok(len @ 1..) = self.from.read(&mut self.chunk).await {
            let room = MOST - self.kept.len();
            self.is_truncated |= len > room;
            self.kept.extend(self.chunk.iter().take(len.min(room)));
        }
    }

    /// What was kept, with U+FFFD for what is not UTF-8, as far as it takes no more than `room` bytes in JSON; and
    /// whether there was more.
    pub(super) fn into_text(self, room: usize) -> (String, bool) {
        let mut text = String::from_utf8(self.kept)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
        let mut bytes = 0;
        let mut fits = |char| {
            bytes += json_len(char);
            bytes <= room
        };
        let end = text.char_indices().find(|(_, char)| !fits(*char)).map(|(at, _)| at);
        if let Some(end) = end {
            text.truncate(end);
        }
        (text, self.is_truncated || end.is_some())
    }
}

/// Bytes of a character in a JSON string.
fn json_len(char: char) -> usize {
    match char {
        '"' | '\\' | '\n' | '\r' | '\t' => 2,
        '\0'..' ' => 6,
        _ => char.len_utf8(),
    }
}

#[cfg(test)]
mod tests {
    use super::{MOST, Output};

    #[tokio::test]
    async fn a_stream_is_cut_only_beyond_the_limit() {
        for (len, truncated) in [(0, false), (MOST - 1, false), (MOST, false), (MOST + 1, true)] {
            let bytes = vec![b'a'; len];
            let mut output = Output::new(&*bytes);
            output.read_to_end().await;
            let (text, is_truncated) = output.into_text(usize::MAX);
            assert_eq!((text.len(), is_truncated), (len.min(MOST), truncated), "{len}");
        }
    }

    #[tokio::test]
    async fn bytes_that_are_not_utf_8_are_replaced() {
        let mut output = Output::new(&b"a\xff\0b"[..]);
        output.read_to_end().await;
        assert_eq!(output.into_text(usize::MAX), ("a\u{fffd}\0b".into(), false));
    }

    #[tokio::test]
    async fn what_gets_too_long_in_json_is_cut() {
        for (room, expected, truncated) in
            [(0, "", true), (6, "a", true), (7, "a\0", true), (10, "a\0\"", true), (11, "a\0\"é", false)]
        {
            let mut output = Output::new("a\0\"é".as_bytes());
            output.read_to_end().await;
            assert_eq!(output.into_text(room), (expected.into(), truncated), "{room}");
        }
    }
}
