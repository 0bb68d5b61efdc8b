//! The filters and methods of templates, each paid for.

use super::meter::Meter;
use super::operators::{formatted, integer};
use super::written::wrong;
use minijinja::value::{Kwargs, Rest, ValueKind, from_args};
use minijinja::{Environment, Error, ErrorKind, FormatStyle, State, Value};
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
/// Filters whose lists are made one by one in Python: they can be gone through, and no more.
const GENERATORS: &[&str] = &[
    "items",
    "map",
    "reject",
    "rejectattr",
    "reverse",
    "select",
    "selectattr",
    "unique",
];
/// Of these, those that make nothing of what counts as false, whatever it is.
const NOTHING_OF_NOTHING: &[&str] = &["map", "reject", "rejectattr", "select", "selectattr"];
/// Filters that take something of which Python cannot go through the parts, where it has none.
const OF_ANYTHING: &[&str] = &["abs", "attr", "bool", "d", "default", "round"];
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
    "float",
    "int",
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
            let first = arguments.first().unwrap_or(&Value::UNDEFINED);
            let nothing = Vec::<Value>::new().into_iter();
            if NOTHING_OF_NOTHING.contains(name) && !first.is_true() {
                return Ok(Value::make_one_shot_iterator(nothing));
            }
            let kind = first.kind();
            let whole = matches!(kind, ValueKind::None | ValueKind::Bool | ValueKind::Number);
            if whole && !OF_ANYTHING.contains(name) {
                return Err(wrong(format!("{name} of a {kind} has no meaning")));
            }
            if first.is_undefined() && matches!(*name, "count" | "length") {
                return Ok(Value::from(0));
            }
            if *name == "items" && first.is_undefined() {
                return Ok(Value::from(Vec::<Value>::new()));
            }
            if *name == "last" && first.kind() == ValueKind::Iterable {
                return Err(wrong("only a list has a last part"));
            }
            for value in arguments.iter() {
                paid.charge_value(value)?;
                if let Some(text) = value.as_str()
                    && INTO_LISTS.contains(name)
                {
                    paid.charge(text.len().saturating_mul(PIECE))?;
                }
            }
            let made = free.empty_state().apply_filter(name, &arguments)?;
            if !GENERATORS.contains(name) || made.as_str().is_some() {
                return Ok(made);
            }
            let items: Vec<Value> = made.try_iter()?.collect();
            Ok(Value::make_one_shot_iterator(items.into_iter()))
        });
    }
    let of_text = OF_TEXT.iter().map(|name| (name, 2));
    let into_pieces = INTO_PIECES.iter().map(|name| (name, PIECE));
    for (name, cost) in of_text.chain(into_pieces) {
        let (free, paid) = (free.clone(), meter.clone());
        environment.add_filter(*name, move |text: Value, rest: Rest<Value>| {
            let safe = text.is_safe();
            let text = paid.text(&text)?;
            paid.charge(text.len().saturating_mul(cost))?;
            let mut arguments = vec![Value::from(text)];
            arguments.extend(rest.iter().cloned());
            let made = free.empty_state().apply_filter(name, &arguments)?;
            Ok::<_, Error>(markup(safe, made))
        });
    }
    let paid = meter.clone();
    environment.add_filter("string", move |value: Value| {
        Ok::<_, Error>(markup(value.is_safe(), Value::from(paid.text(&value)?)))
    });
    let paid = meter.clone();
    environment.add_filter("safe", move |value: Value| {
        Ok::<_, Error>(Value::from_safe_string(paid.text(&value)?))
    });
    let paid = meter.clone();
    environment.add_filter("format", move |form: Value, arguments: Rest<Value>| {
        formatted(&paid, FormatStyle::Printf, &paid.text(&form)?, &arguments)
    });
    environment.add_filter("int", |value: Value, rest: Rest<Value>| {
        let (default, options): (Option<Value>, Kwargs) = from_args(&rest)?;
        let default = options.get::<Option<Value>>("default")?.or(default);
        Ok::<_, Error>(whole(&value).unwrap_or(default.unwrap_or(Value::from(0))))
    });
    environment.add_filter("float", |value: Value, rest: Rest<Value>| {
        let (default, options): (Option<Value>, Kwargs) = from_args(&rest)?;
        let default = options.get::<Option<Value>>("default")?.or(default);
        let number = match value.as_str() {
            Some(text) => text.trim().parse::<f64>().ok(),
            None => f64::try_from(value).ok(),
        };
        Ok::<_, Error>(number.map_or(default.unwrap_or(Value::from(0.0)), Value::from))
    });
    let paid = meter.clone();
    environment.add_filter(
        "replace",
        move |text: Value, from: Value, to: Value, most: Option<usize>| {
            let safe = text.is_safe();
            let text = paid.text(&text)?;
            let made = replace(&paid, &text, &paid.text(&from)?, &paid.text(&to)?, most)?;
            Ok::<_, Error>(markup(safe, made))
        },
    );
    let paid = meter.clone();
    environment.add_filter("join", move |items: Value, rest: Rest<Value>| {
        let (between, attribute, options): (Option<Value>, Option<Value>, Kwargs) =
            from_args(&rest)?;
        let between = options.get::<Option<Value>>("d")?.or(between);
        let attribute = options.get::<Option<Value>>("attribute")?.or(attribute);
        let between = between.map_or(Ok(String::new()), |text| paid.text(&text))?;
        join(&paid, &items, &between, attribute.as_ref())
    });
    let paid = meter.clone();
    environment.add_filter("indent", move |text: Value, rest: Rest<Value>| {
        let safe = text.is_safe();
        let indented = indent(&paid, &paid.text(&text)?, &rest)?;
        Ok::<_, Error>(markup(safe, indented))
    });
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

