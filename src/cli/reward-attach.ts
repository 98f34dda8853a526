import type { Command } from "commander";
import { attachReward, type RewardHead } from "../index.js";
import { addExamples, engineDirFlag } from "./flags.js";
import { readJson } from "./input.js";
import { note } from "./output.js";

interface AttachFlags {
  model: string;
  head: string;
  out: string;
  engineDir?: string;
}

export function addRewardAttach(reward: Command): void {
  const command = reward
    .command("attach")
    .description("Write a reward head into the metadata of a GGUF: a new file, the old one stays.")
    .requiredOption("--model <file>", "the trunk, an ordinary GGUF")
    .requiredOption("--head <file>", 'JSON: {"weight": [...], "bias": 0}; optional "labels", "scale", "shift"')
    .requiredOption("--out <file>", "the reward model to write")
    .addOption(engineDirFlag());
  addExamples(command, ["reward attach --model trunk.gguf --head head.json --out reward.gguf"]);
  command.action(async ({ model, head, out, engineDir }: AttachFlags) => {
    await attachReward({ model, head: (await readJson(head)) as RewardHead, out, engineDir });
    note(`wrote ${out}`);
  });
}
