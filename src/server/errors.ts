/** What goes wrong, as OpenAI's clients read it: a status, and { error: { message, type, param, code } }. */
import { ArgsearchError, type ErrorCode } from "../errors.js";
import { guidance } from "./schemas/guidance.js";

/** Classes of errors in OpenAI's words, and llama.cpp's for a server that is not ready. */
export type ErrorType =
  | "invalid_request_error"
  | "authentication_error"
  | "permission_error"
  | "not_found_error"
  | "rate_limit_error"
  | "server_error"
  | "unavailable_error";

/** The body of an answer that is none. */
export interface ErrorBody {
  error: { message: string; type: ErrorType; param: string | null; code: string };
}

interface Refusal {
  status: number;
  code: string;
  message: string;
  param?: string | undefined;
  headers?: Record<string, string> | undefined;
}

const TYPES: Record<number, ErrorType> = {
  401: "authentication_error",
  403: "permission_error",
  404: "not_found_error",
  429: "rate_limit_error",
  500: "server_error",
  502: "server_error",
  503: "unavailable_error",
};

/** What a request cannot help, or can only by coming again; all other codes of the library are a request's own fault. */
const STATUS: Partial<Record<ErrorCode, number>> = {
  BUSY: 429,
  DISPOSED: 503,
  ABORTED: 503,
  ENGINE_DIED: 503,
  ENGINE_NOT_RESPONDING: 503,
  OUT_OF_MEMORY: 503,
  REWARD_FUNCTION_FAILED: 500,
  DECODE_FAILED: 500,
  REMOTE_FAILED: 502,
  REMOTE_INVALID: 502,
};

/** Those that say something of what was asked. */
const OF_THE_REQUEST: ReadonlySet<ErrorCode> = new Set([
  "OPTION_INVALID",
  "INPUT_INVALID",
  "SCHEMA_INVALID",
  "GRAMMAR_INVALID",
  "TEMPLATE_INVALID",
  "PROMPT_EMPTY",
  "PROMPT_TOO_LONG",
  "SAMPLERS_LEAVE_NOTHING",
  "REWARD_PREDICTOR_MISSING",
  "MODEL_UNSUPPORTED",
  "REMOTE_UNSUPPORTED",
]);

/** A request that is refused by the server itself. */
export class HttpError extends Error {
  override readonly name = "HttpError";
  readonly status: number;
  readonly code: string;
  readonly param: string | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor({ status, code, message, param, headers = {} }: Refusal) {
    super(message);
    this.status = status;
    this.code = code;
    this.param = param;
    this.headers = headers;
  }

  get body(): ErrorBody {
    const { message, code, param = null, status } = this;
    return { error: { message, type: TYPES[status] ?? "invalid_request_error", param, code } };
  }
}

/** A request that cannot be obeyed as it is. */
export function badRequest(message: string, param?: string, code = "OPTION_INVALID"): HttpError {
  return new HttpError({ status: 400, code, message, param });
}

/** Fields of a request by the options that they become; the others are guidance. */
const FIELDS: Record<string, string> = {
  maxTokens: "max_tokens",
  stop: "stop",
  seed: "seed",
  temperature: "temperature",
  topP: "top_p",
  presencePenalty: "presence_penalty",
  frequencyPenalty: "frequency_penalty",
  logitBias: "logit_bias",
  topLogProbs: "top_logprobs",
  jsonSchema: "response_format",
  templateVariables: "chat_template_kwargs",
};

function fieldOf(option: string): string {
  const field = FIELDS[option.split(/[.[]/, 1)[0] ?? ""];
  if (field !== undefined) return field;
  return (option.split(/[.[]/, 1)[0] ?? "") in guidance.shape ? `argsearch.${option}` : option;
}

/** Anything thrown, as it is answered. What is no fault of the request and no known code says nothing of its inside. */
export function httpError(error: unknown): HttpError {
  if (error instanceof HttpError) return error;
  if (!(error instanceof ArgsearchError))
    return new HttpError({ status: 500, code: "INTERNAL", message: "the server failed; its log says why" });
  const { code, message, option } = error;
  const status = OF_THE_REQUEST.has(code) ? 400 : (STATUS[code] ?? 500);
  const headers = status === 429 || status === 503 ? { "retry-after": "1" } : undefined;
  return new HttpError({ status, code, message, param: option === undefined ? undefined : fieldOf(option), headers });
}

/** As it is answered. */
export function errorResponse({ status, body, headers }: HttpError): Response {
  return Response.json(body, { status, headers });
}
