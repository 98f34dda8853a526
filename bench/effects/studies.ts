/** What each kind of reward is tried on: models, methods and who judges. */
import { join } from "node:path";
import type { EvaluateOptions, MethodSpec } from "../../src/evaluate/index.js";
import { EMBEDDED } from "../../src/model/embedded.js";
import { packageRoot } from "../../src/package-root.js";
import { ownEquipmentMetric } from "./equipment.js";

/** One directory of results. */
export interface Study {
  name: string;
  options: EvaluateOptions;
}

/** What the command line gives. */
export interface Given {
  policy?: string | undefined;
  /** A head on a trunk with another vocabulary. */
  reward?: string | undefined;
  judge?: string | undefined;
  data?: string | undefined;
  question: string;
}

const PLANS = join(packageRoot, "models", "policy-plans.gguf");
const PROMPTS = join(packageRoot, "models", "held-out-prompts.jsonl");
const WEIGHTS = { weight: [0.3, 0.5, 0.6] };

/** No loops, and the policy decides when to end: the defaults of guided methods, for all. */
const STEADY = { dryMultiplier: 0.8, ending: "policy" } as const;
const GREEDY = { name: "greedy", ...STEADY } satisfies MethodSpec;
const DRAWN = { ...STEADY, topK: 40, topP: 0.95 } as const;
/** What blocks choose among, drawn once. */
const SAMPLE = { name: "sample", method: "sample", ...DRAWN, policyTemperature: 0.8, temperature: 1 } satisfies MethodSpec;
const BLOCKS = {
  name: "blocks, 4 drafts of 16",
  method: "blocks",
  block: 16,
  drafts: 4,
  ...DRAWN,
  policyTemperature: 0.8,
} satisfies MethodSpec;
const ARGS = { name: "ARGS, w = 0.4", method: "args", weight: 0.4, ...STEADY } satisfies MethodSpec;

export const STUDIES: Record<string, (given: Given) => Study[]> = {
  /** The embedded policy, as in the paper. The embedded reward model judges the token rewards, which share nothing with it but the corpus. */
  contrast: () => {
    const common: EvaluateOptions = {
      ...{ policy: EMBEDDED.policy, data: PROMPTS, judgeReward: EMBEDDED.reward, metrics: [ownEquipmentMetric()] },
      ...{ maxTokens: 128, sweep: WEIGHTS },
    };
    const methods = ["greedy", "top-p", "args-greedy"] as const;
    const guided = ["args-greedy"] as const;
    return [
      { name: "contrast", options: { ...common, methods, reward: { reward: PLANS, base: EMBEDDED.policy } } },
      { name: "autoregressive", options: { ...common, methods: guided, reward: { reward: PLANS, kind: "autoregressive" } } },
      { name: "head", options: { ...common, methods: guided, reward: EMBEDDED.reward } },
      { name: "tuned", options: { ...common, policy: PLANS, reward: null, methods: ["greedy", "top-p"], sweep: undefined } },
    ];
  },
  question: ({ policy, judge, data, question }) => [
    {
      name: "question",
      options: {
        ...shared({ policy, data, judge }, [SAMPLE, BLOCKS]),
        policy,
        reward: { ask: question },
        methods: [GREEDY, SAMPLE, BLOCKS],
      },
    },
  ],
  tokenizers: ({ policy, reward, judge, data }) => [
    {
      name: "tokenizers",
      options: {
        ...shared({ policy, data, judge }, [SAMPLE, BLOCKS, ARGS]),
        ...{ policy, reward, tokenizers: "any", methods: [GREEDY, SAMPLE, BLOCKS, ARGS] },
      },
    },
  ],
};

/** Every method against greedy decoding, and blocks against their own draws as well. */
function shared({ policy, data, judge }: Omit<Given, "question">, methods: readonly MethodSpec[]): EvaluateOptions & { data: string } {
  if (policy === undefined || data === undefined) throw new Error("--policy and --data are needed");
  const pairs = [...methods.map(({ name }) => [name, GREEDY.name] as const), [BLOCKS.name, SAMPLE.name] as const];
  return { data, maxTokens: 64, judgeReward: judge === undefined ? undefined : { reward: judge, pairs } };
}
