/** What endpoints say when they refuse, each in a form of its own. */

export interface EndpointError {
  /** HTTP's, 400 to 599. */
  status: number;
  /** The status and what was said, in words. */
  message: string;
  /** The endpoint's name of what is wrong, where it has one. */
  code: unknown;
  headers: Headers | undefined;
}

/** @param body empty where there is none */
export function endpointError(status: number, body: string, headers?: Headers): EndpointError {
  const { message, code } = explained(body);
  return { status, message: `${status} ${message || "status code (no body)"}`, code, headers };
}

/** The error that routers send with a good status, as in `{"error": {"code": 429, …}}` or within the first choice; undefined without one. */
export function errorWithin(completion: unknown): EndpointError | undefined {
  const { error, choices } = (completion ?? {}) as { error?: unknown; choices?: unknown };
  const found = error ?? (Array.isArray(choices) ? (choices[0] as { error?: unknown } | null)?.error : undefined) ?? undefined;
  if (found === undefined) return undefined;
  const code = Number((found as { code?: unknown }).code);
  return endpointError(code >= 400 && code < 600 ? code : 502, JSON.stringify({ error: found }));
}

/** Text that is no JSON speaks for itself. */
function explained(text: string): { message: string; code?: unknown } {
  const parsed = parse(text);
  // Google's endpoint wraps its error in a list.
  const body: unknown = Array.isArray(parsed) ? parsed[0] : parsed;
  if (typeof body !== "object" || body === null) return { message: text };
  const { error, message, detail } = body as Record<string, unknown>;
  const inner = typeof error === "object" && error !== null ? (error as Record<string, unknown>) : {};
  const said = inner.message ?? (typeof error === "string" ? error : undefined) ?? message ?? detail ?? inner;
  // What a router passes on from behind it.
  const raw = (inner.metadata as { raw?: unknown } | undefined)?.raw;
  const words = [said, raw].filter((each) => each !== undefined).map((each) => (typeof each === "string" ? each : JSON.stringify(each)));
  const param = typeof inner.param === "string" && !words.some((each) => each.includes(inner.param as string)) ? [`(${inner.param})`] : [];
  return { message: [...words, ...param].join(" ").trim() || text, code: inner.code };
}

export function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
