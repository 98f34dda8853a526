/** The models that are asked in this process, beside those that decode and rate. */
import { binding, type NativeModel } from "../../engine/binding.js";
import { native } from "../../engine/native.js";
import type { ModelFile } from "../../model/load-models.js";
import type { Model } from "../../model/model.js";
import { contextFor, type ResolvedModelOptions } from "../../model/options.js";
import type { ResolvedTerm } from "../terms.js";
import { Judge } from "./judge.js";
import { askedFile, askOf, boundAsk } from "./local.js";

/** The files to ask, one a question in the order of the terms. @throws ArgsearchError OPTION_INVALID for a question to a policy where there is none */
export function judgeFiles(terms: readonly ResolvedTerm[], policy?: ModelFile): ModelFile[] {
  return terms.flatMap(({ reward }) => {
    const ask = askOf(reward);
    return ask === undefined ? [] : [askedFile(ask, policy)];
  });
}

interface JudgesOptions {
  /** How they run; `contextSize`: of the decoder, which theirs does not exceed. */
  load: ResolvedModelOptions;
  contextSize: number;
  /** Responses at once, whose conversations are kept. */
  slots: number;
}

export class Judges {
  /** With questions that can be asked. */
  readonly terms: readonly ResolvedTerm[];
  /** One a question; models of one file are one or share their weights. */
  readonly models: readonly Model[];
  readonly #judges: readonly Judge[];

  private constructor(terms: readonly ResolvedTerm[], models: readonly Model[], judges: readonly Judge[]) {
    this.terms = terms;
    this.models = models;
    this.#judges = judges;
  }

  /** @param models those of judgeFiles() @throws ArgsearchError TEMPLATE_INVALID, OPTION_INVALID, MODEL_UNSUPPORTED, OUT_OF_MEMORY */
  static async open(terms: readonly ResolvedTerm[], models: readonly Model[], options: JudgesOptions): Promise<Judges> {
    const judges = new Map<NativeModel, Judge>();
    try {
      for (const model of models) if (!judges.has(model.native)) judges.set(model.native, await judgeOf(model, options));
      const left = models.values();
      const bound = terms.map((term) => {
        const ask = askOf(term.reward);
        const model = ask && (left.next().value as Model);
        const judge = model && judges.get(model.native);
        return ask && model && judge ? { ...term, reward: boundAsk(ask, model, judge) } : term;
      });
      return new Judges(bound, models, [...judges.values()]);
    } catch (error) {
      for (const judge of judges.values()) await judge.dispose();
      throw error;
    }
  }

  /** Frees the contexts; the models are their owner's. */
  async dispose(): Promise<void> {
    for (const judge of this.#judges) await judge.dispose();
  }
}

async function judgeOf({ native: model, info }: Model, { load, contextSize, slots }: JudgesOptions): Promise<Judge> {
  const context = contextFor({ ...load, contextSize: Math.min(contextSize, Math.max(2, info.nCtxTrain)) }, [info]);
  return new Judge(await native(() => binding().createPrefixReader({ ...context, model, prefixes: slots })), context.contextSize);
}
