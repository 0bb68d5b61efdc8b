//! Every template of llama.cpp's collections renders as Python's jinja2 does: `tests/golden/templates.json`.

use super::*;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

/// The clock of `templates.py`.
const NOW: i64 = 1_709_211_845;
/// Where outputs are written that differ, to be compared with `templates.py --show`.
const DIFFERENT: &str = "PARLEY_TEMPLATES_OUT";

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden")
}

fn sources() -> BTreeMap<String, String> {
    let short = fs::read(folder().join("templates/short.json")).unwrap();
    let mut sources: BTreeMap<String, String> = serde_json::from_slice(&short).unwrap();
    for entry in fs::read_dir(folder().join("templates")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|end| end == "jinja") {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            sources.insert(name, fs::read_to_string(&path).unwrap());
        }
    }
    sources
}

fn input(case: &Value) -> TemplateInput {
    let mut variables: Map<String, Value> = case.as_object().unwrap().clone();
    let list =
        |value: Option<Value>| value.map_or(Vec::new(), |value| value.as_array().unwrap().clone());
    TemplateInput {
        messages: list(variables.remove("messages")),
        add_generation_prompt: variables.remove("add_generation_prompt")
            != Some(Value::Bool(false)),
        // An empty list is not the same to a template as none.
        tools: match variables.get("tools") {
            Some(Value::Array(tools)) if tools.is_empty() => Vec::new(),
            _ => list(variables.remove("tools")),
        },
        variables,
    }
}

#[test]
fn templates_of_models_render_as_by_jinja2() {
    let golden = fs::read(folder().join("templates.json")).unwrap();
    let golden: Value = serde_json::from_slice(&golden).unwrap();
    let cases = golden["cases"].as_object().unwrap();
    let out = std::env::var_os(DIFFERENT).map(PathBuf::from);
    let now = OffsetDateTime::from_unix_timestamp(NOW).unwrap();
    let (mut wrong, mut rendered) = (Vec::new(), 0);
    for (name, source) in sources() {
        let template = Template {
            sha256: String::new(),
            source: source.as_str().into(),
            for_tools: None,
            stops: Vec::new(),
            bos: "<BOS>".into(),
            eos: "<EOS>".into(),
        };
        let expected = golden["outputs"][&name].as_array().unwrap();
        assert_eq!(expected.len(), cases.len(), "{name}");
        for ((case, given), expected) in cases.iter().zip(expected) {
            let made = template.render_at(&input(given), now);
            let hash = made.as_ref().ok().map(|text| sha256(text)[..16].to_owned());
            rendered += usize::from(hash.is_some());
            if hash.as_deref() == expected.as_str() {
                continue;
            }
            let said = match &made {
                Ok(_) if expected.is_null() => "is not refused".to_owned(),
                Ok(_) => "differs".to_owned(),
                Err(error) => format!("is refused: {} {:?}", error.key, error.args.get("reason")),
            };
            if let (Some(out), Ok(text)) = (&out, &made) {
                let file = format!("{}@{case}", name.replace('/', "_"));
                fs::write(out.join(file), text).unwrap();
            }
            wrong.push(format!("{name} @ {case} {said}"));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(rendered > 4000, "{rendered}");
}
