//! Whether a model fits this machine, and how fast it would write: reckoned from sizes and from
//! how fast this machine was seen to read its memory.
//!
//! A token is written in the time in which its weights, and the keys and values before it, are
//! read once: on processors that read is what takes longest.

use crate::catalogue::{Catalogue, file_bytes};
use formats::{Checkpoint, Description, OVERHEAD, keys, kv_bytes};
use protocol::{
    AppError, CatalogueFile, CatalogueModel, DEFAULT_CONTEXT, Fit, Fits, HubFile, HubRepository,
    KvType, Language, LayerFacts, WeightType,
};
use std::path::Path;

/// Bits of a weight in each type that a folder's weights can be made smaller to, and in which they
/// come.
const BITS: [(WeightType, f64); 3] = [
    (WeightType::Q8_0, 8.5),
    (WeightType::Q6K, 6.5625),
    (WeightType::Q4K, 4.5),
];

/// A fine-tune has the layers of its base where its weights differ by no more than this part of
/// them: a vocabulary that grew, and no layer.
const ALIKE: u64 = 100;

/// What this machine gives a model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Room {
    /// Bytes that models may use.
    pub memory_bytes: u64,
    /// Bytes a second that it reads, where that was measured.
    pub bandwidth: Option<u64>,
    /// What keys and values are kept in.
    pub kv_type: KvType,
}

/// What a model takes.
struct Needs {
    weights: u64,
    kv: u64,
    overhead: u64,
    context: u32,
    /// Bytes of weights that one token reads.
    read: u64,
    estimated: bool,
}

impl Needs {
    fn all(&self) -> u64 {
        let parts = [self.weights, self.kv, self.overhead];
        parts.into_iter().fold(0, u64::saturating_add)
    }

    fn fits(&self, memory: u64) -> Fits {
        match self.all() {
            needed if needed > memory => Fits::No,
            needed if u128::from(needed) * 10 > u128::from(memory) * 9 => Fits::Tight,
            _ => Fits::Well,
        }
    }

    fn on(&self, room: &Room) -> Fit {
        // Half of `kv` is what was read before; and a conversation fills the context little by
        // little: over all of it, half is there.
        let token_bytes = self.read.saturating_add(self.kv / 4);
        Fit {
            fits: self.fits(room.memory_bytes),
            weight_bytes: self.weights,
            kv_bytes: self.kv,
            overhead_bytes: self.overhead,
            memory_bytes: room.memory_bytes,
            context: self.context,
            tokens_per_second: room
                .bandwidth
                .map(|bandwidth| (bandwidth as f64 / token_bytes.max(1) as f64) as f32),
            bandwidth: room.bandwidth,
            token_bytes,
            estimated: self.estimated,
        }
    }
}

/// A model of the catalogue in one of its files; None where its length cannot be told.
pub fn fit_catalogue(model: &CatalogueModel, file: &CatalogueFile, room: &Room) -> Option<Fit> {
    let (weights, exact) = file_bytes(model, file)?;
    let context = given(model.context);
    let needs = Needs {
        weights,
        kv: kept(model.layers, context, room),
        overhead: OVERHEAD,
        context,
        read: share(weights, model.active_parameters, model.parameters),
        estimated: !exact,
    };
    Some(needs.on(room))
}

/// A model of the hub. What its layers are like its own file says; else the catalogue, of the same
/// model, or of the one that it was made from where it has as many weights. What none says is
/// reckoned as nothing.
pub fn fit_hub(file: &HubFile, repository: &HubRepository, room: &Room) -> Fit {
    let of = |id: &String| Catalogue::shipped().model(id, Language::En);
    let known = repository.catalogue.as_ref().and_then(of);
    let parent = || {
        let model = repository.parent.as_ref().and_then(of)?;
        let apart = repository.parameters?.abs_diff(model.parameters);
        (apart <= model.parameters / ALIKE).then_some(model)
    };
    let known = known.or_else(parent);
    let said = known.as_ref().map(|model| model.context);
    let context = given(file.context.or(said).unwrap_or(0));
    let layers = file
        .layers
        .or(known.as_ref().and_then(|model| model.layers));
    let with = |weights: u64, estimated: bool| Needs {
        weights,
        kv: kept(layers, context, room),
        overhead: OVERHEAD,
        context,
        read: known.as_ref().map_or(weights, |model| {
            share(weights, model.active_parameters, model.parameters)
        }),
        estimated,
    };
    let bits = match file.kind.as_deref() {
        Some("BF16" | "F16") => Some(16.0),
        Some("F32") => Some(32.0),
        _ => None,
    };
    let whole = with(file.bytes, false);
    let smaller = BITS.iter().filter_map(|(_, small)| {
        let part = small / bits.filter(|_| file.files.is_empty())?;
        Some(with((file.bytes as f64 * part) as u64, true))
    });
    best(whole, smaller, room)
}

