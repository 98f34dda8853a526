/** A request's body: JSON that a schema accepts, or a 400 that names the place. */
import { z } from "zod";
import { nearest, show } from "../validate.js";
import { badRequest, HttpError } from "./errors.js";

type Issue = z.core.$ZodIssue;

/** @throws HttpError 400 for what is no JSON object, 413 for more than so many bytes, 415 for what does not say that it is JSON */
export async function readJson(request: Request, limit: number): Promise<Record<string, unknown>> {
  const type = request.headers.get("content-type") ?? "";
  // Another page's script may send any other type without asking first.
  if (!/^application\/([\w.+-]*\+)?json\b/i.test(type)) {
    throw new HttpError({
      status: 415,
      code: "INPUT_INVALID",
      message: 'the body must be JSON, with the header "content-type: application/json"',
    });
  }
  let value: unknown;
  try {
    value = JSON.parse(await readText(request, limit));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw badRequest(`the body is not JSON: ${error.message}`, undefined, "INPUT_INVALID");
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw badRequest(`the body must be a JSON object, got ${show(value)}`, undefined, "INPUT_INVALID");
}

/** No more of a body that is too long is read than shows that it is. */
async function readText(request: Request, limit: number): Promise<string> {
  if (Number(request.headers.get("content-length") ?? 0) > limit) throw tooLarge(limit);
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request.body ?? []) {
    length += chunk.byteLength;
    if (length > limit) throw tooLarge(limit);
    chunks.push(chunk);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks));
  } catch {
    throw badRequest("the body is not UTF-8", undefined, "INPUT_INVALID");
  }
}

function tooLarge(limit: number): HttpError {
  const message = `the request is larger than ${limit} bytes, which is this server's limit`;
  return new HttpError({ status: 413, code: "BODY_TOO_LARGE", message, headers: { connection: "close" } });
}

/** @throws HttpError 400 */
export function checked<T>(value: Record<string, unknown>, schema: z.ZodType<T>): T {
  const { success, data, error } = schema.safeParse(value);
  if (success) return data;
  const [issue] = error.issues;
  if (issue === undefined) throw badRequest("the request is not valid");
  const { at, why } = described(issue, value, schema);
  const name = at.reduce<string>(
    (path, key) => (typeof key === "number" ? `${path}[${key}]` : path === "" ? String(key) : `${path}.${String(key)}`),
    "",
  );
  throw badRequest(name === "" ? why : `${name}: ${why}`, name === "" ? undefined : name);
}

interface Described {
  at: PropertyKey[];
  why: string;
}

function described(issue: Issue, value: unknown, schema: z.ZodType): Described {
  const at = [...issue.path];
  if (issue.code === "unrecognized_keys") return unknownName(issue.keys, at, schema);
  if (issue.code !== "invalid_union") return { at, why: `${lowered(issue.message)}${gotAt(value, issue)}` };
  // Of several shapes the one that was meant is the one that was followed furthest.
  const branches = issue.errors.flatMap(([first]) => (first === undefined ? [] : [first]));
  const depth = (each: Issue): number => each.path.length + (each.code === "unrecognized_keys" ? 1 : 0);
  const deepest = branches.reduce<Issue | undefined>((best, each) => (best && depth(best) >= depth(each) ? best : each), undefined);
  if (deepest !== undefined && depth(deepest) > 0) {
    const inner = described(deepest, valueAt(value, at), schema);
    return { at: [...at, ...inner.at], why: inner.why };
  }
  const expected = new Set(
    branches.map(({ message }) =>
      lowered(message)
        .replace(/^invalid input: /, "")
        .replace(/, received .*/, ""),
    ),
  );
  return { at, why: `${[...expected].join(", or ")}; got ${show(valueAt(value, at))}` };
}

function unknownName(keys: readonly string[], at: PropertyKey[], schema: z.ZodType): Described {
  const [key = ""] = keys;
  const near = nearest(key, namesAt(schema, at));
  return { at: [...at, key], why: `unknown field${near === undefined ? "" : `; did you mean ${near}?`}` };
}

/** Fields of the object there, as far as objects lie straight within objects. */
function namesAt(schema: unknown, at: readonly PropertyKey[]): string[] {
  let found: unknown = schema;
  for (const key of at) found = unwrapped((unwrapped(found) as { shape?: Record<PropertyKey, unknown> } | undefined)?.shape?.[key]);
  return Object.keys((unwrapped(found) as { shape?: object } | undefined)?.shape ?? {});
}

function unwrapped(schema: unknown): unknown {
  let found = schema;
  while (found instanceof z.ZodOptional || found instanceof z.ZodNullable) found = found.unwrap();
  return found;
}

function gotAt(value: unknown, { path, message }: Issue): string {
  return message.includes("received") ? "" : `, got ${show(valueAt(value, path))}`;
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((found, key) => (found as Record<PropertyKey, unknown> | undefined)?.[key], value);
}

function lowered(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
