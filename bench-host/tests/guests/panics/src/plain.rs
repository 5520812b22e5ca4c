//! The plugin, without its exports.

extern crate alloc;

use alloc::vec::Vec;
use core::hint::black_box;

use reglet_sdk_core::prelude::*;

/// More than any plugin may have.
const TOO_MUCH: usize = 200_000_000;

config! {
    /// What to do.
    pub struct Config<'a> {
        /// What goes wrong.
        what: Cow<'a, str>,
        /// A number that is too large.
        index: u32,
    }
}

/// The check.
#[derive(Debug)]
pub struct Panics;

impl Plugin for Panics {
    const METADATA: Metadata = Metadata::new("panics", "1.0.0", "Panics as it is told to");

    type Config<'a> = Config<'a>;

    fn check(config: Config<'_>, _: &Context<'_>) -> Result<Outcome, Error> {
        let index = config.index as usize;
        match &*config.what {
            "format" => panic!("{index} of {:?} is too much", config.what),
            "index" => Ok(Outcome::success(black_box([1_u8, 2, 3])[index])),
            "long" => panic!("{:x<9999}", "x"),
            "allocate" => Ok(Outcome::success(black_box(alloc::vec![0_u8; TOO_MUCH]).len())),
            "try" => {
                let refused = black_box(Vec::<u8>::new()).try_reserve(TOO_MUCH).is_err();
                Ok(Outcome::success(text!["went on with ", u8::from(refused)]))
            }
            "later" => {
                let _ = black_box(Vec::<u8>::new()).try_reserve(TOO_MUCH);
                panic!("something else")
            }
            _ => Err(Error::config("what", "unknown")),
        }
    }
}
