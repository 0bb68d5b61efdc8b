// A window's state over the fake backend, started, and what it asked of it.
import { FakeBackend } from "../src/backend/fake/fake";
import { sceneOf } from "../src/backend/fake/scenes";
import { Parley } from "../src/state/parley.svelte";

export async function begun(world = "first") {
  const backend = new FakeBackend(sceneOf(world, 0), 1);
  const parley = new Parley(backend);
  await parley.start();
  const asked = (name: string) => backend.calls.filter((call) => call.name === name).map((call) => call.request);
  return { backend, parley, asked };
}
