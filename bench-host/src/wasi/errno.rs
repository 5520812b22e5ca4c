//! The error numbers of WASI.

use std::io::{self, ErrorKind};

/// What a function answers if it does not do what it is asked to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub(super) enum Errno {
    /// No grant allows it.
    Access = 2,
    BadDescriptor = 8,
    Busy = 10,
    Exists = 20,
    /// An address is not within the memory.
    Fault = 21,
    FileTooBig = 22,
    /// Text is not UTF-8.
    IllegalSequence = 25,
    Interrupted = 27,
    Invalid = 28,
    Io = 29,
    IsFolder = 31,
    Loop = 32,
    TooManyOpen = 33,
    TooManyLinks = 34,
    NameTooLong = 37,
    NotFound = 44,
    NoMemory = 48,
    NoSpace = 51,
    NotImplemented = 52,
    NotFolder = 54,
    NotEmpty = 55,
    NotSocket = 57,
    NotSupported = 58,
    Overflow = 61,
    /// A path leads out of the folder that it starts in.
    NotPermitted = 63,
    ReadOnly = 69,
    NotSeekable = 70,
    CrossDevice = 75,
    /// Rights that a descriptor does not have.
    NotCapable = 76,
}

impl Errno {
    pub(super) fn code(self) -> u32 {
        self as u32
    }
}

impl From<io::Error> for Errno {
    fn from(error: io::Error) -> Self {
        // The standard library's own kind for it is not stable.
        if rustix::io::Errno::from_io_error(&error) == Some(rustix::io::Errno::LOOP) {
            return Self::Loop;
        }
        match error.kind() {
            ErrorKind::NotFound => Self::NotFound,
            ErrorKind::PermissionDenied => Self::NotPermitted,
            ErrorKind::AlreadyExists => Self::Exists,
            ErrorKind::InvalidInput => Self::Invalid,
            ErrorKind::InvalidFilename => Self::NameTooLong,
            ErrorKind::NotADirectory => Self::NotFolder,
            ErrorKind::IsADirectory => Self::IsFolder,
            ErrorKind::DirectoryNotEmpty => Self::NotEmpty,
            ErrorKind::ReadOnlyFilesystem => Self::ReadOnly,
            ErrorKind::FileTooLarge => Self::FileTooBig,
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::NoSpace,
            ErrorKind::TooManyLinks => Self::TooManyLinks,
            ErrorKind::CrossesDevices => Self::CrossDevice,
            ErrorKind::ResourceBusy | ErrorKind::ExecutableFileBusy => Self::Busy,
            ErrorKind::NotSeekable => Self::NotSeekable,
            ErrorKind::Unsupported => Self::NotSupported,
            ErrorKind::Interrupted => Self::Interrupted,
            ErrorKind::OutOfMemory => Self::NoMemory,
            _ => Self::Io,
        }
    }
}

impl From<rustix::io::Errno> for Errno {
    fn from(error: rustix::io::Errno) -> Self {
        io::Error::from(error).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_systems_errors_have_a_number() {
        for (system, errno) in [
            (rustix::io::Errno::LOOP, Errno::Loop),
            (rustix::io::Errno::NOENT, Errno::NotFound),
            (rustix::io::Errno::NOTDIR, Errno::NotFolder),
            (rustix::io::Errno::XDEV, Errno::CrossDevice),
            (rustix::io::Errno::NAMETOOLONG, Errno::NameTooLong),
            (rustix::io::Errno::PIPE, Errno::Io),
        ] {
            assert_eq!(Errno::from(system), errno);
        }
    }
}
