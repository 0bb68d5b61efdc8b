#!/usr/bin/env python3
"""What Python's jinja2 makes of chat templates, set up as Hugging Face transformers does.

`templates/*.jinja` and `templates/short.json` are llama.cpp's collections of templates that models carry
(MIT, see templates/LICENSE; from the sdist llama-cpp-python 0.3.36: vendor/llama.cpp/models/templates and
tests/test-chat-template.cpp). `templates.json` holds the cases, and for each template and case the first
16 hexadecimal digits of the output's sha256, or null where jinja2 raises.

  python3 templates.py                           makes templates.json again
  python3 templates.py --show TEMPLATE CASE      prints one output
needs: pip install -r requirements.txt
"""
import hashlib
import json
import sys
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

import jinja2
from jinja2 import nodes
from jinja2.ext import Extension, loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment

HERE = Path(__file__).parent
NOW = datetime(2024, 2, 29, 13, 4, 5)


class Generation(Extension):
    """`{% generation %}` marks what the model said; it is rendered as it stands."""

    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return nodes.CallBlock(self.call_method("_said"), [], [], body).set_lineno(line)

    def _said(self, caller):
        return caller()


def raise_exception(message):
    raise jinja2.exceptions.TemplateError(message)


def tojson(value, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


ENVIRONMENT = ImmutableSandboxedEnvironment(
    trim_blocks=True, lstrip_blocks=True, extensions=[Generation, loopcontrols]
)
ENVIRONMENT.filters["tojson"] = tojson
ENVIRONMENT.globals["raise_exception"] = raise_exception
ENVIRONMENT.globals["strftime_now"] = NOW.strftime

SYSTEM = {"role": "system", "content": "You are “brief”.\nVery."}
HELLO = {"role": "user", "content": "Hello, 你好 🙂 <b>\"x\"</b> {{ no }}"}
HI = {"role": "assistant", "content": "Hi there"}
WHO = {"role": "user", "content": "  Who are you?\n"}
AM = {"role": "assistant", "content": "   I am an assistant   "}
LAST = {"role": "user", "content": "Another question"}
THOUGHT = {"role": "assistant", "content": "The answer is 4.", "reasoning_content": "Two and two\nis four."}
INLINE = {"role": "assistant", "content": "<think>\nHm, two.\n</think>\n\nIt is 2."}

WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather at a place.\nIn words.",
        "parameters": {
            "type": "object",
            "properties": {
                "place": {"type": "string", "description": "City, e.g. 北京 or \"Zürich\""},
                "unit": {"type": "string", "enum": ["celsius", "fahrenheit"], "default": "celsius"},
                "days": {"type": "integer", "minimum": 1},
            },
            "required": ["place"],
        },
    },
}
BOOK = {
    "type": "function",
    "function": {
        "name": "book",
        "description": "Books a table",
        "strict": True,
        "parameters": {
            "type": "object",
            "properties": {
                "guests": {"type": "array", "description": "Who comes", "items": {"type": "string"}},
                "when": {"anyOf": [{"type": "string"}, {"type": "null"}], "description": "ISO time"},
                "budget": {"type": ["number", "null"], "default": 1.5, "nullable": True},
                "place": {
                    "type": "object",
                    "description": "Where",
                    "properties": {"street": {"type": "string"}, "near": {"type": "boolean", "default": False}},
                    "required": ["street"],
                },
                "rows": {"type": "array", "items": {"type": "object", "properties": {"a": {"type": "number"}}}},
            },
            "required": ["guests", "place"],
            "additionalProperties": False,
        },
        "return": {"type": "string", "description": "A number"},
    },
}
EMPTY = {"type": "function", "function": {"name": "now", "description": "The time", "parameters": {"type": "object", "properties": {}}}}


def call(name, arguments, number=1):
    return {"id": f"call{number:05}", "type": "function", "function": {"name": name, "arguments": arguments}}


def result(content, number=1, name="get_weather"):
    return {"role": "tool", "tool_call_id": f"call{number:05}", "name": name, "content": content}


def calls(*made, **beside):
    return {"role": "assistant", "content": "", "tool_calls": list(made), **beside}


