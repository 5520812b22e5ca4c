//! JSON that the author wrote, looked into when the plugin is compiled.

use super::Document;

/// The members of an object that are still to come: keys without their quotes, and values.
pub(super) struct Members<'a> {
    object: &'a str,
    at: usize,
}

impl<'a> Members<'a> {
    pub(super) const fn of(object: &'a str) -> Self {
        let mut members = Self { object, at: 0 };
        members.skip(b'{');
        members
    }

    pub(super) const fn next(&mut self) -> Option<(&'a str, &'a str)> {
        self.skip(b',');
        let text = self.object.as_bytes();
        if self.at >= text.len() || text[self.at] != b'"' {
            return None;
        }
        let key = self.value();
        self.skip(b':');
        Some((key.split_at(key.len() - 1).0.split_at(1).1, self.value()))
    }

    /// Goes on to what follows white space and this byte.
    const fn skip(&mut self, byte: u8) {
        let text = self.object.as_bytes();
        while self.at < text.len() && (text[self.at] == byte || text[self.at].is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    const fn value(&mut self) -> &'a str {
        let text = self.object.as_bytes();
        let start = self.at;
        let mut quoted = false;
        let mut depth = 0_usize;
        loop {
            assert!(self.at < text.len(), "JSON in a constant is not complete");
            match text[self.at] {
                b'\\' if quoted => self.at += 1,
                b'"' => quoted = !quoted,
                _ if quoted => {}
                b'{' | b'[' => depth += 1,
                b'}' | b']' | b',' | b':' | b' ' | b'\t' | b'\r' | b'\n' if depth == 0 => break,
                b'}' | b']' => depth -= 1,
                _ => {}
            }
            self.at += 1;
        }
        self.object.split_at(self.at).0.split_at(start).1
    }
}

/// Whether it looks like an object. What is in it is for tests to check.
pub(crate) const fn is_object(json: &str) -> bool {
    matches!(json.as_bytes().trim_ascii(), [b'{', .., b'}'])
}

/// The member of an object that has this key, spelled without escapes.
pub(crate) const fn member<'a>(object: &'a str, key: &str) -> Option<&'a str> {
    let mut members = Members::of(object);
    while let Some((name, value)) = members.next() {
        if crate::metadata::same(name, key) {
            return Some(value);
        }
    }
    None
}

/// Whether a schema refers to itself as a whole, with `"$ref": "#"`.
pub(crate) const fn is_recursive(schema: &str) -> bool {
    let mut rest = schema.as_bytes();
    while let [_, tail @ ..] = rest {
        if let [b'"', b'$', b'r', b'e', b'f', b'"', value @ ..] = rest
            && let [b':', value @ ..] = value.trim_ascii_start()
            && let [b'"', b'#', b'"', ..] = value.trim_ascii_start()
        {
            return true;
        }
        rest = tail;
    }
    false
}

/// Whether an array of strings has this one.
pub(super) const fn lists(array: &str, string: &str) -> bool {
    let mut items = Members { object: array, at: 0 };
    items.skip(b'[');
    loop {
        items.skip(b',');
        if items.at >= array.len() || array.as_bytes()[items.at] != b'"' {
            return false;
        }
        let item = items.value();
        if crate::metadata::same(item.split_at(item.len() - 1).0.split_at(1).1, string) {
            return true;
        }
    }
}

impl<const N: usize> Document<N> {
    /// JSON that the author wrote, without the white space between its tokens. Its strings and brackets must close,
    /// so that it can't spoil the document around it.
    pub(super) const fn compact(&mut self, json: &str) {
        let json = json.as_bytes();
        let mut quoted = false;
        let mut depth = 0_usize;
        let mut at = 0;
        while at < json.len() {
            match json[at] {
                b'\\' if quoted && at + 1 < json.len() => {
                    self.byte(b'\\');
                    at += 1;
                }
                b'"' => quoted = !quoted,
                b'{' | b'[' if !quoted => depth += 1,
                b'}' | b']' if !quoted => {
                    assert!(depth > 0, "JSON in a constant closes more than it opens");
                    depth -= 1;
                }
                _ => {}
            }
            if quoted || !matches!(json[at], b' ' | b'\t' | b'\r' | b'\n') {
                self.byte(json[at]);
            }
            at += 1;
        }
        assert!(!quoted && depth == 0 && !json.is_empty(), "JSON in a constant is not complete");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCHEMA: &str = r##" { "a\"}" : "x:,]" , "required":["b", "c\"]"],"e":{}, "n" : -1.5e3 } "##;

    #[test]
    fn takes_objects_apart() {
        let mut members = Members::of(SCHEMA);
        let mut found = alloc::vec::Vec::new();
        while let Some(member) = members.next() {
            found.push(member);
        }
        let all = [("a\\\"}", "\"x:,]\""), ("required", r#"["b", "c\"]"]"#), ("e", "{}"), ("n", "-1.5e3")];
        assert_eq!(found, all);
        assert_eq!((member(SCHEMA, "e"), member(SCHEMA, "f"), member("{}", "e")), (Some("{}"), None, None));
    }

    #[test]
    fn finds_strings_in_arrays() {
        for (array, string, is_there) in [
            (r#"[ "b" , "c" ]"#, "c", true),
            (r#"["b","c"]"#, "b", true),
            (r#"["bc"]"#, "b", false),
            ("[]", "b", false),
            ("", "b", false),
        ] {
            assert_eq!(lists(array, string), is_there, "{array}");
        }
    }

    #[test]
    fn knows_objects_and_schemas_that_contain_themselves() {
        assert!(is_object(" {} \n") && !is_object("[]") && !is_object("{") && !is_object(""));
        assert!(is_recursive(r##"{"$ref": "#"}"##) && !is_recursive(r##"{"$ref": "#/$defs/A"}"##));
        assert!(!is_recursive(r##"{"default": "#", "$ref": "#/$defs/A"}"##));
    }
}
