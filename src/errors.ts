/**
 * Every code an ArgsearchError can carry. Codes are stable: a program may switch on them; messages may be reworded.
 *
 * | code | meaning |
 * | --- | --- |
 * | ADDON_NOT_FOUND | no native addon for this platform |
 * | ENGINE_NOT_FOUND | no llama.cpp libraries found, or none in engineDir |
 * | DEPENDENCY_MISSING | an optional package that this needs is not installed |
 * | ENGINE_INCOMPATIBLE | libraries of a version that this package does not know, of several builds, or beside another engine |
 * | DEVICE_UNAVAILABLE | the asked-for GPU is not there, or fails when it is tried |
 * | FILE_NOT_FOUND, NOT_A_FILE, FILE_UNREADABLE, FILE_UNWRITABLE | the file system said no |
 * | NOT_GGUF | the file is not GGUF |
 * | MODEL_INVALID | GGUF, but damaged, truncated or inconsistent |
 * | MODEL_UNSUPPORTED | the architecture is unknown to this llama.cpp, or cannot be used in this role |
 * | REWARD_HEAD_MISSING, REWARD_HEAD_INVALID | the reward model's head |
 * | VOCABULARY_MISMATCH | policy and reward model map ids to different tokens |
 * | OPTION_INVALID | an option out of its range or of the wrong type |
 * | INPUT_INVALID | a line, a field or the whole of a data file; a text that is not UTF-8 |
 * | TEMPLATE_INVALID | a chat template that is missing or does not render |
 * | PROMPT_EMPTY, PROMPT_TOO_LONG | the prompt |
 * | BUSY | every slot, or the asked-for slot, is in use |
 * | DISPOSED | use after dispose |
 * | ABORTED | an AbortSignal fired before anything was produced |
 * | REWARD_FUNCTION_FAILED | a JavaScript reward threw, rejected, or returned the wrong count or a non-finite number |
 * | ISOLATION_UNAVAILABLE | `isolate` where no child process is possible, or only one of another version |
 * | ENGINE_DIED | an isolated engine's process ended in the middle of the call; `cause` holds an EngineDeath |
 * | ENGINE_NOT_RESPONDING | an isolated engine's process gave no sign of life for so long that it was ended |
 * | OUT_OF_MEMORY | a context or buffer could not be allocated |
 * | DECODE_FAILED | llama.cpp failed to decode |
 * | TOOL_NOT_FOUND | a program that a command needs (Python and its modules, git) is not installed |
 * | CONVERSION_FAILED | llama.cpp's converter failed, or its quantising |
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
  "VOCABULARY_MISMATCH",
  "OPTION_INVALID",
  "INPUT_INVALID",
  "TEMPLATE_INVALID",
  "PROMPT_EMPTY",
  "PROMPT_TOO_LONG",
  "BUSY",
  "DISPOSED",
  "ABORTED",
  "REWARD_FUNCTION_FAILED",
  "ISOLATION_UNAVAILABLE",
  "ENGINE_DIED",
  "ENGINE_NOT_RESPONDING",
  "OUT_OF_MEMORY",
  "DECODE_FAILED",
  "TOOL_NOT_FOUND",
  "CONVERSION_FAILED",
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

export interface ErrorDetails {
  /** What lay underneath. */
  cause?: unknown;
  option?: string | undefined;
}

/** The one error class of the package. `cause` holds what lay underneath, where something did. */
export class ArgsearchError extends Error {
  override readonly name = "ArgsearchError";
  readonly code: ErrorCode;
  /** The option at fault, or the one that helps: "topK", "reward[0].weight"; undefined where it is none's. */
  readonly option: string | undefined;

  constructor(code: ErrorCode, message: string, { option, ...rest }: ErrorDetails = {}) {
    super(message, rest);
    this.code = code;
    this.option = option;
  }

  /** A native error (an Error with a known code) as an ArgsearchError; anything else as it came. */
  static from(error: unknown): unknown {
    if (error instanceof ArgsearchError || !(error instanceof Error)) return error;
    const code = (error as { code?: unknown }).code;
    return ERROR_CODES.includes(code as ErrorCode) ? new ArgsearchError(code as ErrorCode, error.message, { cause: error }) : error;
  }
}
