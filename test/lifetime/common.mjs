// What the programs of this folder share. Each is run as: node PROGRAM SCENARIO POLICY REWARD [REPEATS]
import { load, loadReward } from "../../dist/index.js";

export const PROMPT = "all work and no play makes Jack a dull boy. ".repeat(16);
/** Never ends by itself before the context is full. */
export const ENDLESS = { template: "none", topK: 4, maxTokens: 1_000_000, ending: "never" };
export const SHORT = { ...ENDLESS, maxTokens: 4 };

const CPU = { gpu: false, threads: Number(process.env.ARGSEARCH_THREADS ?? 1) };

export const loadPair = ({ policy, reward, isolate }, options) => load({ policy, reward, isolate, ...CPU, ...options });
export const loadJudge = ({ reward, isolate }, options) => loadReward({ reward, isolate, ...CPU, ...options });

/** Programs whose last argument is --isolate load into processes of their own. */
export const isolate = process.argv.at(-1) === "--isolate";
export const scoreInputs = Array.from({ length: 20 }, (_, index) => ({ prompt: `${index} ${PROMPT}`, response: "yes, of course" }));

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** What a rejection carries; "works" when there is none. */
export async function outcomeOf(promise) {
  try {
    await promise;
    return "works";
  } catch (error) {
    return error.code ?? String(error);
  }
}
