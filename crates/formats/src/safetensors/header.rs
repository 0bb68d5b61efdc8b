//! The JSON of a safetensors header. It is read as what it has to be, so that nothing of another
//! form takes memory, and a name that comes twice is noticed.

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::collections::{BTreeMap, HashSet};
use std::fmt;

/// Most tensors; the most known are some ten thousands.
const MOST_TENSORS: usize = 1_000_000;
/// Most dimensions of a tensor.
const MOST_DIMENSIONS: usize = 8;

/// Each tensor's name and place.
pub(super) struct Header(pub Vec<(String, Place)>);

#[derive(serde::Deserialize)]
pub(super) struct Place {
    pub dtype: String,
    #[serde(deserialize_with = "shape")]
    pub shape: Vec<u64>,
    pub data_offsets: [u64; 2],
}

impl<'de> Deserialize<'de> for Header {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Header, D::Error> {
        deserializer.deserialize_map(Tensors)
    }
}

struct Tensors;

impl<'de> Visitor<'de> for Tensors {
    type Value = Header;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of tensors")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Header, A::Error> {
        let mut names = HashSet::new();
        let mut places = Vec::new();
        while let Some(name) = map.next_key::<String>()? {
            if !names.insert(name.clone()) {
                return Err(A::Error::custom("a name that comes twice"));
            }
            if name == "__metadata__" {
                map.next_value::<BTreeMap<String, String>>()?;
                continue;
            }
            if places.len() >= MOST_TENSORS {
                return Err(A::Error::custom("too many tensors"));
            }
            places.push((name, map.next_value()?));
        }
        Ok(Header(places))
    }
}

fn shape<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u64>, D::Error> {
    deserializer.deserialize_seq(Sizes)
}

struct Sizes;

impl<'de> Visitor<'de> for Sizes {
    type Value = Vec<u64>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at most {MOST_DIMENSIONS} sizes")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Vec<u64>, A::Error> {
        let mut sizes = Vec::new();
        while let Some(size) = sequence.next_element()? {
            if sizes.len() == MOST_DIMENSIONS {
                return Err(A::Error::invalid_length(sizes.len() + 1, &self));
            }
            sizes.push(size);
        }
        Ok(sizes)
    }
}
