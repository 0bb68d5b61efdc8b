//! The filters and methods of templates, each paid for.

use super::meter::Meter;
use minijinja::value::Rest;
use minijinja::{Environment, Error, ErrorKind, State, Value};
use minijinja_contrib::pycompat::unknown_method_callback;
use std::sync::Arc;

/// Filters that take and give values as they are.
const OF_VALUES: &[&str] = &[
    "abs",
    "attr",
    "bool",
    "count",
    "d",
    "default",
    "dictsort",
    "first",
    "float",
    "int",
    "items",
    "last",
    "length",
    "list",
    "map",
    "max",
    "min",
    "reject",
    "rejectattr",
    "reverse",
    "round",
    "select",
    "selectattr",
    "sort",
    "sum",
    "unique",
];
/// Filters that take and give text no longer than twice what they were given.
const OF_TEXT: &[&str] = &["capitalize", "lower", "title", "trim", "upper"];
/// Of the filters of values those that make a list, of the letters where they are given a text.
const INTO_LISTS: &[&str] = &[
    "list",
    "map",
    "reject",
    "rejectattr",
    "select",
    "selectattr",
    "sort",
    "unique",
];
/// Filters that take a text apart.
const INTO_PIECES: &[&str] = &["lines", "split"];
/// The filter that pays for what was cut out of a value.
pub(super) const CUT: &str = "parley_cut";
/// What a byte of text costs that may become a piece of its own.
const PIECE: usize = 32;
/// Filters that no chat template needs, and that can nest values without end.
const LEFT_OUT: &[&str] = &[
    "batch",
    "slice",
    "zip",
    "chain",
    "groupby",
    "pprint",
    "urlencode",
    "format",
    "e",
    "escape",
    "indent",
];

/// Puts the paid filters in place of the free ones.
pub(super) fn add_to(environment: &mut Environment<'_>, meter: &Arc<Meter>) {
    let free = Arc::new(Environment::new());
    for name in LEFT_OUT {
        environment.remove_filter(name);
    }
    environment.remove_global("dict");
    environment.remove_global("debug");
    for name in OF_VALUES {
        let (free, paid) = (free.clone(), meter.clone());
        environment.add_filter(*name, move |arguments: Rest<Value>| {
            for value in arguments.iter() {
                paid.charge_value(value)?;
                if let Some(text) = value.as_str()
                    && INTO_LISTS.contains(name)
                {
                    paid.charge(text.len().saturating_mul(PIECE))?;
                }
            }
            free.empty_state().apply_filter(name, &arguments)
        });
    }
    let of_text = OF_TEXT.iter().map(|name| (name, 2));
    let into_pieces = INTO_PIECES.iter().map(|name| (name, PIECE));
    for (name, cost) in of_text.chain(into_pieces) {
        let (free, paid) = (free.clone(), meter.clone());
        environment.add_filter(*name, move |text: Value, rest: Rest<Value>| {
            let text = paid.text(&text)?;
            paid.charge(text.len().saturating_mul(cost))?;
            let mut arguments = vec![Value::from(text)];
            arguments.extend(rest.iter().cloned());
            free.empty_state().apply_filter(name, &arguments)
        });
    }
    let paid = meter.clone();
    environment.add_filter(CUT, move |value: Value| {
        paid.charge(value.as_str().map_or(0, str::len))?;
        Ok::<_, Error>(value)
    });
    let paid = meter.clone();
    environment.add_filter("string", move |value: Value| paid.text(&value));
    let paid = meter.clone();
    environment.add_filter("safe", move |value: Value| paid.text(&value));
    let paid = meter.clone();
    environment.add_filter("replace", move |text: Value, from: Value, to: Value| {
        replace(
            &paid,
            &paid.text(&text)?,
            &paid.text(&from)?,
            &paid.text(&to)?,
        )
    });
    let paid = meter.clone();
    environment.add_filter(
        "join",
        move |items: Value, between: Option<Value>, attribute: Option<&str>| {
            let between = between.map_or(Ok(String::new()), |text| paid.text(&text))?;
            join(&paid, &items, &between, attribute)
        },
    );
    let paid = meter.clone();
    environment.add_filter(
        "indent",
        move |text: &str, width: Option<Value>, first: Option<bool>| {
            indent(&paid, text, width, first.unwrap_or(false))
        },
    );
    let paid = meter.clone();
    environment.set_formatter(move |out, _, value| {
        if value.is_undefined() {
            return Ok(());
        }
        out.write_str(&paid.text(value)?).map_err(Error::from)
    });
    let paid = meter.clone();
    environment.set_unknown_method_callback(move |state, value, name, arguments| {
        method(&paid, state, value, name, arguments)
    });
}

