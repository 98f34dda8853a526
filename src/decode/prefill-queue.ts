/** Prompts on their way into their slots, in parts, so that the steps of other slots go on in between. */
import { onAbort } from "../engine/abort.js";
import { type BeginOptions, type BeginResult, binding, type NativeSearch } from "../engine/binding.js";
import { native } from "../engine/native.js";
import { ArgsearchError } from "../errors.js";
import { PrefillOrder } from "./prefill-order.js";
import { type Outcome, WaitingPrompt } from "./waiting-prompt.js";

/** A part may be the end of one prompt and the beginning of the next. */
export class PrefillQueue {
  readonly #search: NativeSearch;
  readonly #order: PrefillOrder;
  readonly #leavesLast: readonly boolean[];
  /** In the order in which they came. */
  readonly #prompts: WaitingPrompt[] = [];
  #running: WaitingPrompt | undefined;
  #refused: ArgsearchError | undefined;
  /** Prompts that were decoded, or failed, so far. */
  #ended = 0;

  /** `recurrent`: which models are, the policy first; `leavesLast`: which of them leave a prompt's last token to the first step. */
  constructor(search: NativeSearch, recurrent: readonly boolean[] = [], leavesLast: readonly boolean[] = []) {
    this.#search = search;
    this.#leavesLast = leavesLast;
    this.#order = new PrefillOrder(recurrent);
  }

  get waiting(): number {
    return this.#prompts.length;
  }

  get ended(): number {
    return this.#ended;
  }

  /** The slot holds its prompts. Rejects with ABORTED as soon as one of the signals fires. */
  ask(slot: number, options: BeginOptions, signals: readonly (AbortSignal | undefined)[]): Promise<BeginResult> {
    return new Promise((resolve, reject) => {
      let forget = (): void => {};
      const settle = (outcome: Outcome): void => {
        forget();
        if ("result" in outcome) resolve(outcome.result);
        else reject(outcome.error);
      };
      const prompt = new WaitingPrompt(slot, options, binding().createCancel(), settle, this.#leavesLast);
      this.#order.add(prompt);
      this.#prompts.push(prompt);
      forget = onAbort(signals, () => this.#abort(prompt));
    });
  }

  refuse(error: ArgsearchError): void {
    this.#refused = error;
    for (const prompt of [...this.#prompts]) if (prompt !== this.#running) this.#end(prompt, { error });
  }

  /**
   * Decodes a part: so many tokens, or three quarters of them where a prompt ends, because few at a time are dear. Never rejects: what goes
   * wrong goes to whoever asked.
   */
  async run(part: number): Promise<void> {
    this.#order.begin();
    for (let left = part; left > part / 4; ) {
      const turn = this.#order.next(this.#prompts);
      if (turn === undefined) return;
      left -= await this.#decode(turn.prompt, Math.min(left, turn.most));
    }
  }

  /** Decodes prompts whole, first come, first served, until there are `part` tokens of them, or three quarters. */
  async runWhole(part: number): Promise<void> {
    for (let left = part; left > part / 4; ) {
      const [prompt] = this.#prompts;
      if (prompt === undefined) return;
      left -= await this.#decode(prompt, undefined);
    }
  }

  /** Returns the tokens that count: a prompt that is cached takes its time, too. */
  async #decode(prompt: WaitingPrompt, limit: number | undefined): Promise<number> {
    this.#running = prompt;
    let decoded = 0;
    try {
      const result = await this.#go(prompt, limit);
      decoded = prompt.advance(result);
      if (result.done) {
        this.#order.done(prompt);
        this.#end(prompt, { result });
      } else if (this.#refused) {
        this.#end(prompt, { error: this.#refused });
      }
    } catch (error) {
      this.#end(prompt, { error });
    }
    this.#running = undefined;
    return Math.max(1, decoded);
  }

  #go({ slot, options, cancel, begun }: WaitingPrompt, limit: number | undefined): Promise<BeginResult> {
    if (begun) return native(() => this.#search.prefill(slot, { limit, cancel }));
    return native(() => this.#search.begin(slot, { ...options, limit, cancel }));
  }

  #abort(prompt: WaitingPrompt): void {
    prompt.cancel.cancel();
    if (prompt !== this.#running) this.#end(prompt, { error: new ArgsearchError("ABORTED", "aborted before its prompt was decoded") });
  }

  #end(prompt: WaitingPrompt, outcome: Outcome): void {
    const at = this.#prompts.indexOf(prompt);
    if (at >= 0) this.#prompts.splice(at, 1);
    this.#ended++;
    prompt.settle(outcome);
  }
}
