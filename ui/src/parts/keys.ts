// Keys by name: `Mod+Shift+C`, where Mod is Ctrl, or ⌘ on a Mac.
const MAC = typeof navigator !== "undefined" && /Mac|iPhone|iPad/.test(navigator.platform);

/** The name of a key press, with the letter as it is without Shift. */
export function keyOf(event: KeyboardEvent): string {
  const mod = MAC ? event.metaKey : event.ctrlKey;
  const key = event.key.length === 1 ? event.key.toUpperCase() : event.key;
  return [mod && "Mod", event.altKey && "Alt", event.shiftKey && "Shift", key].filter(Boolean).join("+");
}

/** The key as it is written for people. */
export function keyName(key: string): string {
  return MAC
    ? key.replace("Mod+", "⌘").replace("Shift+", "⇧").replace("Alt+", "⌥")
    : key.replace("Mod+", "Ctrl ").replace("Shift+", "Shift ").replace("Alt+", "Alt ");
}
