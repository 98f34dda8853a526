/** Brings the steps of all running responses together, so that each native call serves every slot that waits. */
import type {
  BeginOptions,
  BeginResult,
  NativeDraft,
  NativeDraftBatch,
  NativeEnd,
  NativeEndBatch,
  NativeKeepBatch,
  NativeSearch,
  NativeStep,
  NativeStepBatch,
} from "../engine/binding.js";
import { native } from "../engine/native.js";
import type { ArgsearchError } from "../errors.js";
import { type Answer, Lane } from "./lane.js";
import { PrefillQueue } from "./prefill-queue.js";

/** Prompt tokens that are decoded between two steps of the responses under way. */
export const PREFILL_PART = 128;

export interface SchedulerOptions {
  /** Milliseconds that a step waits for responses whose readers are on their way here; default 0. */
  linger?: number;
  /** Prompt tokens that are decoded at a time where no response is under way; default PREFILL_PART. */
  idlePart?: number;
  /** Which models are recurrent, the policy first; default none. */
  recurrent?: readonly boolean[];
  /** Which of them leave a prompt's last token to the first step, as the policy does and token rewards do; default none but the policy. */
  leavesLast?: readonly boolean[];
}

/** Milliseconds of a native call, divided by the slots that shared it. */
interface Shared {
  policyMs: number;
  rewardMs: number;
}

/** One slot's part of a step. */
export interface SlotStep extends Shared {
  step: NativeStep;
}

/** The steps that a slot has taken: one, or several where it looks ahead. */
export interface SlotSteps extends Shared {
  steps: readonly NativeStep[];
}

/** The rewards of a slot's last tokens that a gate had left out. */
export interface SlotEnd extends Pick<NativeEnd, "last" | "before"> {
  rewardMs: number;
}

/** One slot's part of a draft call: empty while its drafts are drawn. */
export interface SlotDrafts extends Shared {
  drafts: readonly NativeDraft[];
}

/** The tokens of the draft that was taken; none when some were dropped and the others go on. */
export interface SlotKept extends Shared {
  steps: readonly NativeStep[];
}

/**
 * One native call runs at a time; whoever asks meanwhile shares the next. A call starts as soon as every response has
 * asked, and otherwise at the end of the event loop's turn, or `linger` milliseconds later, so that a response whose reader is slow holds up nobody.
 *
 * Prompts and steps take turns: a part of the prompts that wait, then a step of all who ask, so that a long prompt does not stop the others.
 * Where no response is under way, prompts go in parts as well, so that one that comes gets in between.
 */
export class Scheduler {
  readonly #step: Lane<undefined, SlotSteps>;
  readonly #propose: Lane<undefined, SlotStep>;
  readonly #commit: Lane<Float64Array, SlotStep>;
  readonly #rateEnd: Lane<undefined, SlotEnd>;
  readonly #draft: Lane<number, SlotDrafts>;
  readonly #keep: Lane<Float64Array, SlotKept>;
  readonly #prefills: PrefillQueue;
  /** What had the last turn. */
  #last: "prefill" | "step" = "step";
  /** In this turn of the event loop a response has ended, in whose place another may begin, or a prompt, whose first step is asked for yet. */
  #changed = false;
  #members = 0;
  #inStep = 0;
  #running: Promise<void> | undefined;
  readonly #linger: number;
  readonly #idlePart: number;
  #turnEnd: (() => void) | undefined;
  #closed: ArgsearchError | undefined;

  constructor(search: NativeSearch, { linger = 0, idlePart = PREFILL_PART, recurrent = [], leavesLast = [] }: SchedulerOptions = {}) {
    this.#linger = linger;
    this.#idlePart = idlePart;
    this.#prefills = new PrefillQueue(search, recurrent, leavesLast);
    this.#step = new Lane("step", async (slots) => ofTaken(await native(() => search.step(slots))));
    this.#propose = new Lane("propose", async (slots) => ofSteps(await native(() => search.propose(slots))));
    this.#commit = new Lane("commit", async (slots, rewards) => ofSteps(await native(() => search.commit(slots, rewards))));
    this.#rateEnd = new Lane("rateEnd", async (slots) => ofEnds(await native(() => search.rateEnd(slots))));
    this.#draft = new Lane("draft", async (slots, tokens) => ofDrafts(await native(() => search.draft(slots, Int32Array.from(tokens)))));
    this.#keep = new Lane("keep", async (slots, rewards) => ofKept(await native(() => search.keep(slots, rewards))));
  }

  /** Those that choose go first: their slots then propose and draft together with those that wait. */
  get #lanes() {
    return [this.#commit, this.#keep, this.#rateEnd, this.#step, this.#propose, this.#draft];
  }

  /** A response begins to ask for steps; leave() when it has ended. */
  join(): void {
    this.#members++;
  }

