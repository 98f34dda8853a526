/** Loading for the commands: progress bar, Ctrl-C, log, and disposal whatever happens. */

import { cleaned } from "../../files/clean.js";
import { ArgsearchError, type Decoder, type LoadOptions, load, loadReward, type RewardModel, setLogger } from "../../index.js";
import { interruptible } from "../terminal/interrupt.js";
import { loadingBar } from "../terminal/progress.js";

interface Owned {
  dispose(): Promise<void>;
}

type Loading = Required<Pick<LoadOptions, "onProgress" | "signal">>;

/** Sends llama.cpp's log to standard error. */
export function logTo(verbose: boolean | undefined): void {
  if (verbose) setLogger((_level, text) => process.stderr.write(cleaned(text.endsWith("\n") ? text : `${text}\n`)));
}

export function withDecoder<T>(options: LoadOptions, use: (decoder: Decoder) => Promise<T>): Promise<T> {
  return withModel((loading) => load({ ...options, ...loading }), use);
}

export function withReward<T>(options: Parameters<typeof loadReward>[0], use: (model: RewardModel) => Promise<T>): Promise<T> {
  return withModel((loading) => loadReward({ ...options, ...loading }), use);
}

async function withModel<M extends Owned, T>(open: (loading: Loading) => Promise<M>, use: (model: M) => Promise<T>): Promise<T> {
  const model = await opened(open);
  try {
    return await use(model);
  } finally {
    await model.dispose();
  }
}

async function opened<M extends Owned>(open: (loading: Loading) => Promise<M>): Promise<M> {
  const bar = loadingBar();
  return interruptible(async (signal) => {
    const model = await open({ onProgress: bar.update, signal });
    if (!signal.aborted) return model;
    await model.dispose();
    throw new ArgsearchError("ABORTED", "interrupted while loading");
  }).finally(bar.stop);
}
