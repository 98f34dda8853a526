/** The kinds of rewards that a bench holds beside each other, each with what load() and generate() are told of it. */
import type { GenerateOptions, LoadOptions } from "../../src/index.js";

/** Paths; a kind whose files are not there is left out. */
export interface Files {
  policy: string;
  /** A reward head on a trunk of its own. */
  head?: string | undefined;
  /** A reward head on the policy's trunk. */
  trunk?: string | undefined;
  /** A causal language model of the policy's vocabulary. */
  tuned?: string | undefined;
  /** What it was tuned from. */
  base?: string | undefined;
  /** A reward head on a trunk with another vocabulary. */
  other?: string | undefined;
  /** Asked of the policy. */
  question?: string | undefined;
}

export interface Kind {
  name: string;
  load: LoadOptions;
  generate: GenerateOptions;
}

export const NAMES = {
  plain: "plain decoding",
  plainTuned: "plain decoding by the tuned model",
  policyAsBase: "contrast, the policy as base",
} as const;

/** Drafts of a block, and its tokens: the defaults. */
const BLOCKS = { method: "blocks", block: 16, drafts: 4 } as const;

export function kindsOf({ policy, head, trunk, tuned, base, other, question }: Files, topK: number): Kind[] {
  const kind = (name: string, load: LoadOptions, generate: GenerateOptions = { method: "args", topK }): Kind => {
    return { name, load: { policy, ...load }, generate };
  };
  const kinds = [kind(NAMES.plain, { reward: null }, { method: "greedy" })];
  if (head !== undefined) {
    kinds.push(kind(`head, ${topK} candidates`, { reward: head, shareTrunk: false }), kind("head, blocks", { reward: head }, BLOCKS));
  }
  if (trunk !== undefined) kinds.push(kind("head on a shared trunk", { reward: trunk }));
  if (tuned !== undefined) {
    kinds.push(
      { ...kind(NAMES.plainTuned, { reward: null }, { method: "greedy" }), load: { policy: tuned, reward: null } },
      kind("autoregressive", { reward: { reward: tuned, kind: "autoregressive" } }),
      kind(NAMES.policyAsBase, { reward: { reward: tuned, base: policy } }),
      kind("values", { reward: { reward: tuned, kind: "values" } }),
    );
    if (base !== undefined) kinds.push(kind("contrast, a third model as base", { reward: { reward: tuned, base } }));
  }
  if (question !== undefined) kinds.push(kind("question to the policy, blocks", { reward: { ask: question } }, BLOCKS));
  if (other !== undefined) {
    const anyTokenizer = { reward: other, tokenizers: "any" } as const;
    kinds.push(
      kind(`head of another tokenizer, ${topK} candidates`, anyTokenizer),
      kind("head of another tokenizer, blocks", anyTokenizer, BLOCKS),
    );
  }
  return kinds;
}
