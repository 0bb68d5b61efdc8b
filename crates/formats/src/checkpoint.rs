//! The files of a model, whatever their format: what its header says, and where each tensor lies.

use crate::folder::Folder;
use crate::gguf::Gguf;
use crate::index::Index;
use crate::line::one_line;
use crate::weights::{self, Found};
use crate::{beside, ggml, parts, safetensors, split};
use protocol::{AppError, failure};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// A model's files, checked against each other; the weights are not read.
#[derive(Clone, Debug)]
pub struct Checkpoint {
    /// What stands for the model: its file, the first of its parts, or its folder. Opening it
    /// opens the same model.
    pub path: PathBuf,
    /// What the model says of itself.
    pub header: Header,
    /// The files that hold tensors.
    pub files: Vec<Part>,
    /// Those of all files.
    pub tensors: Vec<Tensor>,
    by_name: HashMap<String, usize>,
}

/// What a model says of itself.
#[derive(Clone, Debug)]
pub enum Header {
    /// Metadata of a GGUF file.
    Gguf(Gguf),
    /// A repository's folder: config.json, and tokenizer and template beside it.
    Folder(Folder),
}

/// A file that holds tensors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Where it is.
    pub path: PathBuf,
    /// Its length.
    pub bytes: u64,
    /// Bytes before the first tensor's data.
    pub header_bytes: u64,
}

/// Where a tensor lies and what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tensor {
    /// As its file names it.
    pub name: String,
    /// Rows first: the dimension that is contiguous in memory comes last.
    pub shape: Vec<u64>,
    /// How the numbers are stored.
    pub kind: ggml::Type,
    /// Which of the files.
    pub part: usize,
    /// Bytes from the start of that file.
    pub offset: u64,
    /// Bytes of data.
    pub bytes: u64,
}

impl Tensor {
    /// Numbers in the tensor.
    pub fn numbers(&self) -> u64 {
        // Checked when the header was read.
        self.shape.iter().product()
    }
}

impl Checkpoint {
    /// Opens a model: a GGUF file or any part of a split one, a folder with config.json and
    /// safetensors or with one GGUF model, or one of a folder's safetensors.
    ///
    /// Errors: those of [`Gguf::open`]; for several files `weights-missing`, `part-foreign`,
    /// `part-misnamed`, `index-disagrees`; for folders `config-missing`, `metadata-damaged`,
    /// `several-models`, `foreign-layout`, `unsafe-format`.
    pub fn open(path: &Path) -> Result<Checkpoint, AppError> {
        match weights::of(path)? {
            Found::Gguf(path) => split::open(Gguf::open(&path)?),
            Found::Safetensors {
                model,
                folder,
                files,
                index,
            } => {
                let folder = Folder::open(&folder)?;
                let index = index.map(|path| Index::open(&folder, &path)).transpose()?;
                let files = match &index {
                    Some(index) => index.files(),
                    None => files,
                };
                let mut parts = Vec::new();
                let mut tensors = Vec::new();
                for file in files {
                    let (part, mut found) = safetensors::open(&file, parts.len())?;
                    parts.push(part);
                    tensors.append(&mut found);
                }
                let checkpoint = Checkpoint::new(model, Header::Folder(folder), parts, tensors)?;
                if let Some(index) = index {
                    index.check(&checkpoint)?;
                }
                Ok(checkpoint)
            }
        }
    }

    /// A model of a GGUF header that is read.
    ///
    /// Errors: `model-damaged`.
    pub fn of_gguf(gguf: Gguf) -> Result<Checkpoint, AppError> {
        let path = gguf.path.clone();
        let (mut files, mut tensors) = (Vec::new(), Vec::new());
        take(&gguf, &mut files, &mut tensors);
        Checkpoint::new(path, Header::Gguf(gguf), files, tensors)
    }

    /// A model of the headers of its parts; the first, `gguf`, has the metadata of all.
    ///
    /// Errors: `model-damaged`.
    pub(crate) fn of_parts(gguf: Gguf, others: &[Gguf]) -> Result<Checkpoint, AppError> {
        let mut whole = Checkpoint::of_gguf(gguf)?;
        for other in others {
            take(other, &mut whole.files, &mut whole.tensors);
        }
        Checkpoint::new(whole.path, whole.header, whole.files, whole.tensors)
    }

