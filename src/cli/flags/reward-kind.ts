/** The flags that say what the file of a --reward gives, where that is no reward head. */
import { type Command, InvalidArgumentError } from "commander";
import { ArgsearchError, type RewardKind, type RewardTerm } from "../../index.js";
import { KINDS } from "../../reward/kinds.js";

/** What was said of the reward model at `reward`, its index among the --reward flags. */
interface Of<T> {
  reward: number;
  value: T;
}

export interface RewardKindFlags {
  rewardBase?: Of<string>[];
  rewardKind?: Of<RewardKind>[];
}

/** `placeOf`: the --reward before it. */
export function addRewardKindFlags(command: Command, placeOf: () => number): void {
  command
    .option(
      "--reward-base <file>",
      "of a --reward that is a tuned language model: the model that it was tuned from; repeatable",
      (value: string, previous: Of<string>[] = []) => [...previous, { reward: placeOf(), value }],
    )
    .option(
      `--reward-kind <${KINDS.join("|")}>`,
      "what the --reward before it gives (default: head; contrast with --reward-base); repeatable",
      (text: string, previous: Of<RewardKind>[] = []) => [...previous, { reward: placeOf(), value: kind(text) }],
    );
}

/** Reward terms with what flags say of them. @throws ArgsearchError OPTION_INVALID */
export function withKinds<T extends RewardTerm>(
  terms: T[] | undefined,
  { rewardBase = [], rewardKind = [] }: RewardKindFlags,
): T[] | undefined {
  if (rewardBase.length === 0 && rewardKind.length === 0) return terms;
  if (terms === undefined) {
    const flag = rewardBase.length > 0 ? "--reward-base" : "--reward-kind";
    throw new ArgsearchError("OPTION_INVALID", `${flag} needs the --reward it belongs to`);
  }
  const [bases, kinds] = [byReward(rewardBase), byReward(rewardKind)];
  return terms.map((term, place) => ({ ...term, kind: kinds.get(place), base: bases.get(place) }));
}

function byReward<T>(given: readonly Of<T>[]): Map<number, T> {
  return new Map(given.map(({ reward, value }) => [reward, value]));
}

function kind(text: string): RewardKind {
  const found = KINDS.find((each) => each === text);
  if (found === undefined) throw new InvalidArgumentError(`Allowed choices are ${KINDS.join(", ")}.`);
  return found;
}
