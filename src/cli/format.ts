/** Numbers for people, and aligned tables. */

export function bytes(value: number): string {
  return scaled(value, 1024, ["B", "KiB", "MiB", "GiB", "TiB"]);
}

export function count(value: number): string {
  return scaled(value, 1000, ["", "K", "M", "B", "T"]).trimEnd();
}

/** A reward with four decimals; "-" for none. */
export function reward(value: number | null): string {
  return value === null ? "-" : value.toFixed(4);
}

export function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}

export function plural(value: number, noun: string): string {
  return `${value} ${noun}${value === 1 ? "" : "s"}`;
}

/** Rows in columns two spaces apart; `right` names the columns (by index) that end flush. */
export function table(rows: readonly (readonly string[])[], right: readonly number[] = []): string {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const cell = (text: string, column: number) =>
    right.includes(column) ? text.padStart(widths[column] ?? 0) : text.padEnd(widths[column] ?? 0);
  return rows.map((row) => `${row.map(cell).join("  ").trimEnd()}\n`).join("");
}

function scaled(value: number, step: number, units: readonly string[]): string {
  const power = value < step ? 0 : Math.min(units.length - 1, Math.floor(Math.log(value) / Math.log(step)));
  const shown = value / step ** power;
  return `${power === 0 ? shown : shown.toFixed(shown < 10 ? 2 : shown < 100 ? 1 : 0)} ${units[power]}`;
}
