//! Plugins with operations whose input and output are types of serde.

use reglet_sdk_std::plugin::{check_examples, observe};
use reglet_sdk_std::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
struct Question {
    /// What to count.
    words: Vec<String>,
}

#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
struct Answer {
    /// How many there are.
    count: usize,
    /// The longest.
    longest: Option<String>,
}

serde_config!(Question, schema: include_str!("schemas/question.json"));
serde_config!(Answer, schema: include_str!("schemas/answer.json"));

fn count(question: Question, _: &Context<'_>) -> Result<Outcome, Error> {
    let longest = question.words.iter().max_by_key(|word| word.len()).cloned();
    Outcome::success("counted").try_data_from(&Answer { count: question.words.len(), longest })
}

services! {
    /// Counts.
    pub struct Counter;

    const METADATA: Metadata = Metadata::new("counter", "1.0.0", "Counts");

    /// Words.
    words {
        /// Counts words.
        count -> Answer [
            Example::new("two", r#"{"words": ["a", "bc"]}"#).output(r#"{"count": 2, "longest": "bc"}"#),
            Example::new("none", r#"{"words": []}"#).output(r#"{"count": 0, "longest": null}"#),
        ],
    }
}

export_plugin!(Counter);

#[test]
fn examples_fit_their_types() {
    check_examples::<Counter>();
}

#[test]
fn examples_are_what_comes_of_their_input() {
    for example in Counter::METADATA.services[0].operations[0].examples {
        let outcome = observe::<Counter>(example.input.as_bytes());
        let outcome: serde_json::Value = serde_json::from_slice(&outcome).unwrap();
        let output: serde_json::Value = serde_json::from_str(example.output.unwrap()).unwrap();
        assert_eq!(outcome["data"], output, "{}", example.name);
    }
}

#[test]
#[cfg(feature = "schemars")]
fn the_schemas_are_current() {
    reglet_sdk_std::schema::assert_current::<Question>("tests/schemas/question.json");
    reglet_sdk_std::schema::assert_current::<Answer>("tests/schemas/answer.json");
}

#[test]
fn data_are_the_members_of_a_struct_or_a_map() {
    let data = |outcome: Outcome| {
        String::from_utf8(outcome.into_json()).unwrap().split_once("\"data\":").unwrap().1.to_owned()
    };
    let answer = Answer { count: 1, longest: None };
    let outcome = Outcome::success("").data("a", 1).try_data_from(&answer).unwrap().data("b", 2);
    assert_eq!(data(outcome), r#"{"a":1,"count":1,"longest":null,"b":2}}"#);
    let empty = std::collections::BTreeMap::<String, u8>::new();
    assert_eq!(data(Outcome::success("").try_data_from(&empty).unwrap().data("b", 2)), r#"{"b":2}}"#);
    let error = Outcome::success("").try_data_from(&[1]).unwrap_err();
    assert_eq!(error.to_string(), "the data of an outcome are a struct or a map");
    assert!(
        Outcome::success("").try_data_from(&std::collections::BTreeMap::from([("x", f64::NAN)])).is_err()
    );
}
