//! One rendering, on a thread of its own with a deadline.

use super::{arithmetic, filters, meter, namespaces, operators, python, rewritten};
use meter::Meter;
use minijinja::machinery::{CompiledTemplate, TemplateConfig, Vm};
use minijinja::machinery::{WhitespaceConfig, make_string_output};
use minijinja::{AutoEscape, Environment, Error, Value};
use protocol::{AppError, TemplateInput, failure};
use std::sync::{Arc, mpsc};
use std::time::Duration;
use time::OffsetDateTime;

/// What is rendered.
pub(super) struct Job {
    pub source: Arc<str>,
    pub conversation: TemplateInput,
    pub bos: Arc<str>,
    pub eos: Arc<str>,
    /// The clock that the template sees.
    pub now: OffsetDateTime,
}

/// Real templates take milliseconds.
const DEADLINE: Duration = Duration::from_millis(2000);
/// Reserved, not used: values can be nested as deep as the source is long.
const STACK: usize = 256 << 20;
/// Most steps.
const STEPS: u64 = 2_000_000;
/// Most bytes that the template's own words can add up to: steps times its longest passage.
const OWN_WORDS: u64 = 512 << 20;

/// Errors: `template-failed`, `template-too-costly`.
pub(super) fn render(job: Job) -> Result<String, AppError> {
    let meter = Arc::new(Meter::default());
    let (sender, receiver) = mpsc::channel();
    let on_thread = meter.clone();
    std::thread::Builder::new()
        .name("template".into())
        .stack_size(STACK)
        .spawn(move || {
            let rendered = rendered(&job, &on_thread);
            // Nobody listens any more where it came too late.
            let _ = sender.send(rendered.map_err(|error| meter::sentence(&error)));
        })
        .map_err(|error| failure::template_failed(error.to_string()))?;
    match receiver.recv_timeout(DEADLINE) {
        Ok(rendered) => rendered,
        Err(mpsc::RecvTimeoutError::Timeout) => {
            meter.stop();
            Err(failure::template_too_costly())
        }
        Err(mpsc::RecvTimeoutError::Disconnected) => Err(failure::template_failed(
            "the template broke its interpreter",
        )),
    }
}

fn rendered(job: &Job, meter: &Arc<Meter>) -> Result<String, Error> {
    let config = TemplateConfig {
        syntax_config: Default::default(),
        // As transformers sets Jinja2.
        ws_config: WhitespaceConfig {
            keep_trailing_newline: false,
            lstrip_blocks: true,
            trim_blocks: true,
        },
        default_auto_escape: Arc::new(|_| AutoEscape::None),
    };
    let source = python::without_generation(&job.source);
    let mut compiled = CompiledTemplate::new("chat_template", &source, &config)?;
    let mut longest = rewritten::rewrite(&mut compiled.instructions);
    for block in compiled.blocks.values_mut() {
        longest = longest.max(rewritten::rewrite(block));
    }
    let mut environment = Environment::new();
    environment.set_fuel(Some(STEPS.min(OWN_WORDS / longest.max(1) as u64)));
    arithmetic::add_to(&mut environment, meter);
    filters::add_to(&mut environment, meter);
    namespaces::add_to(&mut environment, meter);
    operators::add_to(&mut environment, meter);
    python::add_to(&mut environment, meter, job.now);
    let given = &job.conversation;
    let tools = match given.tools.is_empty() {
        true => Value::from(()),
        false => Value::from_serialize(&given.tools),
    };
    let fixed = [
        ("messages", Value::from_serialize(&given.messages)),
        ("tools", tools),
        ("documents", Value::from(())),
        ("add_generation_prompt", given.add_generation_prompt.into()),
        ("bos_token", Value::from(job.bos.as_ref())),
        ("eos_token", Value::from(job.eos.as_ref())),
    ];
    let further = given.variables.iter();
    let root: Value = fixed
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .chain(further.map(|(name, value)| (name.clone(), Value::from_serialize(value))))
        .collect();
    let mut text = String::new();
    Vm::new(&environment).eval(
        &compiled.instructions,
        root,
        &compiled.blocks,
        &mut make_string_output(&mut text),
        AutoEscape::None,
    )?;
    Ok(text)
}
