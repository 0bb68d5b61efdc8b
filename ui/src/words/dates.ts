// How the list of conversations is grouped: by days near, by months far.
export type Group =
  | { key: "today" | "yesterday" | "week" }
  | { key: string; month: Date };

function startOfDay(date: Date): Date {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate());
}

/** The group of a moment (milliseconds since 1970) in the person's own time zone. */
export function groupOf(moment: number, now: Date): Group {
  const today = startOfDay(now);
  const daysAgo = (days: number) => new Date(today.getFullYear(), today.getMonth(), today.getDate() - days).getTime();
  if (moment >= today.getTime()) return { key: "today" };
  if (moment >= daysAgo(1)) return { key: "yesterday" };
  if (moment >= daysAgo(7)) return { key: "week" };
  const date = new Date(moment);
  return { key: `${date.getFullYear()}-${date.getMonth() + 1}`, month: new Date(date.getFullYear(), date.getMonth(), 1) };
}

/** `October`, or with the year where it is not this one. */
export function monthName(month: Date, now: Date, language: string): string {
  const year = month.getFullYear() === now.getFullYear() ? undefined : "numeric";
  return new Intl.DateTimeFormat(language, { month: "long", year }).format(month);
}
