import { open, stat } from "node:fs/promises";
import { dirname } from "node:path";
import type { Command } from "commander";
import { refuseInputs } from "../../files/inputs.js";
import { readJson } from "../../files/json.js";
import { attachReward, type RewardHead, readRewardHead } from "../../import/index.js";
import { ArgsearchError, type RewardAt } from "../../index.js";
import { addProvenanceFlags, addRowFlags, headPositionFlag, type ProvenanceFlags, provenance, type RowFlags } from "../flags/conversion.js";
import { addExamples, engineDirFlag } from "../flags/flags.js";
import { note } from "../terminal/output.js";

interface AttachFlags extends ProvenanceFlags, RowFlags {
  model: string;
  head: string;
  tensor?: string;
  rewardAt?: RewardAt;
  out: string;
  engineDir?: string;
}

export function addRewardAttach(reward: Command): void {
  const command = reward
    .command("attach")
    .description("Write a reward head into the metadata of a GGUF: a new file, the old one stays.")
    .requiredOption("--model <file>", "the trunk, an ordinary GGUF; of a split one, any part: the result is one file")
    .requiredOption(
      "--head <file|dir>",
      'a .safetensors shard that holds the head, a directory of them, or JSON: {"weight": [...], "bias": 0}; optional "labels", "scale", "shift", "position"',
    )
    .option("--tensor <name>", "the head's weight in the shard, where it is not the only one or has a name of its own")
    .addOption(headPositionFlag())
    .requiredOption("--out <file>", "the reward model to write");
  addRowFlags(command);
  addProvenanceFlags(command);
  command.addOption(engineDirFlag());
  addExamples(command, [
    "reward attach --model trunk.gguf --head head.json --out reward.gguf",
    "reward attach --model trunk.gguf --head model-00004-of-00004.safetensors --out reward.gguf",
    "reward attach --model trunk.gguf --head classifier.safetensors --row 1-0 --out reward.gguf",
  ]);
  command.action(async (flags: AttachFlags) => {
    const { model, head, out, engineDir } = flags;
    // An index names shards, which lie beside it.
    await refuseInputs(out, [head.endsWith(".index.json") ? dirname(head) : head]);
    await attachReward({ model, head: await headOf(flags), out, engineDir, provenance: provenance(flags) });
    note(`wrote ${out}`);
  });
}

async function headOf(flags: AttachFlags): Promise<RewardHead> {
  const head = await readHead(flags);
  return flags.rewardAt === undefined ? head : { ...head, position: flags.rewardAt };
}

async function readHead({ head, tensor, labels, row }: AttachFlags): Promise<RewardHead> {
  const safetensors = tensor !== undefined || /\.(safetensors(\.index\.json)?|st|bin|pth?|gguf)$/i.test(head) || (await isBinary(head));
  if (safetensors) return readRewardHead(head, { tensor, labels, row });
  if (labels !== undefined || row !== undefined) {
    throw new ArgsearchError("OPTION_INVALID", `--labels and --row are for safetensors: write the rows and "labels" into ${head}`);
  }
  const written = (await readJson(head)) as RewardHead;
  requireNames(head, written);
  return written;
}

/** Labels add up where a model is loaded: that several rows are labels must be said. What is no head is attachReward()'s to refuse. */
function requireNames(path: string, head: Partial<RewardHead> | null): void {
  const rows = Array.isArray(head?.weight) ? head.weight.filter(Array.isArray).length : 0;
  if (rows < 2 || head?.labels !== undefined) return;
  const how = 'name them in "labels", or leave the one';
  throw new ArgsearchError("REWARD_HEAD_INVALID", `${path} has ${rows} rows without names, and nothing says which counts: ${how}`);
}

/** A directory, or a file that begins like no text: with a 0 in the length of safetensors' header, or as other formats do. */
async function isBinary(path: string): Promise<boolean> {
  const stats = await stat(path).catch(() => undefined);
  if (!stats?.isFile()) return stats?.isDirectory() ?? false;
  const file = await open(path).catch(() => undefined); // whoever reads it says why
  if (file === undefined) return false;
  const { buffer } = await file.read(Buffer.alloc(8), 0, 8, 0).finally(() => file.close());
  return stats.size >= 8 && (buffer.includes(0) || /^(?:GGUF|PK|\u0080)/.test(buffer.toString("latin1")));
}
