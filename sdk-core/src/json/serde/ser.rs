//! A serializer that writes into the buffer that leaves.

mod key;

use core::fmt;

use serde_core::Serialize;
use serde_core::ser::{
    SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant,
};

use self::key::Key;
use super::error::Error;
use crate::error::Displayed;
use crate::json::{Str, Writer};

/// Writes a value as the next one of a document.
///
/// # Errors
///
/// The value has a float that is not finite or a map whose keys are neither strings nor numbers, booleans or names
/// of variants; or its own code fails. What was written before stays, and nothing is added.
///
/// ```
/// use reglet_sdk_core::json::{self, Writer};
/// use serde::Serialize;
///
/// #[derive(Serialize)]
/// struct Usage {
///     mount: &'static str,
///     share: f64,
/// }
///
/// let mut out = Writer::new();
/// json::to_writer(&mut out, &[Usage { mount: "/", share: 0.25 }])?;
/// assert_eq!(out.as_bytes(), br#"[{"mount":"/","share":0.25}]"#);
/// # Ok::<(), json::serde::Error>(())
/// ```
pub fn to_writer<T: Serialize + ?Sized>(out: &mut Writer<'_>, value: &T) -> Result<(), Error> {
    let len = out.as_bytes().len();
    let result = value.serialize(Serializer { out });
    if result.is_err() {
        out.truncate(len);
    }
    result
}

/// The text, without its escapes.
impl Serialize for Str<'_> {
    fn serialize<S: serde_core::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.decode())
    }
}

struct Serializer<'a, 'stack> {
    out: &'a mut Writer<'stack>,
}

impl<'a, 'stack> Serializer<'a, 'stack> {
    fn array(self) -> Compound<'a, 'stack> {
        self.out.begin_array();
        Compound { out: self.out, end: "]" }
    }

    fn object(self) -> Compound<'a, 'stack> {
        self.out.begin_object();
        Compound { out: self.out, end: "}" }
    }

    /// Opens the object around a variant's data.
    fn variant(&mut self, name: &str) {
        self.out.begin_object();
        self.out.key(name);
    }

    fn null(self) -> Result<(), Error> {
        self.out.raw(b"null");
        Ok(())
    }
}

macro_rules! integers {
    ($($type:ty: $serialize:ident $write:ident,)*) => {$(
        fn $serialize(self, value: $type) -> Result<(), Error> {
            self.out.$write(value.into());
            Ok(())
        }
    )*};
}

macro_rules! floats {
    ($($type:ty: $serialize:ident,)*) => {$(
        fn $serialize(self, value: $type) -> Result<(), Error> {
            if !value.is_finite() {
                return Err(not_finite());
            }
            self.out.raw(zmij::Buffer::new().format_finite(value).as_bytes());
            Ok(())
        }
    )*};
}

#[cold]
fn not_finite() -> Error {
    Error::unwritable("unsupported value: a float that is not finite")
}

