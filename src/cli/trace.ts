import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { unwritable } from "../file-errors.js";
import type { Step } from "../index.js";

/**
 * A file of steps with their candidates, one JSON object a line. It grows as FILE.partial and takes its name in commit();
 * what an interrupted run wrote stays under the .partial name.
 */
export class Trace {
  readonly #path: string;
  readonly #partial: string;
  readonly #file: FileHandle;
  #lines = 0;

  private constructor(path: string, partial: string, file: FileHandle) {
    this.#path = path;
    this.#partial = partial;
    this.#file = file;
  }

  /** Throws FILE_UNWRITABLE, before anything is decoded. */
  static async open(path: string): Promise<Trace> {
    const partial = `${path}.partial`;
    return new Trace(path, partial, await open(partial, "w").catch((error: unknown) => refuse(error, path)));
  }

  async write(step: Step): Promise<void> {
    const candidates = (step.candidates ?? []).map(({ token, text, logProb, reward, score }) => ({ token, text, logProb, reward, score }));
    const { token, logProb, reward, score } = step;
    // The token's own text: the step's waits for whole characters and possible stop strings.
    const text = candidates.find((candidate) => candidate.token === token)?.text ?? step.text;
    await this.#file.write(`${JSON.stringify({ step: this.#lines, token, text, logProb, reward, score, candidates })}\n`);
    this.#lines += 1;
  }

  /** The trace is whole: gives the file its name. */
  async commit(): Promise<void> {
    await this.#file.close();
    await rename(this.#partial, this.#path).catch((error: unknown) => refuse(error, this.#path));
  }

  /** Ends a trace that will not be committed, and says where it is, if it holds anything; after commit() nothing. */
  async abandon(): Promise<string | null> {
    if (this.#file.fd === -1) return null;
    await this.#file.close();
    if (this.#lines > 0) return this.#partial;
    await rm(this.#partial, { force: true });
    return null;
  }
}

function refuse(error: unknown, path: string): never {
  throw unwritable(error, path);
}
