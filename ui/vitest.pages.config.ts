// Tests of the built window over the fake backend, in Debian's Chromium.
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["tests/pages/*.test.ts"],
    globalSetup: "tests/pages/serve.ts",
    environment: "node",
    testTimeout: 30_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    reporters: ["default", "./tests/summary.ts"],
  },
});
