/** A benchmark as a report: what is in it, before it is a table on a terminal, Markdown or HTML. */
import type { ChartSpec } from "../evaluate/report/chart.js";
import { type Block, type Cell, heading, type Report, text } from "../evaluate/report/document.js";
import { digits } from "../evaluate/report/numbers.js";
import { writeDocument } from "../evaluate/report/write-document.js";
import { writeWhole } from "../files/whole-file.js";
import { speedCharts } from "./charts.js";
import type { Machine } from "./machine.js";
import type { LeftOut } from "./modes.js";
import type { Quietness } from "./quiet.js";
import type { SpeedResults, SpeedRow } from "./results.js";
import { placeTitle, type Section } from "./section.js";
import type { Summary } from "./summary.js";

const GIB = 2 ** 30;
const MIB = 2 ** 20;

export function machineText({ processor, processors, cores, features, memory, system, node, engine }: Machine): string {
  const counted = cores === null || cores === processors ? `${processors} processors` : `${processors} processors on ${cores} cores`;
  const kernels = engine.kernels === null ? "" : `, kernels ${engine.kernels}`;
  const known = features.filter((name) => /^(amx_int8|avx512f|avx512_vnni|avx2|avx_vnni|asimddp|sve\d?|sme\d?|i8mm)$/.test(name));
  const able = known.length === 0 ? "" : ` (${known.join(", ")})`;
  return `${processor}, ${counted}${able}, ${(memory / GIB).toFixed(0)} GiB; ${system}; Node ${node}; llama.cpp ${engine.version}${kernels}.`;
}

export function quietText({ load, others, stolen, busy }: Quietness): string {
  const percent = (value: number): string => `${(100 * value).toFixed(0)} %`;
  const seen = [
    `Load average ${load.before.toFixed(2)} before, ${load.after.toFixed(2)} after`,
    `processors in use while nothing was measured: ${percent(others.before)} before, ${percent(others.after)} after`,
    ...(stolen === null ? [] : [`stolen meanwhile: ${percent(stolen)}`]),
  ].join("; ");
  return busy.length === 0 ? `${seen}.` : `${seen}. The machine was busy (${busy.join("; ")}): take the times with care.`;
}

/** Columns that say nothing in any row are left out. */
export function speedTable(rows: readonly SpeedRow[]): { head: string[]; rows: Cell[][] } {
  const columns: [string, (row: SpeedRow) => Cell][] = [
    ["", ({ name }) => name],
    ["ms a token", ({ ms }) => spread(ms)],
    ["tokens/s", ({ tokensPerSecond }) => digits(tokensPerSecond)],
    ["× plain", ({ toPlain }) => (toPlain === null ? "–" : spread(toPlain))],
    ...["policy", "reward", "rest"].map((part): [string, (row: SpeedRow) => Cell] => [
      `${part} ms`,
      ({ parts }) => (parts?.[part] === undefined ? "–" : digits(parts[part])),
    ]),
    ["steps rated", ({ rated }) => (rated === null ? "–" : `${(100 * rated).toFixed(0)} %`)],
    ["other tokens", ({ departures }) => (departures === null ? "–" : `${departures.departed} of ${departures.steps}`)],
    ["weights + KV, MiB", ({ memory }) => (memory === null ? "–" : `${mib(memory.weights)} + ${mib(memory.cache)}`)],
  ];
  const filled = columns.filter(([, cell], at) => at === 0 || rows.some((row) => cell(row) !== "–"));
  return { head: filled.map(([head]) => head), rows: rows.map((row) => filled.map(([, cell]) => cell(row))) };
}

/** "17.31" above "[17.20, 17.52]": median and quartiles. */
export function spread({ median, low, high }: Summary): Cell {
  return { value: digits(median), below: `[${digits(low)}, ${digits(high)}]` };
}

/** As a terminal has them, on one line. */
export function plainCells(row: readonly Cell[]): string[] {
  return row.map((cell) => (typeof cell === "string" ? cell : `${cell.value} ${cell.below}`));
}

function mib(bytes: number): string {
  return (bytes / MIB).toFixed(bytes < 10 * MIB ? 1 : 0);
}

/** Tables of all sections with what was left out of each. */
export function sectionBlocks(sections: readonly Section[]): Block[] {
  return sections.flatMap(({ place, rows, leftOut }) => [
    heading(placeTitle(place)),
    { kind: "table", ...speedTable(rows) },
    ...(leftOut.length === 0 ? [] : [text(`Left out: ${leftOutLines(leftOut).join("; ")}.`)]),
  ]);
}

/** "bound, predicted: why": those of one reason together. */
export function leftOutLines(leftOut: readonly LeftOut[]): string[] {
  const byReason = new Map<string, string[]>();
  for (const { mode, reason } of leftOut) byReason.set(reason, [...(byReason.get(reason) ?? []), mode]);
  return [...byReason].map(([reason, modes]) => `${modes.join(", ")}: ${reason}`);
}

export function composeSpeedReport(results: SpeedResults, charts: readonly ChartSpec[], command: string | null): Report {
  const { machine, quiet, settings } = results;
  const { policy, rewards, threads, maxTokens, rounds } = settings;
  const what = `Policy ${policy}, ${rewards.length === 0 ? "reward functions" : `rewards ${rewards.join(", ")}`}.`;
  const how = `${maxTokens} tokens a response, ${threads === null ? "threads as by default" : `threads: ${threads}`}; medians of ${rounds} rounds with quartiles, all contenders side by side in each.`;
  const again: Block[] = command === null ? [] : [heading("Make it again"), { kind: "code", text: command }];
  return {
    title: "Speed",
    blocks: [
      ...[text(machineText(machine)), text(quietText(quiet)), text(`${what} ${how}`)],
      ...sectionBlocks(results.points.map(sectionOf)),
      ...charts.map(({ name, caption }): Block => ({ kind: "chart", name, caption })),
      ...again,
    ],
  };
}

/** The files of a benchmark's report. */
export interface WrittenSpeedReport {
  /** Path of report.html. */
  html: string;
  /** Path of report.md. */
  markdown: string;
  /** Why the report has no charts; null when it has. */
  chartsMissing: string | null;
}

/**
 * Writes results.json, report.html (self-contained), report.md and charts/*.svg into a directory. Without vega and vega-lite it has no charts.
 *
 * @throws ArgsearchError FILE_UNWRITABLE
 */
export async function writeSpeedReport(dir: string, results: SpeedResults, command: string | null = null): Promise<WrittenSpeedReport> {
  const specs = speedCharts(results.points.map(sectionOf));
  const written = await writeDocument(dir, specs, (charts) => composeSpeedReport(results, charts, command));
  await writeWhole(`${dir}/results.json`, `${JSON.stringify(results, null, 2)}\n`);
  return written;
}

function sectionOf({ point, rows, leftOut }: SpeedResults["points"][number]): Section {
  return { place: { ...point }, rows, leftOut };
}
