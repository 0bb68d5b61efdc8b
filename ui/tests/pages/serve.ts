// Builds the window over the fake backend once, and serves it under the shell's own policy.
import { build, preview } from "vite";
import type { TestProject } from "vitest/node";

/** As in the shell's configuration, less what only Tauri's own channel needs. */
const POLICY =
  "default-src 'self'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data: blob:; connect-src 'self'; " +
  "object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

declare module "vitest" {
  export interface ProvidedContext {
    address: string;
  }
}

export default async function serve(project: TestProject): Promise<() => Promise<void>> {
  await build({ mode: "fake", logLevel: "warn" });
  const server = await preview({
    mode: "fake",
    logLevel: "warn",
    build: { outDir: "dist-fake" },
    preview: { host: "127.0.0.1", port: 0, headers: { "Content-Security-Policy": POLICY } },
  });
  const place = server.httpServer.address();
  if (place === null || typeof place === "string") throw new Error("the preview has no port");
  project.provide("address", `http://127.0.0.1:${place.port}`);
  return () => server.close();
}
