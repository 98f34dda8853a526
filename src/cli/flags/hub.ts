/** Models of the Hugging Face Hub that a command names: downloaded before it begins, so that all behind it deals with files. */
import type { Command } from "commander";
import type { RewardTerm } from "../../index.js";
import { withFiles } from "../../reward/hub-models.js";
import { resumable } from "../terminal/interrupt.js";
import { downloadBar } from "../terminal/progress.js";
import { type ModelFlags, modelOptions } from "./flags.js";

/** What the flags of all commands may hold in place of a model's path, by the names of the library's options. */
interface NamingFlags extends ModelFlags {
  policy?: string | string[];
  reward?: (RewardTerm | { policy: number; term: RewardTerm })[];
  embedding?: string;
  judgeReward?: string;
  model?: string;
  out?: string;
}

/** Flags beside which a reward may be no model with a head: what it is, load() knows, which downloads it then. */
const OTHER_KINDS = ["rewardBase", "rewardKind", "rewardAdapter"];

type Replace = <T>(option: string, value: T) => Promise<T>;

/** @throws ArgsearchError as withFiles() */
export async function downloadModels(command: Command): Promise<void> {
  if (!JSON.stringify([command.opts(), command.processedArgs]).includes('"hf:')) return;
  const flags = command.opts<NamingFlags>();
  const { engineDir, gpu } = modelOptions(flags);
  const bar = downloadBar();
  await resumable(async (signal) => {
    const how = { engineDir, gpu, signal, onProgress: bar.update };
    try {
      await replaceAll(command, flags, async (option, value) => {
        const { [option]: file } = await withFiles({ [option]: value }, how);
        return file as typeof value;
      });
    } finally {
      bar.stop();
    }
  });
}

async function replaceAll(command: Command, flags: NamingFlags, replace: Replace): Promise<void> {
  const set = async <T>(name: keyof NamingFlags, change: (value: T) => Promise<T>): Promise<void> => {
    const value = flags[name] as T | undefined;
    if (value === undefined) return;
    command.setOptionValueWithSource(name, await change(value), command.getOptionValueSource(name));
  };
  await set<string | string[]>("policy", async (value) =>
    Array.isArray(value) ? inTurn(value, (each) => replace("policy", each)) : replace("policy", value),
  );
  for (const name of ["embedding", "judgeReward", "model"] as const) await set<string>(name, (value) => replace(name, value));
  if (!OTHER_KINDS.some((name) => command.getOptionValue(name) !== undefined)) {
    await set<NonNullable<NamingFlags["reward"]>>("reward", (terms) =>
      inTurn(terms, async (each) => ("term" in each ? { ...each, term: await replace("reward", each.term) } : replace("reward", each))),
    );
  }
  const [first] = command.processedArgs as unknown[];
  if (command.name() === "inspect") command.processedArgs[0] = await replace("model", first);
  // Without --out it would be replaced, which predictReward() refuses.
  if (command.name() === "predict" && flags.out !== undefined) command.processedArgs[0] = await replace("reward", first);
}

/** One after another, for one bar. */
async function inTurn<T>(values: readonly T[], change: (value: T) => Promise<T>): Promise<T[]> {
  const changed: T[] = [];
  for (const value of values) changed.push(await change(value));
  return changed;
}