ODD = {"place": "Zürich \"ZH\" <&'>", "days": 3, "share": 0.1, "tiny": 1e-7, "huge": 1e22, "one": 1.0, "big": 2**53 + 1,
       "negative": -0.5, "yes": True, "no": False, "nothing": None, "list": [1, [2, {}], []], "deep": {"a": {"b": "c\\d\n"}}}
WEATHER_CALL = call("get_weather", {"place": "Paris", "days": 2})
TURNS = [SYSTEM, HELLO, HI, WHO, AM, LAST]
TOOLS = [WEATHER, BOOK, EMPTY]
ASKED = [SYSTEM, HELLO, calls(WEATHER_CALL), result("{\"temperature\": 21.5}")]

CASES = {
    "question": dict(messages=[HELLO]),
    "system": dict(messages=[SYSTEM, HELLO]),
    "turns": dict(messages=TURNS),
    "turns, no prompt": dict(messages=TURNS, add_generation_prompt=False),
    "answered": dict(messages=[HELLO, HI]),
    "answered, no prompt": dict(messages=[HELLO, AM], add_generation_prompt=False),
    "nothing": dict(messages=[]),
    "only system": dict(messages=[SYSTEM]),
    "two questions": dict(messages=[HELLO, WHO]),
    "answer first": dict(messages=[HI, HELLO]),
    "late system": dict(messages=[HELLO, HI, SYSTEM, WHO]),
    "developer": dict(messages=[{"role": "developer", "content": "Rules."}, HELLO]),
    "no content": dict(messages=[HELLO, {"role": "assistant"}, WHO]),
    "empty content": dict(messages=[{"role": "system", "content": ""}, HELLO, {"role": "assistant", "content": ""}, WHO]),
    "typed": dict(messages=[{"role": "user", "content": [{"type": "text", "text": "Look: "}, {"type": "text", "text": "words"}]}]),
    "typed turns": dict(messages=[
        {"role": "system", "content": [{"type": "text", "text": "Brief."}]},
        {"role": "user", "content": [{"type": "text", "text": "Hi"}]},
        {"role": "assistant", "content": [{"type": "text", "text": "Hello"}]},
        LAST]),
    "image": dict(messages=[{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "What?"}]}]),
    "thought": dict(messages=[SYSTEM, HELLO, THOUGHT, WHO]),
    "thought inline": dict(messages=[HELLO, INLINE, WHO, THOUGHT, LAST]),
    "thought last": dict(messages=[HELLO, THOUGHT], add_generation_prompt=False),
    "thinking": dict(messages=[SYSTEM, HELLO, THOUGHT, WHO], enable_thinking=True, thinking=True),
    "no thinking": dict(messages=[SYSTEM, HELLO, THOUGHT, WHO], enable_thinking=False, thinking=False),
    "no thinking, question": dict(messages=[HELLO], enable_thinking=False, thinking=False),
    "thinking, question": dict(messages=[HELLO], enable_thinking=True, thinking=True),
    "effort low": dict(messages=[SYSTEM, HELLO], reasoning_effort="low"),
    "effort high": dict(messages=[HELLO, HI, WHO], reasoning_effort="high"),
    "effort none": dict(messages=[HELLO], reasoning_effort="none"),
    "thinking field": dict(messages=[HELLO, {"role": "assistant", "content": "4", "thinking": "2 + 2"}, WHO]),
    "tools": dict(messages=[HELLO], tools=[WEATHER]),
    "tools, system": dict(messages=[SYSTEM, HELLO, HI, WHO], tools=TOOLS),
    "tools, no thinking": dict(messages=[SYSTEM, HELLO], tools=TOOLS, enable_thinking=False, thinking=False),
    "tools, no prompt": dict(messages=[HELLO, HI], tools=TOOLS, add_generation_prompt=False),
    "no tools": dict(messages=[HELLO], tools=[]),
    "bare tool": dict(messages=[HELLO], tools=[WEATHER["function"]]),
    "call": dict(messages=ASKED, tools=TOOLS),
    "call, answered": dict(messages=ASKED + [AM, LAST], tools=TOOLS),
    "call, no tools": dict(messages=ASKED),
    "call, none": dict(messages=[HELLO, {**calls(WEATHER_CALL), "content": None}, result("21"), HI, WHO], tools=[WEATHER]),
    "call, bare": dict(messages=[HELLO, {"role": "assistant", "tool_calls": [WEATHER_CALL]}, result("21")], tools=[WEATHER]),
    "call, words": dict(messages=[HELLO, {**calls(WEATHER_CALL), "content": "Let me see."}, result("21")], tools=[WEATHER]),
    "call, text": dict(messages=[HELLO, calls(call("get_weather", "{\"place\": \"Paris\", \"days\": 2}")), result("21")], tools=[WEATHER]),
    "call, thought": dict(messages=[SYSTEM, HELLO, calls(WEATHER_CALL, reasoning_content="I should look."), result("21"), THOUGHT, LAST], tools=TOOLS),
    "call, thinking": dict(messages=[HELLO, calls(WEATHER_CALL, reasoning_content="I should look."), result("21")], tools=TOOLS, enable_thinking=True, thinking=True),
    "call last": dict(messages=[HELLO, calls(WEATHER_CALL)], tools=[WEATHER], add_generation_prompt=False),
    "calls": dict(messages=[HELLO, calls(WEATHER_CALL, call("book", {"guests": ["A", "B"]}, 2)), result("21"), result("done", 2, "book"), WHO], tools=TOOLS),
    "calls, odd": dict(messages=[HELLO, calls(call("get_weather", ODD), call("now", {}, 2)), result("null"), result("12:00", 2, "now")], tools=TOOLS),
    "calls, turns": dict(messages=[HELLO, calls(WEATHER_CALL), result("21"), calls(call("book", {"guests": []}, 2)), result("done", 2, "book"), HI, WHO], tools=TOOLS),
    "long id": dict(messages=[HELLO, calls({**WEATHER_CALL, "id": "abcdefghi"}), {**result("21"), "tool_call_id": "abcdefghi"}], tools=[WEATHER]),
    "result, object": dict(messages=[HELLO, calls(WEATHER_CALL), result({"temperature": 21.5, "words": ["é"]})], tools=[WEATHER]),
    "result, typed": dict(messages=[HELLO, calls(WEATHER_CALL), result([{"type": "text", "text": "21"}])], tools=[WEATHER]),
    "documents": dict(messages=[HELLO], documents=[{"title": "A", "text": "The text."}]),
    "date": dict(messages=[SYSTEM, HELLO], date_string="01 Jan 2025"),
    "extras": dict(messages=TURNS, functions=json.dumps([WEATHER]), datetime="Feb 29 2024", additional_special_tokens=["<sep>", "<end>"], custom_tools=[WEATHER], documents=[{"title": "A", "text": "B"}]),
    "merged tool": dict(messages=ASKED, tools=[{**WEATHER, **WEATHER["function"], "parameter_definitions": {"place": {"type": "str", "description": "City", "required": True}, "days": {"type": "int", "description": "How many", "required": False}}}]),
    "names": dict(messages=[{"role": "user", "name": "Ann", "content": "Hi"}, {"role": "assistant", "name": "Bo", "content": "Yes"}, LAST]),
}


