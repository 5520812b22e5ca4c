//! What an author writes, and what tests call; what the core has for it is in [`reglet_sdk_core::plugin`].

pub use reglet_sdk_core::plugin::*;

/// Runs the check on a configuration, as a host's call does, and returns the outcome's JSON. Records of the facades
/// which are features of this crate go to the host, as they do in a plugin.
///
#[cfg_attr(feature = "log", doc = "```")]
#[cfg_attr(not(feature = "log"), doc = "```ignore")]
/// use reglet_sdk_std::mock::Mock;
/// use reglet_sdk_std::plugin::observe;
/// use reglet_sdk_std::prelude::*;
///
/// struct Says;
///
/// impl Plugin for Says {
///     const METADATA: Metadata = Metadata::new("says", "1.0.0", "Says something");
///     type Config<'a> = ();
///
///     fn check((): (), _: &Context<'_>) -> Result<Outcome, Error> {
///         ::log::info!("checking");
///         Ok(Outcome::success("said"))
///     }
/// }
///
/// let (_, calls) = Mock::new().run(|| observe::<Says>(b"{}"));
/// assert!(calls.logs[0].contains("checking"));
/// ```
#[must_use]
pub fn observe<P: Plugin>(config: &[u8]) -> Vec<u8> {
    crate::start();
    reglet_sdk_core::plugin::observe::<P>(config)
}
