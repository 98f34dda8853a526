/** Answers in the colours of their rewards, on a scale that grows with what was seen. */
import type { GenerateResult, Step } from "../../index.js";
import { quantile } from "../../statistics.js";
import type { Scale } from "../page/colour.js";
import { colourDepth, drawText } from "../page/draw.js";
import { print, printText } from "../terminal/output.js";
import type { WriteText } from "../terminal/stream-text.js";

/** Rewards are normalised to a deviation of about 1: less than that between the ends would make much of little. */
const LEAST_SPAN = 1;

export class RewardColours {
  on: boolean;
  /** Ascending. */
  readonly #rewards: number[] = [];

  constructor(on: boolean) {
    this.on = on;
  }

  /** Bits of colour that standard output takes: 1 is none. */
  get depth(): number {
    return colourDepth(process.stdout);
  }

  /** The ends: all rewards so far but the lowest and highest twentieth. */
  get scale(): Scale {
    if (this.#rewards.length === 0) return { low: -LEAST_SPAN / 2, high: LEAST_SPAN / 2 };
    const [low, high] = [quantile(this.#rewards, 0.05), quantile(this.#rewards, 0.95)];
    const missing = Math.max(0, LEAST_SPAN - (high - low)) / 2;
    return { low: low - missing, high: high + missing };
  }

  learn(rewards: GenerateResult["rewards"]): void {
    for (const reward of rewards) if (reward !== null) this.#rewards.splice(this.#place(reward), 0, reward);
  }

  /**
   * To standard output: the text of one response. `blocks`: a token without a reward waits for that of its whole block, which is that of
   * its last token; otherwise it has none, and no colour.
   */
  writer({ blocks }: { blocks: boolean }): WriteText {
    let waiting = "";
    return async (text: string, step?: Step) => {
      waiting += text;
      if (blocks && step?.reward === null) return;
      const ready = waiting;
      waiting = "";
      if (step === undefined || step.reward === null) return printText(ready);
      this.learn([step.reward]);
      await print(drawText(ready, step.reward, this.scale, this.depth));
    };
  }

  /** Where `reward` belongs among the ascending ones. */
  #place(reward: number): number {
    let [low, high] = [0, this.#rewards.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#rewards[middle] ?? 0) < reward) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
