//! Plugins with services: what they tell hosts, and which operation a configuration reaches.

use reglet_sdk_core::json::{FromValue, Value};
use reglet_sdk_core::metadata::Document;
use reglet_sdk_core::plugin::{check_examples, observe};
use reglet_sdk_core::prelude::*;

config! {
    /// A name to resolve.
    pub struct Name<'a> {
        /// Host "name" \.
        hostname: Str<'a>,
        /// Port.
        port: u16 = 53,
    }
}

config! {
    /// What a name resolves to.
    pub struct Addresses<'a> {
        /// Address.
        ip: Str<'a>,
        /// Milliseconds.
        ms: u32,
    }
}

config! {
    /// A port to reach.
    pub struct Target<'a> {
        /// Host "name" \.
        hostname: Str<'a>,
        /// Port.
        port: u16 = 443,
        /// For ever.
        wait: Option<bool>,
    }
}

fn resolve(name: Name<'_>, _: &Context<'_>) -> Result<Outcome, Error> {
    Outcome::success(text!["resolved ", name.hostname, " ", name.port])
        .data_from(&Addresses { ip: name.hostname, ms: 5 })
}

fn nothing((): (), _: &Context<'_>) -> Result<Outcome, Error> {
    Ok(Outcome::failure("nothing"))
}

mod ports {
    use super::*;

    pub(crate) fn connect(target: Target<'_>, _: &Context<'_>) -> Result<Outcome, Error> {
        match target.wait {
            Some(true) => Err(Error::internal("waited")),
            _ => Ok(Outcome::success(text!["connected ", target.hostname, " ", target.port])),
        }
    }
}

services! {
    /// Two services.
    pub struct Net;

    const METADATA: Metadata = Metadata::new("gb", "2.0.0", "d")
        .needs(&[Capability::Network { hosts: &["*"], ports: &["80", "8000-9000"] }]);

    /// DNS <svc>
    dns {
        /// Resolve
        resolve_http_name = resolve -> Addresses<'_> [
            Example::new("basic", r#"{ "hostname": "x y", "port": 1 }"#).described("b").output(
                r#"{
                    "ip": "\"1 \\",
                    "ms": 0
                }"#,
            ),
            Example::new("neg", r#"{"hostname":""}"#).error("\"bad\""),
        ],

        /// Two
        /// lines
        nothing,
    }

    tcp {
        connect = ports::connect,
        /// The same under the name of another service's operation.
        nothing = self::nothing [],
    }
}

services! {
    /// One operation.
    pub struct Single;
    const METADATA: Metadata = Metadata::new("single", "1.0.0", "d");
    /// DNS
    dns {
        /// Resolve
        resolve
    }
}

fn manifest<P: Plugin>() -> String {
    let document = Document::<8192>::manifest(&P::METADATA, P::Config::SCHEMA);
    let json = &document.bytes()[..document.len()];
    assert_eq!(Value::parse(json).unwrap().get("config_schema").raw(), document.schema());
    String::from_utf8(json.to_vec()).unwrap()
}

/// The manifest's member with this name.
fn member<P: Plugin>(name: &str) -> String {
    let manifest = manifest::<P>();
    String::from_utf8(Value::parse(manifest.as_bytes()).unwrap().get(name).raw().to_vec()).unwrap()
}

/// The outcome's status and message, with the type and the code of an error.
fn outcome<P: Plugin>(config: &str) -> String {
    let outcome = observe::<P>(config.as_bytes());
    let outcome = Value::parse(&outcome).unwrap();
    let [status, message, error] = outcome.fields(&["status", "message", "error"]).unwrap();
    let mut text = format!("{}: {}", status.text().unwrap(), message.text().unwrap());
    if let Ok([kind, code]) = error.fields(&["type", "code"]) {
        text += &format!(" ({} {})", kind.text().unwrap(), code.text().unwrap());
    }
    text
}

