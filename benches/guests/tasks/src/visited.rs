//! Every value of a document, visited as serde reads it.

use core::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::Sum;

/// What [`Task::Events`](crate::Task::Events) makes of a document.
#[derive(Clone, Copy, Debug)]
pub struct Visited(pub Sum);

impl Visited {
    /// Together with what comes next.
    fn and(self, other: Self) -> Self {
        let Self(Sum(sum)) = self;
        Self(Sum(sum.wrapping_add(other.0.0).wrapping_sub(Sum::default().0)))
    }
}

impl<'de> Deserialize<'de> for Visited {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        struct Values;

        impl<'de> Visitor<'de> for Values {
            type Value = Visited;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }

            fn visit_unit<E>(self) -> Result<Visited, E> {
                Ok(Visited(Sum::default()))
            }

            fn visit_bool<E: Error>(self, value: bool) -> Result<Visited, E> {
                self.visit_i64(value.into())
            }

            fn visit_i64<E>(self, value: i64) -> Result<Visited, E> {
                Ok(Visited(Sum::default().number(value)))
            }

            fn visit_u64<E: Error>(self, value: u64) -> Result<Visited, E> {
                self.visit_i64(value.try_into().map_err(E::custom)?)
            }

            fn visit_str<E>(self, value: &str) -> Result<Visited, E> {
                Ok(Visited(Sum::default().text(value)))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Visited, A::Error> {
                let mut all = Visited(Sum::default());
                while let Some(element) = list.next_element()? {
                    all = all.and(element);
                }
                Ok(all)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Visited, A::Error> {
                let mut all = Visited(Sum::default());
                while let Some((key, value)) = object.next_entry::<Visited, Visited>()? {
                    all = all.and(key).and(value);
                }
                Ok(all)
            }
        }

        reader.deserialize_any(Values)
    }
}
