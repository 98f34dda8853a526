/**
 * Every code an ArgsearchError can carry. Codes are stable: a program may switch on them; messages may be reworded.
 *
 * | code | meaning | what to do |
 * | --- | --- | --- |
 * | ADDON_NOT_FOUND | no native addon for this platform | keep argsearch out of bundles (external); else build it, as the message says |
 * | ENGINE_NOT_FOUND | no llama.cpp libraries found, or none in engineDir | install the engine package that the message names |
 * | DEPENDENCY_MISSING | an optional package that this needs is not installed | install it: the message has the line |
 * | ENGINE_INCOMPATIBLE | libraries of another version, of several builds, or beside another engine | the release that the message names |
 * | DEVICE_UNAVAILABLE | the asked-for GPU, device or RPC server is not there, fails when it is tried, or has another client | gpu: "auto"; `argsearch devices` shows the reason |
 * | FILE_NOT_FOUND, NOT_A_FILE, FILE_UNREADABLE, FILE_UNWRITABLE | the file system said no | look at path, permissions, free space |
 * | NOT_GGUF | the file is not GGUF | convert it (`argsearch convert`, `argsearch reward import`), or name another |
 * | MODEL_INVALID | GGUF, but damaged, truncated or inconsistent | fetch or convert it again |
 * | MODEL_UNSUPPORTED | the architecture is unknown to this llama.cpp, or cannot be used in this role | another model, or a newer engine |
 * | REWARD_HEAD_MISSING, REWARD_HEAD_INVALID | the reward model's head | give it one: `argsearch reward import`, `attach` or `fit`; of a language model say its `kind` or `base` |
 * | REWARD_PREDICTOR_MISSING, REWARD_PREDICTOR_INVALID | what gate "predicted" guesses the reward model's rewards by | `argsearch reward predict` makes one |
 * | VOCABULARY_MISMATCH | policy and reward model map ids to different tokens | take two models of one family, or `tokenizers: "any"` |
 * | OPTION_INVALID | an option out of its range or of the wrong type | `option` names it, the message its range |
 * | SAMPLERS_LEAVE_NOTHING | grammar or logitBias leave no token to go on with | loosen them; bans must leave a way to go on |
 * | INPUT_INVALID | a line, a field or the whole of a data file; a text that is not UTF-8 | mend the place that the message names |
 * | SCHEMA_INVALID | a JSON schema that a grammar cannot keep, that nothing fulfils, or that is none | change the place that the message names |
 * | GRAMMAR_INVALID | a grammar (GBNF) that llama.cpp cannot use, or not without harm | mend the line that the message names |
 * | TEMPLATE_INVALID | a chat template that is missing or does not render | `chatTemplate` of your own, or `template: "none"` |
 * | PROMPT_EMPTY, PROMPT_TOO_LONG | the prompt | give a text; shorten it, or load with a larger `contextSize` |
 * | BUSY | every slot, or the asked-for slot, is in use, and nobody may wait for it any more; another run writes this output | try later; more `slots`, a longer `queue` |
 * | DISPOSED | use after dispose | load() another |
 * | ABORTED | an AbortSignal fired before anything was produced | nothing: it was asked for |
 * | REWARD_FUNCTION_FAILED | a JavaScript reward threw, rejected, gave a wrong count or a number that is neither finite nor `-Infinity`, or banned every candidate | mend it; see `cause`; see `details.step` |
 * | REMOTE_FAILED | a server that rates or continues texts cannot be reached, refuses, is late, or broke off, and did so again | look at it; `details.url`, `details.status`; `details.response` is the text so far |
 * | REMOTE_INVALID | such a server answered, but not what it was asked for | look at `url`, `api` and `model`; see what the message shows |
 * | REMOTE_UNSUPPORTED | what a policy on a server cannot do: it gives texts, and no tokens or caches | a local policy |
 * | HUB_NOT_FOUND | the Hub has no such repository, revision or file, or does not show it to you; or a name means several files | look at the spelling; name one of the files that the message lists |
 * | HUB_UNAUTHORIZED | a gated or private repository, or a token that is not valid | accept the conditions on its page; set HF_TOKEN |
 * | HUB_UNREACHABLE | a model of the Hub that is not in the cache, and no network, or HF_HUB_OFFLINE | go online once; the message names what is cached |
 * | HUB_FAILED | the Hub refused (429, 5xx), broke off again and again, or sent something else than it promised | call again: a download goes on where it stopped; `details.status` |
 * | ISOLATION_UNAVAILABLE | `isolate` where no child process is possible, or only one of another version | leave `isolate` out; the message says why |
 * | ENGINE_DIED | an isolated engine's process ended in the middle of the call; `cause` holds an EngineDeath | call again: it starts anew; its last words say what to change |
 * | ENGINE_NOT_RESPONDING | an isolated engine's process gave no sign of life for so long that it was ended | call again; a larger `respondWithinMs` on a crowded machine |
 * | OUT_OF_MEMORY | a context or buffer could not be allocated | fewer `slots`, a smaller `contextSize` or `kvType`, a smaller model |
 * | DECODE_FAILED | llama.cpp failed to decode | the message has its reason; a log by setLogger() or `--verbose` |
 * | TOOL_NOT_FOUND | a program that a command needs (Python and its modules, git) is not installed | install it: the message has the line |
 * | CONVERSION_FAILED | llama.cpp's converter failed, or its quantising | the message has its reason |
 */
