/** Statistics by which a model normalises its rewards, as the shift and scale of a head. */
import { ArgsearchError } from "../../errors.js";
import type { JsonObject } from "../../files/json.js";
import type { RewardHead } from "../../gguf/reward-head.js";
import type { Checkpoint } from "./checkpoint.js";
import { bareName } from "./head-names.js";

/**
 * OpenRLHF subtracts `mean` and divides by `std`, both in config.json or among the tensors, where config.json sets `normalize_reward`.
 * Safe RLHF does the like where it sets `do_normalize`, in one of several ways.
 *
 * @throws ArgsearchError REWARD_HEAD_INVALID for Safe RLHF's, for statistics that make no sense, and for those of which config.json does not
 * say whether they are applied
 */
export async function normalisation(checkpoint: Checkpoint, config: JsonObject = {}): Promise<Pick<RewardHead, "shift" | "scale">> {
  const { path } = checkpoint;
  if (config.do_normalize === true) {
    throw invalid(`${path}: config.json sets do_normalize, which argsearch does not apply. Set it to false for the rewards as they are`);
  }
  if (config.normalize_reward === false || config.do_normalize === false) return {};
  const [mean, std] = [await statistic(checkpoint, config, "mean"), await statistic(checkpoint, config, "std")];
  if (mean === undefined && std === undefined) return {};
  const [shift = 0, scale = 1] = [mean, std];
  if (shift === 0 && scale === 1) return {};
  if (config.normalize_reward !== true) {
    const how = "Set normalize_reward in config.json to true if rewards are to be (reward - mean) / std, else to false";
    throw invalid(`${path} has statistics of its rewards (mean ${shift}, std ${scale}), and nothing says whether to apply them. ${how}`);
  }
  if (Number.isFinite(shift) && Number.isFinite(scale) && scale > 0) return { shift, scale };
  throw invalid(`${path}: rewards cannot be normalised by a mean of ${shift} and a deviation of ${scale}`);
}

/** A single number; not a number for anything else. */
async function statistic(checkpoint: Checkpoint, config: JsonObject, which: "mean" | "std"): Promise<number | undefined> {
  const name = checkpoint.names.find((each) => bareName(each) === which);
  const given: unknown = config[which] ?? (name === undefined ? undefined : Array.from(await checkpoint.floats(name)));
  if (given === undefined) return undefined;
  const [only, another] = Array.isArray(given) ? (given as unknown[]) : [given];
  return typeof only === "number" && another === undefined ? only : Number.NaN;
}

function invalid(what: string): ArgsearchError {
  return new ArgsearchError("REWARD_HEAD_INVALID", what);
}
