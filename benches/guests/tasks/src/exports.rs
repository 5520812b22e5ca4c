//! What each guest exports.

use reglet_sdk_core::abi::{self, Buffer};

use crate::{Codec, Task, run};

/// Makes a guest of a codec.
#[macro_export]
macro_rules! export_codec {
    ($Codec:ty) => {
        #[cfg(target_family = "wasm")]
        const _: () = {
            #[unsafe(no_mangle)]
            extern "C" fn prepare(len: u32) -> u32 {
                $crate::exports::prepare(len)
            }

            #[unsafe(no_mangle)]
            extern "C" fn run(task: u32, address: u32, len: u32, times: u32) -> u64 {
                $crate::exports::run_task::<$Codec>(task, address, len, times)
            }

            #[panic_handler]
            fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
                core::arch::wasm32::unreachable()
            }
        };
    };
}

/// Makes a buffer for a document, and returns its address; 0 for no bytes.
#[must_use]
pub fn prepare(len: u32) -> u32 {
    abi::reserve(len as usize).unwrap_or(0) as u32
}

/// Does a task with the document in a buffer, which is freed then.
#[must_use]
pub fn run_task<C: Codec>(task: u32, address: u32, len: u32, times: u32) -> u64 {
    let mut document = match len {
        0 => Some(Buffer::new()),
        len => abi::take(address as usize, len as usize),
    };
    match (Task::ALL.get(task as usize), &mut document) {
        (Some(task), Some(document)) => run::<C>(*task, document, times),
        _ => 0,
    }
}
