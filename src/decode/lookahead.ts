/** How many steps are rated together. */
import { binding, type NativeLookahead } from "../engine/binding.js";
import { ArgsearchError } from "../errors.js";
import type { Lookahead, Method } from "../types.js";
import { integer, invalid } from "../validate.js";

/** One step at a time. */
export const NO_LOOKAHEAD: ResolvedLookahead = { steps: 1, adapts: false };

export type ResolvedLookahead = Pick<NativeLookahead, "steps" | "adapts">;

export interface LookaheadContext {
  gated: boolean;
  /** Reward functions rate candidates, too. */
  functions: boolean;
}

/** Of another method than "args" it is checked, and off. @throws ArgsearchError OPTION_INVALID */
export function lookaheadFor(method: Method, lookahead: Lookahead | undefined, context: LookaheadContext): ResolvedLookahead {
  if (method === "args") return lookaheadOf(lookahead, context);
  read(lookahead);
  return NO_LOOKAHEAD;
}

function lookaheadOf(lookahead: Lookahead | undefined, { gated, functions }: LookaheadContext): ResolvedLookahead {
  const resolved = read(lookahead);
  if (resolved.steps === 1) return resolved;
  if (gated) {
    throw refused(
      "lookahead cannot be used with a gate: one rates several steps together, the other leaves some out; leave lookahead or gate out",
    );
  }
  if (functions) {
    throw refused(
      "lookahead cannot be used with reward functions, which are asked step by step about a text that is certain; leave the functions or lookahead out",
    );
  }
  return resolved;
}

function read(lookahead: unknown): ResolvedLookahead {
  if (lookahead === undefined || lookahead === "off") return NO_LOOKAHEAD;
  const most = binding().limits.lookahead;
  if (lookahead === "auto") return { steps: most, adapts: true };
  if (typeof lookahead !== "number") throw invalid("lookahead", `"off", "auto" or an integer from 1 to ${most}`, lookahead);
  return { steps: integer("lookahead", lookahead, { min: 1, max: most }), adapts: false };
}

function refused(message: string): ArgsearchError {
  return new ArgsearchError("OPTION_INVALID", message, { option: "lookahead" });
}
