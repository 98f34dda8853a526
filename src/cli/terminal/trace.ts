import type { Input } from "../../files/inputs.js";
import { OutputFile } from "../../files/output-file.js";
import type { Step } from "../../index.js";

/**
 * A file of steps with their candidates, one JSON object a line. It grows as FILE.partial and takes its name in commit();
 * what an interrupted run wrote stays under the .partial name.
 */
export class Trace {
  readonly #file: OutputFile;
  #lines = 0;

  private constructor(file: OutputFile) {
    this.#file = file;
  }

  /** Throws FILE_UNWRITABLE, and OPTION_INVALID for a file that the command reads, before anything is decoded. */
  static async open(path: string, inputs: readonly Input[]): Promise<Trace> {
    return new Trace(await OutputFile.open(path, { inputs, option: "trace" }));
  }

  async write(step: Step): Promise<void> {
    const { token, logProb, reward, score, objectives, waits } = step;
    // A single objective is the reward.
    const several = Object.keys(objectives).length > 1;
    const candidates = (step.candidates ?? []).map(({ token, text, logProb, reward, score, objectives, waits }) => {
      return { token, text, logProb, reward, score, ...(several && { objectives }), ...(waits && { waits }) };
    });
    // The token's own text: the step's waits for whole characters and possible stop strings.
    const text = candidates.find((candidate) => candidate.token === token)?.text ?? step.text;
    const line = {
      step: this.#lines,
      token,
      text,
      logProb,
      reward,
      score,
      ...(several && { objectives }),
      ...(waits && { waits }),
      candidates,
    };
    await this.#file.append(`${JSON.stringify(line)}\n`);
    this.#lines += 1;
  }

  /** The trace is whole: gives the file its name. */
  async commit(): Promise<void> {
    await this.#file.commit();
  }

  /** Ends a trace that will not be committed, and says where it is, if it holds anything; after commit() nothing. */
  async abandon(): Promise<string | null> {
    if (this.#file.closed) return null;
    if (this.#lines === 0) {
      await this.#file.discard();
      return null;
    }
    await this.#file.suspend();
    return this.#file.partial;
  }
}
