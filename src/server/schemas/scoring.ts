/** What is asked of /v1/score, /classify and /pooling: our own shape and vLLM's. */
import { z } from "zod";
import { message, messages, modelName, texts } from "./common.js";

/** Inputs of one request. */
export const MOST_INPUTS = 1024;

const prompt = z.union([z.string().min(1), messages]);

/** Another field would be one of the other shapes, half meant. */
const scorable = z
  .union([
    z.strictObject({ prompt, response: z.union([z.string().min(1), message]) }),
    z.strictObject({ messages: z.array(message).min(2) }),
    z.strictObject({ text: z.string().min(1) }),
  ])
  .meta({ id: "Scorable" });

export const inputsRequest = z.looseObject({ model: modelName, inputs: z.array(scorable).min(1).max(MOST_INPUTS) });
export const queriesRequest = z.looseObject({ model: modelName, queries: texts, documents: texts });
export const textsRequest = z.looseObject({ model: modelName, text_1: texts, text_2: texts });
export const messagesRequest = z.looseObject({ model: modelName, messages: z.array(message).min(2) });
export const textRequest = z.looseObject({ model: modelName, text: z.string().min(1) });
export const responseRequest = z.looseObject({ model: modelName, prompt, response: z.union([z.string().min(1), message]) });

export const scoreRequest = z
  .union([inputsRequest, queriesRequest, textsRequest, messagesRequest, textRequest, responseRequest])
  .meta({ id: "ScoreRequest" });

const rated = z.union([
  z.looseObject({ model: modelName, input: texts }),
  z.looseObject({ model: modelName, messages: z.array(message).min(2) }),
]);

export const classifyRequest = rated.and(z.looseObject({ use_activation: z.boolean().nullish() })).meta({ id: "ClassifyRequest" });

export const poolingRequest = rated
  .and(z.looseObject({ task: z.enum(["classify", "token_classify"]).nullish(), use_activation: z.boolean().nullish() }))
  .meta({ id: "PoolingRequest" });

export type Scorable = z.infer<typeof scorable>;
export type ClassifyRequest = z.infer<typeof classifyRequest>;
export type PoolingRequest = z.infer<typeof poolingRequest>;
