/** Which slots are free, and what their caches hold. */
import { commonPrefix } from "../model/common-prefix.js";

/** What a slot is wanted for. */
export interface SlotRequest {
  /** The prompt as the policy reads it. */
  tokens: Int32Array;
  /** Its messages, one text each, where it has some. */
  messages?: readonly string[] | undefined;
  /** This one and no other. */
  slot?: number | undefined;
  /** Whose slot it is to stay. */
  conversation?: string | undefined;
}

interface Slot {
  busy: boolean;
  /** The policy's tokens that went through it last: what its cache can share with the next prompt. */
  history: readonly number[] | Int32Array;
  /** The prompt among them. */
  promptTokens: number;
  messages: readonly string[] | undefined;
  conversation: string | undefined;
  /** When it was last taken. */
  turn: number;
}

/** What a free slot is to a request, the worst first. "same": it holds an answer to the very same prompt. */
const FITS = ["other's by name", "other's", "same", "empty", "continued", "own by name"] as const;
type Fit = (typeof FITS)[number];

/**
 * A prompt that goes on where a slot ended takes that slot; any other takes an empty one, or that which lay idle longest, so that
 * other conversations' caches last. What slots have in common is not lost by that: their caches share it.
 */
export class SlotPool {
  readonly #slots: Slot[];
  #turn = 0;

  constructor(count: number) {
    this.#slots = Array.from({ length: count }, empty);
  }

  get size(): number {
    return this.#slots.length;
  }

  /** Takes the slot that was asked for, or that which serves the request best; undefined where it, or all, are in use. */
  take(request: SlotRequest): number | undefined {
    const index = request.slot === undefined ? this.#best(request) : request.slot;
    const slot = this.#slots[index];
    if (slot === undefined || slot.busy) return undefined;
    slot.busy = true;
    slot.turn = ++this.#turn;
    slot.promptTokens = request.tokens.length;
    slot.messages = request.messages;
    slot.conversation = request.conversation;
    return index;
  }

  /** Gives a slot back with the tokens that went through it; with none it is empty. */
  release(index: number, history: readonly number[] | Int32Array): void {
    const slot = this.#slots[index];
    if (slot === undefined) return;
    slot.busy = false;
    slot.history = history;
  }

  /** -1 when none is free. */
  #best(request: SlotRequest): number {
    const ranks = this.#slots.map((slot) => (slot.busy ? [] : rankOf(slot, request)));
    const free = [...ranks.keys()].filter((index) => ranks[index]?.length !== 0);
    return free.reduce((best, index) => (best < 0 || compare(ranks[index], ranks[best]) > 0 ? index : best), -1);
  }
}

function empty(): Slot {
  return { busy: false, history: [], promptTokens: 0, messages: undefined, conversation: undefined, turn: 0 };
}

/** By its fit, then by what the two have in common, then by how long it lay idle. */
function rankOf(slot: Slot, request: SlotRequest): number[] {
  const shared = commonPrefix(slot.history, request.tokens);
  const fit = fitOf(slot, request, shared);
  return [FITS.indexOf(fit), fit === "continued" || fit === "own by name" ? shared : 0, -slot.turn];
}

function fitOf(slot: Slot, { tokens, messages, conversation }: SlotRequest, shared: number): Fit {
  if (slot.history.length === 0) return "empty";
  if (slot.conversation !== conversation) return slot.conversation === undefined ? "other's" : "other's by name";
  if (conversation !== undefined) return "own by name";
  if (shared >= slot.promptTokens) return tokens.length > slot.promptTokens ? "continued" : "same";
  return messages && slot.messages && goesOn(slot.messages, messages) ? "continued" : "other's";
}

/** A template may write what was said before in another way: by its messages a conversation is still the same. */
function goesOn(before: readonly string[], now: readonly string[]): boolean {
  return now.length > before.length && before.every((message, at) => message === now[at]);
}

function compare(a: readonly number[] = [], b: readonly number[] = []): number {
  const at = a.findIndex((value, index) => value !== b[index]);
  return at < 0 ? 0 : (a[at] ?? 0) - (b[at] ?? 0);
}
