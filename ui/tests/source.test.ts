// Rules that the source itself has to keep.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const files = readdirSync("src", { recursive: true, encoding: "utf8" })
  .filter((name) => /\.(svelte|ts)$/.test(name))
  .map((name) => ({ name, text: readFileSync(join("src", name), "utf8") }));

const breaking = (pattern: RegExp, except: RegExp = /^$/) => files.filter(({ name, text }) => pattern.test(text) && !except.test(name)).map(({ name }) => name);

test("no HTML is made from strings", () => {
  expect(breaking(/\{@html|innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function/)).toEqual([]);
});

test("no style stands in the markup, which the policy forbids", () => {
  expect(breaking(/\sstyle="/)).toEqual([]);
});

test("only one file knows the shell", () => {
  expect(breaking(/@tauri-apps|__TAURI/)).toEqual(["backend/tauri.ts"]);
});

test("only its own page knows the fake backend", () => {
  expect(breaking(/fake\/(fake|scenes|answers)"/, /^(fake\.ts|backend\/fake\/)/)).toEqual([]);
});

test("parts do not know state or views, state does not know views", () => {
  for (const { name, text } of files) {
    if (name.startsWith("parts")) expect(text, name).not.toMatch(/from "[./]*\/(state|views)\//);
    if (name.startsWith("state")) expect(text, name).not.toMatch(/from "[./]*\/(views|parts)\//);
    if (/^(parts|state|views|words)/.test(name)) expect(text, name).not.toMatch(/from "[./]*\/backend\/(tauri|fake)/);
  }
});

test("the page itself has nothing inline", () => {
  const page = readFileSync("index.html", "utf8");
  expect(page).not.toMatch(/<style|style=|<script(?![^>]*src=)| on[a-z]+=/);
});

test("every file says what it is", () => {
  const silent = files.filter(({ name, text }) => !name.includes("bindings") && !/^(\/\/|<!--) \S/.test(text)).map(({ name }) => name);
  expect(silent).toEqual([]);
});