export const ERROR_CODES = [
  "ADDON_NOT_FOUND",
  "ENGINE_NOT_FOUND",
  "DEPENDENCY_MISSING",
  "ENGINE_INCOMPATIBLE",
  "DEVICE_UNAVAILABLE",
  "FILE_NOT_FOUND",
  "NOT_A_FILE",
  "FILE_UNREADABLE",
  "FILE_UNWRITABLE",
  "NOT_GGUF",
  "MODEL_INVALID",
  "MODEL_UNSUPPORTED",
  "REWARD_HEAD_MISSING",
  "REWARD_HEAD_INVALID",
  "REWARD_PREDICTOR_MISSING",
  "REWARD_PREDICTOR_INVALID",
  "VOCABULARY_MISMATCH",
  "OPTION_INVALID",
  "SAMPLERS_LEAVE_NOTHING",
  "INPUT_INVALID",
  "SCHEMA_INVALID",
  "GRAMMAR_INVALID",
  "TEMPLATE_INVALID",
  "PROMPT_EMPTY",
  "PROMPT_TOO_LONG",
  "BUSY",
  "DISPOSED",
  "ABORTED",
  "REWARD_FUNCTION_FAILED",
  "REMOTE_FAILED",
  "REMOTE_INVALID",
  "REMOTE_UNSUPPORTED",
  "HUB_NOT_FOUND",
  "HUB_UNAUTHORIZED",
  "HUB_UNREACHABLE",
  "HUB_FAILED",
  "ISOLATION_UNAVAILABLE",
  "ENGINE_DIED",
  "ENGINE_NOT_RESPONDING",
  "OUT_OF_MEMORY",
  "DECODE_FAILED",
  "TOOL_NOT_FOUND",
  "CONVERSION_FAILED",
] as const;

/** One of ERROR_CODES. */
export type ErrorCode = (typeof ERROR_CODES)[number];

/** What an ArgsearchError knows beside its message. */
export interface ErrorDetails {
  /** What lay underneath. */
  cause?: unknown;
  /** The option at fault, or the one that helps. */
  option?: string | undefined;
  /** The figures of the message. */
  details?: ErrorFigures | undefined;
}

/** Figures that a program may go by, each where the code has it. */
export interface ErrorFigures {
  /** PROMPT_TOO_LONG: tokens that the text has, or at least has. */
  tokens?: number;
  /** PROMPT_TOO_LONG: tokens that the context holds, a response among them. */
  limit?: number;
  /** PROMPT_TOO_LONG: path of the model that counted them. */
  model?: string;
  /** REWARD_FUNCTION_FAILED: token of the response, from 1, whose candidates were all banned. */
  step?: number;
  /** BUSY: slots there are. */
  slots?: number;
  /** BUSY: responses that wait for a slot. */
  waiting?: number;
  /** REMOTE_FAILED, REMOTE_INVALID: what was asked, without the part behind "?". HUB_*: the page, or the file's address. */
  url?: string;
  /** REMOTE_FAILED, HUB_*: HTTP's, where there was an answer. */
  status?: number;
  /** REMOTE_FAILED, REMOTE_INVALID: text of the response up to there, where a remote policy failed, or what rates its blocks. */
  response?: string;
}

