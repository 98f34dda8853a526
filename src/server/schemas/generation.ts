/** What is asked of /v1/chat/completions and /v1/completions. */
import { z } from "zod";
import { messages, modelName, texts } from "./common.js";
import { guidance } from "./guidance.js";

/** Tokens may be asked for beyond what the context holds: it ends there. */
const tokens = z
  .int()
  .min(1)
  .max(2 ** 31 - 1)
  .nullish();

/** Most answers of one request. */
export const MOST_CHOICES = 128;

const common = {
  model: modelName,
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
  n: z.int().min(1).max(MOST_CHOICES).nullish(),
  stop: z.union([z.string().min(1), z.array(z.string().min(1)).max(64)]).nullish(),
  seed: z.int().nullish().meta({ description: "taken modulo 2^32" }),
  max_tokens: tokens,
  temperature: z.number().min(0).max(1e6).nullish().meta({ description: "absent or 0: the likeliest token, or the best score" }),
  top_p: z.number().gt(0).max(1).nullish(),
  presence_penalty: z.number().min(-1e6).max(1e6).nullish(),
  frequency_penalty: z.number().min(-1e6).max(1e6).nullish(),
  logit_bias: z.record(z.string().regex(/^\d{1,9}$/), z.number().min(-1e6).max(1e6)).nullish(),
  argsearch: guidance.nullish(),
};

const jsonSchema = z.looseObject({ name: z.string().nullish(), schema: z.union([z.looseObject({}), z.boolean()]).nullish() });

const responseFormat = z.union([
  z.looseObject({ type: z.literal("text") }),
  z.looseObject({ type: z.literal("json_object"), schema: z.looseObject({}).nullish() }),
  z.looseObject({ type: z.literal("json_schema"), json_schema: jsonSchema }),
]);

/** Fields that change what an answer is and that nothing here can obey: refused rather than ignored. Empty ones ask for nothing. */
export const REFUSED = ["tools", "functions", "audio", "web_search_options", "best_of", "echo", "suffix"] as const;

export const chatRequest = z
  .looseObject({
    ...common,
    messages,
    max_completion_tokens: tokens,
    logprobs: z.boolean().nullish(),
    top_logprobs: z.int().min(0).max(100).nullish(),
    response_format: responseFormat.nullish(),
    chat_template_kwargs: z.looseObject({}).nullish(),
  })
  .meta({ id: "ChatRequest" });

export const textRequest = z
  .looseObject({ ...common, prompt: texts, logprobs: z.int().min(0).max(100).nullish() })
  .meta({ id: "TextRequest" });

export type ChatRequest = z.infer<typeof chatRequest>;
export type TextRequest = z.infer<typeof textRequest>;
