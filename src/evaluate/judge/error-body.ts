/** What endpoints say when they refuse, in the one form that the client reads: others it reports as "no body". */

/** @param response not a success */
export async function explained(response: Response): Promise<Response> {
  const text = await response.text().catch(() => "");
  const { status, statusText } = response;
  const headers = new Headers(response.headers);
  // Both were of the body as it came.
  for (const name of ["content-encoding", "content-length"]) headers.delete(name);
  return new Response(explainedText(text), { status, statusText, headers });
}

/** The error that routers send with a good status, as in `{"error": {"code": 429, …}}` or within the first choice; undefined without one. */
export function errorWithin(completion: unknown): { status: number; body: object } | undefined {
  const { error, choices } = (completion ?? {}) as { error?: unknown; choices?: unknown };
  const found = error ?? (Array.isArray(choices) ? (choices[0] as { error?: unknown } | null)?.error : undefined) ?? undefined;
  if (found === undefined) return undefined;
  const code = Number((found as { code?: unknown }).code);
  return { status: code >= 400 && code < 600 ? code : 502, body: JSON.parse(explainedText(JSON.stringify({ error: found }))) as object };
}

/** Text that is no JSON the client shows as it is. */
function explainedText(text: string): string {
  const body = parse(text);
  if (typeof body !== "object" || body === null) return text;
  const { error, message, detail } = body as Record<string, unknown>;
  const inner = typeof error === "object" && error !== null ? (error as Record<string, unknown>) : {};
  const said = inner.message ?? (typeof error === "string" ? error : undefined) ?? message ?? detail ?? inner;
  // What a router passes on from behind it.
  const raw = (inner.metadata as { raw?: unknown } | undefined)?.raw;
  const words = [said, raw].filter((each) => each !== undefined).map((each) => (typeof each === "string" ? each : JSON.stringify(each)));
  const param = typeof inner.param === "string" && !words.some((each) => each.includes(inner.param as string)) ? [`(${inner.param})`] : [];
  return JSON.stringify({ error: { ...inner, message: [...words, ...param].join(" ") } });
}

export function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
