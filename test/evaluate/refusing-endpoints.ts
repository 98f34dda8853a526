/** Endpoints that refuse a part of the request, each in its own words. */
import { type Asked, type Handler, json, longerWins } from "./judge-server.js";

export interface Body extends Asked {
  temperature?: number;
  max_tokens?: number;
  max_completion_tokens?: number;
}

export const openAi = (message: string, param: string | null = null, code: string | null = null) => ({
  error: { message, type: "invalid_request_error", param, code },
});

/** What a body has that the endpoint refuses, and its refusal. */
export type Rule = [refuses: (body: Body) => boolean, status: number, says: unknown];

export const hasSystem = ({ messages }: Body): boolean => messages.some(({ role }) => role === "system");
export const has =
  (name: keyof Body) =>
  (body: Body): boolean =>
    body[name] !== undefined;

/** The endpoint keeps its rules and judges what obeys them all. */
export function strict(rules: readonly Rule[], then: Handler = longerWins): Handler {
  return (asked, response, count, request) => {
    const broken = rules.find(([refuses]) => refuses(asked));
    if (broken === undefined) return then(asked, response, count, request);
    const [, status, says] = broken;
    if (typeof says !== "string") return json(response, status, says);
    response.writeHead(status, { "content-type": "text/plain" }).end(says);
  };
}

/** As longerWins, where the instructions stand in the user's message. */
export const inOneMessage: Handler = ({ messages, ...rest }, ...others) =>
  longerWins({ ...rest, messages: [{ role: "system", content: "" }, ...messages.slice(-1)] }, ...others);

export const ENDPOINTS: Record<string, Rule[]> = {
  "OpenAI's reasoning models": [
    [
      has("max_tokens"),
      400,
      openAi(
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
        "max_tokens",
        "unsupported_parameter",
      ),
    ],
    [
      has("temperature"),
      400,
      openAi(
        "Unsupported value: 'temperature' does not support 0.7 with this model. Only the default (1) value is supported.",
        "temperature",
        "unsupported_value",
      ),
    ],
    [
      hasSystem,
      400,
      openAi("Unsupported value: 'messages[0].role' does not support 'system' with this model.", "messages[0].role", "unsupported_value"),
    ],
  ],
  "a message that names no parameter": [[has("temperature"), 400, openAi("Invalid value.", "temperature", "unsupported_value")]],
  "a proxy before them": [
    [
      has("max_tokens"),
      400,
      { error: { message: "Unsupported parameter: 'max_tokens' is not supported with this model.", code: "invalid_request_body" } },
    ],
  ],
  litellm: [
    [
      has("temperature"),
      400,
      openAi("litellm.UnsupportedParamsError: gpt-5 models don't support temperature=0.7. Only temperature=1 is supported.", null, "400"),
    ],
    [has("max_tokens"), 400, openAi("litellm.UnsupportedParamsError: does not support parameters: ['max_tokens'], for model=x.")],
  ],
  Anthropic: [
    [
      has("temperature"),
      400,
      { type: "error", error: { type: "invalid_request_error", message: "`temperature` is deprecated for this model." } },
    ],
  ],
  "a range of temperatures": [[has("temperature"), 400, openAi("temperature: Input should be less than or equal to 0.5")]],
  Moonshot: [[has("temperature"), 400, openAi("invalid temperature: only 1 is allowed for this model")]],
  "vLLM with a strict front, in its older form": [
    [
      has("max_tokens"),
      400,
      {
        object: "error",
        message: "[{'type': 'extra_forbidden', 'loc': ('body', 'max_tokens'), 'msg': 'Extra inputs are not permitted', 'input': 512}]",
        type: "BadRequestError",
        param: null,
        code: 400,
      },
    ],
  ],
  FastAPI: [
    [
      has("max_tokens"),
      422,
      { detail: [{ type: "extra_forbidden", loc: ["body", "max_tokens"], msg: "Extra inputs are not permitted", input: 512 }] },
    ],
  ],
  "Mistral's": [
    [
      has("max_completion_tokens"),
      422,
      {
        object: "error",
        message: { detail: [{ type: "extra_forbidden", loc: ["body", "max_completion_tokens"], msg: "Extra inputs are not permitted" }] },
      },
    ],
    [
      has("max_tokens"),
      422,
      {
        object: "error",
        message: { detail: [{ type: "extra_forbidden", loc: ["body", "max_tokens"], msg: "Extra inputs are not permitted" }] },
      },
    ],
  ],
  "one that takes no limit at all": [
    [has("max_tokens"), 400, openAi("Unrecognized request argument supplied: max_tokens")],
    [has("max_completion_tokens"), 400, openAi("Unrecognized request argument supplied: max_completion_tokens")],
  ],
  "a template without a system role, vLLM": [
    [hasSystem, 400, { object: "error", message: "System role not supported", type: "BadRequestError", param: null, code: 400 }],
  ],
  "Mistral's first template": [
    [
      hasSystem,
      400,
      {
        error: {
          message: "Conversation roles must alternate user/assistant/user/assistant/...",
          type: "BadRequestError",
          param: null,
          code: 400,
        },
      },
    ],
  ],
  "llama.cpp": [
    [
      hasSystem,
      500,
      {
        error: {
          code: 500,
          message: "Jinja Exception: Only user, assistant and tool roles are supported, got system",
          type: "server_error",
        },
      },
    ],
  ],
  LoRAX: [
    [hasSystem, 424, { error: "Request failed during generation: Server error: System role not supported", error_type: "generation" }],
  ],
  "Google's, through OpenRouter": [
    [
      hasSystem,
      400,
      {
        error: {
          message: "Provider returned error",
          code: 400,
          metadata: {
            raw: '{"error":{"code":400,"message":"Developer instruction is not enabled for models/gemma-3-27b-it"}}',
            provider_name: "Google AI Studio",
          },
        },
      },
    ],
  ],
  "plain text": [[has("temperature"), 400, "unknown field: temperature"]],
};
