//! Operators that judge their operands as Python does: comparing, containing, cutting, going
//! through, formatting, and attributes that are methods.

use super::meter::Meter;
use super::written::{self, wrong};
use minijinja::value::{Enumerator, Object, ObjectRepr, ValueKind};
use minijinja::{Environment, Error, ErrorKind, FormatStyle, State, Value, format_filter};
use std::cmp::Ordering;
use std::sync::Arc;

pub(super) const LESS: &str = "parley_less";
pub(super) const LESS_EQUAL: &str = "parley_less_equal";
pub(super) const MORE: &str = "parley_more";
pub(super) const MORE_EQUAL: &str = "parley_more_equal";
pub(super) const IN: &str = "parley_in";
pub(super) const SLICE: &str = "parley_slice";
pub(super) const EACH: &str = "parley_each";
pub(super) const REMAINDER: &str = "parley_remainder";

/// Methods of Python's dict: an attribute of such a name is the method, whatever the keys are.
const OF_DICT: &[(&str, &str)] = &[
    ("items", "parley_items"),
    ("keys", "parley_keys"),
    ("values", "parley_values"),
    ("get", "parley_get"),
    ("pop", "parley_pop"),
    ("update", "parley_update"),
    ("copy", "parley_copy"),
    ("clear", "parley_clear"),
];

/// Longest number in a format.
const DIGITS: usize = 3;

/// The function that stands for an attribute, where it may be a method.
pub(super) fn attribute(name: &str) -> Option<&'static str> {
    let found = OF_DICT.iter().find(|(method, _)| *method == name);
    found.map(|(_, function)| *function)
}

/// Adds the functions that stand for the operators.
pub(super) fn add_to(environment: &mut Environment<'_>, meter: &Arc<Meter>) {
    type Fits = fn(Ordering) -> bool;
    let orders = [
        (LESS, Ordering::is_lt as Fits),
        (LESS_EQUAL, Ordering::is_le),
        (MORE, Ordering::is_gt),
        (MORE_EQUAL, Ordering::is_ge),
    ];
    for (name, fits) in orders {
        environment.add_filter(name, move |a: Value, b: Value| {
            Ok::<_, Error>(order(&a, &b)?.is_some_and(fits))
        });
    }
    environment.add_filter(IN, |item: Value, of: Value| contains(&of, &item));
    let paid = meter.clone();
    environment.add_filter(
        SLICE,
        move |value: Value, start: Value, stop: Value, step: Value| {
            slice(&paid, &value, [&start, &stop, &step])
        },
    );
    let paid = meter.clone();
    environment.add_filter(EACH, move |value: Value| each(&paid, value));
    let paid = meter.clone();
    environment.add_filter(REMAINDER, move |state: &State, a: Value, b: Value| {
        remainder(&paid, state, &a, &b)
    });
    for (name, function) in OF_DICT {
        environment.add_filter(*function, move |value: Value| {
            if value.is_undefined() {
                return Err(Error::from(ErrorKind::UndefinedError));
            }
            if is_dict(&value) {
                return Ok(Value::from_object(Method { of: value, name }));
            }
            value.get_attr(name)
        });
    }
}

fn is_dict(value: &Value) -> bool {
    value.kind() == ValueKind::Map
        && value
            .as_object()
            .is_some_and(|object| !object.type_name().ends_with("::Namespace"))
}

/// A method of a dict that is not called yet.
#[derive(Debug)]
struct Method {
    of: Value,
    name: &'static str,
}

impl Object for Method {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::NonEnumerable
    }

    fn call(self: &Arc<Self>, state: &State<'_, '_>, arguments: &[Value]) -> Result<Value, Error> {
        self.of.call_method(state, self.name, arguments)
    }
}

/// A whole number, as which a truth counts too.
pub(super) fn integer(value: &Value) -> Option<i128> {
    match value.kind() {
        ValueKind::Bool => Some(i128::from(value.is_true())),
        ValueKind::Number if value.is_integer() => i128::try_from(value.clone()).ok(),
        _ => None,
    }
}

fn real(value: &Value) -> Option<f64> {
    let number = || f64::try_from(value.clone()).ok();
    integer(value)
        .map(|number| number as f64)
        .or_else(|| number().filter(|_| value.is_number()))
}

fn order(a: &Value, b: &Value) -> Result<Option<Ordering>, Error> {
    if let (Some(a), Some(b)) = (integer(a), integer(b)) {
        return Ok(Some(a.cmp(&b)));
    }
    if let (Some(a), Some(b)) = (real(a), real(b)) {
        return Ok(a.partial_cmp(&b));
    }
    let alike = |kind: ValueKind| a.kind() == kind && b.kind() == kind;
    if alike(ValueKind::String) || alike(ValueKind::Seq) {
        return Ok(Some(a.cmp(b)));
    }
    Err(wrong(format!(
        "{} and {} have no order",
        a.kind(),
        b.kind()
    )))
}

fn contains(of: &Value, item: &Value) -> Result<bool, Error> {
    if let Some(text) = of.as_str() {
        let part = item.as_str();
        let part = part.ok_or_else(|| wrong("only a text can be in a text"))?;
        return Ok(text.contains(part));
    }
    match of.kind() {
        ValueKind::Undefined => Ok(false),
        ValueKind::Seq | ValueKind::Iterable => Ok(of.try_iter()?.any(|other| same(&other, item))),
        ValueKind::Map => Ok(of
            .as_object()
            .is_some_and(|object| object.get_value(item).is_some())),
        kind => Err(wrong(format!("nothing can be in a {kind}"))),
    }
}

