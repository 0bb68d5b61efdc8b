//! Weights to tokens.
mod cancel;
pub use cancel::Cancel;
use protocol::*;
use std::path::Path;

pub struct LoadOptions { pub context: Option<u32>, pub threads: u32 }
pub struct Model {}
impl Model {
    pub fn load(_path: &Path, _options: &LoadOptions, _cancel: &Cancel, _progress: &mut dyn FnMut(u64, u64)) -> Result<Model, AppError> { unimplemented!() }
    pub fn facts(&self) -> LoadedFacts { unimplemented!() }
    pub fn tokenizer(&self) -> &Tokenizer { unimplemented!() }
    pub fn template(&self) -> &Template { unimplemented!() }
    pub fn set_threads(&self, _threads: u32) {}
    pub fn check_unchanged(&self) -> Result<(), AppError> { unimplemented!() }
    pub fn sequence(&self) -> Sequence { unimplemented!() }
}
pub struct Sequence {}
impl Sequence {
    pub fn tokens(&self) -> &[u32] { &[] }
    pub fn truncate(&mut self, _length: usize) {}
}
pub enum Generated { Prefill { read: u32, total: u32 }, Text(String) }
pub fn generate(_model: &Model, _sequence: &mut Sequence, _messages: &[PromptMessage], _sampling: &Sampling, _limits: &Limits, _cancel: &Cancel, _on: &mut dyn FnMut(Generated)) -> Result<WorkerAnswered, AppError> { unimplemented!() }
pub fn logits(_model: &Model, _ids: &[u32], _top: u32, _cancel: &Cancel, _on: &mut dyn FnMut(u32, Vec<(u32, f32)>)) -> Result<(), AppError> { unimplemented!() }
pub fn bench(_model: &Model, _prefill: u32, _decode: u32, _cancel: &Cancel) -> Result<(f64, f64), AppError> { unimplemented!() }
pub fn facts(_threads: u32) -> EngineFacts { unimplemented!() }
pub struct Tokenizer {}
impl Tokenizer {
    pub fn open(_path: &Path) -> Result<Tokenizer, AppError> { unimplemented!() }
    pub fn encode(&self, _text: &str, _special: bool) -> Result<Vec<u32>, AppError> { unimplemented!() }
    pub fn decode(&self, _ids: &[u32], _special: bool) -> Result<String, AppError> { unimplemented!() }
}
pub struct Template {}
impl Template {
    pub fn open(_path: &Path) -> Result<Template, AppError> { unimplemented!() }
    pub fn render(&self, _messages: &[PromptMessage], _add_generation_prompt: bool) -> Result<String, AppError> { unimplemented!() }
    pub fn sha256(&self) -> &str { unimplemented!() }
}
