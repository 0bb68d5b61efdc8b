// Hands the window's state to the views without passing it through each.
import { getContext, setContext } from "svelte";
import type { Parley } from "./parley.svelte";

const KEY = Symbol("parley");

export function provide(parley: Parley): void {
  setContext(KEY, parley);
}

export function useParley(): Parley {
  return getContext<Parley>(KEY);
}