    pub(crate) fn new(
        path: PathBuf,
        header: Header,
        files: Vec<Part>,
        tensors: Vec<Tensor>,
    ) -> Result<Checkpoint, AppError> {
        let mut by_name = HashMap::with_capacity(tensors.len());
        for (index, tensor) in tensors.iter().enumerate() {
            if by_name.insert(tensor.name.clone(), index).is_some() {
                let what = format!("two tensors named {}", one_line(&tensor.name));
                return Err(failure::model_damaged(&files[tensor.part].path, what));
            }
        }
        Ok(Checkpoint {
            path,
            header,
            files,
            tensors,
            by_name,
        })
    }

    /// The same model with the tensors of another checkpoint in the place of its own of the same
    /// names.
    pub fn with_tensors_of(&self, other: Checkpoint) -> Checkpoint {
        let mut made = self.clone();
        let parts = made.files.len();
        made.files.extend(other.files);
        for mut tensor in other.tensors {
            if let Some(index) = made.by_name.get(&tensor.name) {
                tensor.part += parts;
                made.tensors[*index] = tensor;
            }
        }
        made
    }

    /// The tensor of this name, where the model has it.
    pub fn tensor(&self, name: &str) -> Option<&Tensor> {
        self.by_name.get(name).map(|index| &self.tensors[*index])
    }

    /// The GGUF metadata, where it is a GGUF model.
    pub fn gguf(&self) -> Option<&Gguf> {
        match &self.header {
            Header::Gguf(gguf) => Some(gguf),
            Header::Folder(_) => None,
        }
    }

    /// The folder, where it is one.
    pub fn folder(&self) -> Option<&Folder> {
        match &self.header {
            Header::Folder(folder) => Some(folder),
            Header::Gguf(_) => None,
        }
    }

    /// `general.architecture`, or config.json's `model_type`.
    ///
    /// Errors: `metadata-missing`.
    pub fn architecture(&self) -> Result<&str, AppError> {
        match &self.header {
            Header::Gguf(gguf) => gguf.architecture(),
            Header::Folder(folder) => folder
                .text("model_type")
                .ok_or_else(|| failure::metadata_missing("model_type")),
        }
    }

    /// The name for people: the model's own, or that of its file or folder.
    pub fn name(&self) -> String {
        match &self.header {
            Header::Gguf(gguf) => {
                let own = gguf.metadata.text("general.name").map(one_line);
                own.filter(|name| !name.is_empty())
                    .unwrap_or_else(|| one_line(&parts::stem(&self.path)))
            }
            Header::Folder(folder) => folder.name(),
        }
    }

    /// Every file that the model is made of, in an order that stays: those with tensors, then in
    /// a folder what lies beside them.
    pub fn paths(&self) -> Vec<PathBuf> {
        let with_tensors = self.files.iter().map(|part| part.path.clone());
        let beside = self.folder().map(beside::files);
        with_tensors.chain(beside.into_iter().flatten()).collect()
    }

    /// Bytes of all files with tensors.
    pub fn bytes(&self) -> u64 {
        let each = self.files.iter().map(|part| part.bytes);
        each.fold(0, u64::saturating_add)
    }

    /// Bytes of all tensors.
    pub fn weight_bytes(&self) -> u64 {
        let each = self.tensors.iter().map(|tensor| tensor.bytes);
        each.fold(0, u64::saturating_add)
    }

    /// Bytes before the tensors, in all files.
    pub fn header_bytes(&self) -> u64 {
        let each = self.files.iter().map(|part| part.header_bytes);
        each.fold(0, u64::saturating_add)
    }
}

/// Adds a GGUF file's tensors as those of the next part.
fn take(gguf: &Gguf, files: &mut Vec<Part>, tensors: &mut Vec<Tensor>) {
    let part = files.len();
    files.push(Part {
        path: gguf.path.clone(),
        bytes: gguf.file_bytes,
        header_bytes: gguf.header_bytes,
    });
    tensors.extend(gguf.tensors.iter().map(|tensor| Tensor {
        name: tensor.name.clone(),
        shape: tensor.shape.iter().rev().copied().collect(),
        kind: tensor.kind,
        part,
        offset: tensor.offset,
        bytes: tensor.bytes,
    }));
}
