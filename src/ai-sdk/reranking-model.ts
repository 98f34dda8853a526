/** Rewards as a reranking model of the AI SDK. */
import { ArgsearchError } from "../errors.js";
import { TEMPLATE } from "../model/template-options.js";
import type { ScoreOptions } from "../types.js";
import { checkNames, given, integer, type Names } from "../validate.js";
import type { ModelWarning, RerankingModel, RerankingModelCall, RerankingModelResult } from "./interface.js";
import { asJson } from "./response.js";
import type { Source } from "./source.js";

/** What `providerOptions.argsearch` of a reranking model takes: how texts are read, and where their rewards are. */
export interface RerankingModelOptions extends Omit<ScoreOptions, "signal"> {}

const NAMES: Names<RerankingModelOptions> = { ...TEMPLATE, rewardAt: true };

/** Each document is rated as a response to the query. */
export class ArgsearchRerankingModel implements RerankingModel {
  readonly specificationVersion = "v4";
  readonly provider = "argsearch";
  readonly modelId: string;
  readonly #source: Source;

  constructor(source: Source, modelId: string) {
    this.#source = source;
    this.modelId = modelId;
  }

  async doRerank({ query, documents, topN, abortSignal: signal, providerOptions }: RerankingModelCall): Promise<RerankingModelResult> {
    const own = providerOptions?.argsearch ?? {};
    checkNames("providerOptions.argsearch", own, NAMES);
    const count = given(topN, undefined, (value) => integer("topN", value, { min: 1, max: Number.MAX_SAFE_INTEGER }));
    const models = await this.#source.models(signal);
    const inputs = textsOf(documents).map((response) => ({ prompt: query, response }));
    const scores = await models.score(inputs, { ...own, signal }).catch((error: unknown) => {
      if (error instanceof ArgsearchError && error.code === "ABORTED") signal?.throwIfAborted();
      throw error;
    });
    const rated = scores.map(({ reward, objectives }, index) => ({ index, relevanceScore: reward, objectives }));
    const best = rated.sort((a, b) => b.relevanceScore - a.relevanceScore).slice(0, count);
    return {
      ranking: best.map(({ index, relevanceScore }) => ({ index, relevanceScore })),
      providerMetadata: asJson({ objectives: best.map(({ objectives }) => objectives) }),
      response: { timestamp: new Date(), modelId: this.modelId },
      warnings: documents.type === "text" ? [] : [OBJECTS],
    };
  }
}

const OBJECTS: ModelWarning = { type: "compatibility", feature: "object documents", details: "they are rated as their JSON" };

function textsOf(documents: RerankingModelCall["documents"]): readonly string[] {
  return documents.type === "text" ? documents.values : documents.values.map((value) => JSON.stringify(value));
}
