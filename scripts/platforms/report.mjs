// The table that a run ends with.
const COLUMNS = ["check", "outcome", "built", "loaded", "tokens", "seconds"];

/** Longer notes are cut in the table; `--json` has them whole. */
const NOTE = 160;

/** Rows as lines, columns aligned, notes last. */
export function table(rows) {
  const widths = COLUMNS.map((column) => Math.max(column.length, ...rows.map((row) => String(row[column]).length)));
  const line = (row, note) => `${COLUMNS.map((column, at) => String(row[column]).padEnd(widths[at])).join("  ")}  ${note}`.trimEnd();
  const heading = Object.fromEntries(COLUMNS.map((column) => [column, column]));
  return [line(heading, "note"), ...rows.map((row) => line(row, cut(row)))].join("\n");
}

function cut({ outcome, note }) {
  const text = note.replaceAll(/\s+/g, " ");
  return outcome === "FAILED" || text.length <= NOTE ? text : `${text.slice(0, NOTE)} …`;
}

export function count(rows) {
  const of = (outcome) => rows.filter((row) => row.outcome === outcome).length;
  return { passed: of("ok"), failed: of("FAILED"), skipped: of("skipped") };
}