#[test]
fn the_manifest_lists_services_as_go_plugins_do() {
    // What a Go plugin says for the operation that it shares with this one, without Go's escapes of < and >.
    assert_eq!(
        member::<Net>("services"),
        concat!(
            r#"{"dns":{"name":"dns","description":"DNS <svc>","operations":["#,
            r#"{"name":"resolve_http_name","description":"Resolve","input_fields":["hostname","port"],"#,
            r#""output_schema":{"$schema":"https://json-schema.org/draft/2020-12/schema","#,
            r#""properties":{"ip":{"type":"string","description":"Address."},"#,
            r#""ms":{"type":"integer","description":"Milliseconds."}},"#,
            r#""additionalProperties":false,"type":"object","required":["ip","ms"]},"#,
            r#""examples":[{"name":"basic","description":"b","input":{"hostname":"x y","port":1},"#,
            r#""expected_output":{"ip":"\"1 \\","ms":0}},"#,
            r#"{"name":"neg","input":{"hostname":""},"expected_error":"\"bad\""}]},"#,
            r#"{"name":"nothing","description":"Two\nlines"}]},"#,
            r#""tcp":{"name":"tcp","description":"","operations":["#,
            r#"{"name":"connect","description":"","input_fields":["hostname","port","wait"]},"#,
            r#"{"name":"nothing","description":"The same under the name of another service's operation."}]}}"#
        )
    );
}

#[test]
fn the_manifest_has_the_members_of_go_plugins_in_their_order() {
    let manifest = manifest::<Net>();
    let members = Value::parse(manifest.as_bytes()).unwrap().members().unwrap();
    let keys: Vec<_> = members.map(|(key, _)| core::str::from_utf8(key).unwrap()).collect();
    assert_eq!(
        keys,
        [
            "services",
            "name",
            "version",
            "description",
            "sdk_version",
            "min_host_version",
            "config_schema",
            "capabilities"
        ]
    );
}

#[test]
fn the_configuration_has_the_fields_of_all_operations() {
    assert_eq!(
        member::<Net>("config_schema"),
        concat!(
            r#"{"$schema":"https://json-schema.org/draft/2020-12/schema","properties":{"#,
            r#""service":{"type":"string","enum":["dns","tcp"]},"#,
            r#""operation":{"type":"string","enum":["resolve_http_name","nothing","connect"]},"#,
            r#""hostname":{"type":"string","description":"Host \"name\" \\."},"#,
            r#""port":{"anyOf":[{"type":"integer","description":"Port.","default":53},"#,
            r#"{"type":"integer","description":"Port.","default":443}]},"#,
            r#""wait":{"type":"boolean","description":"For ever."}},"#,
            r#""additionalProperties":false,"type":"object","required":["service","operation"]}"#
        )
    );
}

#[test]
fn a_single_operation_needs_its_own_fields_only() {
    assert_eq!(
        member::<Single>("config_schema"),
        concat!(
            r#"{"$schema":"https://json-schema.org/draft/2020-12/schema","properties":{"#,
            r#""service":{"type":"string","enum":["dns"]},"operation":{"type":"string","enum":["resolve"]},"#,
            r#""hostname":{"type":"string","description":"Host \"name\" \\."},"#,
            r#""port":{"type":"integer","description":"Port.","default":53}},"#,
            r#""additionalProperties":false,"type":"object","required":["hostname"]}"#
        )
    );
}

config! {
    /// Limits of something.
    pub struct Limits {
        /// The most.
        max: u8,
    }
}

config! {
    /// What has limits, and a list of them.
    pub struct Deep {
        /// Those of this.
        limits: Limits,
        /// Those of all.
        all: Vec<Limits>,
    }
}

config! {
    /// What may have limits.
    pub struct Shallow {
        /// If any.
        limits: Option<Limits>,
    }
}

fn deep(deep: Deep, _: &Context<'_>) -> Result<Outcome, Error> {
    Ok(Outcome::success(text![deep.limits.max, " and ", deep.all.len()]))
}

