/** Whether something runs in a process of its own: defaults and validation. */
import type { IsolationOptions, ModelOptions } from "../types.js";
import { checkNames, given, integer, invalid, type Names } from "../validate.js";

export interface ResolvedIsolation {
  respondWithinMs: number;
}

/** Longer than any text takes to be cut into tokens, which is what keeps a child's JavaScript thread from answering. */
const RESPOND_WITHIN_MS = 60_000;

export const ISOLATION: Names<IsolationOptions> = { isolate: true };

const NAMES: Names<Exclude<IsolationOptions["isolate"], boolean | undefined>> = { respondWithinMs: true };

/** Undefined where nothing is isolated. A server of `rpc` that dies ends the process that uses it: such are isolated by default. @throws ArgsearchError OPTION_INVALID */
export function isolationOf({ isolate, rpc }: IsolationOptions & Pick<ModelOptions, "rpc">): ResolvedIsolation | undefined {
  return resolved(isolate ?? (rpc !== undefined && rpc.length > 0));
}

function resolved(isolate: IsolationOptions["isolate"]): ResolvedIsolation | undefined {
  if (isolate === false) return undefined;
  if (isolate === true) return { respondWithinMs: RESPOND_WITHIN_MS };
  if (typeof isolate !== "object" || isolate === null) throw invalid("isolate", "true, false or { respondWithinMs }", isolate);
  checkNames("isolate", isolate, NAMES);
  const range = { min: 100, max: 2 ** 31 - 1, note: "milliseconds" };
  return {
    respondWithinMs: given(isolate.respondWithinMs, RESPOND_WITHIN_MS, (value) => integer("isolate.respondWithinMs", value, range)),
  };
}
