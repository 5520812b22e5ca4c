//! Requests that slip past the checks of other hosts, because those read them twice, by different rules, and skip the
//! check when one reading fails (`docs/protocol.md#k8`). Here each is refused, with nothing done.

use std::net::TcpListener;

use reglet_bench_host::Functions;

use super::*;

/// What makes the other hosts' check fail to read a request, as members to be added.
const SPOILED: [&str; 6] = [
    r#""context":"""#,
    r#""context":1"#,
    r#""context":{"deadline":"never"}"#,
    r#""context":{"timeout_ms":"1"}"#,
    r#""timeout_ms":"1""#,
    r#""context":{"canceled":"no"}"#,
];

#[test]
fn a_request_that_can_not_be_read_is_never_done() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let marker = tempfile::tempdir().unwrap().path().join("marker");
    let marker_text = marker.to_str().unwrap();
    let requests = [
        ("tcp_connect", format!(r#"{{"host":"127.0.0.1","port":{port},"#)),
        ("smtp_connect", format!(r#"{{"host":"127.0.0.1","port":{port},"#)),
        ("http_request", format!(r#"{{"url":"http://127.0.0.1:{port}/","headers":{{"A":"b"}},"#)),
        ("dns_lookup", format!(r#"{{"hostname":"a.example","nameserver":"127.0.0.1:{port}","#)),
        ("exec_command", format!(r#"{{"command":"/bin/sh","args":["-c","touch {marker_text}"],"#)),
    ];
    for (function, request) in &requests {
        // The spoiled ones are not done even where all is granted, and sound ones not without a grant.
        let everything = loopback().as_ref().clone().exec("/**").unwrap().network("*", "*").unwrap();
        for (grants, members, code) in SPOILED
            .iter()
            .map(|spoiled| (everything.clone(), *spoiled, "INVALID_REQUEST"))
            .chain([(Grants::default(), r#""context":{}"#, "CAPABILITY_DENIED")])
        {
            let request = format!("{request}{members}}}");
            let answer = host().invoke(&Arc::new(grants), function, request.as_bytes());
            let answer: Value = serde_json::from_slice(&answer).unwrap();
            assert_eq!(answer["error"]["code"], code, "{function} {request}: {answer}");
        }
    }
    assert_nobody_came(&listener);
    assert!(!marker.exists());
}

#[test]
fn middleware_of_the_embedder_does_not_hide_a_request_from_the_check() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    // As others' middleware for a user agent does: it writes the request anew.
    let functions = Functions::all().wrapped(|call, request, next| {
        let mut request: Value = serde_json::from_slice(request).unwrap();
        request["headers"] = serde_json::json!({ "User-Agent": "mine" });
        next(call, request.to_string().as_bytes())
    });
    let host = Host::builder().functions(functions).build().unwrap();
    let request = serde_json::json!({ "url": format!("http://127.0.0.1:{port}/") });
    let answer = invoke(&host, &Arc::default(), "http_request", &request);
    assert_error(&answer, "capability", "CAPABILITY_DENIED", "network capability denied: 127.0.0.1:");
    assert_nobody_came(&listener);
}
