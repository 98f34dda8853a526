/** What the gate of one response did, step by step. */
import type { NativeStep } from "../engine/binding.js";
import type { GateCounts } from "../types.js";
import { isGuided } from "./method-defaults.js";
import type { ResolvedGenerate } from "./options.js";

export class GateTally {
  readonly #method: ResolvedGenerate["method"];
  readonly #counts: GateCounts = { steps: 0, guided: 0, gated: 0, predicted: 0, candidates: 0, audited: 0, violations: 0 };

  constructor({ method }: Pick<ResolvedGenerate, "method">) {
    this.#method = method;
  }

  add({ rated, predicted, audited, violated }: NativeStep): void {
    const counts = this.#counts;
    counts.steps++;
    if (!isGuided(this.#method)) return;
    // A block's tokens are chosen together, by rewards that are read where the drafts end.
    const guided = this.#method === "blocks" || rated > 0;
    counts[guided ? "guided" : "gated"]++;
    counts.candidates += rated;
    counts.predicted += Number(guided && predicted);
    counts.audited += Number(audited);
    counts.violations += Number(violated);
  }

  counts(): GateCounts {
    return { ...this.#counts };
  }
}
