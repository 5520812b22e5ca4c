//! Entry points: metadata, configuration, outcomes, panics and the log.

use reglet_bench_host::{Generation, Source};
use reglet_sdk_core::grants::Grants;
use serde_json::{Value, json};

use super::{failure, guests};
use crate::{check, logged, outcome};

#[test]
fn each_generation_describes_itself_in_its_own_way() {
    let about = r#""version":"1.0.0","description":"Does \u003cwhat\u003e it is told \u0026 no more","#;
    for (guest, plugin) in guests() {
        let name = guest.name;
        if name == "a" {
            assert_eq!(plugin.generation(), Generation::A);
            assert_eq!(
                plugin.describe().unwrap(),
                format!(
                    r#"{{"name":"probe-a",{about}"sdk_version":"0.1.0-alpha","min_host_version":"0.2.0","#
                ) + r#""capabilities":[{"kind":"network:outbound","pattern":"127.0.0.1:443"}]}"#
            );
            continue;
        }
        assert_eq!(plugin.generation(), Generation::B);
        assert_eq!(
            plugin.manifest().unwrap(),
            format!(r#"{{"services":null,"name":"probe-{name}",{about}"sdk_version":"0.1.0","#)
                + r#""config_schema":{"$schema":"https://json-schema.org/draft/2020-12/schema","#
                + r#""properties":{"do":{"type":"string"}},"type":"object","required":["do"]},"#
                + r#""capabilities":{"network":{"rules":[{"hosts":["127.0.0.1"],"ports":["443"]}]}}}"#
        );
    }
    // Where there is no export for it, the manifest has it.
    for (_, plugin) in guests() {
        let schema: Value = serde_json::from_str(&plugin.schema().unwrap()).unwrap();
        assert_eq!(schema["required"], json!(["do"]));
    }
}

#[test]
fn plugins_log_while_they_are_initialized() {
    for (guest, plugin) in guests() {
        logged();
        let _instance = plugin.instance().unwrap();
        let lines = logged();
        let texts: Vec<_> = lines.iter().map(|line| &*line.text).collect();
        let expected =
            ["INFO Reglet SDK: Slog handler initialized.", "INFO sdk: plugin registered successfully"];
        assert_eq!(texts, expected, "{}", guest.name);
        assert!(lines[1].attrs[0].starts_with("userPlugin_addr=0x"));
    }
}

#[test]
fn records_keep_their_levels_and_attributes() {
    for (_, plugin) in guests() {
        logged();
        assert_eq!(check(plugin, Grants::default(), &json!({"do": "log"}))["message"], "logged");
        let lines = logged().split_off(2);
        assert!(lines.iter().all(|line| line.source == Source::Plugin));
        let texts: Vec<_> = lines.iter().map(|line| &*line.text).collect();
        assert_eq!(texts, ["WARN all kinds", "INFO with", "ERROR custom level"]);
        assert_eq!(
            lines[0].attrs,
            [
                "s=x",
                "i=7",
                "u=8",
                "f=1.500000",
                "b=true",
                "d=1.5s",
                "t=1970-01-01T00:00:00.000000005Z",
                "e=ee",
                "n=<nil>",
                r#"j={"k":"\u003cv\u003e"}"#,
                "g=[x=1]",
                "v=resolved",
                "c=(1+2i)",
            ]
        );
    }
}

#[test]
fn an_error_of_the_check_is_a_failure_with_its_text() {
    for (_, plugin) in guests() {
        let outcome = check(plugin, Grants::default(), &json!({"do": "error"}));
        assert_eq!(outcome, failure("plain error"));
    }
}

#[test]
fn an_error_in_the_outcome_is_passed_on_whole() {
    let cause = json!({"message": "cause", "type": "network", "code": "", "is_timeout": true});
    let error = json!({
        "wrapped": cause, "details": {"a": 2, "z": 1}, "message": "bad", "type": "config", "code": "C"
    });
    for (_, plugin) in guests() {
        let outcome = check(plugin, Grants::default(), &json!({"do": "detail"}));
        assert_eq!(outcome, json!({"status": "error", "message": "bad", "error": error}));
    }
}

#[test]
fn data_is_passed_on_as_it_is() {
    for (_, plugin) in guests() {
        let outcome = check(plugin, Grants::default(), &json!({"do": "values"}));
        let data = json!({
            "html": "<a href='x'>&</a>\u{2028}", "big": 1e21, "int": i64::MAX, "bytes": "aGk=",
            "nil": null, "slice": null, "dur": 1_000_000_000,
        });
        assert_eq!(outcome, json!({"status": "success", "message": "ok", "data": data}));
    }
}

#[test]
fn a_panic_is_an_outcome_and_the_instance_goes_on() {
    let nil = "runtime error: invalid memory address or nil pointer dereference";
    for (guest, plugin) in guests() {
        let mut instance = plugin.instance().unwrap();
        for (what, text) in [("panic", "boom <x>"), ("nil", nil), ("panic", "boom <x>")] {
            logged();
            let config = json!({"do": what}).to_string();
            let mut outcome = outcome(instance.check(config.as_bytes()).unwrap().json());
            let stack = outcome["error"].as_object_mut().unwrap().remove("stack");
            // "goroutine "
            assert!(stack.unwrap().as_str().unwrap().starts_with("Z29yb3V0aW5lI"));
            let message = format!("plugin panic: {text}");
            let error = json!({"type": "panic", "code": "", "message": message});
            assert_eq!(outcome, json!({"status": "error", "error": error}), "{}", guest.name);
            let lines = logged();
            assert_eq!(lines[0].text, "ERROR sdk: plugin panic recovered");
            assert_eq!(lines[0].attrs, [format!("error={message}")]);
        }
        assert_eq!(instance.check(br#"{"do":"values"}"#).unwrap().message(), "ok");
    }
}

#[test]
fn an_outcome_that_can_not_be_written_is_an_error() {
    for (_, plugin) in guests() {
        let outcome = check(plugin, Grants::default(), &json!({"do": "nan"}));
        let error = json!({"type": "internal", "code": "", "message": "json: unsupported value: NaN"});
        assert_eq!(outcome, json!({"status": "error", "error": error}));
    }
}

#[test]
fn a_configuration_that_is_none_is_an_outcome() {
    let unread = |message: &str| {
        let error =
            json!({"type": "internal", "code": "", "message": format!("failed to parse config: {message}")});
        json!({"status": "error", "error": error})
    };
    let object = "json: cannot unmarshal array into Go value of type";
    let key = "invalid character 'b' looking for beginning of object key string";
    for (guest, plugin) in guests() {
        let is_map = guest.name == "a";
        for (config, as_map, as_bytes) in [
            ("", unread("unexpected end of JSON input"), failure("unexpected end of JSON input")),
            (
                "[]",
                unread(&format!("{object} map[string]interface {{}}")),
                failure(format!("{object} probe.Config")),
            ),
            ("{bad", unread(key), failure(key)),
            ("null", failure(r#"nothing is called """#), failure(r#"nothing is called """#)),
        ] {
            let outcome = outcome(plugin.check(config.as_bytes()).unwrap().json());
            assert_eq!(outcome, if is_map { as_map } else { as_bytes }, "{} {config}", guest.name);
        }
    }
}

#[test]
fn functions_beyond_the_sdk_are_called_like_the_others() {
    for (guest, plugin) in guests() {
        let greeted = check(plugin, Grants::default(), &json!({"do": "custom", "name": "you"}));
        assert_eq!(greeted["data"], json!({"greeting": {"hello": "you"}}), "{} {greeted}", guest.name);
        let judged = check(plugin, Grants::default(), &json!({"do": "ssrf", "host": "127.0.0.1:80"}));
        assert_eq!(judged["data"]["verdict"]["allowed"], false, "{} {judged}", guest.name);
    }
}
