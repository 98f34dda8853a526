/** The directory of an evaluation: what it is (settings.json), what was decoded (responses.jsonl), what came out (results.json). */
import { mkdir, open, readFile, rename, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { ArgsearchError } from "../errors.js";
import { unreadable, unwritable } from "../file-errors.js";
import type { Identity } from "./identity.js";
import type { EvaluatedResponse } from "./response.js";

export const FILES = {
  settings: "settings.json",
  responses: "responses.jsonl",
  results: "results.json",
  verdicts: "judge.jsonl",
} as const;

/** Where responses go as they come. Without a directory they are only kept in memory. */
export class ResponseStore {
  readonly #dir: string | undefined;
  readonly #found = new Map<string, EvaluatedResponse>();
  #appending: Promise<void> = Promise.resolve();

  private constructor(dir: string | undefined, found: readonly EvaluatedResponse[]) {
    this.#dir = dir;
    for (const response of found) this.#found.set(keyOf(response.method, response.index), response);
  }

  /**
   * Opens or makes a directory. What an interrupted run left is taken up; a line that it could not finish is dropped.
   *
   * @throws ArgsearchError OPTION_INVALID when the directory holds another evaluation, FILE_UNREADABLE, FILE_UNWRITABLE
   */
  static async open(dir: string | undefined, identity: Identity): Promise<ResponseStore> {
    if (dir === undefined) return new ResponseStore(undefined, []);
    await mkdir(dir, { recursive: true }).catch((error: unknown) => {
      throw unwritable(error, dir);
    });
    const path = join(dir, FILES.settings);
    const before = await readJson<Identity>(path);
    if (before !== undefined) requireSame(dir, before, identity);
    await writeAtomically(path, json({ ...identity, methods: { ...before?.methods, ...identity.methods } }));
    return new ResponseStore(dir, await readResponses(join(dir, FILES.responses)));
  }

  has(method: string, index: number): boolean {
    return this.#found.has(keyOf(method, index));
  }

  /** A method's responses, by the prompts' order. */
  of(method: string): EvaluatedResponse[] {
    return [...this.#found.values()].filter((response) => response.method === method).sort((a, b) => a.index - b.index);
  }

  /** Keeps a response; resolves when its line is in the file. */
  async add(response: EvaluatedResponse): Promise<void> {
    this.#found.set(keyOf(response.method, response.index), response);
    const dir = this.#dir;
    if (dir === undefined) return;
    this.#appending = this.#appending.then(() => append(join(dir, FILES.responses), `${JSON.stringify(response)}\n`));
    await this.#appending;
  }

  /** Puts the lines in the order of methods and prompts: the file of a resumed run is then that of an unbroken one. */
  async sort(methods: readonly string[]): Promise<void> {
    if (this.#dir === undefined) return;
    const others = [...this.#found.values()].map(({ method }) => method);
    const lines = [...new Set([...methods, ...others])].flatMap((method) => this.of(method)).map((response) => JSON.stringify(response));
    await writeAtomically(join(this.#dir, FILES.responses), lines.map((line) => `${line}\n`).join(""));
  }
}

function keyOf(method: string, index: number): string {
  return `${index}/${method}`;
}

/** Methods may be added to a directory, but a name keeps its meaning; all else must be as it was. */
function requireSame(dir: string, before: Identity, now: Identity): void {
  const { methods, generation, ...rest } = now;
  const settings = { ...rest, ...generation };
  const known: Partial<typeof settings> = { ...before, ...before.generation };
  const changed = Object.keys(settings).filter((name) => {
    const key = name as keyof typeof settings;
    return !isDeepStrictEqual(known[key], plain(settings[key]));
  });
  const renamed = Object.keys(methods).filter((name) => {
    return before.methods?.[name] !== undefined && !isDeepStrictEqual(before.methods[name], plain(methods[name]));
  });
  const differing = [...changed, ...renamed.map((name) => `method "${name}"`)];
  if (differing.length === 0) return;
  throw new ArgsearchError(
    "OPTION_INVALID",
    `${dir} holds an evaluation of other settings (${differing.join(", ")}): choose another directory, or the settings of ${join(dir, FILES.settings)}`,
  );
}

/** As JSON gives it back: without undefined. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

/** @throws ArgsearchError FILE_UNREADABLE, INPUT_INVALID for a damaged line */
export async function readResponses(path: string): Promise<EvaluatedResponse[]> {
  const content = await readText(path);
  if (content === undefined) return [];
  const whole = content.lastIndexOf("\n") + 1;
  if (whole < content.length) await truncate(path, Buffer.byteLength(content.slice(0, whole)));
  const lines = content.slice(0, whole).split("\n").slice(0, -1);
  return lines.map((line, index) => {
    try {
      return JSON.parse(line) as EvaluatedResponse;
    } catch (cause) {
      throw new ArgsearchError("INPUT_INVALID", `${path}, line ${index + 1} is not JSON: remove it, and it is decoded again`, { cause });
    }
  });
}

async function append(path: string, text: string): Promise<void> {
  try {
    const file = await open(path, "a");
    try {
      await file.appendFile(text);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw unwritable(error, path);
  }
}

export async function readJson<T>(path: string): Promise<T | undefined> {
  const content = await readText(path);
  if (content === undefined) return undefined;
  try {
    return JSON.parse(content) as T;
  } catch (cause) {
    throw new ArgsearchError("INPUT_INVALID", `${path} is not JSON`, { cause });
  }
}

/** Undefined when there is no such file. */
export async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw unreadable(error, path);
  }
}

/** The whole content or the file as it was: written beside it, then renamed. */
export async function writeAtomically(path: string, content: string): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    await writeFile(temporary, content);
    await rename(temporary, path);
  } catch (error) {
    throw unwritable(error, path);
  }
}

export function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
