/** The flags that say what the file of a --reward gives, where that is no reward head, and what is added to it. */
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
  rewardAdapter?: Of<string>[];
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
      "--reward-adapter <file>",
      "a LoRA adapter as a GGUF that is added to the --reward before it; repeatable",
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
  { rewardBase = [], rewardKind = [], rewardAdapter = [] }: RewardKindFlags,
): T[] | undefined {
  const given = { "--reward-base": rewardBase, "--reward-kind": rewardKind, "--reward-adapter": rewardAdapter };
  const [flag] = Object.entries(given).find(([, values]) => values.length > 0) ?? [];
  if (flag === undefined) return terms;
  if (terms === undefined) throw new ArgsearchError("OPTION_INVALID", `${flag} needs the --reward it belongs to`);
  const [bases, kinds, adapters] = [byReward(rewardBase), byReward(rewardKind), byReward(rewardAdapter)];
  return terms.map((term, place) => ({ ...term, kind: kinds.get(place), base: bases.get(place), adapter: adapters.get(place) }));
}

function byReward<T>(given: readonly Of<T>[]): Map<number, T> {
  return new Map(given.map(({ reward, value }) => [reward, value]));
}

function kind(text: string): RewardKind {
  const found = KINDS.find((each) => each === text);
  if (found === undefined) throw new InvalidArgumentError(`Allowed choices are ${KINDS.join(", ")}.`);
  return found;
}
