import { render } from "@testing-library/svelte";
import { expect, test } from "vitest";
import { HOSTILE } from "../src/backend/fake/answers";
import { Blocks } from "../src/parts/markdown/blocks";
import Markdown from "../src/parts/markdown/Markdown.svelte";
import { spansOf } from "../src/parts/markdown/spans";
import { decoded, shownAddress } from "../src/parts/markdown/text";

const SAMPLE = `# Head

A paragraph with **bold**
over two lines.

- one

- two
  with more

1. first
2. second

\`\`\`rust
fn main() {

}
\`\`\`

| a | b |
|---|---|
| 1 | 2 |

> quoted

Last - line
`;

const shapes = (blocks: { token: { type: string }; raw: string }[]) => blocks.map((block) => [block.token.type, block.raw.trimEnd()]);

test("a text that grows letter by letter ends as the whole text is read", () => {
  const parser = new Blocks();
  for (let end = 1; end < SAMPLE.length; end++) parser.of(SAMPLE.slice(0, end), false);
  expect(shapes(parser.of(SAMPLE, true))).toEqual(shapes(new Blocks().of(SAMPLE, true)));
});

test("a finished block is never made again", () => {
  const parser = new Blocks();
  const first = parser.of("One paragraph.\n\nAnother paragraph comes", false);
  const second = parser.of("One paragraph.\n\nAnother paragraph comes, and goes on.\n\nA third one begins", false);
  expect(first.map((block) => block.done)).toEqual([true, false]);
  expect(second[0]).toBe(first[0]);
  const third = parser.of("One paragraph.\n\nAnother paragraph comes, and goes on.\n\nA third one begins", true);
  expect(third[1]).toBe(second[1]);
  expect(third.every((block) => block.done)).toBe(true);
});

test("a list goes on after a blank line", () => {
  const parser = new Blocks();
  parser.of("1. one\n\n", false);
  parser.of("1. one\n\n2", false);
  expect(shapes(parser.of("1. one\n\n2. two", true))).toEqual([["list", "1. one\n\n2. two"]]);
});

test("another text begins anew", () => {
  const parser = new Blocks();
  parser.of("One.\n\nTwo is here now.", true);
  expect(shapes(parser.of("Three.", true))).toEqual([["paragraph", "Three."]]);
});

function shown(text: string): HTMLElement {
  return render(Markdown, { text }).container;
}

test("hostile markdown makes no element that acts, loads or leads anywhere", () => {
  const container = shown(HOSTILE);
  expect(container.querySelectorAll("script, a, img, svg:not(.lucide-icon), iframe, object, embed, form, link, style, base")).toHaveLength(0);
  for (const element of container.querySelectorAll("*")) {
    for (const name of element.getAttributeNames()) {
      expect(name).not.toMatch(/^on|^href$|^src$|^srcdoc$|^style$|^action$/);
      expect(element.getAttribute(name)).not.toContain("javascript:");
    }
  }
  expect(container.textContent).toContain("<script>window.hacked = 1</script>");
  expect(container.textContent).toContain('onerror="window.hacked = 1"');
  expect(container.textContent).toContain("picture (https://example.invalid/track.png)");
  expect(container.textContent).toContain("link (https://example.invalid/page)");
});

test("addresses are shown where they are of the web or of mail", () => {
  expect(shownAddress("https://example.invalid/a b")).toBeNull();
  expect(shownAddress("HTTPS://example.invalid/a")).toBe("HTTPS://example.invalid/a");
  expect(shownAddress("mailto:a@b.invalid")).toBe("mailto:a@b.invalid");
  for (const bad of ["javascript:alert(1)", " java\nscript:alert(1)", "data:text/html,x", "file:///etc/passwd", "#x", "&#106;avascript:x", "vbscript:x"]) {
    expect(shownAddress(bad)).toBeNull();
  }
});

test("character references become characters", () => {
  expect(decoded("a &lt;b&gt; &amp;amp; &#x41;&#66; &hellip; &unknown; &#0; &#xD800; &#9999999;")).toBe("a <b> &amp; AB … &unknown; \ufffd \ufffd \ufffd");
});

test("a huge table shows its first rows and says how many there are", async () => {
  const { container, getByRole } = render(Markdown, { text: `| a | b |\n|---|---|\n${"| x | y |\n".repeat(3000)}` });
  expect(container.querySelectorAll("tbody tr")).toHaveLength(100);
  getByRole("button", { name: /3,000/ }).click();
  await new Promise((resolve) => setTimeout(resolve));
  expect(container.querySelectorAll("tbody tr")).toHaveLength(3000);
});

for (const [name, text] of Object.entries({
  quotes: `${"> ".repeat(5000)}end`,
  lists: `${"- ".repeat(3000)}end`,
  indented: Array.from({ length: 400 }, (_, n) => `${"  ".repeat(n)}- ${n}`).join("\n"),
  emphasis: "*a **a ".repeat(3000),
  brackets: "[".repeat(20_000),
  links: "[a](".repeat(4000),
  underscores: "_a__b".repeat(3000),
  backticks: "`".repeat(20_000),
  tags: "<a ".repeat(8000),
  "one long word": "x".repeat(300_000),
  "columns without end, which one-letter rows fill": `${"|a".repeat(2000)}|\n${"|-".repeat(2000)}|\n${"x\n".repeat(60_000)}`,
  "tables with many columns in a quote": `> ${"|a".repeat(400)}|\n> ${"|-".repeat(400)}|\n${"> x\n".repeat(30_000)}`,
  "nothing but line ends": "\n".repeat(50_000),
  nul: "a\0b\u202e\ufeff\ud800c",
})) {
  test(`${name} without end do not hold up the window`, () => {
    const before = performance.now();
    const container = shown(text);
    expect(performance.now() - before).toBeLessThan(3000);
    if (text.trim() !== "") expect(container.textContent!.length).toBeGreaterThan(0);
  });
}

test("each part of a text has its own language", () => {
  const container = shown("把这句话翻译成日语：\n\n愿你一切顺利，我们期待与您再次见面。\n\nすべてがうまくいきますように。\n\nGood luck.");
  expect(container.querySelector(".md")?.getAttribute("lang")).toBe("ja");
  expect([...container.querySelectorAll("p")].map((p) => p.getAttribute("lang"))).toEqual(["zh-Hans", "zh-Hans", null, null]);
});

test("lists keep their numbers and boxes", () => {
  const container = shown("3. three\n4. four\n\n- [x] done\n- [ ] open");
  expect(container.querySelector("ol")?.getAttribute("start")).toBe("3");
  expect([...container.querySelectorAll<HTMLInputElement>("li input")].map((box) => box.checked)).toEqual([true, false]);
});

test("highlighted code is read back as text", () => {
  const html = '<span class="hljs-keyword">let</span> a = <span class="hljs-string">&quot;&lt;b&gt;<span class="hljs-subst">x</span>&quot;</span>; a &amp;&amp; b';
  const spans = spansOf(html);
  expect(spans.map(([, text]) => text).join("")).toBe('let a = "<b>x"; a && b');
  expect(spans[0]).toEqual(["k", "let"]);
  expect(spans[2]).toEqual(["st", '"<b>x"']);
});