fn shallow(shallow: Shallow, _: &Context<'_>) -> Result<Outcome, Error> {
    Ok(Outcome::success(text![shallow.limits.map_or(0, |limits| limits.max)]))
}

services! {
    /// Operations whose inputs have structs.
    pub struct Nested;
    const METADATA: Metadata = Metadata::new("nested", "1.0.0", "d");
    /// One
    one {
        deep,
        shallow,
    }
}

#[test]
fn structs_within_the_inputs_of_operations_are_defined_once() {
    assert_eq!(
        member::<Nested>("config_schema"),
        concat!(
            r#"{"$schema":"https://json-schema.org/draft/2020-12/schema","#,
            r#""$defs":{"Limits":{"properties":{"max":{"type":"integer","description":"The most."}},"#,
            r#""additionalProperties":false,"#,
            r#""type":"object","required":["max"]}},"properties":{"#,
            r#""service":{"type":"string","enum":["one"]},"#,
            r#""operation":{"type":"string","enum":["deep","shallow"]},"#,
            r##""limits":{"anyOf":[{"$ref":"#/$defs/Limits","description":"Those of this."},"##,
            r##"{"$ref":"#/$defs/Limits","description":"If any."}]},"##,
            r##""all":{"items":{"$ref":"#/$defs/Limits"},"type":"array","description":"Those of all."}},"##,
            r#""additionalProperties":false,"type":"object","required":["service","operation"]}"#
        )
    );
    let config = r#"{"service":"one","operation":"deep","limits":{"max":1},"all":[{"max":2},{"max":300}]}"#;
    let outcome = String::from_utf8(observe::<Nested>(config.as_bytes())).unwrap();
    assert!(outcome.contains(r#""code":"all[1].max""#), "{outcome}");
}

#[test]
fn a_configuration_reaches_the_operation_that_it_names() {
    for (config, expected) in [
        (
            r#"{"service":"dns","operation":"resolve_http_name","hostname":"x","unknown":1}"#,
            "success: resolved x 53",
        ),
        (r#"{"hostname":"x","operation":"connect","service":"tcp"}"#, "success: connected x 443"),
        (r#"{"service":"dns","operation":"nothing"}"#, "failure: nothing"),
        (r#"{"Service":"tcp","OPERATION":"nothing"}"#, "failure: nothing"),
        (
            r#"{"service":"tcp","operation":"connect","hostname":"x","wait":true}"#,
            "error: waited (internal )",
        ),
    ] {
        assert_eq!(outcome::<Net>(config), expected, "{config}");
    }
}

#[test]
fn an_operation_that_is_not_there_is_refused_by_name() {
    for (service, operation, field, unknown) in [
        ("dns", "connect", "operation", "operation: dns/connect"),
        ("udp", "nothing", "service", "service: udp"),
        ("DNS", "nothing", "service", "service: DNS"),
        ("", "", "service", "service: "),
        ("a\\\"", "", "service", "service: a\""),
    ] {
        assert_eq!(
            outcome::<Net>(&format!(r#"{{"service":"{service}","operation":"{operation}"}}"#)),
            format!(
                "error: config validation failed for field '{field}': unknown {unknown} (config {field})"
            )
        );
    }
}

#[test]
fn where_there_is_a_choice_both_names_are_needed() {
    let missing = |field| {
        format!(
            "error: config validation failed for field '{field}': expected a string, got nothing (config {field})"
        )
    };
    for config in ["{}", "null", r#"{"operation":"nothing"}"#, r#"{"service":null,"operation":"nothing"}"#] {
        assert_eq!(outcome::<Net>(config), missing("service"), "{config}");
    }
    assert_eq!(outcome::<Net>(r#"{"service":"dns"}"#), missing("operation"));
}

#[test]
fn names_are_strings() {
    assert_eq!(
        outcome::<Net>(r#"{"service":1,"operation":"nothing"}"#),
        "error: config validation failed for field 'service': expected a string, got a number (config service)"
    );
    assert_eq!(
        outcome::<Single>(r#"{"operation":[]}"#),
        "error: config validation failed for field 'operation': expected a string, got an array (config operation)"
    );
}

#[test]
fn a_single_operation_need_not_be_named_but_not_misnamed() {
    assert_eq!(outcome::<Single>(r#"{"hostname":"x"}"#), "success: resolved x 53");
    assert_eq!(outcome::<Single>(r#"{"hostname":"x","service":"dns"}"#), "success: resolved x 53");
    let refused = outcome::<Single>(r#"{"hostname":"x","service":"dns","operation":"no"}"#);
    assert!(refused.contains("unknown operation: dns/no"), "{refused}");
}

#[test]
fn an_operations_own_fields_are_checked_as_a_plugins_are() {
    for (config, expected) in [
        (
            r#"{"service":"dns","operation":"resolve_http_name"}"#,
            "error: config validation failed for field 'hostname': expected a string, got nothing (config hostname)",
        ),
        (
            r#"{"service":"tcp","operation":"connect","hostname":"x","port":"443"}"#,
            "error: config validation failed for field 'port': expected a whole number from 0 to 65535, \
             got a string (config port)",
        ),
        ("[]", "error: failed to parse config: expected an object, got an array (internal )"),
        ("", "error: failed to parse config: unexpected end of JSON input (internal )"),
        (r#"{"service":"dns""#, "error: failed to parse config: unexpected end of JSON input (internal )"),
    ] {
        assert_eq!(outcome::<Net>(config), expected, "{config}");
    }
}

#[test]
fn examples_that_fit_pass() {
    check_examples::<Net>();
    check_examples::<Single>();
}

/// A plugin with one example.
macro_rules! shown_by {
    ($example:expr) => {{
        services! {
            /// One example.
            struct Shown;
            const METADATA: Metadata = Metadata::new("shown", "1.0.0", "d");
            dns {
                resolve -> Addresses<'_> [$example]
            }
        }
        check_examples::<Shown>();
    }};
}

#[test]
#[should_panic(expected = "example dns/resolve/e: hostname: expected a string, got nothing")]
fn an_example_that_lacks_a_field_is_found() {
    shown_by!(Example::new("e", r#"{"port":1}"#));
}

#[test]
#[should_panic(expected = "example dns/resolve/e: host is no field of the input")]
fn an_example_with_a_field_that_is_gone_is_found() {
    shown_by!(Example::new("e", r#"{"hostname":"x","host":"x"}"#));
}

#[test]
#[should_panic(expected = "example dns/resolve/e: invalid character at byte 15")]
fn an_example_that_is_no_json_is_found() {
    shown_by!(Example::new("e", r#"{"hostname":"x"x}"#));
}

#[test]
fn an_example_of_an_error_may_have_an_input_that_is_wrong() {
    shown_by!(Example::new("e", r#"{"hostname":7,"port":0}"#).error("config validation failed"));
}

#[test]
#[should_panic(expected = "example dns/resolve/e: invalid character at byte 1")]
fn but_it_has_to_be_json() {
    shown_by!(Example::new("e", "{x}").error("config validation failed"));
}

#[test]
#[should_panic(expected = "example dns/resolve/e: output: ms: expected a whole number")]
fn an_example_whose_output_is_another_is_found() {
    shown_by!(Example::new("e", r#"{"hostname":"x"}"#).output(r#"{"ip":"x"}"#));
}

#[cfg(feature = "serde")]
mod described_in_json {
    use super::*;
    use reglet_sdk_core::serde_config;
    use serde::Deserialize;

    #[derive(Deserialize)]
    #[allow(dead_code, reason = "only what is read of it counts")]
    struct Target {
        host: String,
        #[serde(default)]
        ports: Vec<Port>,
    }

    #[derive(Deserialize)]
    #[allow(dead_code, reason = "only what is read of it counts")]
    struct Port {
        number: u16,
    }

    serde_config!(Target, schema: r##"{
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$defs": { "Port": {"properties": {"number": {"type": "integer"}}, "type": "object"} },
        "properties": {
            "host": {"type": "string", "description": "A \"name\" }, or so"},
            "ports": {"type": "array", "items": {"$ref": "#/$defs/Port"}}
        },
        "type": "object",
        "required": [ "host" ]
    }"##);

    fn open(target: Target, _: &Context<'_>) -> Result<Outcome, Error> {
        Ok(Outcome::success(text![target.host, " ", target.ports.len()]).data("host", &target.host))
    }

    services! {
        /// Ports.
        pub struct Ports;
        const METADATA: Metadata = Metadata::new("ports", "1.0.0", "d");
        /// TCP
        tcp {
            /// Opens
            open -> Target [
                Example::new("one", r#"{"host": "a", "ports": [{"number": 1}]}"#).output(r#"{"host": "a"}"#),
            ],
            /// Opens again
            again = self::open,
            connect = ports::connect,
        }
    }

    #[test]
    fn the_fields_are_those_of_the_schema() {
        let services = member::<Ports>("services");
        assert!(services.contains(r#""name":"open","description":"Opens","input_fields":["host","ports"]"#));
        assert!(services.contains(
            r#""output_schema":{"$schema":"https://json-schema.org/draft/2020-12/schema","$defs""#
        ));
        assert_eq!(
            member::<Ports>("config_schema"),
            concat!(
                r#"{"$schema":"https://json-schema.org/draft/2020-12/schema","$defs":{"Port":"#,
                r#"{"properties":{"number":{"type":"integer"}},"type":"object"}},"properties":{"#,
                r#""service":{"type":"string","enum":["tcp"]},"#,
                r#""operation":{"type":"string","enum":["open","again","connect"]},"#,
                r#""host":{"type":"string","description":"A \"name\" }, or so"},"#,
                r##""ports":{"type":"array","items":{"$ref":"#/$defs/Port"}},"##,
                r#""hostname":{"type":"string","description":"Host \"name\" \\."},"#,
                r#""port":{"type":"integer","description":"Port.","default":443},"#,
                r#""wait":{"type":"boolean","description":"For ever."}},"#,
                r#""additionalProperties":false,"type":"object","required":["service","operation"]}"#
            )
        );
    }

    #[test]
    fn operations_read_their_input_with_serde() {
        let call = r#"{"service":"tcp","operation":"open","host":"a","ports":[{"number":1}]}"#;
        assert_eq!(outcome::<Ports>(call), "success: a 1");
        let call = r#"{"service":"tcp","operation":"again","host":"a","ports":[{"number":-1}]}"#;
        assert_eq!(
            outcome::<Ports>(call),
            "error: config validation failed for field 'ports[0].number': \
             expected a whole number from 0 to 65535, got a number (config ports[0].number)"
        );
    }

    #[test]
    fn examples_are_tested() {
        check_examples::<Ports>();
    }

    services! {
        /// Ports.
        pub struct Wrong;
        const METADATA: Metadata = Metadata::new("ports", "1.0.0", "d");
        /// TCP
        tcp {
            open [Example::new("bad", r#"{"host": "a", "prots": []}"#)],
        }
    }

    #[test]
    #[should_panic(expected = "example tcp/open/bad: prots is no field of the input")]
    fn an_example_with_an_unknown_field_is_found() {
        check_examples::<Wrong>();
    }
}

mod described_at_length {
    use super::*;

    config! {
        struct Long<'a> {
            /// long long long long long long long long long long long long long long long long long long long long
            /// long long long long long long long long long long long long long long long long long long long long
            /// long long long long long long long long long long long long long long long long long long long long
            /// long long long long long long long long long long long long long long long long long long long long
            /// long long long long long long long long long long long long long long long long long long long long
            /// long long long long long long long long long long long long long long long long long long long long
            /// long long long long long long long long long long long long long long long long long long long long
            /// long long long long long long long long long long long long long long long long long long long long
            /// long long long long long long long long long long long long long long long long long long long long
            /// long long long long long long long long long long long long long long long long long long long long
            /// long long long long long long long long long long long long long long long long long long long long
            /// long long long long long long long long long long long long long long long long long long long long
            /// long long long long long long long long long long long long long long long long long long long long
            /// long long long long long long long long long long long long long long long long long long long long
            /// long long long long long long long long long long long long long long long long long long long long
            /// long long long long long long long long long long long long long long long long long long long long
            /// long long long long long long long long long long long long long long long long long long long long
            /// long long long long long long long long long long long long long long long long long long long long
            /// long long long long long long long long long long long long long long long long long long long long
            /// long long long long long long long long long long long long long long long long long long long long
            /// long long long long long long long long long long long long long long long long long long long long
            /// long long long long long long long long long long long long long long long long long long long long
            name: Str<'a>,
        }
    }

    fn look(_: Long<'_>, _: &Context<'_>) -> Result<Outcome, Error> {
        Ok(Outcome::success(""))
    }

    services! {
        /// One operation.
        struct Single;
        const METADATA: Metadata = Metadata::new("single", "1.0.0", "d");
        /// All of it.
        all {
            /// Looks.
            look,
        }
    }

    #[test]
    fn the_field_of_a_single_operation_has_one_form() {
        let schema = member::<Single>("config_schema");
        assert!(schema.len() > 2_048 && !schema.contains("anyOf"), "{schema}");
    }
}

mod without_input {
    use super::*;

    services! {
        /// Nothing.
        struct Nothing;
        const METADATA: Metadata = Metadata::new("nothing", "1.0.0", "d");
        /// None.
        none {
            /// Takes nothing.
            nothing [Example::new("e", "{")],
        }
    }

    #[test]
    #[should_panic(expected = "example none/nothing/e: ")]
    fn an_example_that_is_no_json_is_found() {
        check_examples::<Nothing>();
    }
}

mod returned {
    use super::*;

    fn good((): (), _: &Context<'_>) -> Result<Outcome, Error> {
        Outcome::success("\"data\":{}").data_from(&Addresses { ip: Str::default(), ms: 7 })
    }

    fn failed((): (), _: &Context<'_>) -> Result<Outcome, Error> {
        Ok(Outcome::failure("nothing to return"))
    }

    fn misspelled((): (), _: &Context<'_>) -> Result<Outcome, Error> {
        Ok(Outcome::success("").data("ip", "192.0.2.1").data("msec", 7))
    }

    fn more((): (), context: &Context<'_>) -> Result<Outcome, Error> {
        Ok(good((), context)?.data("more", 1))
    }

    services! {
        /// Returns addresses, or says so.
        struct Returns;

        const METADATA: Metadata = Metadata::new("returns", "1.0.0", "Returns addresses, or says so");

        /// All of it.
        all {
            /// Does.
            good -> Addresses<'_>,
            /// Need not.
            failed -> Addresses<'_>,
            /// Does not.
            misspelled -> Addresses<'_>,
            /// Returns too much.
            more -> Addresses<'_>,
        },
    }

    #[test]
    fn what_is_returned_is_held_to_its_declaration() {
        assert_eq!(outcome::<Returns>(r#"{"service":"all","operation":"good"}"#), "success: \"data\":{}");
        assert_eq!(
            outcome::<Returns>(r#"{"service":"all","operation":"failed"}"#),
            "failure: nothing to return"
        );
    }

    #[test]
    #[should_panic(
        expected = "declared to return: ms: expected a whole number from 0 to 4294967295, got nothing"
    )]
    fn what_is_not_as_declared_ends_the_test() {
        outcome::<Returns>(r#"{"service":"all","operation":"misspelled"}"#);
    }
}
