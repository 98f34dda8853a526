/** What a chat begins with on a terminal: which models answer, and how. */
import { basename } from "node:path";
import type { DecoderInfo, RewardInfo } from "../../index.js";
import { bytes, table } from "../terminal/format.js";
import { methodWords, samplerWords } from "./guidance.js";
import type { ChatSession } from "./session.js";

type ModelInfo = DecoderInfo["policy"];

export async function banner(session: ChatSession): Promise<string> {
  const { info } = session.decoder;
  const settings = session.settings.resolved();
  const rows = [
    ["policy", modelWords(info.policy)],
    ...info.rewards.map((model, index) => ["reward", `${modelWords(model)}${kindWords(model)} · ${weightWords(info, index)}`]),
    ["guidance", [methodWords(settings), ...samplerWords(settings)].join(" · ")],
    ["context", await session.contextLeft()],
  ];
  return `${table(rows)}/help lists the commands, Ctrl-D leaves`;
}

function modelWords({ path, adapter, description, size }: ModelInfo): string {
  const file = adapter === undefined ? basename(path) : `${basename(path)} with ${basename(adapter)}`;
  return [file, description, bytes(size)].join(" · ");
}

/** What a token reward is. */
function kindWords({ kind, base }: RewardInfo): string {
  if (kind === "head") return "";
  return base === null ? ` · ${kind}` : ` · against ${basename(base.path)}`;
}

/** What the objectives of a reward model count; by name where there are several. */
function weightWords({ rewards, weights }: DecoderInfo, index: number): string {
  const names = (model: RewardInfo | undefined): readonly string[] => (model?.kind === "head" ? (model.head?.labels ?? []) : ["value"]);
  const before = rewards.slice(0, index).reduce((count, model) => count + names(model).length, 0);
  const own = names(rewards[index]);
  return own.map((label, at) => `${own.length === 1 ? "" : `${label} `}× ${weights[before + at]}`).join(", ");
}
