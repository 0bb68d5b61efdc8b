// Tests of the parts, without a browser.
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { svelteTesting } from "@testing-library/svelte/vite";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [svelte(), svelteTesting()],
  server: { fs: { allow: [".", "../assets/messages"] } },
  test: {
    include: ["tests/*.test.ts"],
    environment: "happy-dom",
    testTimeout: 20_000,
    reporters: ["default", "./tests/summary.ts"],
  },
});
