"""A folder through llama.cpp's converter, and how a test makes the same file again: its metadata, and for each of its
tensors which of the folder's it is, and what was done to it.

What was done is found by trying, and the tensor must then be equal to the bit:

    same                 as it is
    add 1                and one more
    turn N               each of N heads' rows from two halves to neighbours
    part A B             rows A to B
    every A B            rows A, A+B, A+2B ... of each expert
    flip                 last two axes exchanged; may be followed by `every`
    stack                one expert after another, `{e}` in the name
    falcon H G           heads of G groups (queries, key, value) to all queries, all keys, all values of H and G heads
    mxfp4                blocks and scales of the name packed as ggml does; may be followed by `every`
    values               the numbers themselves"""
import hashlib
import json
import re
import sys
from pathlib import Path

import numpy as np

# Written once for each tokenizer, not in each row.
SHARED = "tokenizer."


def run(folder: Path, llama_cpp: Path, pre: str | None) -> Path:
    sys.path[:0] = [str(llama_cpp), str(llama_cpp / "gguf-py")]
    import convert_hf_to_gguf
    from conversion.base import TextModel
    if pre:
        # It knows a pre-tokenizer by the hash of what the whole vocabulary makes of a text: ours are too small for that.
        TextModel.get_vocab_base_pre = lambda self, tokenizer: pre
    out = folder.with_suffix(".gguf")
    before, sys.argv = sys.argv, ["convert", str(folder), "--outtype", "f32", "--outfile", str(out)]
    try:
        convert_hf_to_gguf.main()
    finally:
        sys.argv = before
        del sys.path[:2]
    return out


def metadata(reader):
    """[key, type, value] in the order of the file; an array's type is that of its items and `[]`."""
    from gguf import GGUFValueType
    said = []
    for key, field in reader.fields.items():
        if key.startswith("GGUF."):
            continue
        kinds = [GGUFValueType(kind).name.lower() for kind in field.types]
        value = field.contents()
        if kinds[0] == "array":
            kind = kinds[1] + "[]"
            value = [number(item, kinds[1]) for item in value]
        else:
            kind, value = kinds[0], number(value, kinds[0])
        said.append([key, kind, value])
    return said


def number(value, kind):
    # The shortest digits that give the same f32 again.
    return float(str(np.float32(value))) if kind == "float32" else value


def turned(tensor, heads):
    halves = tensor.reshape(heads, 2, tensor.shape[0] // heads // 2, *tensor.shape[1:])
    return halves.swapaxes(1, 2).reshape(tensor.shape)


def regrouped(tensor, heads, groups):
    each = tensor.reshape(groups, heads // groups + 2, tensor.shape[0] // (heads + 2 * groups), *tensor.shape[1:])
    rows = lambda part: part.reshape(-1, *tensor.shape[1:])
    return np.concatenate([rows(each[:, :-2]), rows(each[:, -2]), rows(each[:, -1])])


def packed(blocks, scales):
    """ggml's MXFP4: the scale, then sixteen bytes, in each one of the first half's numbers low and of the second's high."""
    nibbles = np.stack([blocks & 15, blocks >> 4], -1).reshape(*blocks.shape[:-1], 32)
    bytes_ = nibbles[..., :16] | nibbles[..., 16:] << 4
    whole = np.concatenate([scales[..., None], bytes_], -1)
    return whole.reshape(*whole.shape[:-2], -1)


def candidates(made, heads, groups):
    """Every tensor that the converter may have made: (what was done, from which, the tensor), made when asked for."""
    expert = re.compile(r"\.experts\.0\.")
    for name, tensor in made.items():
        if tensor.dtype == np.uint8:
            if name.endswith("_blocks"):
                scales = made[name.replace("_blocks", "_scales")]
                whole = packed(tensor, scales)
                yield "mxfp4", name, whole
                for first in (0, 1):
                    yield f"mxfp4 every {first} 2", name, whole[:, first::2]
            continue
        yield "same", name, tensor
        if tensor.ndim == 1:
            yield "add 1", name, tensor + np.float32(1)
        if tensor.ndim == 2:
            for count in {heads, groups}:
                if tensor.shape[0] % (2 * count) == 0:
                    yield f"turn {count}", name, turned(tensor, count)
            if tensor.shape[0] == (heads + 2 * groups) * (tensor.shape[0] // (heads + 2 * groups)):
                yield f"falcon {heads} {groups}", name, regrouped(tensor, heads, groups)
            if name.endswith("bias"):
                for first in (0, 1):
                    yield f"every {first} 2", name, tensor[:, first::2]
        if tensor.ndim == 1 and tensor.shape[0] % (heads + 2 * groups) == 0:
            yield f"falcon {heads} {groups}", name, regrouped(tensor, heads, groups)
        if tensor.ndim == 1:
            for count in {heads, groups}:
                if tensor.shape[0] % (2 * count) == 0:
                    yield f"turn {count}", name, turned(tensor, count)
        if tensor.ndim == 3:
            flipped = tensor.swapaxes(1, 2)
            yield "flip", name, flipped
            for first in (0, 1):
                yield f"flip every {first} 2", name, flipped[:, first::2]
        if expert.search(name):
            pattern = expert.sub(".experts.{e}.", name)
            each = [made[pattern.replace("{e}", str(e))] for e in range(256) if pattern.replace("{e}", str(e)) in made]
            yield "stack", pattern, np.stack(each)


def gguf(folder: Path, llama_cpp: Path, pre: str | None, made, tokenizer: Path):
    out = run(folder, llama_cpp, pre)
    from gguf import GGUFReader
    reader = GGUFReader(out)
    said = metadata(reader)
    of = {key.split(".", 1)[1]: value for key, _, value in said}
    heads = of.get("attention.head_count")
    groups = of.get("attention.head_count_kv", heads)
    found = {}
    for what, name, tensor in candidates(made, heads, groups):
        found.setdefault((tensor.shape, tensor.tobytes()), (what, name))
    tensors = []
    for tensor in reader.tensors:
        data = np.asarray(tensor.data)
        key = (data.shape, data.tobytes())
        shape = [int(size) for size in tensor.shape]
        if key in found:
            what, name = found[key]
            # Zeros look all alike.
            tensors.append([tensor.name, tensor.tensor_type.name, shape, what, name])
        else:
            assert data.size <= 256, f"{folder.name}: nothing gives {tensor.name} {data.shape}"
            tensors.append([tensor.name, tensor.tensor_type.name, shape, "values", [number(x, "float32") for x in data.ravel()]])
    shared = [entry for entry in said if entry[0].startswith(SHARED)]
    file = tokenizer / "gguf.json"
    variants = json.loads(file.read_text()) if file.exists() else []
    if shared not in variants:
        variants.append(shared)
        file.write_text(json.dumps(variants, ensure_ascii=False) + "\n")
    at = variants.index(shared)
    first = next(place for place, entry in enumerate(said) if entry[0].startswith(SHARED))
    rest = [entry for entry in said if not entry[0].startswith(SHARED)]
    assert said == rest[:first] + shared + rest[first:], "the tokenizer's keys are not in one place"
    digest = hashlib.sha256(out.read_bytes()).hexdigest()
    return {"sha256": digest, "metadata": rest[:first] + [["tokenizer", at]] + rest[first:], "tensors": tensors}
