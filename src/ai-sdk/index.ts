/** A provider for Vercel's AI SDK: what `argsearch/ai-sdk` exports. */

export type { LanguageModelOptions } from "./guidance.js";
export type {
  JsonObject,
  JsonValue,
  LanguageModel,
  LanguageModelCall,
  LanguageModelResult,
  LanguageModelStreamPart,
  ModelFinishReason,
  ModelMetadata,
  ModelUsage,
  ModelWarning,
  PromptMessage,
  PromptPart,
  RerankingModel,
  RerankingModelCall,
  RerankingModelResult,
  ToolOutput,
} from "./interface.js";
export { type ArgsearchProvider, createArgsearch } from "./provider.js";
export type { RerankingModelOptions } from "./reranking-model.js";
export type { ResponseMetadata } from "./response.js";
export type { ProviderSource } from "./source.js";
