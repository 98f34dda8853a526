// One check and what came of it.
import { Failure } from "../lib/run.mjs";

/** Thrown by a check that cannot be made here: the reason, for the table. */
export class Skip extends Error {}

/**
 * What a check saw. `built`: the tarball holds the platform's binary; `loaded`: its addon and engine were loaded; `tokens`: how what it
 * decoded compares with linux-x64. "-" where the check does not look at it.
 *
 * @typedef {{ built?: string, loaded?: string, tokens?: string, note?: string }} Seen
 * @typedef {{ name: string, run(place: import("./place.mjs").Place): Promise<Seen> }} Check
 */

/** Makes a check and returns its row of the table; what goes wrong is in it. */
export async function make({ name, run }, place) {
  const start = performance.now();
  const row = (outcome, seen) => {
    const seconds = Number(((performance.now() - start) / 1000).toFixed(1));
    return { check: name, outcome, built: "-", loaded: "-", tokens: "-", note: "", ...seen, seconds };
  };
  try {
    return row("ok", await run(place));
  } catch (error) {
    if (error instanceof Skip) return row("skipped", { note: error.message });
    const note = error instanceof Failure ? error.message : String(error?.stack ?? error);
    return row("FAILED", { ...error?.seen, note });
  }
}

/** A Failure of a check that had seen something before: `seen` goes into the table's columns. */
export function fault(message, seen) {
  return Object.assign(new Failure(message), { seen });
}
