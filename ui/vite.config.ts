// The window's build: ui/dist, relative addresses, nothing inline (the policy allows 'self' only).
// `--mode fake` builds the same window over the fake backend instead, for the page tests.
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";

export default defineConfig(({ mode }) => ({
  base: "./",
  plugins: [svelte()],
  clearScreen: false,
  server: { port: 5173, strictPort: true, fs: { allow: [".", "../assets/messages"] } },
  worker: { format: "es" },
  build: {
    outDir: mode === "fake" ? "dist-fake" : "dist",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: { input: mode === "fake" ? "fake.html" : "index.html" },
  },
}));