fn replace(meter: &Meter, text: &str, from: &str, to: &str) -> Result<Value, Error> {
    let found = text.matches(from).count();
    meter.charge(text.len().saturating_add(found.saturating_mul(to.len())))?;
    Ok(Value::from(text.replace(from, to)))
}

fn join(
    meter: &Meter,
    items: &Value,
    between: &str,
    attribute: Option<&str>,
) -> Result<Value, Error> {
    let mut text = String::new();
    for (index, item) in items.try_iter()?.enumerate() {
        let item = match attribute {
            Some(name) => item.get_attr(name)?,
            None => item,
        };
        if index > 0 {
            meter.charge(between.len())?;
            text.push_str(between);
        }
        text.push_str(&meter.text(&item)?);
    }
    Ok(Value::from(text))
}

fn indent(meter: &Meter, text: &str, width: Option<Value>, first: bool) -> Result<Value, Error> {
    let by = match width {
        None => "    ".to_owned(),
        Some(width) => match (width.as_str(), width.as_usize()) {
            (Some(by), _) => by.to_owned(),
            (None, Some(width)) => {
                meter.charge(width)?;
                " ".repeat(width)
            }
            (None, None) => return Err(Error::from(ErrorKind::InvalidOperation)),
        },
    };
    let lines = text.matches('\n').count() + 1;
    meter.charge(text.len().saturating_add(lines.saturating_mul(by.len())))?;
    let mut indented = String::with_capacity(text.len());
    for (index, line) in text.split('\n').enumerate() {
        if index > 0 {
            indented.push('\n');
        }
        if (index > 0 || first) && !line.is_empty() {
            indented.push_str(&by);
        }
        indented.push_str(line);
    }
    Ok(Value::from(indented))
}

fn texts(texts: [&str; 3]) -> Value {
    texts.into_iter().map(Value::from).collect()
}

/// Python's methods of texts, lists and maps.
fn method(
    meter: &Meter,
    state: &State,
    value: &Value,
    name: &str,
    arguments: &[Value],
) -> Result<Value, Error> {
    for argument in arguments {
        meter.charge_value(argument)?;
    }
    let text = |index: usize| arguments.get(index).and_then(|value| value.as_str());
    if let Some(words) = value.as_str() {
        meter.charge(words.len())?;
        match (name, text(0), text(1)) {
            ("replace", Some(from), Some(to)) if arguments.len() == 2 => {
                return replace(meter, words, from, to);
            }
            ("join", _, _) if arguments.len() == 1 => {
                return join(meter, &arguments[0], words, None);
            }
            ("removeprefix", Some(prefix), _) => {
                return Ok(Value::from(words.strip_prefix(prefix).unwrap_or(words)));
            }
            ("removesuffix", Some(suffix), _) => {
                return Ok(Value::from(words.strip_suffix(suffix).unwrap_or(words)));
            }
            ("partition", Some(at), _) => {
                let (before, after) = words.split_once(at).unwrap_or((words, ""));
                let at = if words.contains(at) { at } else { "" };
                return Ok(texts([before, at, after]));
            }
            ("rpartition", Some(at), _) => {
                let (before, after) = words.rsplit_once(at).unwrap_or(("", words));
                let at = if words.contains(at) { at } else { "" };
                return Ok(texts([before, at, after]));
            }
            // Widths and repetitions that are not bounded by the text.
            ("format" | "replace", _, _) => return Err(Error::from(ErrorKind::UnknownMethod)),
            ("split" | "rsplit" | "splitlines", _, _) => {
                meter.charge(words.len().saturating_mul(PIECE))?;
            }
            _ => {}
        }
    } else {
        meter.charge_value(value)?;
    }
    unknown_method_callback(state, value, name, arguments)
}