impl<'a, 'stack> serde_core::Serializer for Serializer<'a, 'stack> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Compound<'a, 'stack>;
    type SerializeTuple = Compound<'a, 'stack>;
    type SerializeTupleStruct = Compound<'a, 'stack>;
    type SerializeTupleVariant = Compound<'a, 'stack>;
    type SerializeMap = Compound<'a, 'stack>;
    type SerializeStruct = Compound<'a, 'stack>;
    type SerializeStructVariant = Compound<'a, 'stack>;

    fn serialize_bool(self, value: bool) -> Result<(), Error> {
        self.out.raw(if value { b"true" } else { b"false" });
        Ok(())
    }

    integers! {
        i8: serialize_i8 integer,
        i16: serialize_i16 integer,
        i32: serialize_i32 integer,
        i64: serialize_i64 integer,
        u8: serialize_u8 unsigned,
        u16: serialize_u16 unsigned,
        u32: serialize_u32 unsigned,
        u64: serialize_u64 unsigned,
    }

    floats! {
        f32: serialize_f32,
        f64: serialize_f64,
    }

    fn serialize_i128(self, value: i128) -> Result<(), Error> {
        self.out.raw(if value < 0 { b"-" } else { b"" });
        wide(value.unsigned_abs(), self.out);
        Ok(())
    }

    fn serialize_u128(self, value: u128) -> Result<(), Error> {
        self.out.raw(b"");
        wide(value, self.out);
        Ok(())
    }

    fn serialize_char(self, value: char) -> Result<(), Error> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Result<(), Error> {
        self.out.text(&value);
        Ok(())
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), Error> {
        self.collect_seq(value)
    }

    fn serialize_none(self) -> Result<(), Error> {
        self.null()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Error> {
        self.null()
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Error> {
        self.null()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), Error> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        mut self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        self.variant(variant);
        value.serialize(Serializer { out: self.out })?;
        self.out.end_object();
        Ok(())
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Compound<'a, 'stack>, Error> {
        Ok(self.array())
    }

    fn serialize_tuple(self, _: usize) -> Result<Compound<'a, 'stack>, Error> {
        Ok(self.array())
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Compound<'a, 'stack>, Error> {
        Ok(self.array())
    }

    fn serialize_tuple_variant(
        mut self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Compound<'a, 'stack>, Error> {
        self.variant(variant);
        Ok(Compound { end: "]}", ..self.array() })
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Compound<'a, 'stack>, Error> {
        Ok(self.object())
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Compound<'a, 'stack>, Error> {
        Ok(self.object())
    }

    fn serialize_struct_variant(
        mut self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Compound<'a, 'stack>, Error> {
        self.variant(variant);
        Ok(Compound { end: "}}", ..self.object() })
    }

    fn collect_str<T: fmt::Display + ?Sized>(self, value: &T) -> Result<(), Error> {
        self.out.text(&Displayed(&value));
        Ok(())
    }
}

/// Appends an integer of any size in decimal.
fn wide(value: u128, out: &mut Writer<'_>) {
    const BASE: u128 = 10_u128.pow(19);
    let (high, low) = (value / BASE, (value % BASE) as u64);
    if high == 0 {
        return out.digits(false, low);
    }
    wide(high, out);
    let mut text = [b'0'; 19];
    crate::json::decimal(low, &mut text);
    out.append(&text);
}

/// An array or an object that is being written.
struct Compound<'a, 'stack> {
    out: &'a mut Writer<'stack>,
    /// What closes it, and the variant's object around it.
    end: &'static str,
}

impl Compound<'_, '_> {
    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        value.serialize(Serializer { out: self.out })
    }

    fn member<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Error> {
        self.out.key(key);
        self.element(value)
    }

    fn close(self) -> Result<(), Error> {
        self.out.plain(self.end);
        Ok(())
    }
}

impl SerializeMap for Compound<'_, '_> {
    type Ok = ();
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        key.serialize(Key { out: self.out })
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.element(value)
    }

    fn end(self) -> Result<(), Error> {
        self.close()
    }
}

macro_rules! elements {
    ($($Trait:ident $serialize:ident,)*) => {$(
        impl $Trait for Compound<'_, '_> {
            type Ok = ();
            type Error = Error;

            fn $serialize<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
                self.element(value)
            }

            fn end(self) -> Result<(), Error> {
                self.close()
            }
        }
    )*};
}
elements! {
    SerializeSeq serialize_element,
    SerializeTuple serialize_element,
    SerializeTupleStruct serialize_field,
    SerializeTupleVariant serialize_field,
}

macro_rules! members {
    ($($Trait:ident,)*) => {$(
        impl $Trait for Compound<'_, '_> {
            type Ok = ();
            type Error = Error;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                key: &'static str,
                value: &T,
            ) -> Result<(), Error> {
                self.member(key, value)
            }

            fn end(self) -> Result<(), Error> {
                self.close()
            }
        }
    )*};
}
members!(SerializeStruct, SerializeStructVariant,);