/// Whether a repository's model fits in the smallest type that answers well, where the hub says how
/// many weights it has: a GGUF repository mostly has such a file, and a folder is made so small.
pub fn could_fit(repository: &HubRepository, room: &Room) -> Option<bool> {
    let [.., (_, bits)] = BITS;
    let file = HubFile {
        files: vec![String::new()],
        kind: None,
        bytes: (repository.parameters? as f64 * bits / 8.0) as u64,
        sha256: None,
        layers: None,
        context: None,
        fit: None,
    };
    Some(fit_hub(&file, repository, room).fits != Fits::No)
}

/// A model on this disk, a file or a folder. Errors: those of [`formats::describe`].
pub fn fit_installed(path: &Path, room: &Room) -> Result<Fit, AppError> {
    let checkpoint = Checkpoint::open(path)?;
    let mut facts = Description::of(&checkpoint)?;
    facts.kv_type = room.kv_type;
    let read = read_bytes(&checkpoint);
    let with = |facts: &Description, read: u64| {
        let context = facts.given_context();
        let (weights, kv) = (
            facts.weight_bytes.max(facts.copied_bytes),
            facts.kv_bytes(context),
        );
        Needs {
            weights,
            kv,
            overhead: facts
                .memory_bytes(context)
                .saturating_sub(weights.saturating_add(kv)),
            context,
            read,
            estimated: false,
        }
    };
    let whole = with(&facts, read);
    let folder = checkpoint.gguf().is_none();
    let smaller = BITS.iter().filter(|_| folder).map(|(kind, _)| {
        let weight_bytes = checkpoint.quantised_bytes(*kind);
        let part = weight_bytes as f64 / facts.weight_bytes.max(1) as f64;
        let facts = Description {
            weight_bytes,
            ..facts.clone()
        };
        with(&facts, (read as f64 * part) as u64)
    });
    Ok(best(whole, smaller, room))
}

/// The weights as they are, else the largest that they can be made smaller to and fit, as Parley
/// loads them; where none fits, as they are.
fn best(whole: Needs, smaller: impl Iterator<Item = Needs>, room: &Room) -> Fit {
    let fits = |needs: &Needs| needs.fits(room.memory_bytes) != Fits::No;
    if fits(&whole) {
        return whole.on(room);
    }
    let mut smaller = smaller.filter(|needs| needs.weights < whole.weights);
    smaller.find(fits).unwrap_or(whole).on(room)
}

/// Tokens of context that Parley gives a model made for `made_for`; 0: not known.
fn given(made_for: u32) -> u32 {
    match made_for {
        0 => DEFAULT_CONTEXT,
        made_for => made_for.min(DEFAULT_CONTEXT),
    }
}

/// Bytes of keys and values.
fn kept(layers: Option<LayerFacts>, context: u32, room: &Room) -> u64 {
    layers.map_or(0, |it| {
        let heads = [it.head_dim; 2];
        kv_bytes(room.kv_type, it.layers, it.kv_heads, heads, context)
    })
}

/// The part of the weights that a token is computed with.
fn share(weights: u64, active: Option<u64>, all: u64) -> u64 {
    match active {
        Some(active) if active < all => {
            (u128::from(weights) * u128::from(active) / u128::from(all)) as u64
        }
        _ => weights,
    }
}