def sources():
    found = {path.stem: path.read_text("utf-8") for path in sorted((HERE / "templates").glob("*.jinja"))}
    return found | json.loads((HERE / "templates/short.json").read_text("utf-8"))


def render(source, case):
    given = dict(tools=None, documents=None, add_generation_prompt=True, bos_token="<BOS>", eos_token="<EOS>")
    # Each rendering has values of its own: some templates change what they are given.
    given |= json.loads(json.dumps(case))
    return ENVIRONMENT.from_string(source).render(**given)


def digest(source, case):
    try:
        text = render(source, case)
    except Exception:
        return None
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def main():
    if sys.argv[1:2] == ["--show"]:
        sys.stdout.write(render(sources()[sys.argv[2]], CASES[sys.argv[3]]))
        return
    expected = {name: [digest(source, case) for case in CASES.values()] for name, source in sources().items()}
    made = {"made_with": {"jinja2": version("jinja2"), "now": NOW.isoformat()}, "cases": CASES}
    lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(row)}" for name, row in expected.items())
    cases = ",\n".join(f"  {json.dumps(name)}: {json.dumps(case, ensure_ascii=False)}" for name, case in CASES.items())
    text = f'{{\n "made_with": {json.dumps(made["made_with"])},\n "cases": {{\n{cases}\n }},\n "outputs": {{\n{lines}\n }}\n}}\n'
    (HERE / "templates.json").write_text(text, "utf-8")


if __name__ == "__main__":
    main()
