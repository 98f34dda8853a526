/** Calls JavaScript rewards and checks what they return. */
import { ArgsearchError } from "../errors.js";
import type { RewardCandidate, RewardContext } from "../types.js";
import { show } from "../validate.js";
import { isBan } from "./ban.js";
import type { FunctionTerm } from "./reward-set.js";
import { type CallContext, isWhole, type WholeReward } from "./whole.js";

/**
 * One array of values a function, one value a candidate; the functions run side by side. Those that ask a server are told of the `call`.
 *
 * @throws ArgsearchError REWARD_FUNCTION_FAILED; of a server's reward REMOTE_FAILED, REMOTE_INVALID, ABORTED, DISPOSED
 */
export async function callRewards(
  terms: readonly FunctionTerm[],
  candidates: readonly RewardCandidate[],
  context: RewardContext,
  call: Partial<CallContext> = {},
): Promise<number[][]> {
  return Promise.all(
    terms.map((term) =>
      isWhole(term.reward) ? (term.reward as WholeReward)(candidates, { ...context, ...call }) : callReward(term, candidates, context),
    ),
  );
}

async function callReward(term: FunctionTerm, candidates: readonly RewardCandidate[], context: RewardContext): Promise<number[]> {
  let values: unknown;
  try {
    values = await term.reward(candidates, context);
  } catch (cause) {
    throw failed(term, `failed: ${reasonOf(cause)}`, cause);
  }
  return checked(term, values, candidates.length);
}

/** Anything can be thrown, what cannot be made a text among it. */
function reasonOf(cause: unknown): string {
  if (cause instanceof Error) return cause.message;
  return typeof cause === "string" ? cause : show(cause);
}

function checked(term: FunctionTerm, values: unknown, count: number): number[] {
  if (!isArrayLike(values)) throw failed(term, `must return an array of ${count} numbers`);
  if (values.length !== count) throw failed(term, `must return ${count} numbers, one a candidate, and returned ${values.length}`);
  return Array.from(values, (value, index) => {
    if (typeof value === "number" && (Number.isFinite(value) || isBan(value))) return value;
    throw failed(term, `must return finite numbers, or -Infinity for a ban, and returned ${show(value)} for candidate ${index}`);
  });
}

function isArrayLike(values: unknown): values is ArrayLike<unknown> {
  return typeof values === "object" && values !== null && typeof (values as { length?: unknown }).length === "number";
}

function failed({ name }: FunctionTerm, what: string, cause?: unknown): ArgsearchError {
  const message = `the reward function ${JSON.stringify(name)} ${what}`;
  return new ArgsearchError("REWARD_FUNCTION_FAILED", message, cause === undefined ? undefined : { cause });
}
