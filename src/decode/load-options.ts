/** Loading a decoder: defaults and validation. What comes out has no gaps; what was wrong is OPTION_INVALID. */
import { binding } from "../engine/binding.js";
import { ISOLATION, isolationOf, type ResolvedIsolation } from "../isolate/options.js";
import { EMBEDDED } from "../model/embedded.js";
import { MODEL, modelOf, type ResolvedModelOptions } from "../model/options.js";
import { shownUrl } from "../remote/options.js";
import { type ResolvedTerm, resolveTerms } from "../reward/terms.js";
import { TOKENIZERS, tokenizersOf } from "../reward/vocabularies.js";
import type { DecodingSettings, LoadOptions, QueueOptions, Tokenizers } from "../types.js";
import { boolean, checkNames, given, integer, type Names, nonEmptyText } from "../validate.js";
import { type ResolvedPolicy, resolvePolicy } from "./remote-options.js";
import type { Patience } from "./slot-queue.js";

export interface ResolvedLoad extends ResolvedModelOptions {
  /** A file's path; of a server's policy its address. */
  policy: string;
  remote: ResolvedPolicy | undefined;
  chatTemplate: string | undefined;
  terms: ResolvedTerm[];
  slots: number;
  shareTrunk: boolean;
  tokenizers: Tokenizers;
  /** How long a response waits for a slot. */
  patience: Patience | false;
  /** Undefined: in this process. */
  isolation: ResolvedIsolation | undefined;
  /** As given: see settingsFor(). */
  settings: string | DecodingSettings | undefined;
}

const LOAD: Names<LoadOptions> = {
  ...MODEL,
  ...ISOLATION,
  ...TOKENIZERS,
  policy: true,
  chatTemplate: true,
  reward: true,
  slots: true,
  shareTrunk: true,
  queue: true,
  settings: true,
};
const QUEUE: Names<QueueOptions> = { max: true, timeout: true };

export function resolveLoad(options: LoadOptions = {}): ResolvedLoad {
  checkNames("load()", options, LOAD);
  const embeddedReward = options.policy === undefined ? EMBEDDED.reward : null;
  return {
    ...modelOf(options),
    ...policyOf(options.policy),
    chatTemplate: given(options.chatTemplate, undefined, (value) => nonEmptyText("chatTemplate", value)),
    terms: resolveTerms(options.reward === undefined ? embeddedReward : options.reward),
    shareTrunk: given(options.shareTrunk, true, (value) => boolean("shareTrunk", value)),
    tokenizers: tokenizersOf(options),
    slots: given(options.slots, 1, (value) => integer("slots", value, { min: 1, max: binding().limits.slots })),
    patience: patienceOf(options.queue),
    isolation: isolationOf(options),
    settings: given(options.settings, undefined, (value) => (typeof value === "string" ? nonEmptyText("settings", value) : value)),
  };
}

function policyOf(policy: LoadOptions["policy"]): Pick<ResolvedLoad, "policy" | "remote"> {
  if (typeof policy !== "object" || policy === null || Array.isArray(policy)) {
    return { policy: given(policy, EMBEDDED.policy, (value) => nonEmptyText("policy", value)), remote: undefined };
  }
  const remote = resolvePolicy(policy);
  return { policy: shownUrl(remote.server.url), remote };
}

function patienceOf(queue: LoadOptions["queue"]): Patience | false {
  if (queue === false) return false;
  const { max, timeout }: QueueOptions = queue ?? {};
  checkNames("queue", queue ?? {}, QUEUE);
  const range = { min: 0, max: 2 ** 31 - 1 };
  return {
    max: given(max, 64, (value) => integer("queue.max", value, range)),
    timeout: given(timeout, undefined, (value) => integer("queue.timeout", value, { ...range, note: "milliseconds" })),
  };
}
