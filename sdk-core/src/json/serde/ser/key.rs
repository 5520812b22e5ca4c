//! Keys of maps.

use core::fmt;

use serde_core::Serialize;
use serde_core::ser::Impossible;

use super::{Error, not_finite, wide};
use crate::error::Displayed;
use crate::json::Writer;
use crate::text::Piece;

/// Writes a map's key: a string, or in quotes what can stand for itself.
pub(super) struct Key<'a, 'stack> {
    pub(super) out: &'a mut Writer<'stack>,
}

impl Key<'_, '_> {
    fn write(self, key: &dyn Piece) -> Result<(), Error> {
        self.out.text(key);
        self.out.append(b":");
        Ok(())
    }

    #[cold]
    fn refuse<T>(self) -> Result<T, Error> {
        Err(Error::unwritable("unsupported value: a key that is no string"))
    }
}

macro_rules! keys {
    ($($type:ty: $serialize:ident,)*) => {$(
        fn $serialize(self, key: $type) -> Result<(), Error> {
            self.write(&key)
        }
    )*};
}

macro_rules! refused {
    ($($serialize:ident($($type:ty),*) -> $Ok:ty,)*) => {$(
        fn $serialize(self, $(_: $type),*) -> Result<$Ok, Error> {
            self.refuse()
        }
    )*};
}

macro_rules! wide_keys {
    ($($type:ty: $serialize:ident,)*) => {$(
        fn $serialize(self, key: $type) -> Result<(), Error> {
            self.out.raw(b"\"");
            #[allow(unused_comparisons, reason = "unsigned types are among them")]
            self.out.plain(if key < 0 { "-" } else { "" });
            wide(key.abs_diff(0), self.out);
            self.out.plain("\":");
            Ok(())
        }
    )*};
}

macro_rules! float_keys {
    ($($type:ty: $serialize:ident,)*) => {$(
        fn $serialize(self, key: $type) -> Result<(), Error> {
            if !key.is_finite() {
                return Err(not_finite());
            }
            self.write(&zmij::Buffer::new().format_finite(key))
        }
    )*};
}

impl serde_core::Serializer for Key<'_, '_> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Impossible<(), Error>;
    type SerializeTuple = Impossible<(), Error>;
    type SerializeTupleStruct = Impossible<(), Error>;
    type SerializeTupleVariant = Impossible<(), Error>;
    type SerializeMap = Impossible<(), Error>;
    type SerializeStruct = Impossible<(), Error>;
    type SerializeStructVariant = Impossible<(), Error>;

    keys! {
        i8: serialize_i8,
        i16: serialize_i16,
        i32: serialize_i32,
        i64: serialize_i64,
        u8: serialize_u8,
        u16: serialize_u16,
        u32: serialize_u32,
        u64: serialize_u64,
        &str: serialize_str,
    }

    wide_keys! {
        i128: serialize_i128,
        u128: serialize_u128,
    }

    float_keys! {
        f32: serialize_f32,
        f64: serialize_f64,
    }

    refused! {
        serialize_bytes(&[u8]) -> (),
        serialize_none() -> (),
        serialize_unit() -> (),
        serialize_unit_struct(&'static str) -> (),
        serialize_seq(Option<usize>) -> Self::SerializeSeq,
        serialize_tuple(usize) -> Self::SerializeTuple,
        serialize_tuple_struct(&'static str, usize) -> Self::SerializeTupleStruct,
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Self::SerializeTupleVariant,
        serialize_map(Option<usize>) -> Self::SerializeMap,
        serialize_struct(&'static str, usize) -> Self::SerializeStruct,
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> Self::SerializeStructVariant,
    }

    fn serialize_bool(self, key: bool) -> Result<(), Error> {
        self.write(&if key { "true" } else { "false" })
    }

    fn serialize_char(self, key: char) -> Result<(), Error> {
        self.write(&&*key.encode_utf8(&mut [0; 4]))
    }

    fn serialize_some<T: Serialize + ?Sized>(self, key: &T) -> Result<(), Error> {
        key.serialize(self)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), Error> {
        self.write(&variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, key: &T) -> Result<(), Error> {
        key.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), Error> {
        self.refuse()
    }

    fn collect_str<T: fmt::Display + ?Sized>(self, key: &T) -> Result<(), Error> {
        self.write(&Displayed(&key))
    }
}
