/** What a process and a child that lives on say to each other: an object that is opened there, calls of its methods, and questions back. */
import type { PackedError } from "./packed-error.js";

/** Methods of the object in the child. One such type serves both sides: the parent calls by it, the child implements it. */
// biome-ignore lint/suspicious/noExplicitAny: any function at all
export type Methods<M> = { [K in keyof M]: (...args: any[]) => unknown };

/** The first message: which service of src/child.ts is to open an object, and of what. */
export interface Open {
  open: string;
  input: unknown;
}

/** Ids of calls are the parent's, ids of questions the child's. A call ends with its reply; one that is iterated, with the last of them. */
export type ToChild =
  | { type: "call"; id: number; method: string; args: readonly unknown[] }
  /** Begins an iteration of an async generator, for which nothing is replied. */
  | { type: "iterate"; id: number; method: string; args: readonly unknown[] }
  /** The generator's next(), and its return(); each is replied to. */
  | { type: "next"; id: number }
  | { type: "leave"; id: number }
  | { type: "abort"; id: number }
  | { type: "answer"; question: number; value: unknown }
  /** The question failed; the parent keeps the error under the question's number. */
  | { type: "refuse"; question: number }
  | { type: "ping" };

export type ToParent =
  | { type: "opened"; info: unknown }
  | { type: "reply"; id: number; value: unknown }
  | { type: "fail"; id: number; error: PackedError }
  | { type: "failedToOpen"; error: PackedError }
  /** Asked on behalf of the call with this id. */
  | { type: "ask"; id: number; question: number; about: unknown }
  | { type: "event"; event: unknown }
  | { type: "pong" };

/** Messages of one turn of the event loop cross together: what was said together is heard together. */
export interface Frame<T> {
  messages: readonly T[];
  /** What the object in the child is like after that, as far as the parent is to know it without asking. */
  state?: unknown;
}

export function isFrame<T>(value: unknown): value is Frame<T> {
  return typeof value === "object" && value !== null && Array.isArray((value as { messages?: unknown }).messages);
}

export function isOpen(value: unknown): value is Open {
  return typeof value === "object" && value !== null && "open" in value;
}
