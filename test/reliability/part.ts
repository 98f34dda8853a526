/** One part of `npm run check:reliability`: something goes wrong many times, and each time it is seen what comes of it. */

export interface PartOptions {
  /** The first seed; each case has one of its own behind it. */
  seed: number;
  /** Cases; default what the part takes for enough. */
  count?: number | undefined;
  /** A folder for files that failed. */
  keep?: string | undefined;
  /** What happens, for whoever waits. */
  say(line: string): void;
}

/** A line of the table. */
export interface Finding {
  fault: string;
  /** How many times it was brought about. */
  count: number;
  /** How often each outcome came: "works", an error's code, how a process ended. */
  outcomes: Record<string, number>;
  /** Cases that were not to end as they did, each with what repeats it. Empty: the check holds. */
  failures: string[];
  /** Why nothing, or not all, was tried. */
  skipped?: string;
}

export interface Part {
  name: string;
  /** One line of help. */
  title: string;
  run(options: PartOptions): Promise<Finding[]>;
}

/** Counts what came of one fault. */
export class Tally {
  readonly outcomes: Record<string, number> = {};
  readonly failures: string[] = [];
  count = 0;

  constructor(readonly fault: string) {}

  /** `failure`: what repeats the case, where it was not to end so. */
  add(outcome: string, failure?: string): void {
    this.count += 1;
    this.outcomes[outcome] = (this.outcomes[outcome] ?? 0) + 1;
    if (failure !== undefined) this.failures.push(failure);
  }

  get finding(): Finding {
    const outcomes = Object.fromEntries(Object.entries(this.outcomes).sort(([, a], [, b]) => b - a));
    return { fault: this.fault, count: this.count, outcomes, failures: this.failures };
  }
}

/** How often each outcome came in all findings together. */
export function summed(findings: readonly Finding[]): Record<string, number> {
  const sum: Record<string, number> = {};
  for (const { outcomes } of findings) {
    for (const [outcome, times] of Object.entries(outcomes)) sum[outcome] = (sum[outcome] ?? 0) + times;
  }
  return sum;
}
