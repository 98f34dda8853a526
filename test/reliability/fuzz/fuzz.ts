/** Damaged GGUF files by the thousand: each is inspected, loaded in every role, decoded and scored with, in a process of its own kind. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ERROR_CODES } from "../../../src/index.js";
import { type Probed, probe, type Use } from "../../errors/probe.js";
import { type Finding, type Part, type PartOptions, Tally } from "../part.js";
import { type Mutation, mutate } from "./mutations.js";
import { ORIGINALS, type OriginalName, original } from "./originals.js";

interface Case extends Mutation {
  seed: number;
  from: OriginalName;
}

const USES: readonly Use[] = ["inspect", "policy", "reward", "pair"];

/** Files that one process opens, and processes at a time. */
const BATCH = 125;
const LANES = 2;
/** GiB of address space: a damaged size that is taken at its word is refused, and the machine lives on. */
const MEMORY = 8;

/** Codes that tell of a file; any other would tell a user to look elsewhere. */
const OUTCOMES: ReadonlySet<string> = new Set(["works", ...ERROR_CODES]);

export const fuzz: Part = {
  name: "fuzz",
  title: "damaged model files, in every role",
  run: (options) => fuzzed(options, { count: 10_000, names: ORIGINALS }),
};

export interface FuzzPlan {
  count: number;
  names: readonly OriginalName[];
}

/** A finding for each original. A case's seed, and the list of names, decide all of it. */
export async function fuzzed({ seed, count, keep, say }: PartOptions, plan: FuzzPlan): Promise<Finding[]> {
  const total = count ?? plan.count;
  const tallies = new Map(plan.names.map((name) => [name, new Tally(`damaged file: ${name}`)]));
  const seeds = Array.from({ length: total }, (_, index) => seed + index);
  let done = 0;
  const lane = async (): Promise<void> => {
    for (let batch = seeds.splice(0, BATCH); batch.length > 0; batch = seeds.splice(0, BATCH)) {
      const cases = batch.flatMap((each) => caseOf(each, plan.names) ?? []);
      const probed = await probe(cases, { uses: USES, ...(process.platform === "linux" && { memory: MEMORY }) });
      for (const [index, each] of cases.entries()) judge(each, probed[index] as Probed, tallies.get(each.from) as Tally, keep);
      done += batch.length;
      const failed = [...tallies.values()].reduce((sum, { failures }) => sum + failures.length, 0);
      say(`${done} of ${total} files, ${failed} failures`);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return [...tallies.values()].map(({ finding }) => (finding.count === 0 ? { ...finding, skipped: "not tried" } : finding));
}

/** Undefined where the original is not on this machine. */
export function caseOf(seed: number, names: readonly OriginalName[]): Case | undefined {
  const from = names[seed % names.length] as OriginalName;
  const pieces = original(from);
  return pieces && { seed, from, ...mutate(pieces, seed) };
}

function judge({ seed, from, name, bytes }: Case, { uses }: Probed, tally: Tally, keep: string | undefined): void {
  const codes = USES.map((use) => codeOf(uses[use]));
  const bad = USES.filter((_, index) => !OUTCOMES.has(codes[index] as string));
  tally.add(summary(codes), bad.length === 0 ? undefined : `seed ${seed} (${from}: ${name}): ${bad[0]}: ${uses[bad[0] as Use]}`);
  if (bad.length === 0 || keep === undefined) return;
  mkdirSync(keep, { recursive: true });
  writeFileSync(join(keep, `${seed}.gguf`), bytes);
}

/** One word for a file: it works in some role, or the error that it is in all of them. */
function summary(codes: readonly string[]): string {
  const [, ...roles] = codes;
  if (roles.includes("works")) return "loads and decodes";
  return roles.find((code) => !OUTCOMES.has(code)) ?? roles[0] ?? "nothing";
}

function codeOf(outcome = "nothing"): string {
  return outcome.split(":")[0] as string;
}
