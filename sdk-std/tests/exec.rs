//! Commands, against a host that answers as it is told to.

use core::time::Duration;
use std::borrow::Cow;

use reglet_sdk_std::context::Cancellation;
use reglet_sdk_std::error::Kind;
use reglet_sdk_std::exec::{Command, Output};
use reglet_sdk_std::mock::{Calls, Mock};
use reglet_sdk_std::{Context, Error, Timestamp, time};

/// What a command comes to, and what the host was asked.
fn run(command: &Command, answer: &str) -> (Result<Output, Error>, Calls) {
    Mock::new().answer("exec_command", answer).run(|| command.output(&Context::default()))
}

fn output(answer: &str) -> Output {
    run(&Command::new("x"), answer).0.unwrap()
}

fn request(command: &Command) -> String {
    let (_, calls) = run(command, r#"{"stdout":"","stderr":"","exit_code":0}"#);
    let [(function, request)] = calls.requests.try_into().unwrap();
    assert_eq!(function, "exec_command");
    request
}

/// The error of a command that the host is not asked about.
fn refused(command: &Command, context: &Context<'_>) -> Error {
    let (result, calls) = Mock::new().run(|| command.output(context));
    assert_eq!(calls.functions(), [""; 0]);
    result.unwrap_err()
}

#[test]
fn asks_for_what_it_was_given() {
    let mut command = Command::new("ls");
    command.arg("-l").args(["a b", "é\"\n"]).args(vec![String::from("c")]).args::<&str>([]);
    command.env("LANG", "C").envs([("A", Cow::Borrowed("1=2")), ("B", Cow::Borrowed(""))]);
    command.current_dir("/tmp").timeout(Duration::from_millis(1_500));
    assert_eq!(
        request(&command),
        concat!(
            r#"{"command":"ls","args":["-l","a b","é\"\u000a","c"],"env":["LANG=C","A=1=2","B="],"#,
            r#""dir":"/tmp","context":{"timeout_ms":1500},"timeout_ms":1500}"#
        )
    );
}

#[test]
fn leaves_out_what_it_was_not_given() {
    assert_eq!(request(&Command::new("id")), r#"{"command":"id","args":[],"context":{}}"#);
}

#[test]
fn the_last_value_of_a_variable_counts() {
    let mut command = Command::new("id");
    command.env("A", "1").env("B", "2").env("A", "3");
    assert!(request(&command).contains(r#""env":["A=3","B=2"]"#));
}

#[test]
fn a_timeout_is_rounded_up_and_is_never_none() {
    for (timeout, sent) in [
        (Duration::ZERO, r#""timeout_ms":1}"#),
        (Duration::from_nanos(1_000_001), r#""timeout_ms":2}"#),
        (Duration::MAX, r#""timeout_ms":4294967295}"#),
    ] {
        let request = request(Command::new("id").timeout(timeout));
        assert!(request.ends_with(sent), "{timeout:?}: {request}");
    }
}

#[test]
fn the_context_travels_with_the_request() {
    let context = Context::default().with_request_id("check-17").with_timeout(250);
    let answer = r#"{"stdout":"","stderr":"","exit_code":0}"#;
    let (_, calls) = Mock::new().answer("exec_command", answer).run(|| Command::new("id").output(&context));
    let (_, request) = &calls.requests[0];
    assert!(request.contains(r#""request_id":"check-17""#), "{request}");
    assert!(request.contains(r#""timeout_ms":250"#), "{request}");
}

#[test]
fn what_no_program_can_be_given_is_refused_without_asking() {
    let message = |command: &Command| {
        let error = refused(command, &Context::default());
        assert_eq!((error.kind(), &*error.code()), (Kind::Validation, "INVALID_REQUEST"));
        error.message().into_owned()
    };
    assert_eq!(message(&Command::new("l\0s")), "failed to execute 'l\0s': its path or its folder has a NUL");
    assert_eq!(
        message(Command::new("ls").current_dir("\0")),
        "failed to execute 'ls': its path or its folder has a NUL"
    );
    assert_eq!(
        message(Command::new("ls").args(["a", "b\0"])),
        "failed to execute 'ls': its argument 2 has a NUL"
    );
    assert_eq!(
        message(Command::new("ls").env("A", "\0")),
        "failed to execute 'ls': the variable 'A' of its environment has a NUL"
    );
    for name in ["", "A=B", "=", "A\0"] {
        let message = message(Command::new("ls").env("FINE", "1").env(name, "1"));
        let expected = format!("a variable of its environment is called '{name}', and a name can't be empty");
        assert!(message.contains(&expected), "{message}");
    }
}

#[test]
fn says_what_a_command_printed_and_how_it_ended() {
    let output = output(
        r#"{"stdout":"a\nb\n","stderr":"careful","exit_code":0,"duration_ms":1500,"stderr_truncated":true}"#,
    );
    assert_eq!((&*output.stdout(), &*output.stderr()), ("a\nb\n", "careful"));
    assert_eq!((output.status().success(), output.status().code()), (true, Some(0)));
    assert_eq!(output.duration(), Duration::from_millis(1_500));
    assert!(!output.timed_out() && !output.stdout_truncated() && output.stderr_truncated());
    assert_eq!(output.exit_ok().unwrap().stdout(), "a\nb\n");
}

#[test]
fn output_without_escapes_is_not_copied() {
    let output = output(r#"{"stdout":"active","stderr":"\u0000","exit_code":0,"stdout_truncated":true}"#);
    assert!(matches!(output.stdout(), Cow::Borrowed("active")) && output.stdout_truncated());
    assert!(matches!(output.stderr(), Cow::Owned(text) if text == "\0"));
}

#[test]
fn output_that_is_not_utf_8_is_text_with_replacements() {
    // As hosts send it, and as one might.
    assert_eq!(output("{\"stdout\":\"a\u{fffd}b\",\"stderr\":\"\",\"exit_code\":0}").stdout(), "a\u{fffd}b");
    let answer = b"{\"stdout\":\"a\xFFb\",\"stderr\":\"\\ud800\",\"exit_code\":0}";
    let mock = Mock::new().answer("exec_command", answer.as_slice());
    let (output, _) = mock.run(|| Command::new("x").output(&Context::default()).unwrap());
    assert_eq!((output.stdout(), output.stderr()), ("a\u{fffd}b".into(), "\u{fffd}".into()));
}

#[test]
fn an_exit_status_is_an_error_only_if_that_is_asked_for() {
    let command = Command::new("systemctl");
    let (result, _) = run(&command, r#"{"stdout":"inactive\n","stderr":"why\n","exit_code":3}"#);
    let output = result.unwrap();
    assert_eq!((output.status().success(), output.status().code()), (false, Some(3)));
    assert_eq!(output.stdout(), "inactive\n");
    let error = output.exit_ok().unwrap_err();
    assert_eq!((error.kind(), &*error.code()), (Kind::Exec, "exit_3"));
    assert_eq!(error.message(), "command 'systemctl' exited with code 3: why\n");
}

#[test]
fn a_command_that_a_signal_ended_has_no_exit_status() {
    let output = output(r#"{"stdout":"","stderr":"","exit_code":-1}"#);
    assert_eq!((output.status().success(), output.status().code()), (false, None));
    assert!(!output.timed_out());
    let error = output.exit_ok().unwrap_err();
    assert_eq!((error.kind(), &*error.code()), (Kind::Exec, "exit_-1"));
}

#[test]
fn no_exit_status_turns_into_success() {
    for (sent, code) in [(4_294_967_296_i64, i32::MAX), (-4_294_967_296, i32::MIN), (3_221_225_477, i32::MAX)]
    {
        let status = output(&format!(r#"{{"stdout":"","stderr":"","exit_code":{sent}}}"#)).status();
        assert_eq!((status.success(), status.code()), (false, Some(code)));
    }
}

#[test]
fn a_command_whose_time_is_over_has_run() {
    for code in [-1, 0] {
        let output = output(&format!(
            r#"{{"stdout":"so far","stderr":"","exit_code":{code},"duration_ms":250,"is_timeout":true}}"#
        ));
        assert_eq!(
            (output.timed_out(), output.status().success(), output.status().code()),
            (true, false, None)
        );
        assert_eq!(output.stdout(), "so far");
        let error = output.exit_ok().unwrap_err();
        assert_eq!((error.kind(), error.is_timeout(), &*error.code()), (Kind::Timeout, true, "exec"));
        assert_eq!(error.message(), "exec timeout after 250ms (target: x)");
        assert!(error.cause().is_none());
    }
}

#[test]
fn the_error_of_a_late_command_has_the_start_of_what_it_complained_about() {
    let long = "ä".repeat(2_049);
    for (stderr, shown) in [("locked", "locked"), (&long, &*format!("{}…", &long[..4_096]))] {
        let answer = format!(r#"{{"stdout":"","stderr":"{stderr}","exit_code":-1,"is_timeout":true}}"#);
        let cause = output(&answer).exit_ok().unwrap_err().cause().unwrap();
        assert_eq!((cause.kind(), &*cause.code()), (Kind::Exec, "exit_-1"));
        assert_eq!(cause.message(), format!("command 'x' exited with code -1: {shown}"));
    }
}

#[test]
fn a_denial_keeps_what_the_host_said() {
    let denial = concat!(
        r#"{"error":{"message":"exec capability denied: id","type":"capability","code":"CAPABILITY_DENIED","#,
        r#""details":{"grant":"exec:id"}},"stdout":"","stderr":"","exit_code":0}"#
    );
    let error = run(&Command::new("id"), denial).0.unwrap_err();
    assert_eq!((error.kind(), &*error.code()), (Kind::Capability, "CAPABILITY_DENIED"));
    assert_eq!(error.details().get("grant").text().unwrap(), "exec:id");
}

#[test]
fn an_envelope_is_an_error() {
    let envelope = r#"{"error":"VALIDATION_ERROR","message":"exec capability denied: id","code":400}"#;
    let error = run(&Command::new("id"), envelope).0.unwrap_err();
    assert_eq!((error.kind(), &*error.code()), (Kind::Capability, "VALIDATION_ERROR"));
    assert_eq!(error.message(), "exec capability denied: id");
}

#[test]
fn a_program_that_is_not_there_is_an_error() {
    let answer = concat!(
        r#"{"error":{"message":"exec: \"nosuch\": executable file not found in $PATH","type":"execution","#,
        r#""code":"EXECUTION_FAILED"},"stdout":"","stderr":"","exit_code":0}"#
    );
    let error = run(&Command::new("nosuch"), answer).0.unwrap_err();
    assert_eq!((&*error.type_name(), &*error.code()), ("execution", "EXECUTION_FAILED"));
    assert_eq!(error.message(), "exec: \"nosuch\": executable file not found in $PATH");
}

#[test]
fn answers_that_break_the_protocol_are_errors() {
    for answer in
        ["", "null", "{}", "[]", "{", r#"{"stdout":7,"exit_code":0}"#, r#"{"stdout":"","exit_code":"0"}"#]
    {
        let error = run(&Command::new("id"), answer).0.unwrap_err();
        assert_eq!(error.kind(), Kind::Internal, "{answer}: {error:?}");
    }
}

#[test]
fn a_context_that_is_given_up_asks_for_nothing() {
    let enough = Cancellation::new();
    enough.cancel();
    let check = Context::default();
    for context in [check.canceled(), check.with_cancellation(&enough)] {
        let error = refused(&Command::new("id"), &context);
        assert_eq!((error.kind(), &*error.code()), (Kind::Timeout, "CANCELED"));
    }
}

#[test]
fn a_context_whose_time_is_over_asks_for_nothing() {
    let mock = Mock::new().clock(Timestamp::from_unix(1_800_000_000, 0));
    let (error, calls) = mock.run(|| {
        let context = Context::default().within(Duration::from_secs(1));
        time::sleep(Duration::from_secs(1));
        Command::new("id").output(&context).unwrap_err()
    });
    assert_eq!((error.kind(), &*error.code()), (Kind::Timeout, "DEADLINE_EXCEEDED"));
    assert_eq!(calls.functions(), [""; 0]);
}
