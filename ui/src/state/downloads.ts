// Downloads as the person weighs them: which one is a model's, how far it is, where a move puts it.
import type { Download } from "../backend/bindings/Download";
import type { Downloads } from "../backend/bindings/Downloads";

/** Whether bytes may come for it without a person doing anything. */
export function active({ state }: Download): boolean {
  return state.state === "waiting" || state.state === "asking" || state.state === "running" || state.state === "retrying" || state.state === "checking";
}

/** Whether it still stands in the queue: it could be resumed, or comes by itself. */
export function unfinished({ state }: Download): boolean {
  return state.state !== "done";
}

/** From 0 to 1; null where it is not known how much there is. */
export function partOf({ bytes_done, bytes_total }: Download): number | null {
  return bytes_total ? Math.min(1, bytes_done / bytes_total) : null;
}

/** The download of a file of a repository; no files mean the folder. */
export function downloadOf(queue: Downloads | null, repository: string, files: readonly string[]): Download | null {
  const same = (download: Download) => download.repository === repository && (files.length === 0 ? !download.files.some((file) => file.endsWith(".gguf")) : files.every((file) => download.files.includes(file)));
  return queue?.downloads.findLast(same) ?? null;
}

/** Its place after a step up or down; null where it is at that end. */
export function placeAfter(queue: readonly Download[], id: string, step: 1 | -1): number | null {
  const at = queue.findIndex((download) => download.id === id);
  const place = at + step;
  return at < 0 || place < 0 || place >= queue.length ? null : place;
}
