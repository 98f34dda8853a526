/** Findings as a Markdown table, as docs/reliability.md has it. */
import type { Finding } from "./part.js";

export function table(findings: readonly Finding[]): string {
  const rows = findings.map(({ fault, count, outcomes, failures, skipped }) => [
    fault,
    String(count),
    Object.entries(outcomes)
      .map(([outcome, times]) => `${outcome} ${times}`)
      .join(", "),
    skipped ?? (failures.length === 0 ? "holds" : `**${failures.length} failures**`),
  ]);
  return [["fault", "count", "outcomes", "result"], ["---", "---:", "---", "---"], ...rows]
    .map((row) => `| ${row.join(" | ")} |`)
    .join("\n");
}