fn same(a: &Value, b: &Value) -> bool {
    match (integer(a), integer(b)) {
        (Some(a), Some(b)) => a == b,
        _ => a == b,
    }
}

/// What a loop goes through, as a list.
fn each(meter: &Meter, value: Value) -> Result<Value, Error> {
    match value.kind() {
        ValueKind::Iterable => {
            let mut items = Vec::new();
            for item in value.try_iter()? {
                meter.charge(size_of::<Value>())?;
                items.push(item);
            }
            Ok(Value::from(items))
        }
        ValueKind::None | ValueKind::Bool | ValueKind::Number => {
            Err(wrong(format!("a {} cannot be gone through", value.kind())))
        }
        _ => Ok(value),
    }
}

/// `value[start:stop:step]`, a list of its own. Of what has no parts, nothing.
fn slice(meter: &Meter, value: &Value, [start, stop, step]: [&Value; 3]) -> Result<Value, Error> {
    if value.is_undefined() {
        return Err(Error::from(ErrorKind::UndefinedError));
    }
    let bound = |value: &Value| match (value.is_none(), integer(value)) {
        (true, _) => Ok(None),
        (false, Some(number)) => Ok(i64::try_from(number).ok()),
        (false, None) => Err(wrong("a part is told by whole numbers")),
    };
    let (start, stop) = (bound(start)?, bound(stop)?);
    let step = bound(step)?.unwrap_or(1);
    if step == 0 {
        return Err(wrong("a step of 0 never ends"));
    }
    let chosen = |length: usize| {
        let length = i64::try_from(length).unwrap_or(i64::MAX);
        let (least, most) = if step > 0 {
            (0, length)
        } else {
            (-1, length - 1)
        };
        let place = |at: i64| {
            if at < 0 {
                at.saturating_add(length)
            } else {
                at
            }
        };
        let place = |at: Option<i64>, none: i64| at.map_or(none, |at| place(at).clamp(least, most));
        let (first, last) = match step > 0 {
            true => (place(start, 0), place(stop, length)),
            false => (place(start, length - 1), place(stop, -1)),
        };
        std::iter::successors(Some(first), move |at| at.checked_add(step))
            .take_while(move |at| if step > 0 { *at < last } else { *at > last })
            .filter_map(|at| usize::try_from(at).ok())
    };
    if let Some(text) = value.as_str() {
        meter.charge(text.len())?;
        let letters: Vec<char> = text.chars().collect();
        let part: String = chosen(letters.len())
            .filter_map(|at| letters.get(at))
            .collect();
        return Ok(match value.is_safe() {
            true => Value::from_safe_string(part),
            false => Value::from(part),
        });
    }
    if value.kind() != ValueKind::Seq {
        return Ok(Value::UNDEFINED);
    }
    let items: Vec<Value> = value.try_iter()?.collect();
    meter.charge(items.len().saturating_mul(size_of::<Value>()))?;
    let part = chosen(items.len()).filter_map(|at| items.get(at).cloned());
    Ok(Value::from(part.collect::<Vec<_>>()))
}

fn remainder(meter: &Meter, state: &State, a: &Value, b: &Value) -> Result<Value, Error> {
    if let Some(form) = a.as_str() {
        let arguments: Vec<Value> = match b.kind() {
            ValueKind::Seq => b.try_iter()?.collect(),
            _ => vec![b.clone()],
        };
        let _ = state;
        return formatted(meter, FormatStyle::Printf, form, &arguments).map(Value::from);
    }
    if let (Some(a), Some(b)) = (integer(a), integer(b)) {
        let result = a
            .checked_rem(b)
            .ok_or_else(|| wrong("a division by zero"))?;
        // The sign is the divisor's.
        let result = if result != 0 && (result < 0) != (b < 0) {
            result + b
        } else {
            result
        };
        return Ok(i64::try_from(result).map_or_else(|_| Value::from(result), Value::from));
    }
    match (real(a), real(b)) {
        (Some(_), Some(0.0)) => Err(wrong("a division by zero")),
        (Some(a), Some(b)) => Ok(Value::from(a - b * (a / b).floor())),
        _ => Err(wrong(format!("{} % {} has no meaning", a.kind(), b.kind()))),
    }
}

/// Fills a form, whose widths are short.
pub(super) fn formatted(
    meter: &Meter,
    style: FormatStyle,
    form: &str,
    arguments: &[Value],
) -> Result<String, Error> {
    let mut digits = 0;
    for letter in form.chars() {
        digits = if letter.is_ascii_digit() {
            digits + 1
        } else {
            0
        };
        if digits > DIGITS || (letter == '*' && matches!(style, FormatStyle::Printf)) {
            return Err(wrong("a format is too wide"));
        }
    }
    let mut longest = 0;
    let arguments = arguments.iter().map(|value| {
        // What minijinja writes in its own way is written before.
        let ours = matches!(
            value.kind(),
            ValueKind::Bool | ValueKind::None | ValueKind::Seq | ValueKind::Undefined
        ) || (is_dict(value) && !value.is_kwargs());
        let value = match ours {
            true => Value::from(written::text(meter, value)?),
            false => value.clone(),
        };
        longest = longest.max(value.as_str().map_or(64, str::len));
        Ok(value)
    });
    let arguments = arguments.collect::<Result<Vec<_>, Error>>()?;
    meter.charge(form.len().saturating_mul(longest.max(1)))?;
    format_filter(style, form, &arguments)
}
