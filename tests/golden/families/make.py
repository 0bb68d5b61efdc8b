"""Makes `rows/`: for each model of rows.py what transformers says of it, and how llama.cpp's converter writes it.

    python make.py PATH/TO/llama.cpp [NAME ...]

README.md says how to set it up, and what the files hold."""
import json
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import load_file, save_file
from transformers import AutoConfig, AutoModelForCausalLM

import convert
import weights
from rows import rows

HERE = Path(__file__).parent
# The prompt, the second prompt on the filled cache, and a length past every window.
PROMPT, SECOND, LONG = 48, 12, 96


def tensors(row) -> dict[str, np.ndarray]:
    """Every tensor of the checkpoint."""
    layers = next(row["config"][key] for key in ("num_hidden_layers", "n_layer", "n_layers") if key in row["config"])
    made = {}
    for pattern, shape, around, exponent in row["tensors"]:
        each = [pattern.replace("{}", str(layer)) for layer in range(layers)] if "{}" in pattern else [pattern]
        for name in each:
            for name in [name.replace("{e}", str(e)) for e in range(4)] if "{e}" in name else [name]:
                if around == "bytes":
                    made[name] = weights.bytes_of(name, shape, *exponent)
                else:
                    made[name] = weights.numbers(name, shape, around, exponent)
    return made


def write(folder: Path, config: dict, made: dict[str, np.ndarray], row):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config, indent=2))
    save_file({name: np.ascontiguousarray(tensor) for name, tensor in made.items()}, folder / "model.safetensors",
              metadata={"format": "pt"})
    source = HERE / "tokenizers" / row["tokenizer"]
    for file in row.get("files") or [file.name for file in source.iterdir() if file.name != "gguf.json"]:
        (folder / file).write_bytes((source / file).read_bytes())


def as_reference(row, made):
    """The tensors under the names that transformers' model has, where the checkpoint's are not those."""
    if row["config"].get("architectures") == ["OLMoForCausalLM"]:
        return from_original_olmo(made)
    if "quantization_config" in row["config"]:
        return unpacked(made)
    return made


def from_original_olmo(made):
    """Fused projections taken apart: q, k and v; up before gate."""
    parts = {"model.transformer.wte.weight": "model.embed_tokens.weight", "model.transformer.ff_out.weight": "lm_head.weight"}
    out = {}
    for name, tensor in made.items():
        if name in parts:
            out[parts[name]] = tensor
            continue
        layer, part = name.removeprefix("model.transformer.blocks.").split(".", 1)
        to = f"model.layers.{layer}."
        if part == "att_proj.weight":
            for which, piece in zip("qkv", np.split(tensor, 3)):
                out[f"{to}self_attn.{which}_proj.weight"] = piece
        elif part == "ff_proj.weight":
            out[to + "mlp.up_proj.weight"], out[to + "mlp.gate_proj.weight"] = np.split(tensor, 2)
        else:
            out[to + {"attn_out.weight": "self_attn.o_proj.weight", "ff_out.weight": "mlp.down_proj.weight"}[part]] = tensor
    return out


# Four bits: sign, two of exponent, one of mantissa. Source: OCP Microscaling Formats, version 1.0, 5.3.3.
E2M1 = np.array([0, 0.5, 1, 1.5, 2, 3, 4, 6, -0.0, -0.5, -1, -1.5, -2, -3, -4, -6], np.float32)


def unpacked(made):
    """MXFP4 as f32, and (experts, rows, columns) turned to the (experts, columns, rows) of the plain checkpoint."""
    out = {}
    for name, tensor in made.items():
        if name.endswith("_scales"):
            continue
        if not name.endswith("_blocks"):
            out[name] = tensor
            continue
        scales = made[name.replace("_blocks", "_scales")].astype(np.int32) - 127
        numbers = np.stack([E2M1[tensor & 15], E2M1[tensor >> 4]], -1).reshape(*tensor.shape[:3], 32)
        numbers = np.ldexp(numbers, scales[..., None]).reshape(tensor.shape[0], tensor.shape[1], -1)
        out[name.removesuffix("_blocks")] = np.ascontiguousarray(numbers.transpose(0, 2, 1))
    return out


def prompts(name, row):
    """Tokens of the three cases, of the real vocabulary."""
    size = min(row["config"]["vocab_size"], 384)
    return {"first": weights.ids(f"{name} first", PROMPT, size), "second": weights.ids(f"{name} second", SECOND, size),
            "long": weights.ids(f"{name} long", LONG, size)}


