/** Prompts on their way into their slots, in parts, so that the steps of other slots go on in between. */
import { onAbort } from "../engine/abort.js";
import { type BeginOptions, type BeginResult, binding, type NativeCancel, type NativeSearch } from "../engine/binding.js";
import { native } from "../engine/native.js";
import { ArgsearchError } from "../errors.js";

interface Prompt {
  slot: number;
  options: BeginOptions;
  cancel: NativeCancel;
  /** Prompt tokens decoded so far; undefined before the first part. */
  decoded: number | undefined;
  settle(outcome: { result: BeginResult } | { error: unknown }): void;
}

/**
 * One prompt after the other, first come, first served: what it has in common with the one before, it finds decoded. A part may be the
 * end of one prompt and the beginning of the next.
 */
export class PrefillQueue {
  readonly #search: NativeSearch;
  readonly #prompts: Prompt[] = [];
  #running: Prompt | undefined;

  constructor(search: NativeSearch) {
    this.#search = search;
  }

  get waiting(): number {
    return this.#prompts.length;
  }

  /** The slot holds its prompts. Rejects with ABORTED as soon as one of the signals fires. */
  ask(slot: number, options: BeginOptions, signals: readonly (AbortSignal | undefined)[]): Promise<BeginResult> {
    return new Promise((resolve, reject) => {
      let forget = (): void => {};
      const settle: Prompt["settle"] = (outcome) => {
        forget();
        if ("result" in outcome) resolve(outcome.result);
        else reject(outcome.error);
      };
      const prompt: Prompt = { slot, options, cancel: binding().createCancel(), decoded: undefined, settle };
      this.#prompts.push(prompt);
      forget = onAbort(signals, () => this.#abort(prompt));
    });
  }

  refuse(error: ArgsearchError): void {
    for (const prompt of [...this.#prompts]) if (prompt !== this.#running) this.#end(prompt, { error });
  }

  /**
   * Decodes a part: so many tokens, or three quarters of them where a prompt ends, because few at a time are dear. The first `whole` prompts
   * need not stop there. Never rejects: what goes wrong goes to whoever asked.
   */
  async run(part: number, whole: number): Promise<void> {
    let left = part;
    for (let number = 0; left > part / 4; number++) {
      const prompt = this.#prompts[0];
      if (prompt === undefined) return;
      this.#running = prompt;
      try {
        const result = await this.#go(prompt, number < whole ? undefined : left);
        const decoded = sum([result.policyDecoded, ...result.rewardDecoded]);
        // A prompt that is cached takes its time, too.
        left -= Math.max(1, decoded - (prompt.decoded ?? 0));
        prompt.decoded = decoded;
        if (result.done) this.#end(prompt, { result });
      } catch (error) {
        this.#end(prompt, { error });
      }
      this.#running = undefined;
    }
  }

  #go({ slot, options, cancel, decoded }: Prompt, limit: number | undefined): Promise<BeginResult> {
    if (decoded === undefined) return native(() => this.#search.begin(slot, { ...options, limit, cancel }));
    return native(() => this.#search.prefill(slot, { limit, cancel }));
  }

  #abort(prompt: Prompt): void {
    prompt.cancel.cancel();
    if (prompt !== this.#running) this.#end(prompt, { error: new ArgsearchError("ABORTED", "aborted before its prompt was decoded") });
  }

  #end(prompt: Prompt, outcome: Parameters<Prompt["settle"]>[0]): void {
    const at = this.#prompts.indexOf(prompt);
    if (at >= 0) this.#prompts.splice(at, 1);
    prompt.settle(outcome);
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
