//! What a namespace takes. It is the one value of a template that changes after it is made, so it
//! alone could come to hold itself, or grow deeper with each step of a loop: values are written,
//! compared and dropped by recursion, and both would end the process.

use super::meter::Meter;
use minijinja::value::{ObjectRepr, ValueKind};
use minijinja::{Environment, Error, ErrorKind, Value};
use std::sync::Arc;

pub(super) const TAKEN: &str = "parley_taken";

/// Deepest value that a namespace takes.
const DEEPEST: usize = 64;
/// What looking at a value costs.
const LOOK: usize = 8;

/// Adds the function that looks at what a namespace takes.
pub(super) fn add_to(environment: &mut Environment<'_>, meter: &Arc<Meter>) {
    let paid = meter.clone();
    environment.add_filter(TAKEN, move |value: Value| {
        Ok::<_, Error>(settled(&paid, &value, 0)?.unwrap_or(value))
    });
}

/// The value with every list written out that was only the promise of one: promises of promises
/// are kept by recursion too. None where there is none.
fn settled(meter: &Meter, value: &Value, depth: usize) -> Result<Option<Value>, Error> {
    meter.charge(LOOK)?;
    let Some(object) = value.as_object() else {
        return Ok(None);
    };
    if depth > DEEPEST {
        return Err(refused("a value is nested too deeply for a namespace"));
    }
    if object.type_name().ends_with("::Namespace") {
        return Err(refused("a namespace cannot hold a namespace"));
    }
    match object.repr() {
        ObjectRepr::Map => {
            let mut entries = Vec::new();
            let mut changed = false;
            for key in value.try_iter()? {
                let item = value.get_item(&key)?;
                let instead = settled(meter, &item, depth + 1)?;
                changed |= instead.is_some();
                let key = settled(meter, &key, depth + 1)?.unwrap_or(key);
                entries.push((key, instead.unwrap_or(item)));
            }
            Ok(changed.then(|| entries.into_iter().collect()))
        }
        ObjectRepr::Seq | ObjectRepr::Iterable => {
            let mut items = Vec::new();
            let mut changed = value.kind() == ValueKind::Iterable;
            for item in value.try_iter()? {
                let instead = settled(meter, &item, depth + 1)?;
                changed |= instead.is_some();
                items.push(instead.unwrap_or(item));
            }
            Ok(changed.then(|| items.into()))
        }
        _ => Ok(None),
    }
}

fn refused(why: &'static str) -> Error {
    Error::new(ErrorKind::InvalidOperation, why)
}
