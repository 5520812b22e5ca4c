//! What an answer says of a certificate, names in the form that Go's `pkix.Name` prints.

use reglet_sdk_core::Timestamp;
use x509_parser::asn1_rs::{Any, PrintableString, Tag, ToDer, Utf8String};
use x509_parser::error::X509Error;
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::x509::X509Name;

/// The certificate's part of an answer.
pub(super) struct Summary {
    pub(super) subject: String,
    pub(super) issuer: String,
    pub(super) not_after: Timestamp,
}

/// Reads a certificate.
pub(super) fn read(der: &[u8]) -> Result<Summary, X509Error> {
    let (_, certificate) = X509Certificate::from_der(der)?;
    Ok(Summary {
        subject: name(certificate.subject()),
        issuer: name(certificate.issuer()),
        not_after: Timestamp::from_unix(certificate.validity().not_after.timestamp(), 0),
    })
}

/// In the order in which Go prints them. Of some types it keeps one value alone, the last one.
const TYPES: [(&str, &str, Values); 9] = [
    ("2.5.4.5", "SERIALNUMBER", Values::Last),
    ("2.5.4.3", "CN", Values::Last),
    ("2.5.4.11", "OU", Values::All),
    ("2.5.4.10", "O", Values::All),
    ("2.5.4.17", "POSTALCODE", Values::All),
    ("2.5.4.9", "STREET", Values::All),
    ("2.5.4.7", "L", Values::All),
    ("2.5.4.8", "ST", Values::All),
    ("2.5.4.6", "C", Values::All),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Values {
    All,
    Last,
}

fn name(name: &X509Name<'_>) -> String {
    let attributes: Vec<(String, String)> = name
        .iter_attributes()
        .map(|attribute| (attribute.attr_type().to_id_string(), text(attribute.attr_value())))
        .collect();
    join(&attributes)
}

/// Joins attributes, as pairs of OID and value, into a name; those of other types come last, in reverse order.
fn join(attributes: &[(String, String)]) -> String {
    let mut parts = Vec::new();
    for (oid, label, keep) in TYPES {
        let mut values: Vec<&str> =
            attributes.iter().filter(|(other, _)| other == oid).map(|(_, value)| value.as_str()).collect();
        if keep == Values::Last {
            values = values.pop().filter(|value| !value.is_empty()).into_iter().collect();
        }
        if !values.is_empty() {
            let values: Vec<_> =
                values.into_iter().map(|value| format!("{label}={}", escape(value))).collect();
            parts.push(values.join("+"));
        }
    }
    for (oid, value) in attributes.iter().rev() {
        if TYPES.iter().all(|(known, ..)| oid != known) {
            parts.push(format!("{oid}=#{}", hex(&der(value))));
        }
    }
    parts.join(",")
}

/// Escapes as RFC 2253 demands.
fn escape(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for (at, character) in value.char_indices() {
        let special = match character {
            ',' | '+' | '"' | '\\' | '<' | '>' | ';' => true,
            ' ' => at == 0 || at + 1 == value.len(),
            '#' => at == 0,
            _ => false,
        };
        if special {
            out.push('\\');
        }
        out.push(character);
    }
    out
}

fn text(value: &Any<'_>) -> String {
    match value.tag() {
        // Everybody reads T.61 as Latin-1.
        Tag::T61String => value.data.iter().copied().map(char::from).collect(),
        Tag::BmpString => {
            let units: Vec<u16> =
                value.data.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
            String::from_utf16_lossy(units.strip_suffix(&[0]).unwrap_or(&units))
        }
        _ => String::from_utf8_lossy(value.data).into_owned(),
    }
}

/// The DER that Go makes of a string, whatever it was in the certificate.
fn der(value: &str) -> Vec<u8> {
    let printable = |byte: u8| byte.is_ascii_alphanumeric() || b" '()+,-./:=?".contains(&byte);
    let der = if value.bytes().all(printable) {
        PrintableString::new(value).to_der_vec()
    } else {
        Utf8String::new(value).to_der_vec()
    };
    der.unwrap_or_default()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use rcgen::string::{BmpString, PrintableString, TeletexString};
    use rcgen::{CertificateParams, DistinguishedName, DnType, DnValue, KeyPair};

    use super::{join, read};

    /// Expected texts in this file come from Go 1.26.
    fn assert_prints(attributes: &[(&str, &str)], expected: &str) {
        let attributes: Vec<_> =
            attributes.iter().map(|(oid, value)| ((*oid).to_owned(), (*value).to_owned())).collect();
        assert_eq!(join(&attributes), expected);
    }

    #[test]
    fn attributes_come_in_the_order_of_go() {
        assert_prints(
            &[
                ("2.5.4.5", "5"),
                ("2.5.4.3", "localhost"),
                ("2.5.4.11", "Unit"),
                ("2.5.4.10", "Reglet"),
                ("2.5.4.17", "8000"),
                ("2.5.4.9", "Main St"),
                ("2.5.4.7", "Zürich"),
                ("2.5.4.8", "ZH"),
                ("2.5.4.6", "CH"),
            ],
            "SERIALNUMBER=5,CN=localhost,OU=Unit,O=Reglet,POSTALCODE=8000,STREET=Main St,L=Zürich,ST=ZH,C=CH",
        );
    }

    #[test]
    fn special_characters_are_escaped() {
        assert_prints(
            &[("2.5.4.3", "#a,b+c\"d\\e<f>g;h "), ("2.5.4.10", " O # ")],
            r#"CN=\#a\,b\+c\"d\\e\<f\>g\;h\ ,O=\ O #\ "#,
        );
        assert_prints(&[("2.5.4.3", "ü "), ("2.5.4.10", " "), ("2.5.4.11", "")], r"CN=ü\ ,OU=,O=\ ");
    }

    #[test]
    fn other_types_come_last_as_der() {
        assert_prints(
            &[
                ("1.2.840.113549.1.9.1", "a@b.example"),
                ("0.9.2342.19200300.100.1.25", "com example"),
                ("2.5.4.3", "x"),
            ],
            "CN=x,0.9.2342.19200300.100.1.25=#130b636f6d206578616d706c65,\
             1.2.840.113549.1.9.1=#0c0b6140622e6578616d706c65",
        );
    }

    #[test]
    fn repeated_types_are_joined_but_one_common_name_stays() {
        assert_prints(
            &[("2.5.4.11", "A"), ("2.5.4.3", "x"), ("2.5.4.11", "B"), ("2.5.4.3", "y")],
            "CN=y,OU=A+OU=B",
        );
    }

    #[test]
    fn every_kind_of_string_is_read() {
        let mut name = DistinguishedName::new();
        name.push(DnType::CountryName, DnValue::PrintableString(PrintableString::try_from("CH").unwrap()));
        name.push(DnType::OrganizationName, DnValue::BmpString(BmpString::try_from("Grüße\0").unwrap()));
        name.push(DnType::LocalityName, DnValue::TeletexString(TeletexString::try_from("Bern").unwrap()));
        name.push(DnType::CommonName, "Zoë");
        let mut params = CertificateParams::default();
        params.distinguished_name = name;
        let certificate = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        assert_eq!(read(certificate.der()).unwrap().subject, "CN=Zoë,O=Grüße,L=Bern,C=CH");
    }

    #[test]
    fn what_is_no_certificate_is_an_error() {
        assert!(read(b"").is_err());
        assert!(read(b"\x30\x03\x02\x01\x05").is_err());
    }
}
