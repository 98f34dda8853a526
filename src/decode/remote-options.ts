/** A policy on a server: defaults, validation, and what of decoding a server cannot do. */
import { ArgsearchError } from "../errors.js";
import type { JsonObject } from "../files/json.js";
import { RemoteClient } from "../remote/client.js";
import { CompletionsClient } from "../remote/completions.js";
import { type ResolvedServer, resolveServer, SERVER } from "../remote/options.js";
import type { GenerateOptions, RemotePolicy } from "../types.js";
import { checkNames, type Names, nonEmptyText } from "../validate.js";
import { type GenerateLimits, type ResolvedGenerate, resolveGenerate } from "./options.js";

export interface ResolvedPolicy {
  server: ResolvedServer;
  model: string;
  completions: CompletionsClient;
}

const POLICY: Names<RemotePolicy> = { ...SERVER, model: true };

/** @throws ArgsearchError OPTION_INVALID */
export function resolvePolicy(policy: RemotePolicy): ResolvedPolicy {
  checkNames("policy", policy, POLICY);
  const server = resolveServer(policy, { name: "policy", what: "the policy's server", variable: "ARGSEARCH_POLICY_API_KEY" });
  const model = nonEmptyText("policy.model", policy.model);
  return { server, model, completions: new CompletionsClient(new RemoteClient(server), model) };
}

export interface RemoteGenerate extends ResolvedGenerate {
  /** Samplers by the names that servers have for them. */
  fields: JsonObject;
}

/** What needs the policy's tokens, probabilities or state. */
const LOCAL: readonly (keyof GenerateOptions)[] = [
  "grammar",
  "jsonSchema",
  "repeatLastN",
  "dryMultiplier",
  "dryBase",
  "dryAllowedLength",
  "dryPenaltyLastN",
  "drySequenceBreakers",
  "topNSigma",
  "xtcProbability",
  "xtcThreshold",
  "slot",
];

/** @throws ArgsearchError OPTION_INVALID */
export function resolveRemoteGenerate(options: GenerateOptions, limits: GenerateLimits): RemoteGenerate {
  const method = options.method ?? (limits.rewarded ? "blocks" : "greedy");
  const resolved = resolveGenerate({ ...options, method }, limits);
  if (method === "args") refuse("method", 'method "args" chooses among the policy\'s tokens: use "blocks", which chooses among texts');
  const local = LOCAL.find((name) => options[name] !== undefined);
  if (local !== undefined) refuse(local, `${local} needs the policy's tokens`);
  if (resolved.topLogProbs > 0) refuse("topLogProbs", "topLogProbs needs the policy's tokens");
  if (resolved.ending === "never") refuse("ending", 'ending "never" needs the policy\'s tokens');
  if (method === "blocks") {
    if (resolved.select === "stochastic") refuse("select", 'select is "greedy": the best text is taken');
    if (resolved.keepDrafts < resolved.drafts) refuse("keepDrafts", "all drafts are drawn at once: leave keepDrafts out");
    if (resolved.blockReward === "mean") refuse("blockReward", 'blockReward is "end": texts are rated at their ends');
  }
  return { ...resolved, fields: fieldsOf(options, resolved) };
}

function refuse(option: string, why: string): never {
  throw new ArgsearchError("OPTION_INVALID", `with a policy on a server, ${why}`, { option });
}

/** What is OpenAI's always, and what is not where it is asked for. */
function fieldsOf(options: GenerateOptions, { method, temperature, samplers }: ResolvedGenerate): JsonObject {
  if (method === "greedy") return { temperature: 0 };
  const { topK, minP, presencePenalty, frequencyPenalty, repeatPenalty, logitBias } = options;
  const fields = {
    temperature: method === "blocks" ? samplers.policyTemperature : temperature,
    top_p: samplers.topP,
    top_k: topK === 0 ? -1 : topK,
    min_p: minP,
    presence_penalty: presencePenalty,
    frequency_penalty: frequencyPenalty,
    repetition_penalty: repeatPenalty,
    repeat_penalty: repeatPenalty, // llama.cpp's name
    logit_bias: logitBias && Object.fromEntries(Object.entries(logitBias).map(([id, bias]) => [id, biasOf(bias)])),
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** -100 bans, by OpenAI's rules; JSON has no infinity. */
function biasOf(bias: number | false): number {
  return bias === false ? -100 : Math.max(-100, bias);
}
