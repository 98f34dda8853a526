/** How far an evaluation is, and how long the rest will take. */
import { isArgs, type MethodSpec } from "./methods.js";

/** How far an evaluation is. */
export interface EvaluationProgress {
  /** What is being done: the method's name, or "judge's rewards", "metrics", "comparisons" or "judge". */
  stage: string;
  /** Responses done and wanted, over all methods; of comparisons: pairs of methods; of judges: questions, or answers to rate. */
  done: number;
  total: number;
  /** Null until the first response of this run. */
  secondsLeft: number | null;
}

interface Line {
  method: MethodSpec;
  left: number;
  done: number;
  milliseconds: number;
}

/** Learns what a response of each method costs; methods that were not seen yet are guessed from those that were. */
export class TimeLeft {
  readonly #lines = new Map<string, Line>();

  /** `left`: responses still to decode. */
  expect(name: string, method: MethodSpec, left: number): void {
    this.#lines.set(name, { method, left, done: 0, milliseconds: 0 });
  }

  /** `milliseconds`: the machine's time for it, with what slots shared divided among them. */
  add(name: string, milliseconds: number): void {
    const line = this.#lines.get(name);
    if (line === undefined) return;
    line.left -= 1;
    line.done += 1;
    line.milliseconds += milliseconds;
  }

  get seconds(): number | null {
    const lines = [...this.#lines.values()];
    const seen = lines.filter(({ done }) => done > 0);
    const units = seen.reduce((sum, { method, done }) => sum + done * relativeCost(method), 0);
    if (units === 0) return null;
    const perUnit = seen.reduce((sum, { milliseconds }) => sum + milliseconds, 0) / units;
    const each = ({ method, done, milliseconds }: Line): number => (done > 0 ? milliseconds / done : relativeCost(method) * perUnit);
    return lines.reduce((sum, line) => sum + line.left * each(line), 0) / 1000;
  }
}

/** A response's cost in greedy responses, roughly: a candidate costs about a third of a policy's token. */
function relativeCost(method: MethodSpec): number {
  if (isArgs(method)) return 1 + (method.topK ?? 10) / 3;
  return (method.drafts ?? 1) * (method.drafts === undefined ? 1 : 1.3);
}

/** What to call before the first of `total` steps and after each: it counts from 0, and learns how long the rest will take. */
export function counter(total: number, report: (done: number, total: number, secondsLeft: number | null) => void): () => void {
  const started = performance.now();
  let done = -1;
  return () => {
    done += 1;
    const seconds = (performance.now() - started) / 1000;
    report(done, total, done === 0 ? null : (seconds / done) * (total - done));
  };
}
