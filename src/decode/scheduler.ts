/** Brings the steps of all running responses together, so that each native call serves every slot that waits. */
import type { NativeSearch, NativeStep, NativeStepBatch } from "../engine/binding.js";
import { native } from "../engine/native.js";
import { ArgsearchError } from "../errors.js";

/** One slot's part of a native call. Milliseconds are the call's, divided by the slots that shared it. */
export interface SlotStep {
  step: NativeStep;
  policyMs: number;
  rewardMs: number;
}

interface Request {
  slot: number;
  /** Of a commit: the rewards that replace the candidates' own. */
  rewards: Float64Array;
  resolve(step: SlotStep): void;
  reject(error: unknown): void;
}

/** Commits go first: their slots then propose together with those that wait. */
const KINDS = ["commit", "step", "propose"] as const;
type Kind = (typeof KINDS)[number];

const NO_REWARDS = new Float64Array(0);

/**
 * One native call runs at a time; whoever asks meanwhile shares the next. A call starts as soon as every response has
 * asked, and otherwise at the end of the event loop's turn, so that a response whose reader is slow holds up nobody.
 */
export class Scheduler {
  readonly #search: NativeSearch;
  readonly #waiting: Record<Kind, Request[]> = { commit: [], step: [], propose: [] };
  #members = 0;
  #inStep = 0;
  #running: Promise<void> | undefined;
  #turnEnd: NodeJS.Immediate | undefined;
  #closed: ArgsearchError | undefined;

  constructor(search: NativeSearch) {
    this.#search = search;
  }

  /** A response begins to ask for steps; leave() when it has ended. */
  join(): void {
    this.#members++;
  }

  leave(): void {
    this.#members--;
    this.#pump();
  }

  /** From now on a call waits until all of `count` parties have asked; each of them ends with stepOut(). */
  stepIn(count: number): void {
    this.#inStep += count;
  }

  /** A party, or so many, will not ask again. */
  stepOut(count = 1): void {
    this.#inStep -= count;
    this.#pump();
  }

  /** The slot's next token. */
  step(slot: number): Promise<SlotStep> {
    return this.#ask("step", slot, NO_REWARDS);
  }

  /** The slot's candidates for the next token; commit() chooses. */
  propose(slot: number): Promise<SlotStep> {
    return this.#ask("propose", slot, NO_REWARDS);
  }

  commit(slot: number, rewards: Float64Array): Promise<SlotStep> {
    return this.#ask("commit", slot, rewards);
  }

  /** Refuses whoever waits or comes later; resolves when the running call has ended. */
  async close(error: ArgsearchError): Promise<void> {
    this.#closed = error;
    clearImmediate(this.#turnEnd);
    for (const kind of KINDS) for (const request of this.#waiting[kind].splice(0)) request.reject(error);
    await this.#running;
  }

  #ask(kind: Kind, slot: number, rewards: Float64Array): Promise<SlotStep> {
    if (this.#closed) return Promise.reject(this.#closed);
    return new Promise((resolve, reject) => {
      this.#waiting[kind].push({ slot, rewards, resolve, reject });
      this.#pump();
    });
  }

  #pump(): void {
    const waiting = KINDS.reduce((sum, kind) => sum + this.#waiting[kind].length, 0);
    if (this.#running || waiting === 0 || waiting < this.#inStep) return;
    if (waiting >= this.#members || this.#inStep > 0) this.#start();
    else this.#turnEnd ??= setImmediate(() => this.#start());
  }

  #start(): void {
    clearImmediate(this.#turnEnd);
    this.#turnEnd = undefined;
    const kind = KINDS.find((each) => this.#waiting[each].length > 0);
    if (this.#running || kind === undefined) return;
    const requests = this.#waiting[kind].splice(0).sort((a, b) => a.slot - b.slot);
    this.#running = this.#run(kind, requests).finally(() => {
      this.#running = undefined;
      this.#pump();
    });
  }

  /** Never rejects: what goes wrong goes to the requests. */
  async #run(kind: Kind, requests: readonly Request[]): Promise<void> {
    try {
      const batch = await this.#call(kind, requests);
      const shares = new Map(batch.steps.map((step) => [step.slot, share(batch, step)]));
      const failures = new Map(batch.failed.map(({ slot, error }) => [slot, ArgsearchError.from(error)]));
      for (const request of requests) {
        const slotStep = shares.get(request.slot);
        if (slotStep) request.resolve(slotStep);
        else request.reject(failures.get(request.slot) ?? new Error(`the native ${kind} returned nothing for slot ${request.slot}`));
      }
    } catch (error) {
      for (const request of requests) request.reject(error);
    }
  }

  #call(kind: Kind, requests: readonly Request[]): Promise<NativeStepBatch> {
    const slots = Int32Array.from(requests, ({ slot }) => slot);
    if (kind !== "commit") return native(() => this.#search[kind](slots));
    const rewards = requests.map((request) => request.rewards);
    return native(() => this.#search.commit(slots, rewards));
  }
}

function share(batch: NativeStepBatch, step: NativeStep): SlotStep {
  const slots = batch.steps.length;
  return { step, policyMs: batch.policyMs / slots, rewardMs: batch.rewardMs / slots };
}
