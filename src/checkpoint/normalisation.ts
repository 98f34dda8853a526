/** Statistics by which a model normalises its rewards, as the shift and scale of a head. */
import { ArgsearchError } from "../errors.js";
import type { JsonObject } from "../files/json.js";
import type { RewardHead } from "../gguf/reward-head.js";
import type { Checkpoint } from "./checkpoint.js";
import { statisticOf } from "./head-names.js";

/**
 * OpenRLHF subtracts `mean` and divides by `std`, both in config.json or among the tensors, where config.json sets `normalize_reward`.
 * A `var` is the square of the deviation. Safe RLHF does the like where it sets `do_normalize`, in one of several ways.
 *
 * @throws ArgsearchError REWARD_HEAD_INVALID for Safe RLHF's, for statistics that are incomplete or make no sense, and for those of which
 * config.json does not say whether they are applied
 */
export async function normalisation(checkpoint: Checkpoint, config: JsonObject = {}): Promise<Pick<RewardHead, "shift" | "scale">> {
  const { path } = checkpoint;
  if (config.do_normalize === true) {
    throw invalid(`${path}: config.json sets do_normalize, which argsearch does not apply. Set it to false for the rewards as they are`);
  }
  if (config.normalize_reward === false || config.do_normalize === false) return {};
  const found = (await Promise.all(STATISTICS.map((which) => statistic(checkpoint, config, which)))).flat();
  if (found.every(({ which, value }) => value === (which === "mean" ? 0 : 1))) return {};
  const has = `${path} has statistics of its rewards (${found.map(({ which, value }) => `${which} ${value}`).join(", ")})`;
  if (config.normalize_reward !== true) {
    const how = "Set normalize_reward in config.json to true if rewards are to be (reward - mean) / std, else to false";
    throw invalid(`${has}, and nothing says whether to apply them. ${how}`);
  }
  const [mean, spread, another] = found;
  if (mean?.which !== "mean" || spread === undefined || spread.which === "mean" || another !== undefined) {
    throw invalid(
      `${has}, but normalising takes one mean and one std or var. Set normalize_reward in config.json to false to leave them out`,
    );
  }
  const [shift, scale] = [mean.value, spread.which === "var" ? Math.sqrt(spread.value) : spread.value];
  if (Number.isFinite(shift) && Number.isFinite(scale) && scale > 0) return { shift, scale };
  throw invalid(`${path}: rewards cannot be normalised by a mean of ${shift} and a deviation of ${scale}`);
}

const STATISTICS = ["mean", "std", "var"] as const;

interface Statistic {
  which: (typeof STATISTICS)[number];
  /** Not a number for anything but a single one. */
  value: number;
}

/** What config.json and the tensors say, each different value once: as a rule one, or none. */
async function statistic(checkpoint: Checkpoint, config: JsonObject, which: Statistic["which"]): Promise<Statistic[]> {
  const all = checkpoint.names;
  const names = all.filter((name) => statisticOf(name, all) === which);
  const stored: unknown[] = await Promise.all(names.map(async (name) => Array.from(await checkpoint.floats(name))));
  const given = [config[which] ?? undefined, ...stored].filter((each) => each !== undefined).map(singleNumber);
  // Tensors are rounded to 32 bits.
  const different = given.filter(
    (value, at) => given.findIndex((other) => Math.fround(other) === Math.fround(value)) === at || Number.isNaN(value),
  );
  return different.map((value) => ({ which, value }));
}

function singleNumber(given: unknown): number {
  const [only, another] = Array.isArray(given) ? (given as unknown[]) : [given];
  return typeof only === "number" && another === undefined ? only : Number.NaN;
}

function invalid(what: string): ArgsearchError {
  return new ArgsearchError("REWARD_HEAD_INVALID", what);
}