/// Bytes of weights that one token reads: of experts those that are chosen, of a table of
/// embeddings that does nothing else one row.
fn read_bytes(it: &Checkpoint) -> u64 {
    let number = |fact| it.number(fact).filter(|number| *number > 0);
    let experts = number(&keys::EXPERTS);
    let used = number(&keys::EXPERTS_USED);
    let has = |end: &str| it.tensors.iter().any(|tensor| tensor.name.ends_with(end));
    let apart = has("lm_head.weight") || it.tensor("output.weight").is_some();
    let of = |name: &str, bytes: u64| {
        let expert = name.contains("_exps.") || name.contains(".experts.");
        let embedding = ["token_embd.weight", "embed_tokens.weight", "wte.weight"]
            .iter()
            .any(|end| name.ends_with(end));
        match (experts, used) {
            (Some(experts), Some(used)) if expert => share(bytes, Some(used), experts),
            _ if embedding && apart => 0,
            _ => bytes,
        }
    };
    let mut tensors = it.tensors.iter();
    tensors
        .try_fold(0_u64, |all, tensor| {
            all.checked_add(of(&tensor.name, tensor.bytes))
        })
        .unwrap_or(u64::MAX)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that fails panics")]
mod tests {
    use super::*;

    const GB: u64 = 1_000_000_000;

    fn room(memory_bytes: u64) -> Room {
        Room {
            memory_bytes,
            bandwidth: Some(20 * GB),
            kv_type: KvType::F16,
        }
    }

    fn file(bytes: u64, kind: &str, files: &[&str]) -> HubFile {
        HubFile {
            files: files.iter().map(|file| (*file).to_owned()).collect(),
            kind: Some(kind.to_owned()),
            bytes,
            sha256: None,
            layers: None,
            context: None,
            fit: None,
        }
    }

    fn repository(catalogue: Option<&str>) -> HubRepository {
        HubRepository {
            repository: "owner/name".into(),
            catalogue: catalogue.map(str::to_owned),
            formats: Vec::new(),
            licence: None,
            languages: Vec::new(),
            parameters: None,
            parent: None,
            gated: false,
            downloads: 0,
            likes: 0,
            changed: None,
        }
    }

    #[test]
    fn what_fits_fits() {
        let check = |bytes: u64, memory: u64, fits: Fits| {
            let fit = fit_hub(
                &file(bytes, "Q4_K_M", &["a.gguf"]),
                &repository(None),
                &room(memory),
            );
            assert_eq!(fit.fits, fits, "{bytes} in {memory}");
            assert_eq!(
                (fit.weight_bytes, fit.kv_bytes, fit.overhead_bytes),
                (bytes, 0, OVERHEAD)
            );
        };
        let nine = 9 * GB - OVERHEAD;
        check(nine, 10 * GB, Fits::Well);
        check(nine + 1, 10 * GB, Fits::Tight);
        check(10 * GB - OVERHEAD, 10 * GB, Fits::Tight);
        check(10 * GB - OVERHEAD + 1, 10 * GB, Fits::No);
        check(0, 0, Fits::No);
        check(u64::MAX, u64::MAX, Fits::Tight);
        check(u64::MAX, 10 * GB, Fits::No);
    }

    #[test]
    fn speed_is_what_is_read() {
        let check = |catalogue: Option<&str>, bandwidth: Option<u64>, speed: Option<f32>| {
            let room = Room {
                memory_bytes: 100 * GB,
                bandwidth,
                kv_type: KvType::F16,
            };
            let fit = fit_hub(
                &file(10 * GB, "Q4_K_M", &["a.gguf"]),
                &repository(catalogue),
                &room,
            );
            let near = match (fit.tokens_per_second, speed) {
                (Some(found), Some(speed)) => (found - speed).abs() < speed / 50.0,
                (found, speed) => found == speed,
            };
            assert!(near, "{catalogue:?} {bandwidth:?} {fit:?}");
        };
        check(None, None, None);
        check(None, Some(20 * GB), Some(2.0));
        check(Some("not/there"), Some(20 * GB), Some(2.0));
        // Of 46.7 billion weights a token is computed with 12.9; half a GB of keys and values.
        check(
            Some("mistralai/Mixtral-8x7B-Instruct-v0.1"),
            Some(20 * GB),
            Some(6.07),
        );
    }

    #[test]
    fn a_folder_is_made_smaller_where_it_does_not_fit() {
        let check = |kind: &str, files: &[&str], memory: u64, weights: u64, fits: Fits| {
            let fit = fit_hub(
                &file(16 * GB, kind, files),
                &repository(None),
                &room(memory),
            );
            assert_eq!(
                (fit.weight_bytes, fit.fits),
                (weights, fits),
                "{kind} {files:?} {memory}"
            );
            assert_eq!(fit.estimated, weights != 16 * GB);
        };
        check("BF16", &[], 20 * GB, 16 * GB, Fits::Well);
        check("BF16", &[], 10 * GB, 8_500_000_000, Fits::Well);
        check("BF16", &[], 7 * GB, 6_562_500_000, Fits::Tight);
        check("BF16", &[], 5 * GB, 4_500_000_000, Fits::Tight);
        check("BF16", &[], 4 * GB, 16 * GB, Fits::No);
        check("F32", &[], 5 * GB, 4_250_000_000, Fits::Well);
        check("Q4_K_M", &[], 10 * GB, 16 * GB, Fits::No);
        check("BF16", &["a-bf16.gguf"], 10 * GB, 16 * GB, Fits::No);
    }

    #[test]
    fn what_the_hub_has_could_fit_in_its_smallest_type() {
        let check = |parameters: Option<u64>, expected: Option<bool>| {
            let mut repository = repository(None);
            repository.parameters = parameters;
            assert_eq!(could_fit(&repository, &room(4 * GB)), expected);
        };
        check(None, None);
        check(Some(1_000_000_000), Some(true));
        check(Some(6_900_000_000), Some(true));
        check(Some(7_100_000_000), Some(false));
        check(Some(u64::MAX), Some(false));
    }

    #[test]
    fn a_conversations_memory_is_known_from_the_file_the_catalogue_or_the_base() {
        const MISTRAL: &str = "mistralai/Mistral-7B-Instruct-v0.1";
        let check = |layers: Option<u32>, catalogue, parent: Option<(&str, u64)>, kv: u64| {
            let mut file = file(4 * GB, "Q4_K_M", &["a.gguf"]);
            file.layers = layers.map(|layers| LayerFacts {
                layers,
                kv_heads: 8,
                head_dim: 128,
                window: None,
            });
            file.context = layers.map(|_| 1024);
            let mut repository = repository(catalogue);
            repository.parent = parent.map(|(id, _)| id.to_owned());
            repository.parameters = parent.map(|(_, weights)| weights);
            let fit = fit_hub(&file, &repository, &room(100 * GB));
            assert_eq!(fit.kv_bytes, kv, "{layers:?} {catalogue:?} {parent:?}");
        };
        let kv = |layers, context| kv_bytes(KvType::F16, layers, 8, [128; 2], context);
        let whole = kv(32, DEFAULT_CONTEXT);
        let weights = 7_241_732_096;
        check(None, None, None, 0);
        check(Some(40), None, None, kv(40, 1024));
        check(Some(40), Some(MISTRAL), None, kv(40, 1024));
        check(None, Some(MISTRAL), None, whole);
        check(None, None, Some((MISTRAL, weights)), whole);
        check(None, None, Some((MISTRAL, weights * 9 / 8)), 0);
        check(None, None, Some(("not/there", weights)), 0);
    }

    /// What the first page of the library has to say on a small machine.
    #[test]
    fn large_models_of_the_catalogue_do_not_fit_a_small_machine() {
        let check = |id: &str, memory: u64, fits: Fits| {
            let model = Catalogue::shipped().model(id, Language::En).unwrap();
            let fit = fit_catalogue(&model, &model.files[0], &room(memory)).unwrap();
            assert_eq!(fit.fits, fits, "{id} {fit:?}");
            assert_eq!(fit.context, DEFAULT_CONTEXT.min(model.context), "{id}");
            let needed = fit.weight_bytes + fit.kv_bytes + fit.overhead_bytes;
            assert_eq!(needed > memory, fits == Fits::No);
        };
        check("tiiuae/falcon-40b-instruct", 8 * GB, Fits::No);
        check("mistralai/Mixtral-8x7B-Instruct-v0.1", 16 * GB, Fits::No);
        check("mistralai/Mixtral-8x7B-Instruct-v0.1", 64 * GB, Fits::Well);
        check("mistralai/Mistral-7B-Instruct-v0.1", 16 * GB, Fits::Well);
    }

    #[test]
    fn reading_kept_in_8_bits_takes_about_half() {
        let catalogue = Catalogue::shipped();
        let model = catalogue.model("mistralai/Mistral-7B-Instruct-v0.1", Language::En);
        let model = model.unwrap();
        let kept = |kv_type| {
            let room = Room {
                kv_type,
                ..room(8 * GB)
            };
            fit_catalogue(&model, &model.files[0], &room)
                .unwrap()
                .kv_bytes
        };
        // 32 layers of 8 heads of 128 for keys and for values, two bytes a number, twice.
        let halves = 32 * 8 * 2 * 128 * 2 * 2 * u64::from(DEFAULT_CONTEXT.min(model.context));
        assert_eq!(kept(KvType::F16), halves);
        assert_eq!(kept(KvType::Q8_0), halves / 64 * 34);
    }

    #[test]
    fn every_model_of_the_catalogue_can_be_reckoned() {
        for model in Catalogue::shipped().models(Language::En) {
            for file in &model.files {
                if let Some(fit) = fit_catalogue(&model, file, &room(8 * GB)) {
                    assert!(
                        fit.tokens_per_second.unwrap() > 0.05,
                        "{} {fit:?}",
                        model.id
                    );
                    assert!(
                        fit.token_bytes <= fit.weight_bytes + fit.kv_bytes,
                        "{}",
                        model.id
                    );
                }
            }
        }
    }
}
