import type { Command } from "commander";
import type { Input } from "../../files/inputs.js";
import { type Decoder, EMBEDDED, type GenerateResult, type Step } from "../../index.js";
import {
  addDecodingFlags,
  addExamples,
  addIsolateFlag,
  addModelFlags,
  addPolicyFlag,
  addRewardFlags,
  type DecodingFlags,
  generateOptions,
  type LoadFlags,
  loadOptions,
} from "../flags/flags.js";
import { addTemplateFlags, templateFiles } from "../flags/templates.js";
import { isAborted } from "../terminal/failure.js";
import { plural, rewardFigures } from "../terminal/format.js";
import { textOrPipe } from "../terminal/input.js";
import { interruptible } from "../terminal/interrupt.js";
import { note, print, printJson, printText } from "../terminal/output.js";
import { streamText } from "../terminal/stream-text.js";
import { Trace } from "../terminal/trace.js";
import { unguidedNotice } from "../terminal/unguided.js";
import { logTo, withDecoder } from "./session.js";

interface GenerateFlags extends LoadFlags, DecodingFlags {
  prompt?: string;
  json?: boolean;
  trace?: string;
}

export function addGenerate(program: Command): void {
  const command = program
    .command("generate")
    .description("Decode a response, each token chosen by policy and reward together.")
    .option("-p, --prompt <text>", 'the prompt; "-" reads standard input, and so does a pipe without --prompt')
    .option("--json", "print one JSON object instead of the text")
    .option("--trace <file>", "write every step's candidates, one JSON object a line");
  addPolicyFlag(command);
  addRewardFlags(command);
  addDecodingFlags(command);
  addTemplateFlags(command, "the policy");
  addModelFlags(command);
  addIsolateFlag(command);
  addExamples(command, [
    'generate --prompt "Can you help me set up a light show?"',
    'generate --prompt "Can you help me set up a light show?" --weight 0',
    "generate --policy policy.gguf --reward reward.gguf --prompt - < prompt.txt",
    "generate --reward helpful.gguf=0.7 --reward harmless.gguf=0.3 --policy policy.gguf --prompt Hello",
    "generate --prompt Hello --json --trace steps.jsonl",
  ]);
  command.action(generate);
}

async function generate(flags: GenerateFlags): Promise<void> {
  logTo(flags.verbose);
  const prompt = await textOrPipe(flags.prompt, "--prompt");
  const result = await withTrace(flags, (trace) =>
    withDecoder(loadOptions(flags), (decoder) => respond(decoder, prompt, flags, trace)),
  ).catch((error: unknown) => {
    if (flags.json && isAborted(error)) return nothing(flags.seed);
    throw error;
  });
  if (flags.json) return printJson(report(result));
  if (!result.text.endsWith("\n")) await print("\n");
  note(summary(result), flags.verbose);
}

function respond(decoder: Decoder, prompt: string, flags: GenerateFlags, trace: Trace | undefined): Promise<GenerateResult> {
  const sayUnguided = unguidedNotice(decoder, flags.method !== undefined || flags.settings !== undefined);
  return interruptible((signal) => {
    const steps = decoder.stream(prompt, { ...generateOptions(flags), candidates: trace !== undefined, signal });
    const write = flags.json ? async () => {} : printText;
    const onStep = async (step: Step): Promise<void> => {
      sayUnguided();
      await trace?.write(step);
    };
    return streamText(steps, { write, onStep });
  });
}

/** Gives the trace its final name only if the response is whole. */
async function withTrace(flags: GenerateFlags, work: (trace?: Trace) => Promise<GenerateResult>): Promise<GenerateResult> {
  if (flags.trace === undefined) return work();
  const trace = await Trace.open(flags.trace, inputsOf(flags));
  try {
    const result = await work(trace);
    if (result.finishReason !== "aborted") await trace.commit();
    return result;
  } finally {
    const partial = await trace.abandon();
    if (partial !== null) note(`unfinished trace kept in ${partial}`);
  }
}

/** All that the command reads. */
function inputsOf(flags: GenerateFlags): Input[] {
  const { policy = EMBEDDED.policy, reward = [{ reward: EMBEDDED.reward }] } = flags;
  const rewards = reward.flatMap((term) => (typeof term.reward === "string" ? term.reward : []));
  const settings = flags.settings === undefined ? [] : [flags.settings];
  return [policy, ...rewards, ...settings, ...templateFiles(flags), process.stdin];
}

function report(result: GenerateResult) {
  const { text, tokens, logProbs, rewards, objectives, reward, finishReason, seed, usage, timings } = result;
  return { text, tokens, logProbs, rewards, objectives, reward, finishReason, seed, usage, timings };
}

/** What Ctrl-C before the first token leaves: with --json there is an object all the same. */
function nothing(seed = 0): GenerateResult {
  return {
    text: "",
    tokens: [],
    pieces: [],
    logProbs: [],
    policyLogProbs: [],
    rewards: [],
    objectives: {},
    reward: null,
    finishReason: "aborted",
    seed,
    usage: { promptTokens: 0, cachedTokens: 0, completionTokens: 0 },
    timings: { load: 0, prefill: 0, policy: 0, reward: 0, total: 0, tokensPerSecond: 0 },
  };
}

function summary(result: GenerateResult): string {
  const { finishReason, usage, timings } = result;
  const speed = `${timings.tokensPerSecond.toFixed(1)} tokens/s`;
  return [finishReason, plural(usage.completionTokens, "token"), speed, ...rewardFigures(result)].join(" · ");
}
