// What each key does, wherever the keyboard is. Keys of one part only (lists, menus, the composer) stand there.
import { composing } from "../parts/composing";
import { copy } from "../parts/copy";
import { keyOf } from "../parts/keys";
import type { Parley } from "../state/parley.svelte";
import { textOf } from "../state/world";

type Act = (parley: Parley) => void;

const ACTS: Record<string, Act> = {
  "Mod+N": (parley) => parley.begin(),
  "Mod+Shift+N": (parley) => parley.begin(true),
  "Mod+1": (parley) => {
    parley.view = "chat";
    parley.focusWish += 1;
  },
  "Mod+2": (parley) => parley.openLibrary(),
  "Mod+,": (parley) => (parley.view = "settings"),
  "Mod+M": (parley) => {
    parley.view = "chat";
    if (parley.pickerOpen) parley.closePicker();
    else parley.pickerOpen = true;
  },
  "Mod+R": (parley) => {
    const last = parley.path.at(-1);
    if (last) void parley.again(last);
  },
  "Mod+G": (parley) => void parley.goOn(),
  "Alt+ArrowLeft": (parley) => void parley.branchLast(-1),
  "Alt+ArrowRight": (parley) => void parley.branchLast(1),
  "Mod+Shift+C": (parley) => {
    const answer = parley.path.findLast((m) => m.role === "assistant");
    if (answer) void copy(textOf(answer));
  },
  "Mod+B": (parley) => parley.appearance.foldPane(),
  "Mod+/": (parley) => (parley.keysOpen = true),
  "Mod++": (parley) => parley.appearance.stepTextSize(1),
  "Mod+Shift++": (parley) => parley.appearance.stepTextSize(1),
  "Mod+=": (parley) => parley.appearance.stepTextSize(1),
  "Mod+-": (parley) => parley.appearance.stepTextSize(-1),
  "Mod+0": (parley) => parley.appearance.setTextSize(100),
  F6: () => nextRegion(1),
  "Shift+F6": () => nextRegion(-1),
};

/** Keys that act once, however long they are held. */
const ONCE = new Set(["Mod+N", "Mod+Shift+N", "Mod+R", "Mod+G", "Alt+ArrowLeft", "Alt+ArrowRight"]);

/** Keys that act while a dialog is open: the text may be too small or too large there too. */
const SIZES = new Set(["Mod++", "Mod+Shift++", "Mod+=", "Mod+-", "Mod+0"]);

export function press(parley: Parley, event: KeyboardEvent): void {
  if (!parley.world || composing.owns(event)) return;
  const key = keyOf(event);
  if (key === "Escape" && !event.defaultPrevented) {
    escape(parley);
    return;
  }
  const act = ACTS[key];
  if (!act || (document.querySelector("dialog[open]") && !SIZES.has(key))) return;
  event.preventDefault();
  if (!event.repeat || !ONCE.has(key)) act(parley);
}

/** Closes what floats; else stops the answer. */
function escape(parley: Parley): void {
  if (document.querySelector("dialog[open]")) return;
  if (parley.pickerOpen) parley.closePicker();
  else if (parley.appearance.paneOver) parley.appearance.paneOver = false;
  else if (parley.editing) parley.cancelEdit();
  else if (parley.answering && parley.view === "chat") void parley.stop();
}

/** Moves the keyboard to the next part of the page. */
function nextRegion(step: 1 | -1): void {
  const regions = [...document.querySelectorAll<HTMLElement>("[data-region]")].filter((region) => region.offsetParent !== null || region.getClientRects().length > 0);
  if (regions.length === 0) return;
  const here = regions.findIndex((region) => region.contains(document.activeElement));
  const at = here < 0 ? (step > 0 ? 0 : regions.length - 1) : (here + step + regions.length) % regions.length;
  const region = regions[at]!;
  const start = region.querySelector<HTMLElement>("[data-start]") ?? region.querySelector<HTMLElement>("button:not(:disabled), textarea, input, select, [tabindex='0']");
  (start ?? region).focus();
}
