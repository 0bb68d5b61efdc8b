"""Makes the small tokenizers of each family's kind: `python vocabularies.py`. They are committed; what is trained
again differs where the trainers' versions do."""
import io
import json
from pathlib import Path

import sentencepiece as spm
from sentencepiece import sentencepiece_model_pb2 as proto
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

HERE = Path(__file__).parent / "tokenizers"
SIZE = 384
TEXT = """The quick brown fox jumps over the lazy dog, and the dog didn't mind: it's what foxes do. In 2024 there were
12345 foxes, 678 dogs and 90 hens. She said: "They're here, we've seen them; I'll go." A model reads tokens and gives
the next token. Models, tokens, weights and words; the answer is in the question. What is the capital of France? The
capital of France is Paris. def main(): return [x * 2 for x in range(10)] # code
Der schnelle braune Fuchs springt über den faulen Hund. Où est la bibliothèque ? 中文的句子在这里。日本語の文もあります。"""

GPT2 = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
LLAMA3 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
QWEN2 = LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}")
UPPER, LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
LETTERS = r"[^\r\n\p{L}\p{N}]?"
ENDING = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
REST = r"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
GPT4O = rf"{LETTERS}{UPPER}*{LOWER}+{ENDING}|{LETTERS}{UPPER}+{LOWER}*{ENDING}|\p{{N}}{{1,3}}{REST}"
TEKKEN = rf"{LETTERS}{UPPER}*{LOWER}+|{LETTERS}{UPPER}+{LOWER}*|\p{{N}}{REST}"


def split(pattern):
    """A regex, then bytes without another."""
    bytes_only = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    return pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(pattern), "isolated"), bytes_only])


# name: (what splits text, control tokens, other added tokens, beginning, end, the class that the hub's file names)
BYTE_LEVEL = {
    "llama3": (split(LLAMA3), ["<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"],
               [], "<|begin_of_text|>", "<|eot_id|>", "PreTrainedTokenizerFast"),
    "smollm": (pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), GPT2]),
               ["<|endoftext|>", "<|im_start|>", "<|im_end|>"], [], "<|im_start|>", "<|im_end|>", "GPT2Tokenizer"),
    "falcon": (pre_tokenizers.Sequence([pre_tokenizers.Punctuation("contiguous"), GPT2, pre_tokenizers.Digits(individual_digits=False),
                                        pre_tokenizers.Split(Regex("[0-9][0-9][0-9]"), "isolated")]),
               [">>TITLE<<", ">>ABSTRACT<<", "<|endoftext|>"], [], None, "<|endoftext|>", "PreTrainedTokenizerFast"),
    "falcon3": (split(LLAMA3), ["<|endoftext|>", "<|pad|>"], ["<|user|>", "<|assistant|>"], None, "<|endoftext|>",
                "PreTrainedTokenizerFast"),
    "olmo": (GPT2, ["<|endoftext|>", "<|padding|>"], [], None, "<|endoftext|>", "GPTNeoXTokenizer"),
    "dolma2": (split(LLAMA3), ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|pad|>"], [], "<|endoftext|>", "<|endoftext|>",
               "GPT2Tokenizer"),
    "qwen2": (split(QWEN2), ["<|endoftext|>", "<|im_start|>", "<|im_end|>"], ["<think>", "</think>"], None, "<|im_end|>",
              "Qwen2Tokenizer"),
    "tekken": (split(TEKKEN), ["<unk>", "<s>", "</s>", "[INST]", "[/INST]"], [], "<s>", "</s>", "PreTrainedTokenizerFast"),
    "gpt-oss": (split(GPT4O), ["<|startoftext|>", "<|endoftext|>", "<|return|>", "<|channel|>", "<|start|>", "<|end|>", "<|message|>",
                               "<|call|>"], [], "<|startoftext|>", "<|return|>", "PreTrainedTokenizerFast"),
    "phi4": (split(GPT4O), ["<|endoftext|>", "<|im_start|>", "<|im_sep|>", "<|im_end|>"], [], "<|endoftext|>", "<|im_end|>",
             "GPT2Tokenizer"),
}


def save(folder: Path, tokenizer: Tokenizer | None, config: dict):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=1, ensure_ascii=False) + "\n")
    if tokenizer is not None:
        # One line for each token or merge would be long; the whole on one is what nobody reads.
        (folder / "tokenizer.json").write_text(tokenizer.to_str(pretty=False) + "\n")


def byte_level(name):
    splitter, control, plain, bos, eos, kind = BYTE_LEVEL[name]
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = splitter
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=SIZE - len(control) - len(plain), initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
                                  show_progress=False)
    tokenizer.train_from_iterator([TEXT], trainer)
    assert tokenizer.get_vocab_size() == SIZE - len(control) - len(plain), tokenizer.get_vocab_size()
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in control])
    tokenizer.add_tokens([AddedToken(token, special=False, normalized=False) for token in plain])
    added = {str(tokenizer.token_to_id(token)): {"content": token, "lstrip": False, "normalized": False, "rstrip": False,
                                                  "single_word": False, "special": token in control} for token in control + plain}
    config = {"added_tokens_decoder": added, "bos_token": bos, "eos_token": eos, "clean_up_tokenization_spaces": False,
              "model_max_length": 2048, "tokenizer_class": kind}
    save(HERE / name, tokenizer, config)


