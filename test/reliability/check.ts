/**
 * Brings about what can go wrong, many times, and prints what came of it.
 *   npm run check:reliability -- [PART…] [--seed N] [--count N] [--keep DIR] [--json FILE]
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { concurrency } from "./concurrency.js";
import { disk } from "./disk.js";
import { exits, interrupts, workers } from "./endings.js";
import { fuzz } from "./fuzz/fuzz.js";
import { huge } from "./huge.js";
import { mapped } from "./mapped.js";
import { memory } from "./memory.js";
import type { Finding, Part } from "./part.js";
import { table } from "./table.js";

const PARTS: readonly Part[] = [fuzz, concurrency, workers, exits, interrupts, disk, mapped, memory, huge];

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { seed: { type: "string" }, count: { type: "string" }, keep: { type: "string" }, json: { type: "string" } },
});
const unknown = positionals.filter((name) => !PARTS.some((part) => part.name === name));
if (unknown.length > 0) {
  const lines = PARTS.map(({ name, title }) => `  ${name.padEnd(12)} ${title}`);
  console.error(`no part ${unknown.join(", ")}; there are:\n${lines.join("\n")}`);
  process.exit(2);
}

const findings: (Finding & { part: string; seconds: number })[] = [];
for (const part of PARTS.filter(({ name }) => positionals.length === 0 || positionals.includes(name))) {
  const started = performance.now();
  const found = await part.run({
    seed: Number(values.seed ?? 1),
    count: values.count === undefined ? undefined : Number(values.count),
    keep: values.keep,
    say: (line) => console.error(`${part.name}: ${line}`),
  });
  const seconds = Math.round((performance.now() - started) / 1000);
  findings.push(...found.map((finding) => ({ part: part.name, seconds, ...finding })));
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(findings, null, 2)}\n`);
}

console.log(table(findings));
const failures = findings.flatMap(({ part, failures: each }) => each.map((failure) => `${part}: ${failure}`));
for (const failure of failures) console.log(failure);
process.exitCode = failures.length > 0 ? 1 : 0;
