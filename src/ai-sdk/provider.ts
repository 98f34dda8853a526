import type { LanguageModel, RerankingModel } from "./interface.js";
import { ArgsearchLanguageModel } from "./language-model.js";
import { ArgsearchRerankingModel } from "./reranking-model.js";
import { type ProviderSource, Source } from "./source.js";
import { noSuchModel } from "./unsupported.js";

/**
 * Models in this process for Vercel's AI SDK 7: a ProviderV4. It has one policy with its rewards, by whatever id it is asked for: an id is a
 * name for logs and registries, by default that of the policy's file.
 */
export interface ArgsearchProvider extends AsyncDisposable {
  /** A language model, as languageModel(). */
  (modelId?: string): LanguageModel;
  readonly specificationVersion: "v4";
  /** For generateText(), streamText() and whatever else takes a language model. */
  languageModel(modelId?: string): LanguageModel;
  /** For rerank(): documents by their rewards as responses to the query. */
  rerankingModel(modelId?: string): RerankingModel;
  /** @throws ArgsearchError OPTION_INVALID, a NoSuchModelError to the SDK: argsearch has none */
  embeddingModel(modelId: string): never;
  /** @throws ArgsearchError OPTION_INVALID, a NoSuchModelError to the SDK: argsearch has none */
  imageModel(modelId: string): never;
  /** Loads the models now; else the first call does. @throws ArgsearchError as load() */
  load(): Promise<void>;
  /** Ends what the provider has loaded; a decoder that it was given stays. Calls then reject with DISPOSED. Twice gives the same promise. */
  dispose(): Promise<void>;
}

/**
 * A provider for the AI SDK, without a server: no request leaves the process. Models are loaded at the first call.
 *
 * ```js
 * import { generateText } from "ai";
 * import { createArgsearch } from "argsearch/ai-sdk";
 *
 * const argsearch = createArgsearch({ policy: "policy.gguf", reward: "reward.gguf" });
 * const { text, providerMetadata } = await generateText({
 *   model: argsearch(),
 *   prompt: "Can you help me set up a light show?",
 *   providerOptions: { argsearch: { weight: 0.6, topK: 10 } },
 * });
 * console.log(text, providerMetadata.argsearch.reward);
 * ```
 *
 * @param source options of load(), by default none: the embedded pair; or a Decoder, or a RewardModel, which has no language model. A `queue` of
 * load() says how many calls may wait for a slot.
 * @throws ArgsearchError OPTION_INVALID
 */
export function createArgsearch(source: ProviderSource = {}): ArgsearchProvider {
  const models = new Source(source);
  const languageModel = (modelId = models.name): LanguageModel => new ArgsearchLanguageModel(models, modelId);
  const refuse = (modelType: string) => (modelId: string) => {
    throw noSuchModel(modelType, modelId);
  };
  return Object.assign((modelId?: string) => languageModel(modelId), {
    specificationVersion: "v4" as const,
    languageModel,
    rerankingModel: (modelId = models.name): RerankingModel => new ArgsearchRerankingModel(models, modelId),
    embeddingModel: refuse("embeddingModel"),
    imageModel: refuse("imageModel"),
    load: async () => {
      await models.models();
    },
    dispose: () => models.dispose(),
    [Symbol.asyncDispose]: () => models.dispose(),
  });
}
