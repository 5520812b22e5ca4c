//! How much harm grants allow.

use reglet_sdk_core::grants::{Grants, InvalidGrant, Level};
use reglet_sdk_core::metadata::Access;

#[test]
fn each_grant_has_its_level() -> Result<(), InvalidGrant> {
    let new = Grants::default;
    for (grants, level) in [
        (new(), Level::None),
        (new().network("*", "443")?, Level::Critical),
        (new().network("0.0.0.0/0", "443")?, Level::Critical),
        (new().network("10.0.0.0/8", "443")?, Level::High),
        (new().network("127.0.0.1", "443")?, Level::High),
        (new().network("localhost", "443")?, Level::High),
        (new().network("*.example.com", "443")?, Level::Medium),
        (new().network("8.8.8.8", "53")?, Level::Medium),
        (new().read("/data/x")?, Level::Medium),
        (new().read("/data/**")?, Level::Medium),
        (new().read("/**")?, Level::High),
        (new().write("/tmp/x")?, Level::High),
        (new().write("**")?, Level::Critical),
        (new().env("HOME")?, Level::Low),
        (new().env("AWS_*")?, Level::High),
        (new().env("**")?, Level::High),
        (new().exec("/usr/bin/id")?, Level::Medium),
        (new().exec("/opt/tools/x?")?, Level::High),
        (new().exec("/usr/bin/python3.12")?, Level::Critical),
        (new().exec("sh")?, Level::Critical),
        (new().exec("*")?, Level::Critical),
        (new().exec("/usr/**")?, Level::Critical),
        (new().key_value(Access::Read, "*")?, Level::Low),
        (new().key_value(Access::ReadWrite, "a")?, Level::Medium),
    ] {
        assert_eq!(grants.risk().level(), level, "{grants:?}");
    }
    Ok(())
}

#[test]
fn people_read_the_worst_first_and_no_control_characters() -> Result<(), InvalidGrant> {
    let grants = Grants::default().env("HOME")?.exec("\u{1b}[1m]")?.network("::1", "80-90")?;
    assert_eq!(
        grants.risk().to_string(),
        concat!(
            "risk: high\n",
            "  high: network [::1]:80-90: reaches an address that is not public\n",
            "  high: exec \\u{1b}[1m]: runs all commands that match\n",
            "  low: env HOME: sees environment variables"
        )
    );
    assert_eq!(Grants::default().risk().to_string(), "risk: none");
    Ok(())
}
