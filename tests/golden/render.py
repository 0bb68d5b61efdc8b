#!/usr/bin/env python3
"""Render conversations with a GGUF file's own chat template, as Hugging Face transformers would.

Independent of Parley: Python's jinja2 in the sandbox, with the options, filters and functions that
transformers' `apply_chat_template` gives a template. Reads `[[message, ...], ...]` from stdin and
writes `{"prompts": [...], "versions": {...}}`, each prompt ending in the start of an answer.

  python3 render.py model.gguf < conversations.json        needs: pip install -r requirements.txt
"""
import json
import sys
from datetime import datetime
from importlib.metadata import version

from gguf import GGUFReader
from jinja2.exceptions import TemplateError
from jinja2.ext import loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment


def raise_exception(message):
    raise TemplateError(message)


def tojson(value, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def main() -> None:
    fields = GGUFReader(sys.argv[1]).fields
    tokens = fields["tokenizer.ggml.tokens"].contents()

    def special(name: str) -> str:
        field = fields.get(f"tokenizer.ggml.{name}_token_id")
        return tokens[field.contents()] if field else ""

    environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols])
    environment.filters["tojson"] = tojson
    environment.globals["raise_exception"] = raise_exception
    environment.globals["strftime_now"] = lambda form: datetime.now().strftime(form)
    template = environment.from_string(fields["tokenizer.chat_template"].contents())
    prompts = [
        template.render(messages=messages, tools=None, documents=None, add_generation_prompt=True,
                        bos_token=special("bos"), eos_token=special("eos"))
        for messages in json.load(sys.stdin)
    ]
    versions = {name: version(name) for name in ("jinja2", "gguf")}
    json.dump({"prompts": prompts, "versions": versions}, sys.stdout)


if __name__ == "__main__":
    main()
