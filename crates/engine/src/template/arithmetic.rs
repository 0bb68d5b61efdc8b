//! `+`, `*` and `~` as Python has them, each paid for before its result is made.

use super::meter::Meter;
use super::operators::integer;
use super::written;
use minijinja::value::ValueKind;
use minijinja::{Environment, Error, ErrorKind, Value};
use std::sync::Arc;

pub(super) const ADD: &str = "parley_add";
pub(super) const MULTIPLY: &str = "parley_multiply";
pub(super) const JOIN: &str = "parley_join";

/// Adds the functions that stand for the operators.
pub(super) fn add_to(environment: &mut Environment<'_>, meter: &Arc<Meter>) {
    let paid = meter.clone();
    environment.add_filter(ADD, move |a: Value, b: Value| add(&paid, &a, &b));
    let paid = meter.clone();
    environment.add_filter(MULTIPLY, move |a: Value, b: Value| multiply(&paid, &a, &b));
    let paid = meter.clone();
    environment.add_filter(JOIN, move |a: Value, b: Value| {
        Ok::<_, Error>(paid.text(&a)? + &paid.text(&b)?)
    });
}

fn is_list(value: &Value) -> bool {
    matches!(value.kind(), ValueKind::Seq | ValueKind::Iterable)
}

fn add(meter: &Meter, a: &Value, b: &Value) -> Result<Value, Error> {
    if let (Some(left), Some(right)) = (a.as_str(), b.as_str()) {
        if a.is_safe() || b.is_safe() {
            // Markup takes up other words only escaped, whatever comes of it later.
            let part = |value: &Value, words: &str| match value.is_safe() {
                true => meter.text(value),
                false => written::escaped(meter, words),
            };
            let whole = part(a, left)? + &part(b, right)?;
            return Ok(Value::from_safe_string(whole));
        }
        meter.charge(left.len() + right.len())?;
        return Ok(Value::from(format!("{left}{right}")));
    }
    if is_list(a) && is_list(b) {
        let mut items = Vec::new();
        for item in a.try_iter()?.chain(b.try_iter()?) {
            meter.charge(size_of::<Value>())?;
            items.push(item);
        }
        return Ok(Value::from(items));
    }
    numbers("+", a, b, i128::checked_add, |a, b| a + b)
}

fn multiply(meter: &Meter, a: &Value, b: &Value) -> Result<Value, Error> {
    let (many, times) = if b.as_str().is_some() || is_list(b) {
        (b, a)
    } else {
        (a, b)
    };
    if many.as_str().is_none() && !is_list(many) {
        return numbers("*", a, b, i128::checked_mul, |a, b| a * b);
    }
    // Less than none is none, as in Python.
    let times = match times.as_i64() {
        Some(times) => usize::try_from(times).unwrap_or(0),
        None => return Err(impossible("*", a, b)),
    };
    if let Some(text) = many.as_str() {
        meter.charge(text.len().saturating_mul(times))?;
        return Ok(Value::from(text.repeat(times)));
    }
    let once: Vec<Value> = many.try_iter()?.collect();
    meter.charge(
        once.len()
            .saturating_mul(times)
            .saturating_mul(size_of::<Value>()),
    )?;
    let all = std::iter::repeat_n(once, times).flatten();
    Ok(Value::from(all.collect::<Vec<_>>()))
}

fn numbers(
    sign: &str,
    a: &Value,
    b: &Value,
    whole: fn(i128, i128) -> Option<i128>,
    real: fn(f64, f64) -> f64,
) -> Result<Value, Error> {
    if let (Some(a), Some(b)) = (integer(a), integer(b)) {
        let result = whole(a, b).and_then(|result| i64::try_from(result).ok());
        return result
            .map(Value::from)
            .ok_or_else(|| Error::new(ErrorKind::InvalidOperation, "a number is too large"));
    }
    let float = |value: &Value| {
        integer(value)
            .map(|n| n as f64)
            .or_else(|| f64::try_from(value.clone()).ok())
    };
    match (float(a), float(b)) {
        (Some(a), Some(b)) => Ok(Value::from(real(a, b))),
        _ => Err(impossible(sign, a, b)),
    }
}

fn impossible(sign: &str, a: &Value, b: &Value) -> Error {
    let words = format!("{} {sign} {} has no meaning", a.kind(), b.kind());
    Error::new(ErrorKind::InvalidOperation, words)
}
