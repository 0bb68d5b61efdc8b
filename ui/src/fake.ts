// The window over the fake backend: `?world=first|picture|many|damaged&lang=…&theme=…&pace=…`.
import { mount } from "svelte";
import type { Language } from "./backend/bindings/Language";
import type { Theme } from "./backend/bindings/Theme";
import { FakeBackend } from "./backend/fake/fake";
import { sceneOf } from "./backend/fake/scenes";
import App from "./App.svelte";

const asked = new URLSearchParams(location.search);
// Shortly after midnight the day is still long enough for what the pictures call today.
const scene = sceneOf(asked.get("world") ?? "first", Math.max(Date.now(), new Date().setHours(0, 15, 0, 0)));
scene.settings.language = (asked.get("lang") as Language | null) ?? null;
scene.settings.theme = (asked.get("theme") as Theme | null) ?? "system";

const backend = new FakeBackend(scene, Number(asked.get("pace") ?? 20));
Object.assign(window, { fakeBackend: backend });

mount(App, { target: document.getElementById("app")!, props: { backend } });