def reference(folder: Path, said: dict):
    """Logits of transformers: the prompt's middle and last, the second prompt's last, the long one's last."""
    # The eager way of transformers 5.23 adds Falcon's ALiBi twice, in the mask and beside it.
    alibi = json.loads((folder / "config.json").read_text()).get("alibi")
    way = "sdpa" if alibi else "eager"
    model, info = AutoModelForCausalLM.from_pretrained(folder, attn_implementation=way, dtype=torch.float32,
                                                       output_loading_info=True)
    model.eval()
    for what in ("missing_keys", "unexpected_keys", "mismatched_keys", "error_msgs"):
        assert not info.get(what), f"{folder.name}: {what}: {info[what]}"
    with torch.no_grad():
        first = model(torch.tensor([said["first"]]), use_cache=True)
        if "cache_params" in first:
            # A recurrent model goes on by single tokens.
            for at, id in enumerate(said["second"], PROMPT):
                second = model(torch.tensor([[id]]), cache_params=first.cache_params, use_cache=True)
        else:
            second = model(torch.tensor([said["second"]]), past_key_values=first.past_key_values, use_cache=True)
        long = model(torch.tensor([said["long"]]), use_cache=False)
        again = model(torch.tensor([said["first"] + said["second"]]), use_cache=False)
    logits = torch.stack([first.logits[0, PROMPT // 2 - 1], first.logits[0, -1], second.logits[0, -1], long.logits[0, -1]])
    apart = (again.logits[0, -1] - second.logits[0, -1]).norm() / again.logits[0, -1].norm()
    assert apart < 1e-5, f"{folder.name}: transformers' own cache is {apart} from its whole"
    saved = folder.with_name(folder.name + "-saved")
    model.save_pretrained(saved)
    names = set(load_file(saved / "model.safetensors"))
    # What transformers writes today has the names that we have: published checkpoints were written by older ones.
    odd = names ^ set(load_file(folder / "model.safetensors"))
    assert odd <= {"lm_head.weight"}, f"{folder.name}: {sorted(odd)[:4]}"
    return logits.numpy().astype("<f4"), json.loads((saved / "config.json").read_text())


def flat(value, indent=0):
    """JSON with one line for each list that holds no objects or lists of lists."""
    text = json.dumps(value, ensure_ascii=False)
    if len(text) + indent < 118 or not isinstance(value, (dict, list)) or (
            isinstance(value, list) and not any(isinstance(item, (dict, list)) for item in value)):
        return text
    pad = " " * (indent + 1)
    items = [f"{json.dumps(key)}: {flat(item, indent + 1)}" for key, item in value.items()] if isinstance(value, dict) else [
        flat(item, indent + 1) for item in value]
    start, end = "{}" if isinstance(value, dict) else "[]"
    return start + "\n" + ",\n".join(pad + item for item in items) + "\n" + " " * indent + end


def make(name, row, llama_cpp: Path, scratch: Path):
    made, said = tensors(row), prompts(name, row)
    folder = scratch / name
    write(folder, row["config"], made, row)
    told = row.get("reference", row["config"])
    write(scratch / "reference" / name, told, as_reference(row, made), row)
    logits, saved = reference(scratch / "reference" / name, said)
    if "gguf_reference" in row:
        write(scratch / "gguf" / name, row["gguf_reference"], as_reference(row, made), row)
        logits = np.concatenate([logits, reference(scratch / "gguf" / name, said)[0]])
    out = {key: row[key] for key in ("family", "tokenizer", "files", "config", "spelled", "tensors") if key in row}
    if "reference" not in row:
        # As transformers 5 writes the same config.
        out["spelled"] = [*row.get("spelled", []), saved]
    out.update(said)
    if row.get("gguf", True):
        write(folder, row.get("converted", row["config"]), made, row)
        out["gguf"] = convert.gguf(folder, llama_cpp, row.get("pre"), made, HERE / "tokenizers" / row["tokenizer"])
    (HERE / "rows").mkdir(exist_ok=True)
    (HERE / "rows" / f"{name}.json").write_text(flat(out) + "\n")
    (HERE / "rows" / f"{name}.f32").write_bytes(logits.tobytes())
    spread = [float(x) for x in logits.std(axis=1)]
    print(f"{name}: logits spread {', '.join(f'{x:.2f}' for x in spread)}", flush=True)


if __name__ == "__main__":
    llama_cpp, *names = sys.argv[1:]
    with tempfile.TemporaryDirectory() as scratch:
        for name, row in rows().items():
            if not names or name in names:
                make(name, row, Path(llama_cpp), Path(scratch))
