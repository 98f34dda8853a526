/** What a binding in memory should do, and what was done to it. */
import type { BeginOptions, GgufFile, GgufSet, NativeCancel } from "../../../src/engine/binding.js";

export interface FakeFile {
  labels?: string[] | null;
  chatTemplate?: string | null;
  nCtxTrain?: number;
  addBos?: boolean;
  /** A space before every text, as SentencePiece puts it. */
  spacePrefix?: boolean;
  /** Where the file says that its head reads a whole response. */
  position?: "last" | "end";
  /** Differs from the other files' vocabularies. */
  otherVocabulary?: boolean;
  /** Tokens that it does not know. */
  lacks?: number[];
}

/** The state of the fake: what it should do, and what was done. */
export class Fake {
  files: Record<string, FakeFile> = { policy: { labels: null }, reward: {} };
  gguf: GgufFile = { version: 3, files: ["model.gguf"], size: 0, entries: [], tensors: [], tensorTypes: [], tensorCount: 0, parameters: 0 };
  /** What the policy wants to say after a prompt (its text); then comes the end token. */
  script: (prompt: string) => string | Uint8Array = () => "abcdefghijklmnopqrstuvwxyz";
  /** The reward of each label for tokens that end in the candidate. */
  reward: (tokens: readonly number[], label: number) => number = (tokens, label) => ((tokens[tokens.length - 1] ?? 0) % 7) / 7 + label;
  /** Runs before each native call's answer; may wait or throw. */
  before: (call: string) => Promise<void> | void = () => {};
  /** Every call, in order: "begin 0", "step 0,1", "search.dispose", … */
  readonly calls: string[] = [];
  begun: BeginOptions[] = [];
  /** Slot and prompt tokens of each begin() and prefill(). */
  readonly decoded: (readonly [slot: number, tokens: number])[] = [];
  /** A slot finds what others hold of its prompt. */
  shares = false;
  rewritten: { source: string; target: string; set: GgufSet[]; remove: string[] } | undefined;

  async call(name: string): Promise<void> {
    this.calls.push(name);
    await this.before(name);
    await new Promise((resolve) => setImmediate(resolve));
  }

  /** Slots of each step, propose or commit, as they were batched. */
  batches(kind = "step"): string[] {
    return this.calls.filter((call) => call.startsWith(`${kind} `)).map((call) => call.slice(kind.length + 1));
  }
}

let current = new Fake();

export function currentFake(): Fake {
  return current;
}

/** Starts over; returns the new state. */
export function resetFake(): Fake {
  current = new Fake();
  return current;
}

/** An error as the addon throws it. */
export function nativeError(code: string, message = code): Error {
  return Object.assign(new Error(message), { code });
}

export class FakeCancel implements NativeCancel {
  cancelled = false;
  cancel(): void {
    this.cancelled = true;
  }
}

export function throwIfCancelled(cancel: NativeCancel | undefined): void {
  if (cancel instanceof FakeCancel && cancel.cancelled) throw nativeError("ABORTED");
}
