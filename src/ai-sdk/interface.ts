/**
 * What the AI SDK (packages `ai` and `@ai-sdk/provider` 4) calls LanguageModelV4, RerankingModelV4 and ProviderV4, as far as this provider
 * reads and gives it. Types of our own: the package then needs none of the SDK's, neither at run time nor to compile. test/sdks/types.test.ts
 * holds them against the real ones.
 */

/** What JSON holds, as the SDK writes it. */
export type JsonValue = null | string | number | boolean | JsonObject | JsonValue[];
/** An object of JSON; members that are undefined are left out of it. */
export type JsonObject = { [name: string]: JsonValue | undefined };

/** Something of a call that could not be done as it was asked for. */
export type ModelWarning =
  | { type: "unsupported"; feature: string; details?: string }
  | { type: "compatibility"; feature: string; details?: string };

/** What a tool gave. */
export type ToolOutput =
  | { type: "text" | "error-text"; value: string }
  | { type: "json" | "error-json"; value: unknown }
  | { type: "execution-denied"; reason?: string | undefined }
  | { type: "content"; value: readonly ({ type: "text"; text: string } | { type: "file" | "custom" })[] };

/** A part of a message. */
export type PromptPart =
  | { type: "text"; text: string }
  | { type: "reasoning"; text: string }
  | { type: "tool-call"; toolCallId: string; toolName: string; input: unknown }
  | { type: "tool-result"; toolCallId: string; toolName: string; output: ToolOutput }
  | { type: "file" | "reasoning-file" | "custom" | "tool-approval-response" };

/** A message of a conversation. */
export type PromptMessage = { role: "system"; content: string } | { role: "user" | "assistant" | "tool"; content: readonly PromptPart[] };

/** What a language model is asked. */
export interface LanguageModelCall {
  prompt: readonly PromptMessage[];
  /** Default: as many as the context has room for. */
  maxOutputTokens?: number | undefined;
  /** Absent: the decoder's settings, else the likeliest token or the highest score. */
  temperature?: number | undefined;
  topP?: number | undefined;
  topK?: number | undefined;
  presencePenalty?: number | undefined;
  frequencyPenalty?: number | undefined;
  stopSequences?: readonly string[] | undefined;
  seed?: number | undefined;
  responseFormat?: { type: "text" } | { type: "json"; schema?: object | boolean | undefined } | undefined;
  tools?: readonly object[] | undefined;
  toolChoice?: { type: "auto" | "none" | "required" | "tool" } | undefined;
  reasoning?: string | undefined;
  abortSignal?: AbortSignal | undefined;
  /** What stands under "argsearch" is of this provider: LanguageModelOptions. */
  providerOptions?: Readonly<Record<string, unknown>> | undefined;
}

/** Tokens of a call. */
export interface ModelUsage {
  /** `cacheRead`: found in the policy's cache; `noCache`: decoded. */
  inputTokens: { total: number; noCache: number; cacheRead: number; cacheWrite: undefined };
  outputTokens: { total: number; text: number; reasoning: undefined };
}

/** Why a response ended; `raw` is its FinishReason. */
export interface ModelFinishReason {
  unified: "stop" | "length";
  raw: string;
}

/** What providers tell beside the SDK's own. */
export interface ModelMetadata {
  [provider: string]: JsonObject;
  /** Of a response it can be read as ResponseMetadata. */
  argsearch: JsonObject;
}

/** A response. */
export interface LanguageModelResult {
  content: { type: "text"; text: string }[];
  finishReason: ModelFinishReason;
  usage: ModelUsage;
  providerMetadata: ModelMetadata;
  response: { timestamp: Date; modelId: string };
  warnings: ModelWarning[];
}

/** A part of a response that is being decoded. */
export type LanguageModelStreamPart =
  | { type: "stream-start"; warnings: ModelWarning[] }
  | { type: "response-metadata"; timestamp: Date; modelId: string }
  | { type: "text-start" | "text-end"; id: string }
  | { type: "text-delta"; id: string; delta: string; providerMetadata: ModelMetadata }
  | { type: "finish"; finishReason: ModelFinishReason; usage: ModelUsage; providerMetadata: ModelMetadata };

/** A LanguageModelV4. */
export interface LanguageModel {
  readonly specificationVersion: "v4";
  readonly provider: string;
  readonly modelId: string;
  readonly supportedUrls: Record<string, RegExp[]>;
  /** @throws ArgsearchError as load() and generate(); what the signal was aborted with */
  doGenerate(call: LanguageModelCall): Promise<LanguageModelResult>;
  /** Rejects where not even a first token could be decoded. @throws ArgsearchError as load() and stream(); what the signal was aborted with */
  doStream(call: LanguageModelCall): Promise<{ stream: ReadableStream<LanguageModelStreamPart> }>;
}

/** What a reranking model is asked. */
export interface RerankingModelCall {
  query: string;
  documents: { type: "text"; values: readonly string[] } | { type: "object"; values: readonly object[] };
  /** How many of the documents to give back, the best; default all. */
  topN?: number | undefined;
  abortSignal?: AbortSignal | undefined;
  /** What stands under "argsearch" is of this provider: RerankingModelOptions. */
  providerOptions?: Readonly<Record<string, unknown>> | undefined;
}

/** Documents by their rewards, the best first. */
export interface RerankingModelResult {
  /** `relevanceScore` is the document's reward as a response to the query: any number, not only 0 to 1. */
  ranking: { index: number; relevanceScore: number }[];
  /** Under "objectives" those of the ranked documents, in their order. */
  providerMetadata: ModelMetadata;
  response: { timestamp: Date; modelId: string };
  warnings: ModelWarning[];
}

/** A RerankingModelV4. */
export interface RerankingModel {
  readonly specificationVersion: "v4";
  readonly provider: string;
  readonly modelId: string;
  /** @throws ArgsearchError as load() and score(); what the signal was aborted with */
  doRerank(call: RerankingModelCall): Promise<RerankingModelResult>;
}
