/** The option `lookahead` as a flag, and in words. */
import { InvalidArgumentError, Option } from "commander";
import type { ResolvedLookahead } from "../../decode/lookahead.js";
import type { GenerateResult, Lookahead } from "../../index.js";
import { parseNumber } from "./values.js";

/** How it is written. */
export const LOOKAHEADS = "off, auto, a number of steps";

/** Of a text as LOOKAHEADS lists them; undefined for any other. */
export function parseLookahead(text: string): Lookahead | undefined {
  return text === "off" || text === "auto" ? text : parseNumber(text);
}

export function lookaheadFlag(): Option {
  const what = "args: steps that are rated together, the same tokens in less time where large batches cost little (GPUs)";
  return new Option("--lookahead <off|auto|n>", `${what} (default: off)`).argParser((text) => {
    const lookahead = parseLookahead(text);
    if (lookahead === undefined) throw new InvalidArgumentError(`One of ${LOOKAHEADS}, not ${JSON.stringify(text)}.`);
    return lookahead;
  });
}

/** As it is written. */
export function lookaheadWords({ steps, adapts }: ResolvedLookahead): string {
  if (adapts) return "auto";
  return steps === 1 ? "off" : `${steps}`;
}

/** "looked ahead 30 times: 61 of 90 steps taken"; nothing where none was looked ahead to. */
export function lookaheadFigures({ lookahead }: Pick<GenerateResult, "lookahead">): string[] {
  const { windows, proposed, accepted } = lookahead;
  return windows === 0 ? [] : [`looked ahead ${windows} times: ${accepted} of ${proposed} steps taken`];
}
