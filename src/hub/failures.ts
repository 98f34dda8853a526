/** What goes wrong with the Hub, as errors with what to do. */
import { ArgsearchError, type ErrorCode } from "../errors.js";

/** What was asked for. */
export interface Subject {
  repo: string;
  revision: string;
  /** Absent: the repository itself. */
  file?: string;
}

/** An answer that is none. */
export interface Refusal {
  status: number;
  headers: Headers;
  /** What it says, or the beginning of that. */
  body: string;
}

const TOKEN = "HF_TOKEN (a token of https://huggingface.co/settings/tokens)";

/** By the rules of huggingface_hub's hf_raise_for_status(). */
export function refused({ status, headers, body }: Refusal, subject: Subject, endpoint: string, hasToken: boolean): ArgsearchError {
  const code = headers.get("x-error-code");
  const said = headers.get("x-error-message") || explanation(body);
  const page = `${endpoint}/${subject.repo}`;
  const failed = (errorCode: ErrorCode, message: string): ArgsearchError =>
    new ArgsearchError(errorCode, message, { details: { url: page, status } });
  if (code === "RevisionNotFound")
    return failed("HUB_NOT_FOUND", `${subject.repo} has no revision ${subject.revision}: see ${page}/tree/main`);
  if (code === "EntryNotFound") return failed("HUB_NOT_FOUND", `${shown(subject)} is not there: see ${page}/tree/${subject.revision}`);
  if (code === "GatedRepo") return failed("HUB_UNAUTHORIZED", gated(subject, page, hasToken));
  if (code === "RepoNotFound" || status === 404 || (status === 401 && !/invalid credentials/i.test(said))) {
    const name = `there is no ${subject.repo} on ${endpoint}, or it is private`;
    const cure = hasToken
      ? "look at the spelling, and whether the token may read it"
      : `look at the spelling; if it is private, set ${TOKEN}`;
    return failed("HUB_NOT_FOUND", `${name}, which the Hub does not tell apart: ${cure}`);
  }
  if (status === 401)
    return failed("HUB_UNAUTHORIZED", `${endpoint} does not know the token: set another ${TOKEN}, or none for what is public`);
  if (status === 403)
    return failed("HUB_UNAUTHORIZED", `${shown(subject)} may not be read${withWords(said)}: look at the page ${page}, and set ${TOKEN}`);
  if (status === 429) {
    const cure = hasToken ? "try later" : `try later, or set ${TOKEN}: who is signed in may ask more often`;
    return failed("HUB_FAILED", `${endpoint} has been asked too often (429), and was asked again in vain: ${cure}`);
  }
  return failed("HUB_FAILED", `${endpoint} answers ${status} for ${shown(subject)}${withWords(said)}: try later, or look at ${page}`);
}

function gated(subject: Subject, page: string, hasToken: boolean): string {
  const cure = `accept its conditions on the page ${page}`;
  const token = hasToken ? "with the account that the token is of (a fine-grained one must allow gated repositories)" : `then set ${TOKEN}`;
  return `${subject.repo} is gated: ${cure}, ${token}`;
}

/** Nothing answered. */
export function unreachable(endpoint: string, error: unknown): ArgsearchError {
  const cure = "Is there a network? HF_ENDPOINT names another server, HF_HUB_OFFLINE=1 asks none";
  return new ArgsearchError("HUB_UNREACHABLE", `${endpoint} cannot be reached (${reasonOf(error)}). ${cure}`, {
    cause: error,
    details: { url: endpoint },
  });
}

/** The innermost of what fetch() wraps. */
export function reasonOf(error: unknown): string {
  const { cause } = error as { cause?: unknown };
  if (cause instanceof Error) return reasonOf(cause);
  const { code, message } = error as NodeJS.ErrnoException;
  return typeof code === "string" && !message?.includes(code) ? `${code}: ${message}` : message || String(error);
}

export function shown({ repo, file, revision }: Subject): string {
  return `${repo}${file === undefined ? "" : `/${file}`}${revision === "main" ? "" : `@${revision}`}`;
}

function withWords(said: string): string {
  return said === "" ? "" : ` ("${said}")`;
}

/** Out of the JSON that the Hub's API answers with; pages say nothing. */
function explanation(body: string): string {
  try {
    const { error, message } = JSON.parse(body) as Record<string, unknown>;
    const said = error ?? message;
    return typeof said === "string" ? said.slice(0, 300) : "";
  } catch {
    return "";
  }
}
