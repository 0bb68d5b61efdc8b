// What a machine can tell of a page that a person would look at: text that is cut, fonts, and what axe finds.
import axe from "axe-core";
import type { Page } from "playwright-core";

/** What axe calls serious or critical, a line for each element. */
export async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  return page.evaluate(async () => {
    const { axe } = window as unknown as { axe: typeof import("axe-core") };
    const { violations } = await axe.run(document, { resultTypes: ["violations"] });
    return violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 160)} ${node.failureSummary ?? ""}`));
  });
}

/** Text that is cut off without saying so, or stands outside the window or its button; and a page that scrolls sideways. */
export function cutText(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const wrong: string[] = [];
    const root = document.documentElement;
    if (root.scrollWidth > root.clientWidth || document.body.scrollWidth > root.clientWidth) wrong.push("the page scrolls sideways");
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = texts.nextNode(); node; node = texts.nextNode()) {
      const text = node.textContent!.trim();
      const parent = node.parentElement!;
      if (text === "" || parent.closest(".sr, option, script") || !parent.checkVisibility()) continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      const box = range.getBoundingClientRect();
      for (let at: Element | null = parent; at; at = at.parentElement) {
        const style = getComputedStyle(at);
        if (style.textOverflow === "ellipsis" && style.overflowX !== "visible") break;
        if (/auto|scroll/.test(style.overflowX) && at.scrollWidth > at.clientWidth && at.matches("pre, .wide, .wide *")) break;
        const edge = at.getBoundingClientRect();
        const bounds = at.matches("button, html") || style.overflowX !== "visible";
        if (bounds && (box.left < edge.left - 1 || box.right > edge.right + 1)) wrong.push(`${at.tagName}.${at.className} cuts “${text.slice(0, 60)}” at its side`);
        const tall = at.matches("button") || style.overflowY === "hidden" || style.overflowY === "clip";
        if (tall && !at.matches("html, body") && (box.top < edge.top - 2 || box.bottom > edge.bottom + 2) && !inScroller(at, parent)) {
          wrong.push(`${at.tagName}.${at.className} cuts “${text.slice(0, 60)}” above or below`);
        }
      }
    }
    return wrong;

    /** Whether something between the two scrolls up and down, so that what is outside can be reached. */
    function inScroller(outer: Element, inner: Element): boolean {
      for (let at: Element | null = inner; at && at !== outer; at = at.parentElement) if (/auto|scroll/.test(getComputedStyle(at).overflowY)) return true;
      return false;
    }
  });
}

/** The Han fonts that the elements' text is drawn with. */
export async function fontsOf(page: Page, selector: string): Promise<string[]> {
  const session = await page.context().newCDPSession(page);
  await session.send("DOM.enable");
  await session.send("CSS.enable");
  const { root } = await session.send("DOM.getDocument");
  const { nodeIds } = await session.send("DOM.querySelectorAll", { nodeId: root.nodeId, selector });
  const used = new Set<string>();
  for (const nodeId of nodeIds) {
    const { fonts } = await session.send("CSS.getPlatformFontsForNode", { nodeId });
    for (const { familyName } of fonts) if (/CJK/.test(familyName)) used.add(familyName);
  }
  await session.detach();
  return [...used];
}