  leave(): void {
    this.#members--;
    this.#changed = true;
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

  /** The slot holds its prompts. A signal that fires meanwhile rejects with ABORTED. */
  begin(slot: number, options: BeginOptions, signals: readonly (AbortSignal | undefined)[]): Promise<BeginResult> {
    if (this.#closed) return Promise.reject(this.#closed);
    // Those in step are to come out the same again, whatever is measured.
    const gate = { ...options.gate, fills: this.#inStep === 0 };
    const begun = this.#prefills.ask(slot, { ...options, gate }, signals);
    this.#pump();
    return begun;
  }

  /** The slot's next token, or several of a slot that looks ahead. */
  step(slot: number): Promise<SlotSteps> {
    return this.#ask(this.#step, slot, undefined);
  }

  /** The slot's candidates for the next token; commit() chooses. */
  propose(slot: number): Promise<SlotStep> {
    return this.#ask(this.#propose, slot, undefined);
  }

  /** `rewards` replace the candidates' own. */
  commit(slot: number, rewards: Float64Array): Promise<SlotStep> {
    return this.#ask(this.#commit, slot, rewards);
  }

  /** What the slot's last tokens are worth, where its gate has left them out. */
  rateEnd(slot: number): Promise<SlotEnd> {
    return this.#ask(this.#rateEnd, slot, undefined);
  }

  /** One more token for the slot's drafts; a block that begins has `tokens` at most. */
  draft(slot: number, tokens: number): Promise<SlotDrafts> {
    return this.#ask(this.#draft, slot, tokens);
  }

  /** Chooses among the slot's drafts by these rewards; none: by the reward models' own. */
  keep(slot: number, rewards: Float64Array): Promise<SlotKept> {
    return this.#ask(this.#keep, slot, rewards);
  }

  /** Refuses whoever waits or comes later; resolves when the running call has ended. */
  async close(error: ArgsearchError): Promise<void> {
    this.#closed = error;
    this.#turnEnd?.();
    for (const lane of this.#lanes) lane.refuse(error);
    this.#prefills.refuse(error);
    await this.#running;
  }

  #ask<I, T>(lane: Lane<I, T>, slot: number, input: I): Promise<T> {
    if (this.#closed) return Promise.reject(this.#closed);
    const asked = lane.ask(slot, input);
    this.#pump();
    return asked;
  }

  get #asked(): number {
    return this.#lanes.reduce((sum, lane) => sum + lane.waiting, 0);
  }

  #pump(): void {
    if (this.#running) return;
    const asked = this.#asked;
    const due = asked > 0 && asked >= this.#inStep;
    const everyone = this.#inStep > 0 || (asked >= this.#members && !this.#changed);
    const prompts = this.#prefills.waiting > 0;
    if ((prompts && this.#last === "step") || (due && everyone)) this.#start();
    else if (prompts || due) this.#turnEnd ??= this.#soon(() => this.#start());
  }

  /** Returns what takes it back. */
  #soon(start: () => void): () => void {
    if (this.#linger > 0 && this.#members > 0) {
      const timer = setTimeout(start, this.#linger);
      return () => clearTimeout(timer);
    }
    const turn = setImmediate(start);
    return () => clearImmediate(turn);
  }

  #start(): void {
    this.#turnEnd?.();
    this.#turnEnd = undefined;
    this.#changed = false;
    if (this.#running) return;
    const lane = this.#asked >= this.#inStep ? this.#lanes.find((each) => each.waiting > 0) : undefined;
    if (this.#prefills.waiting > 0 && (this.#last === "step" || lane === undefined)) {
      this.#last = "prefill";
      // In step, whoever shares a batch with whom must not depend on what runs beside it.
      if (this.#inStep > 0) this.#run(this.#prefills.runWhole(PREFILL_PART));
      else this.#run(this.#prefill(this.#members > 0 ? PREFILL_PART : this.#idlePart));
    } else if (lane) {
      this.#last = "step";
      this.#run(lane.run());
    }
  }

  async #prefill(part: number): Promise<void> {
    const before = this.#prefills.ended;
    await this.#prefills.run(part);
    this.#changed = this.#prefills.ended > before;
  }

  #run(call: Promise<void>): void {
    this.#running = call.finally(() => {
      this.#running = undefined;
      this.#pump();
    });
  }
}

/** A slot's steps behind each other. */
function ofTaken(batch: NativeStepBatch): Answer<SlotSteps> {
  const { shares, failed } = ofSteps({ ...batch, steps: batch.steps.filter(({ ahead }) => ahead === 0) });
  const stepsOf = (slot: number) => batch.steps.filter((step) => step.slot === slot);
  return { shares: shares.map(({ slot, share: { step, ...time } }) => ({ slot, share: { steps: stepsOf(slot), ...time } })), failed };
}

/** Those of whose candidates none is rated have no part in the reward models' time. */
function ofSteps(batch: NativeStepBatch): Answer<SlotStep> {
  const { policyMs } = sharedBy(batch, batch.steps.length);
  const { rewardMs } = sharedBy(batch, batch.steps.filter(isRated).length);
  const shares = batch.steps.map((step) => ({ slot: step.slot, share: { step, policyMs, rewardMs: isRated(step) ? rewardMs : 0 } }));
  return { shares, failed: batch.failed };
}

function isRated({ token, rated, objectives, candidates }: NativeStep): boolean {
  if (token < 0) return candidates !== undefined && candidates.objectives.length > 0;
  return rated > 0 && objectives.length > 0;
}

function ofEnds(batch: NativeEndBatch): Answer<SlotEnd> {
  const rewardMs = batch.rewardMs / batch.slots.length;
  return { shares: batch.slots.map(({ slot, last, before }) => ({ slot, share: { last, before, rewardMs } })), failed: batch.failed };
}

function ofDrafts(batch: NativeDraftBatch): Answer<SlotDrafts> {
  const shared = sharedBy(batch, batch.slots.length);
  return { shares: batch.slots.map(({ slot, drafts }) => ({ slot, share: { drafts, ...shared } })), failed: batch.failed };
}

function ofKept(batch: NativeKeepBatch): Answer<SlotKept> {
  const shared = sharedBy(batch, batch.slots.length);
  return { shares: batch.slots.map(({ slot, steps }) => ({ slot, share: { steps, ...shared } })), failed: batch.failed };
}

function sharedBy({ policyMs, rewardMs }: Shared, slots: number): Shared {
  return { policyMs: policyMs / slots, rewardMs: rewardMs / slots };
}
