/** What a process and its child say to each other: how a child begins, and one order with its report. Longer talks: session-wire.ts. */

/** Raised with every change of what is said here or in session-wire.ts: a package may be replaced while a program runs. */
export const WIRE_VERSION = 1;

/** The parent's one message: the work. */
export interface Order {
  task: string;
  input: unknown;
  /** Files that the child removes when the parent is gone before the work is done. */
  remove: readonly string[];
  /** Milliseconds after which nobody waits for it any more. */
  limitMs?: number | undefined;
}

/** The child's: that it listens, what it has found on the way, what became of the work. */
export type Report =
  | { ready: true; wire: number }
  | { note: unknown }
  | { done: unknown }
  | { failed: { code?: string | undefined; message: string } };

const KINDS = ["ready", "note", "done", "failed"];

export function isReport(value: unknown): value is Report {
  return typeof value === "object" && value !== null && KINDS.some((kind) => kind in value);
}
