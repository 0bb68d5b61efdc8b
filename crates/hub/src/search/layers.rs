//! What the models of a repository are like inside, by the first bytes of their own files: how much
//! memory a conversation takes is reckoned from it.

use crate::network::{Network, Question};
use formats::Shape;
use protocol::{AppError, HubFile, LayerFacts};
use std::time::Duration;

/// Bytes that are asked for of a file. Keys of the architecture come before the tokenizer, which
/// has megabytes; a config.json has a few thousand.
const START: usize = 256 << 10;
/// Most files of a repository that are asked: files of one model have one shape.
const MOST: usize = 4;
/// How long a page waits for all of them.
const PATIENCE: Duration = Duration::from_secs(8);
/// Largest number of layers, heads, and numbers of a head. The largest known are 126, 128 and 512.
const LARGEST: u32 = 1 << 14;

impl Network {
    /// Notes at each model what its layers are like, where its files say so in time. Where one
    /// cannot be read, as of a repository that asks first, the others are not asked.
    pub(super) async fn add_layers(&self, repository: &str, commit: &str, models: &mut [HubFile]) {
        let reading = async {
            let mut asked = Vec::new();
            for at in 0..models.len() {
                let stem = stem(&models[at]);
                if models[at].layers.is_some() || asked.contains(&stem) || asked.len() >= MOST {
                    continue;
                }
                let read = self.start(repository, commit, &models[at]).await?;
                let found = shape(&models[at], &read);
                let same = models.iter_mut().filter(|model| self::stem(model) == stem);
                for model in same {
                    model.layers = found.map(|(layers, _)| layers);
                    model.context = found.map(|(_, context)| context);
                }
                asked.push(stem);
            }
            Ok::<(), AppError>(())
        };
        // What is not known is said to be so.
        let _ = tokio::time::timeout(PATIENCE, reading).await;
    }

    async fn start(
        &self,
        repository: &str,
        commit: &str,
        model: &HubFile,
    ) -> Result<Vec<u8>, AppError> {
        let file = model.files.first().map_or("config.json", String::as_str);
        let parts = repository.split('/').chain(["resolve", commit]);
        let path: Vec<&str> = parts.chain(file.split('/')).collect();
        let question = Question {
            address: self.at(&path)?,
            repository: Some(repository),
            limit: START,
            start: true,
        };
        Ok(self.ask(question).await?.body)
    }
}

/// What the model's file says of its layers, and of its context.
fn shape(model: &HubFile, read: &[u8]) -> Option<(LayerFacts, u32)> {
    let shape = match model.files.is_empty() {
        true => Shape::of_config(read),
        false => Shape::of_start(read),
    }?;
    // Keys and values of different width take what two of the mean take.
    let head_dim = shape.head_dim.checked_add(shape.value_dim)?.div_ceil(2);
    let sizes = [shape.layers, shape.kv_heads, head_dim];
    let layers = LayerFacts {
        layers: shape.layers,
        kv_heads: shape.kv_heads,
        head_dim,
        window: None,
    };
    let can_be = sizes.iter().all(|size| *size <= LARGEST);
    can_be.then_some((layers, shape.context))
}

/// A model's name without its kind, by which files of one model are known; empty for the folder.
fn stem(model: &HubFile) -> String {
    let Some(file) = model.files.first() else {
        return String::new();
    };
    let name = file.rsplit('/').next().unwrap_or_default().to_lowercase();
    let name = name.strip_suffix(".gguf").unwrap_or(&name);
    let name = crate::download::part_of(file).map_or(name.to_owned(), |(stem, _)| {
        stem.rsplit('/').next().unwrap_or_default().to_lowercase()
    });
    let kind = model.kind.as_deref().unwrap_or_default().to_lowercase();
    let end = name.rfind(&kind).filter(|_| !kind.is_empty());
    let stem = end.map_or(name.as_str(), |at| &name[..at]);
    // One more than the folder's.
    format!("/{}", stem.trim_end_matches(['-', '.', '_']))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(file: &str, kind: Option<&str>) -> HubFile {
        HubFile {
            files: vec![file.to_owned()],
            kind: kind.map(str::to_owned),
            bytes: 1,
            sha256: None,
            layers: None,
            context: None,
            fit: None,
        }
    }

    #[test]
    fn files_of_one_model_are_known_by_their_names() {
        let check = |file, kind, expected: &str| assert_eq!(stem(&model(file, kind)), expected);
        check("a-7b-Q4_K_M.gguf", Some("Q4_K_M"), "/a-7b");
        check("q8/a-7B.q8_0.gguf", Some("Q8_0"), "/a-7b");
        check("a-7b-Q8_0-00001-of-00002.gguf", Some("Q8_0"), "/a-7b");
        check("a-7b-UD-Q4_K_XL.gguf", Some("Q4_K_XL"), "/a-7b-ud");
        check("model.gguf", None, "/model");
    }

    #[test]
    fn absurd_layers_are_not_believed() {
        let check = |config: &str, known: bool| {
            let folder = HubFile {
                files: Vec::new(),
                ..model("", None)
            };
            let found = shape(&folder, config.as_bytes());
            assert_eq!(found.is_some(), known, "{config}");
        };
        let of = |layers: &str, heads: &str, hidden: &str| {
            format!(
                "{{\"model_type\": \"llama\", \"num_hidden_layers\": {layers}, \"num_attention_heads\": {heads}, \
                 \"hidden_size\": {hidden}, \"max_position_embeddings\": 4096}}"
            )
        };
        check(&of("32", "32", "4096"), true);
        check(&of("4000000000", "32", "4096"), false);
        check(&of("32", "99999999999999999999", "4096"), false);
        check(&of("32", "0", "4096"), false);
        check(&of("32", "1", "4294967295"), false);
        check(&of("-1", "\"x\"", "[]"), false);
        check("{}", false);
        check("[1]", false);
        check("", false);
        check(&"[".repeat(100_000), false);
    }
}
