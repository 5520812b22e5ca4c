//! Arrays, objects and variants that are walked over.

use serde_core::Deserialize;
use serde_core::de::{
    DeserializeSeed, Deserializer as _, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor,
};

use super::key::{Key, Name};
use super::{Deserializer, Error};
use crate::json::scan::{COMMA, OBJECT};
use crate::json::{Expected, Field};

const END: &Field = &Field::new("", &Expected::described("the end of the array or object"), true);
const VARIANT: &Field = &Field::new(
    "",
    &Expected { what: "a variant's name or an object with its data", ..Expected::STRING },
    true,
);
const DATA: &Field = &Field::new("", &Expected::described("an object with the variant's data"), true);

/// An array or an object that is walked over.
pub(super) struct Container<'a, 'de> {
    de: &'a mut Deserializer<'de>,
    /// The bracket at its end.
    closer: u32,
    /// Whether nothing has been read yet.
    first: bool,
    /// Whether the end has not been seen yet.
    more: bool,
}

impl<'a, 'de> Container<'a, 'de> {
    /// What the deserializer has just stepped into, up to this bracket; nothing at all if there is no `more`.
    pub(super) const fn new(de: &'a mut Deserializer<'de>, closer: u32, more: bool) -> Self {
        Self { de, closer, first: true, more }
    }

    /// Steps to the next element or member.
    #[cfg_attr(not(target_feature = "simd128"), inline(never))]
    fn next(&mut self) -> bool {
        let scanner = &mut self.de.scanner;
        let next = scanner.peek();
        let ends = next == self.closer;
        if self.more && (ends || !self.first) {
            if !ends && next != COMMA {
                scanner.fail();
            }
            scanner.at += 1;
        }
        self.first = false;
        // After a failure there is no end to be found.
        self.more &= !ends && scanner.failure.is_none();
        self.more
    }

    /// Steps over the end, unless the visitor has. It need not have asked for more than it takes.
    #[inline(never)]
    pub(super) fn close(mut self) -> Result<(), Error> {
        if self.next() {
            let value = self.de.value()?;
            return Err(self.de.refuse(END, value));
        }
        self.de.scanner.depth -= 1;
        Ok(())
    }
}

impl<'de> SeqAccess<'de> for &mut Container<'_, 'de> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        if self.next() { seed.deserialize(&mut *self.de).map(Some) } else { Ok(None) }
    }
}

impl<'de> MapAccess<'de> for &mut Container<'_, 'de> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        if !self.next() {
            return Ok(None);
        }
        let raw = self.de.key()?;
        seed.deserialize(Key { de: self.de, raw }).map(Some)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Error> {
        seed.deserialize(&mut *self.de)
    }
}

/// The members of an object whose keys are names of fields.
pub(super) struct Fields<'a, 'b, 'de>(pub(super) &'a mut Container<'b, 'de>);

impl<'de> MapAccess<'de> for Fields<'_, '_, 'de> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        if self.0.next() { seed.deserialize(Name(self.0.de.key()?)).map(Some) } else { Ok(None) }
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Error> {
        seed.deserialize(&mut *self.0.de)
    }
}

/// A name alone, or an object with one member: the variant's name and its data.
impl<'a, 'de> EnumAccess<'de> for &'a mut Deserializer<'de> {
    type Error = Error;
    type Variant = Variant<'a, 'de>;

    fn variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<(T::Value, Variant<'a, 'de>), Error> {
        let variant = Variant::open(self)?;
        let name = seed.deserialize(Name(variant.name))?;
        Ok((name, variant))
    }
}

pub(in crate::json::serde) struct Variant<'a, 'de> {
    /// Around the data; empty if there are none.
    container: Container<'a, 'de>,
    name: &'de [u8],
    /// Whether the name is all there is.
    bare: bool,
}

impl<'a, 'de> Variant<'a, 'de> {
    #[cfg_attr(not(target_feature = "simd128"), inline(never))]
    fn open(de: &'a mut Deserializer<'de>) -> Result<Self, Error> {
        let bare = de.scanner.peek() != OBJECT;
        let place = de.document.get(de.scanner.at..).unwrap_or_default();
        if bare {
            let name = de.slot(VARIANT)?.raw;
            let container = Container::new(de, 0, false);
            return Ok(Self { container, name, bare });
        }
        let mut container = de.object()?;
        if !container.next() {
            return Err(container.de.refuse(VARIANT, place));
        }
        let name = container.de.key()?;
        Ok(Self { container, name, bare })
    }

    /// The variant has data.
    fn data(&mut self) -> Result<&mut Deserializer<'de>, Error> {
        let de = &mut *self.container.de;
        if self.bare { Err(de.refuse_quoted(DATA, self.name)) } else { Ok(de) }
    }
}

impl<'de> VariantAccess<'de> for Variant<'_, 'de> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        if self.bare {
            return Ok(());
        }
        <()>::deserialize(&mut *self.container.de)?;
        self.container.close()
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(mut self, seed: T) -> Result<T::Value, Error> {
        let value = seed.deserialize(self.data()?)?;
        self.container.close()?;
        Ok(value)
    }

    fn tuple_variant<V: Visitor<'de>>(mut self, _: usize, visitor: V) -> Result<V::Value, Error> {
        let value = self.data()?.deserialize_seq(visitor)?;
        self.container.close()?;
        Ok(value)
    }

    fn struct_variant<V: Visitor<'de>>(
        mut self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let value = self.data()?.deserialize_struct("", fields, visitor)?;
        self.container.close()?;
        Ok(value)
    }
}
