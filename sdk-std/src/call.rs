//! What all wrappers of host functions do.

use core::time::Duration;

use reglet_sdk_core::{Context, Error};

/// Calls the host, unless nobody waits for the answer any more; nor is there any use in one that comes too late.
pub(crate) fn guarded<T>(context: &Context<'_>, call: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    context.check()?;
    let answer = call()?;
    context.check()?;
    Ok(answer)
}

/// A limit of time as the wire has it, where 0 would be none.
pub(crate) fn milliseconds(limit: Duration) -> u32 {
    // With `as_nanos`, a plugin would get a division of 128 bits, which takes 1.2 KB.
    let rest = limit.subsec_nanos().div_ceil(1_000_000);
    let whole = limit.as_secs().saturating_mul(1_000).saturating_add(rest.into());
    u32::try_from(whole).unwrap_or(u32::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::{guarded, milliseconds};
    use core::time::Duration;
    use reglet_sdk_core::context::Cancellation;
    use reglet_sdk_core::mock::Mock;
    use reglet_sdk_core::{Context, Error, Timestamp, time};

    #[test]
    fn what_comes_after_the_end_of_the_context_is_an_error() {
        let (enough, check) = (Cancellation::new(), Context::default());
        let given_up = guarded(&check.with_cancellation(&enough), || {
            enough.cancel();
            Ok(())
        });
        assert_eq!(given_up.unwrap_err().code(), "CANCELED");
        Mock::new().clock(Timestamp::from_unix(1_800_000_000, 0)).run(|| {
            let late = guarded(&check.within(Duration::from_secs(1)), || {
                time::sleep(Duration::from_secs(1));
                Ok(())
            });
            assert_eq!(late.unwrap_err().code(), "DEADLINE_EXCEEDED");
        });
    }

    #[test]
    fn what_the_host_reports_comes_before_the_end_of_the_context() {
        let enough = Cancellation::new();
        let check = Context::default();
        let result: Result<(), Error> = guarded(&check.with_cancellation(&enough), || {
            enough.cancel();
            Err(Error::internal("refused"))
        });
        assert_eq!(result.unwrap_err().message(), "refused");
    }

    #[test]
    fn limits_are_rounded_up_and_never_none() {
        for (limit, on_wire) in [
            (Duration::ZERO, 1),
            (Duration::from_nanos(1), 1),
            (Duration::from_millis(1), 1),
            (Duration::from_micros(1_999_001), 2_000),
            (Duration::from_millis(u32::MAX.into()), u32::MAX),
            (Duration::MAX, u32::MAX),
        ] {
            assert_eq!(milliseconds(limit), on_wire, "{limit:?}");
        }
    }
}
