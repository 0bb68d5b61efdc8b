// The window: starts over the real backend.
import { mount } from "svelte";
import { tauriBackend } from "./backend/tauri";
import App from "./App.svelte";

mount(App, { target: document.getElementById("app")!, props: { backend: tauriBackend } });
