/** What calls in the words of other APIs become where these say nothing, or say it otherwise. */
import { isRemoteModel } from "../remote/model-info.js";
import type { Method } from "../types.js";
import type { DecoderInfo } from "./decoder.js";

/** Tokens of a response by a policy on a server, whose context is not known. */
const UNKNOWN_CONTEXT = 1024;

/** The method of a call that names none. */
export function defaultMethod({ policy, objectives }: DecoderInfo): Method {
  if (objectives.length === 0) return "greedy";
  return isRemoteModel(policy) ? "blocks" : "args";
}

/** Most tokens of a response to a call that names no limit: those that the context holds. */
export function longestResponse({ contextSize }: DecoderInfo): number {
  return contextSize || UNKNOWN_CONTEXT;
}

/** Others take any integer: here it becomes an unsigned one of 32 bits. What is no integer is left to generate() to refuse. */
export function seedOf(seed: number): number {
  return Number.isInteger(seed) ? Number(BigInt.asUintN(32, BigInt(seed))) : seed;
}