def sentencepiece(name, **options):
    model = io.BytesIO()
    spm.SentencePieceTrainer.train(
        sentence_iterator=iter(TEXT.split("\n")), model_writer=model, vocab_size=SIZE, model_type="bpe", byte_fallback=True,
        split_digits=True, allow_whitespace_only_pieces=True, remove_extra_whitespaces=False, normalization_rule_name="identity",
        character_coverage=0.98, hard_vocab_limit=False, num_threads=1, minloglevel=2, **options)
    parsed = proto.ModelProto()
    parsed.ParseFromString(model.getvalue())
    assert len(parsed.pieces) == SIZE, len(parsed.pieces)
    # What the trainer notes of its own input is nobody's business and differs from run to run.
    parsed.trainer_spec.ClearField("input")
    return parsed


def fast(parsed, prefix: bool) -> Tokenizer:
    """The same vocabulary as transformers writes it in tokenizer.json: merges in the order of their scores."""
    ids = {piece.piece: at for at, piece in enumerate(parsed.pieces)}
    scores = {piece.piece: piece.score for piece in parsed.pieces if piece.type == proto.ModelProto.SentencePiece.NORMAL}
    merges = []
    for piece in scores:
        pairs = [(piece[:at], piece[at:]) for at in range(1, len(piece)) if piece[:at] in scores and piece[at:] in scores]
        pairs.sort(key=lambda pair: (ids[pair[0]], ids[pair[1]]))
        merges += [(*pair, scores[piece]) for pair in pairs]
    merges.sort(key=lambda merge: -merge[2])
    tokenizer = Tokenizer(models.BPE(ids, [merge[:2] for merge in merges], unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    replace = normalizers.Replace(" ", "▁")
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), replace]) if prefix else replace
    parts = [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
    tokenizer.decoder = decoders.Sequence(parts + [decoders.Strip(" ", 1, 0)] if prefix else parts)
    control = [piece.piece for piece in parsed.pieces
               if piece.type in (proto.ModelProto.SentencePiece.CONTROL, proto.ModelProto.SentencePiece.UNKNOWN)]
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in control])
    user = [piece.piece for piece in parsed.pieces if piece.type == proto.ModelProto.SentencePiece.USER_DEFINED]
    tokenizer.add_tokens([AddedToken(token, special=False, normalized=False) for token in user])
    return tokenizer


def scored():
    llama = sentencepiece("llama")
    config = {"add_bos_token": True, "add_eos_token": False, "bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>",
              "legacy": False, "model_max_length": 2048, "tokenizer_class": "LlamaTokenizer",
              "added_tokens_decoder": {str(at): {"content": token, "lstrip": False, "normalized": False, "rstrip": False,
                                                 "single_word": False, "special": True} for at, token in
                                       enumerate(["<unk>", "<s>", "</s>"])}}
    save(HERE / "llama", fast(llama, True), config)
    (HERE / "llama" / "tokenizer.model").write_bytes(llama.SerializeToString())
    added = ["<|endoftext|>", "<|assistant|>", "<|system|>", "<|end|>", "<|user|>"]
    phi = fast(llama, True)
    phi.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in added])
    more = {str(SIZE + at): {"content": token, "lstrip": False, "normalized": False, "rstrip": False, "single_word": False,
                             "special": True} for at, token in enumerate(added)}
    config = {**config, "added_tokens_decoder": {**config["added_tokens_decoder"], **more}, "eos_token": "<|endoftext|>"}
    save(HERE / "phi3", phi, config)
    (HERE / "phi3" / "tokenizer.model").write_bytes(llama.SerializeToString())
    gemma = sentencepiece("gemma", add_dummy_prefix=False, pad_id=0, eos_id=1, bos_id=2, unk_id=3,
                          user_defined_symbols=["<start_of_turn>", "<end_of_turn>"])
    config = {"add_bos_token": True, "add_eos_token": False, "bos_token": "<bos>", "eos_token": "<eos>", "unk_token": "<unk>",
              "pad_token": "<pad>", "tokenizer_class": "GemmaTokenizer", "model_max_length": 2048, "added_tokens_decoder": {
                  str(at): {"content": token, "lstrip": False, "normalized": False, "rstrip": False, "single_word": False,
                            "special": True} for at, token in
                  enumerate(["<pad>", "<eos>", "<bos>", "<unk>", "<start_of_turn>", "<end_of_turn>"])}}
    for at, name in enumerate(["<pad>", "<eos>", "<bos>"]):
        gemma.pieces[at].piece = name
    save(HERE / "gemma", fast(gemma, False), config)
    (HERE / "gemma" / "tokenizer.model").write_bytes(gemma.SerializeToString())


if __name__ == "__main__":
    scored()
    for name in BYTE_LEVEL:
        byte_level(name)