/// A text that was made of markup is markup again.
fn markup(safe: bool, made: Value) -> Value {
    match made.as_str() {
        Some(text) if safe => Value::from_safe_string(text.to_owned()),
        _ => made,
    }
}

/// As Python's `int()`: of a text, or of a number without what is behind its point.
fn whole(value: &Value) -> Option<Value> {
    if let Some(number) = integer(value) {
        return Some(Value::from(number));
    }
    let number = match value.as_str() {
        Some(text) => match text.trim().parse::<i64>() {
            Ok(number) => return Some(Value::from(number)),
            Err(_) => text.trim().parse::<f64>().ok()?,
        },
        None => f64::try_from(value.clone()).ok()?,
    };
    // Larger ones than this have no digits behind the point anyway, and no template uses them.
    (number.abs() < 1e18).then(|| Value::from(number.trunc() as i64))
}

fn replace(
    meter: &Meter,
    text: &str,
    from: &str,
    to: &str,
    most: Option<usize>,
) -> Result<Value, Error> {
    let most = most.unwrap_or(usize::MAX);
    let found = text.matches(from).take(most).count();
    meter.charge(text.len().saturating_add(found.saturating_mul(to.len())))?;
    Ok(Value::from(text.replacen(from, to, most)))
}

fn join(
    meter: &Meter,
    items: &Value,
    between: &str,
    attribute: Option<&Value>,
) -> Result<Value, Error> {
    if matches!(items.kind(), ValueKind::None | ValueKind::Bool) {
        return Err(wrong("there is nothing to join"));
    }
    let mut text = String::new();
    for (index, item) in items.try_iter()?.enumerate() {
        let item = match attribute {
            Some(name) => item.get_item(name)?,
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

/// Where Python's `splitlines` sees a line's end.
const LINE_ENDS: [char; 10] = [
    '\n', '\r', '\u{b}', '\u{c}', '\u{1c}', '\u{1d}', '\u{1e}', '\u{85}', '\u{2028}', '\u{2029}',
];

fn indent(meter: &Meter, text: &str, rest: &[Value]) -> Result<Value, Error> {
    let (width, first, blank, options): (Option<Value>, Option<bool>, Option<bool>, Kwargs) =
        from_args(rest)?;
    let width = options.get::<Option<Value>>("width")?.or(width);
    let first = options.get::<Option<bool>>("first")?.or(first);
    let blank = options.get::<Option<bool>>("blank")?.or(blank);
    options.assert_all_used()?;
    let (first, blank) = (first.unwrap_or(false), blank.unwrap_or(false));
    let by = match width {
        None => "    ".to_owned(),
        Some(width) => match (width.as_str(), integer(&width)) {
            (Some(by), _) => by.to_owned(),
            (None, Some(width)) => {
                let width = usize::try_from(width).unwrap_or(0);
                meter.charge(width)?;
                " ".repeat(width)
            }
            (None, None) => return Err(wrong("a width is a number")),
        },
    };
    let lines = text.matches(LINE_ENDS).count() + 1;
    meter.charge(text.len().saturating_add(lines.saturating_mul(by.len())))?;
    let mut indented = String::with_capacity(text.len());
    if first {
        indented.push_str(&by);
    }
    let mut rest = text;
    while let Some(end) = rest.find(LINE_ENDS) {
        indented.push_str(&rest[..end]);
        indented.push('\n');
        let letter = rest[end..].chars().next().map_or(1, char::len_utf8);
        let both = if rest[end..].starts_with("\r\n") {
            2
        } else {
            letter
        };
        rest = &rest[end + both..];
        if blank || !rest.starts_with(LINE_ENDS) && !rest.is_empty() {
            indented.push_str(&by);
        }
    }
    indented.push_str(rest);
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
            ("replace", Some(from), Some(to)) => {
                let most = arguments.get(2).and_then(integer);
                let most = most.and_then(|most| usize::try_from(most).ok());
                return Ok(markup(
                    value.is_safe(),
                    replace(meter, words, from, to, most)?,
                ));
            }
            ("format", _, _) => {
                return formatted(meter, FormatStyle::StrFormat, words, arguments).map(Value::from);
            }
            ("rsplit", at, _) => return rsplit(meter, words, at, arguments.get(1)),
            ("index" | "rindex", Some(part), _) => {
                let found = if name == "index" {
                    words.find(part)
                } else {
                    words.rfind(part)
                };
                let found = found.ok_or_else(|| wrong("a part is not found"))?;
                return Ok(Value::from(words[..found].chars().count()));
            }
            ("isspace", _, _) => {
                let all = words.chars().all(char::is_whitespace);
                return Ok(Value::from(all && !words.is_empty()));
            }
            ("zfill", _, _) => {
                let width = arguments
                    .first()
                    .and_then(integer)
                    .unwrap_or(0)
                    .clamp(0, 999);
                let lacks = (width as usize).saturating_sub(words.chars().count());
                let (sign, digits) = words.split_at(usize::from(words.starts_with(['+', '-'])));
                return Ok(Value::from(format!("{sign}{}{digits}", "0".repeat(lacks))));
            }
            ("swapcase" | "casefold", _, _) => {
                meter.charge(words.len().saturating_mul(2))?;
                let swapped = words.chars().flat_map(|letter| {
                    let up = name == "swapcase" && letter.is_lowercase();
                    let letters: Vec<char> = if up {
                        letter.to_uppercase().collect()
                    } else {
                        letter.to_lowercase().collect()
                    };
                    letters
                });
                return Ok(Value::from(swapped.collect::<String>()));
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
            ("replace", _, _) => return Err(Error::from(ErrorKind::UnknownMethod)),
            ("split" | "splitlines", _, _) => {
                meter.charge(words.len().saturating_mul(PIECE))?;
            }
            _ => {}
        }
        let made = unknown_method_callback(state, value, name, arguments)?;
        return Ok(markup(value.is_safe(), made));
    }
    meter.charge_value(value)?;
    match (value.kind(), name) {
        (ValueKind::Map, "copy") => Ok(value.clone()),
        (ValueKind::Seq, "index") => {
            let found = arguments.first().and_then(|item| {
                let mut items = value.try_iter().ok()?;
                items.position(|other| other == *item)
            });
            found
                .map(Value::from)
                .ok_or_else(|| wrong("a part is not found"))
        }
        _ => unknown_method_callback(state, value, name, arguments),
    }
}

/// Python's `rsplit`: cuts from the end on, at most so often.
fn rsplit(
    meter: &Meter,
    words: &str,
    at: Option<&str>,
    most: Option<&Value>,
) -> Result<Value, Error> {
    meter.charge(words.len().saturating_mul(PIECE))?;
    let most = most
        .and_then(integer)
        .and_then(|most| usize::try_from(most).ok());
    let most = most.unwrap_or(usize::MAX - 1);
    let mut pieces: Vec<&str> = match at {
        Some("") => return Err(wrong("nothing cannot be split at")),
        Some(at) => words.rsplitn(most + 1, at).collect(),
        None => {
            let mut pieces = Vec::new();
            let mut rest = words.trim_end();
            while !rest.is_empty() && pieces.len() < most {
                let (before, piece) = match rest.rfind(char::is_whitespace) {
                    Some(space) => {
                        let after = rest[space..].chars().next().map_or(1, char::len_utf8);
                        (&rest[..space], &rest[space + after..])
                    }
                    None => ("", rest),
                };
                pieces.push(piece);
                rest = before.trim_end();
            }
            if !rest.is_empty() {
                pieces.push(rest);
            }
            pieces
        }
    };
    pieces.reverse();
    Ok(pieces.into_iter().map(Value::from).collect())
}
