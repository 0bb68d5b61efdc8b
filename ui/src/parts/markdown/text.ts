// Words inside markdown: character references, and addresses that may be shown.
const NAMED: Record<string, string> = {
  amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: "\u00a0", copy: "©", reg: "®", trade: "™", hellip: "…", mdash: "—", ndash: "–",
  lsquo: "‘", rsquo: "’", ldquo: "“", rdquo: "”", laquo: "«", raquo: "»", times: "×", divide: "÷", plusmn: "±", minus: "−", deg: "°",
  middot: "·", bull: "•", larr: "←", uarr: "↑", rarr: "→", darr: "↓", harr: "↔", le: "≤", ge: "≥", ne: "≠", asymp: "≈", infin: "∞",
  euro: "€", pound: "£", yen: "¥", cent: "¢", sect: "§", para: "¶", frac12: "½", frac14: "¼", sup2: "²", sup3: "³", micro: "µ",
  alpha: "α", beta: "β", gamma: "γ", delta: "δ", epsilon: "ε", theta: "θ", lambda: "λ", mu: "μ", pi: "π", sigma: "σ", tau: "τ", phi: "φ",
  omega: "ω", Delta: "Δ", Sigma: "Σ", Omega: "Ω", sum: "∑", prod: "∏", radic: "√", part: "∂", int: "∫", emsp: "\u2003", ensp: "\u2002",
};

/** Character references as the characters they stand for; unknown ones as they are written. */
export function decoded(text: string): string {
  if (!text.includes("&")) return text;
  return text.replace(/&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|([a-z]\w{1,8}));/gi, (written, hex, decimal, name) => {
    if (name) return NAMED[name] ?? written;
    const code = hex ? parseInt(hex, 16) : parseInt(decimal, 10);
    const shown = code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);
    return shown ? String.fromCodePoint(code) : "\u{FFFD}";
  });
}

/** The address where it is one that a person may want to see and copy; null for scripts, data and fragments. */
export function shownAddress(href: string): string | null {
  const address = decoded(href).trim();
  return /^(?:https?:\/\/|mailto:)[^\s]+$/i.test(address) ? address.slice(0, 2000) : null;
}
