/** Parts that requests have in common. */
import { z } from "zod";

const textPart = z.looseObject({ type: z.literal("text"), text: z.string() });

/** One message; what else a chat template reads of it passes through. */
export const message = z
  .looseObject({
    role: z.string().min(1).meta({ description: "system, developer, user, assistant, tool, or what the chat template knows" }),
    content: z.union([z.string(), z.array(textPart).min(1)]).nullish(),
  })
  .meta({ id: "Message" });

export const messages = z.array(message).min(1);

export const modelName = z.string().nullish().meta({ description: "default: the one that is served" });

/** One text, or several. */
export const texts = z.union([z.string(), z.array(z.string()).min(1).max(1024)]);

export const usage = z
  .object({
    prompt_tokens: z.int(),
    completion_tokens: z.int(),
    total_tokens: z.int(),
    prompt_tokens_details: z.object({ cached_tokens: z.int() }).optional(),
  })
  .meta({ id: "Usage" });

export const errorBody = z
  .object({ error: z.object({ message: z.string(), type: z.string(), param: z.string().nullish(), code: z.union([z.string(), z.int()]) }) })
  .meta({ id: "Error" });
