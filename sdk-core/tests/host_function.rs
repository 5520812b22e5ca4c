//! Functions of a host of one's own.

use reglet_sdk_core::error::Kind;
use reglet_sdk_core::mock::Mock;
use reglet_sdk_core::{Context, Error, host_function};

host_function! {
    /// Has names that mean something in Rust, in hosts, or in the macro.
    fn look(Look<'a> {
        /// Which type.
        r#type: &'a str,
        /// How long it may take.
        context: &'a Context<'a>,
    }) -> Looked {
        r#match: text,
        message: text,
        ask: integer,
        __place: list,
    }
}

host_function! {
    /// Succeeds or fails.
    fn poke(Poke {}) -> Poked {}
}

fn look_at(answer: &str) -> Result<Looked, Error> {
    let context = Context::default();
    Mock::new().answer("look", answer).run(|| look(&Look { r#type: "t", context: &context })).0
}

#[test]
fn fields_have_the_names_that_they_have_on_the_wire() {
    let context = Context::default().with_timeout(250).with_request_id("r");
    let answer = r#"{"message":"m","ask":7,"match":"a","__place":["b","c"]}"#;
    let (answer, calls) =
        Mock::new().answer("look", answer).run(|| look(&Look { r#type: "t", context: &context }).unwrap());
    assert_eq!(calls.requests[0].1, r#"{"type":"t","context":{"request_id":"r","timeout_ms":250}}"#);
    assert_eq!((&*answer.r#match().decode(), &*answer.message().decode(), answer.ask()), ("a", "m", 7));
    assert!(answer.__place().map(|name| name.decode()).eq(["b", "c"]));
}

#[test]
fn an_answer_without_fields_can_be_an_error() {
    assert!(Mock::new().answer("poke", "{}").run(|| poke(&Poke {})).0.is_ok());
    let (answer, _) = Mock::new().answer("poke", r#"{"error":{"message":"no"}}"#).run(|| poke(&Poke {}));
    assert_eq!(answer.unwrap_err().message(), "no");
}

#[test]
fn an_envelopes_message_is_read_where_an_answer_has_a_message_too() {
    for order in
        [r#""error":"VALIDATION_ERROR","message":"why""#, r#""message":"why","error":"VALIDATION_ERROR""#]
    {
        let error = look_at(&format!("{{{order}}}")).unwrap_err();
        assert_eq!(
            (error.kind(), &*error.code(), &*error.message()),
            (Kind::Validation, "VALIDATION_ERROR", "why")
        );
    }
}

#[test]
fn what_is_not_as_declared_is_an_error() {
    for (answer, reason) in [
        (r#"{"ask":-1}"#, "ask: expected a whole number from 0, got a number"),
        (r#"{"ask":9223372036854775808}"#, "ask: expected a whole number from 0, got a number"),
        (r#"{"__place":["a",1]}"#, "a list has something else than strings in it"),
        (r#"{"message":5}"#, "message: expected a string, got a number"),
    ] {
        let message = look_at(answer).unwrap_err().message().into_owned();
        assert_eq!(message, format!("wire format decode failed for look: {reason}"));
    }
}
