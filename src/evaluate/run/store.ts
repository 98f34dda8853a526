/** The directory of an evaluation: what it is (settings.json), what was decoded (responses.jsonl), what came out (results.json). */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { ArgsearchError } from "../../errors.js";
import { append, readAppendedLines, repair } from "../../files/appended-lines.js";
import { unwritable } from "../../files/file-errors.js";
import type { Input } from "../../files/inputs.js";
import { toJson } from "../../files/json.js";
import { lockDirectory, type Unlock } from "../../files/lock.js";
import { removeTemporaries, writeWhole } from "../../files/whole-file.js";
import type { Identity } from "../identity.js";
import type { EvaluatedResponse } from "../response.js";
import { FILES, readSettings, refuseForeign, refuseInputsIn, type StoredSettings } from "./directory.js";

export { FILES } from "./directory.js";

/** Where responses go as they come. Without a directory they are only kept in memory. */
export class ResponseStore {
  readonly #dir: string | undefined;
  readonly #found = new Map<string, EvaluatedResponse>();
  #appending: Promise<void> = Promise.resolve();

  /** With all methods that the directory knows. */
  readonly settings: StoredSettings;
  readonly #unlock: Unlock;

  private constructor(
    dir: string | undefined,
    found: readonly EvaluatedResponse[],
    settings: StoredSettings,
    unlock: Unlock = async () => {},
  ) {
    this.#dir = dir;
    this.settings = settings;
    this.#unlock = unlock;
    for (const response of found) this.#found.set(keyOf(response.method, response.index), response);
  }

  /**
   * Opens or makes a directory, and keeps others out of it until close(). What an interrupted run left is taken up; lines that
   * are torn or damaged are dropped, to be decoded again.
   *
   * @param inputs what the evaluation reads
   * @throws ArgsearchError OPTION_INVALID when the directory holds another evaluation, an input, or files of these names that are somebody
   * else's; BUSY; FILE_UNREADABLE, FILE_UNWRITABLE
   */
  static async open(dir: string | undefined, now: StoredSettings, inputs: readonly Input[] = []): Promise<ResponseStore> {
    if (dir === undefined) return new ResponseStore(undefined, [], now);
    await refuseInputsIn(dir, inputs);
    await mkdir(dir, { recursive: true }).catch((error: unknown) => {
      throw unwritable(error, dir);
    });
    const unlock = await lockDirectory(dir);
    try {
      await refuseForeign(dir);
      const path = join(dir, FILES.responses);
      const found = await readResponses(path);
      const settings = await agreedSettings(dir, now, found);
      await repair(path);
      await removeTemporaries(dir, Object.values(FILES));
      await writeWhole(join(dir, FILES.settings), toJson(settings));
      return new ResponseStore(dir, found, settings, unlock);
    } catch (error) {
      await unlock();
      throw error;
    }
  }

  /** Lets others into the directory. */
  close(): Promise<void> {
    return this.#unlock();
  }

  has(method: string, index: number): boolean {
    return this.#found.has(keyOf(method, index));
  }

  /** Names of the methods that have responses, those asked for now first, in their order. */
  methodsAfter(wanted: readonly string[]): string[] {
    const others = Object.keys(this.settings.methods).filter((name) => !wanted.includes(name) && this.of(name).length > 0);
    return [...wanted, ...others];
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
    const lines = methods.flatMap((method) => this.of(method)).map((response) => JSON.stringify(response));
    await writeWhole(join(this.#dir, FILES.responses), lines.map((line) => `${line}\n`).join(""));
  }
}

function keyOf(method: string, index: number): string {
  return `${index}/${method}`;
}

/**
 * The settings of a directory with the methods asked for now. Methods may be added, but one with responses keeps its settings, and all
 * else must be as it was; where nothing was decoded yet there is nothing to keep.
 */
async function agreedSettings(dir: string, now: StoredSettings, found: readonly EvaluatedResponse[]): Promise<StoredSettings> {
  if (found.length === 0) return now;
  const path = join(dir, FILES.settings);
  const before = await readSettings(dir);
  if (before === undefined) return now;
  const answered = new Set(found.map(({ method }) => method));
  const kept = Object.entries(before.methods ?? {}).filter(([name]) => answered.has(name));
  const changed = kept.filter(([name, settings]) => name in now.methods && !isDeepStrictEqual(settings, plain(now.methods[name])));
  const differing = [...differences(before, now), ...changed.map(([name]) => `method "${name}"`)];
  if (differing.length > 0) {
    const message = `${dir} holds an evaluation of other settings (${differing.join(", ")}): choose another directory, or the settings of ${path}`;
    throw new ArgsearchError("OPTION_INVALID", message, { option: "out" });
  }
  const variants = { ...before.description?.variants, ...now.description?.variants };
  return {
    ...now,
    methods: { ...Object.fromEntries(kept), ...now.methods },
    ...(now.description && { description: { ...now.description, variants } }),
  };
}

/** Names of what differs, the methods aside. */
export function differences(before: StoredSettings, now: StoredSettings): string[] {
  const [known, wanted] = [before, now].map(({ methods: _, description: __, models, generation, ...rest }) => {
    return plain({ ...rest, ...generation, models: contents(models ?? {}) }) as Record<string, unknown>;
  });
  return Object.keys({ ...known, ...wanted }).filter((name) => !isDeepStrictEqual(known?.[name], wanted?.[name]));
}

/** Files count by what is in them; labels only where they tell pairs apart. */
function contents(models: Identity["models"]): unknown {
  const entries = Object.entries(models).map(([label, { policy, chatTemplate, rewards }]) => {
    const terms = rewards.map(({ reward, judge, ...rest }) => {
      return { ...rest, reward: typeof reward === "string" ? reward : reward.sha256, judge: judge?.sha256 };
    });
    return [label, { policy: policy.sha256, chatTemplate, rewards: terms }] as const;
  });
  return entries.length === 1 ? entries[0]?.[1] : Object.fromEntries(entries);
}

/** As JSON gives it back: without undefined. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

/** What is whole, also while another process appends; of a response that is there twice the later one counts. @throws ArgsearchError FILE_UNREADABLE */
export async function readResponses(path: string): Promise<EvaluatedResponse[]> {
  return (await readAppendedLines(path)).flatMap(parseResponse);
}

function parseResponse(line: string): EvaluatedResponse[] {
  try {
    const value = JSON.parse(line) as Partial<EvaluatedResponse> | null;
    const isResponse = typeof value?.method === "string" && Number.isInteger(value.index) && Array.isArray(value.tokens);
    return isResponse && typeof value.response === "string" ? [value as EvaluatedResponse] : [];
  } catch {
    return [];
  }
}