/** An error as data, as JSON.stringify() writes an ArgsearchError; without `code` it was another error, which lay underneath one. */
export interface ErrorJson {
  name: string;
  message: string;
  code?: string | undefined;
  option?: string | undefined;
  details?: ErrorFigures | undefined;
  stack?: string | undefined;
  /** Another of these, or a value that was no error: a text, a number. */
  cause?: unknown;
}

/** The package may be loaded twice, as a module and by require(): an error of either is an ArgsearchError to both. */
const BRAND = Symbol.for("argsearch.ArgsearchError");

/** The one error class of the package. `cause` holds what lay underneath, where something did. */
export class ArgsearchError extends Error {
  override readonly name = "ArgsearchError";
  /** One of ERROR_CODES: what each means and what to do is in docs/errors.md. */
  readonly code: ErrorCode;
  /** The option at fault, or the one that helps: "topK", "reward[0].weight"; undefined where it is none's. */
  readonly option: string | undefined;
  /** Figures of the message, where the code has some. */
  readonly details: Readonly<ErrorFigures> | undefined;

  /** @internal The package makes these. */
  constructor(code: ErrorCode, message: string, { option, details, ...rest }: ErrorDetails = {}) {
    super(message, rest);
    this.code = code;
    this.option = option;
    this.details = details;
    Object.defineProperty(this, BRAND, { value: true });
  }

  /** `instanceof` holds for the errors of every copy of the package: as ES module, as CommonJS, in an isolated process. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === "object" && value !== null && BRAND in value;
  }

  /** A native error (an Error with a known code) as an ArgsearchError; anything else as it came. */
  static from(error: unknown): unknown {
    if (error instanceof ArgsearchError || !(error instanceof Error)) return error;
    const code = (error as { code?: unknown }).code;
    return isErrorCode(code) ? new ArgsearchError(code, error.message, { cause: error }) : error;
  }

  /** What toJSON() gave, parsed: an ArgsearchError again. @throws TypeError for anything else */
  static fromJSON(json: unknown): ArgsearchError {
    const error = isErrorJson(json) ? errorFromJson(json) : undefined;
    if (error instanceof ArgsearchError) return error;
    throw new TypeError("this is not the JSON of an ArgsearchError");
  }

  /** @internal The same in other words, with this one as its cause. */
  rephrased(message: string): ArgsearchError {
    const { code, option, details } = this;
    return new ArgsearchError(code, message, { option, details, cause: this });
  }

  /** For JSON.stringify(), and for what is posted to another thread or process: a structured clone of an error loses its name and code. */
  toJSON(): ErrorJson {
    return errorToJson(this);
  }
}

function isErrorCode(code: unknown): code is ErrorCode {
  return ERROR_CODES.includes(code as ErrorCode);
}

/** Causes of causes that are carried over. */
export const CAUSES = 8;

/** Any error as data; `stacks`: with where each was thrown, which tells paths of this machine. */
export function errorToJson(error: Error, stacks = false, depth = 0): ErrorJson {
  const { name, message, stack, cause } = error;
  const { code, option, details } = error as { code?: unknown; option?: unknown; details?: unknown };
  return {
    name,
    message,
    ...(typeof code === "string" && { code }),
    ...(typeof option === "string" && { option }),
    ...(error instanceof ArgsearchError && details !== undefined && { details: details as ErrorFigures }),
    ...(stacks && { stack }),
    ...(cause !== undefined && depth < CAUSES && { cause: causeToJson(cause, stacks, depth + 1) }),
  };
}

function causeToJson(cause: unknown, stacks: boolean, depth: number): unknown {
  if (cause instanceof Error) return errorToJson(cause, stacks, depth);
  return ["string", "number", "boolean"].includes(typeof cause) ? cause : String(cause);
}

function isErrorJson(value: unknown): value is ErrorJson {
  if (typeof value !== "object" || value === null) return false;
  const { name, message } = value as Record<string, unknown>;
  return typeof name === "string" && typeof message === "string";
}

/** An ArgsearchError for one, and else an Error with its name. */
export function errorFromJson({ name, message, stack, code, option, details, cause }: ErrorJson): Error {
  const rest = cause === undefined ? {} : { cause: isErrorJson(cause) ? errorFromJson(cause) : cause };
  const known = name === "ArgsearchError" && isErrorCode(code);
  const error = known ? new ArgsearchError(code, message, { ...rest, option, details }) : new Error(message, rest);
  if (!known) Object.assign(error, name !== "Error" && { name }, code !== undefined && { code });
  if (stack !== undefined) error.stack = stack;
  return error;
}
