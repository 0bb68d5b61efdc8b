// Theme, text size and the room there is: what the page's root element shows.
import type { Theme } from "../backend/bindings/Theme";

/** Text sizes in per cent; 100 is the design's own. */
export const TEXT_SIZES = [87.5, 100, 112.5, 125, 150, 175, 200] as const;

const TEXT_SIZE_KEY = "text-size";
const FOLDED_KEY = "pane-folded";

export class Appearance {
  textSize = $state(100);
  /** The person folded the list away. */
  folded = $state(false);
  /** In small windows the list opens over the page. */
  paneOver = $state(false);
  /** The window's size in pixels of the design, that is at text size 100. */
  width = $state(1280);
  height = $state(800);

  narrow = $derived(this.width < 960);
  slim = $derived(this.width < 800);
  low = $derived(this.height < 560);

  constructor() {
    const stored = Number(localStorage.getItem(TEXT_SIZE_KEY));
    if ((TEXT_SIZES as readonly number[]).includes(stored)) this.textSize = stored;
    this.folded = localStorage.getItem(FOLDED_KEY) === "yes";
    this.#setRoot();
  }

  setTextSize(size: number): void {
    this.textSize = size;
    localStorage.setItem(TEXT_SIZE_KEY, String(size));
    this.#setRoot();
  }

  stepTextSize(step: 1 | -1): void {
    const at = (TEXT_SIZES as readonly number[]).indexOf(this.textSize);
    const size = TEXT_SIZES[at + step];
    if (size) this.setTextSize(size);
  }

  foldPane(): void {
    if (this.narrow) {
      this.paneOver = !this.paneOver;
    } else {
      this.folded = !this.folded;
      localStorage.setItem(FOLDED_KEY, this.folded ? "yes" : "no");
    }
  }

  measure(): void {
    this.width = (window.innerWidth * 100) / this.textSize;
    this.height = (window.innerHeight * 100) / this.textSize;
    if (!this.narrow) this.paneOver = false;
  }

  #setRoot(): void {
    document.documentElement.style.fontSize = this.textSize === 100 ? "" : `${this.textSize}%`;
    this.measure();
  }
}

/** `system` leaves the choice to the style sheet. */
export function showTheme(theme: Theme): void {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}
