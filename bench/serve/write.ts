/** Where the results go: results.json and report.md, and the part of docs/benchmarks.md. */
import { readFileSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Machine } from "../../src/bench/machine.js";
import type { Quietness } from "../../src/bench/quiet.js";
import { leftOutLines, machineText, quietText, spread } from "../../src/bench/report.js";
import type { Summary } from "../../src/bench/summary.js";
import { type Block, type Cell, heading, text } from "../../src/evaluate/report/document.js";
import { toMarkdown } from "../../src/evaluate/report/markdown.js";
import { writeDocument } from "../../src/evaluate/report/write-document.js";
import { writeWhole } from "../../src/files/whole-file.js";
import { packageRoot } from "../../src/package-root.js";
import { replacedPart } from "../speed/write.js";
import type { ServedRow, ServedSection } from "./measure.js";
import { ANCHOR } from "./modes.js";

const REPOSITORY = "https://github.com/argsearch/argsearch";

export interface ServeRun {
  /** The command that makes it again. */
  command: string;
  machine: Machine;
  quiet: Quietness;
  how: string;
  sections: readonly ServedSection[];
  /** By pair: tokens a second of an unguided answer with the reward loaded, as a share of those without, in the library. */
  unguided: readonly { pair: string; share: Summary | null }[];
}

export async function writeServeRun(dir: string, run: ServeRun): Promise<void> {
  const blocks = [...runBlocks(run), heading("Make it again"), { kind: "code", text: run.command } as const];
  const { html } = await writeDocument(dir, [], () => ({ title: "Serving", blocks }));
  await rm(html); // as docs/results has them
  await writeWhole(join(dir, "results.json"), `${JSON.stringify(run, null, 1)}\n`);
}

/** Replaces what stands between <!-- NAME --> and <!-- /NAME --> in docs/benchmarks.md. */
export function writeServeDocs(name: string, run: ServeRun): void {
  const page = join(packageRoot, "docs", "benchmarks.md");
  const body = toMarkdown({ title: "", blocks: runBlocks(run) })
    .split("\n")
    .slice(2)
    .join("\n")
    .replaceAll(/^## /gm, "#### ");
  const link = `All figures: [results/${name}](${REPOSITORY}/blob/main/docs/results/${name}/report.md).`;
  writeFileSync(page, replacedPart(readFileSync(page, "utf8"), name, `${body.trimEnd()}\n\n${link}`));
}

function runBlocks({ machine, quiet, how, sections, unguided }: ServeRun): Block[] {
  return [
    ...[machineText(machine), quietText(quiet), how].map(text),
    ...sections.flatMap((section) => sectionBlocks(section)),
    ...unguided.flatMap(({ pair, share }) => (share === null ? [] : [text(unguidedText(pair, share))])),
  ];
}

function unguidedText(pair: string, share: Summary): string {
  return `${pair}, in the library: an unguided answer has ${percentOf(share)} of the tokens a second that it has with no reward loaded.`;
}

function sectionBlocks({ pair, rows, leftOut }: ServedSection): Block[] {
  return [
    heading(pair),
    { kind: "table", ...servedTable(rows) },
    ...(leftOut.length === 0 ? [] : [text(`Left out: ${leftOutLines(leftOut).join("; ")}.`)]),
  ];
}

export function servedTable(rows: readonly ServedRow[]): { head: string[]; rows: (Cell[] | string)[] } {
  const counts = [...new Set(rows.map(({ concurrent }) => concurrent))];
  return {
    head: ["", "tokens/s", "share of plain, %", "steps guided, %", "first token, ms", "anchor's share, %"],
    rows: counts.flatMap((count) => [`${count} concurrent`, ...rows.filter(({ concurrent }) => concurrent === count).map(cellsOf)]),
  };
}

function cellsOf({ mode, concurrent, tokensPerSecond, share, guided, firstMs }: ServedRow): Cell[] {
  return [
    mode,
    spread(tokensPerSecond),
    share === null ? "–" : spread(scaled(share, 100)),
    share === null ? "–" : (100 * guided.median).toFixed(0),
    spread(firstMs),
    share === null ? "–" : `${ANCHOR.get(concurrent) ?? "–"}`,
  ];
}

function scaled({ median, low, high, count }: Summary, by: number): Summary {
  return { median: median * by, low: low * by, high: high * by, count };
}

function percentOf(share: Summary): string {
  const { median, low, high } = scaled(share, 100);
  return `${median.toFixed(1)} % [${low.toFixed(1)}, ${high.toFixed(1)}]`;
}
