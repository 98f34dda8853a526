import { type Command, Option } from "commander";
import { refuseInputs } from "../../files/inputs.js";
import { countLines } from "../../files/json-lines.js";
import { ArgsearchError, type Decoder, EMBEDDED, type GenerateResult, type LoadOptions, type RewardTerm, type Step } from "../../index.js";
import { addAskFlags, askFiles } from "../flags/ask.js";
import { dataFormatFlag } from "../flags/eval.js";
import {
  addDecodingFlags,
  addExamples,
  addIsolateFlag,
  addModelFlags,
  addPolicyFlag,
  addRewardFlags,
  generateOptions,
  type LoadFlags,
  loadOptions,
  shardFlag,
} from "../flags/flags.js";
import { lookaheadFigures } from "../flags/lookahead.js";
import { addRemotePolicyFlags, addRemoteRewardFlags } from "../flags/remote.js";
import { withKinds } from "../flags/reward-kind.js";
import { addTemplateFlags, templateFiles } from "../flags/templates.js";
import { integer } from "../flags/values.js";
import { isAborted } from "../terminal/failure.js";
import { gateFigures, plural, rewardFigures, stepFigures } from "../terminal/format.js";
import { PASSED_ON, textOrPipe } from "../terminal/input.js";
import { interruptible } from "../terminal/interrupt.js";
import { note, print, printJson, printText } from "../terminal/output.js";
import { streamText } from "../terminal/stream-text.js";
import { Trace } from "../terminal/trace.js";
import { unguidedNotice } from "../terminal/unguided.js";
import { type GenerateFileFlags, runGenerateFile } from "./generate-file.js";
import { generateSeveral, printSeveral } from "./generate-several.js";
import { logTo, withDecoder } from "./session.js";

interface GenerateFlags extends LoadFlags, GenerateFileFlags {
  prompt?: string;
  input?: string;
  slots?: number;
  trace?: string;
}

/** Responses that are decoded at once, where there are several and --slots does not say otherwise. */
const SLOTS = 4;

export function addGenerate(program: Command): void {
  const command = program
    .command("generate")
    .description("Decode a response, each token chosen by policy and reward together; or one to every prompt of a file.")
    .argument("[prompt]", "the prompt, as --prompt")
    .option("-p, --prompt <text>", 'the prompt; "-" reads standard input, and so does a pipe without a prompt')
    .option("--count <n>", 'responses of each prompt, told apart where the method draws; of a file by their "number" (default: 1)', integer)
    .option("--json", "print JSON instead of the text: an object, with --count an array of them; with --input, the summary")
    .option("--no-tokens", "leave out of JSON what it has of each token")
    .option("--trace <file>", "write every step's candidates, one JSON object a line");
  command
    .optionsGroup("Files of prompts:")
    .addOption(inputFlag())
    .addOption(dataFormatFlag())
    .addOption(shardFlag("the lines"))
    .option("-o, --out <file>", "with --input: where the lines go, which appears when it is whole; an interrupted run goes on")
    .option("--slots <n>", `responses decoded at once (default: ${SLOTS}, where there are so many)`, integer);
  addPolicyFlag(command);
  addRewardFlags(command);
  addRemoteRewardFlags(command);
  addAskFlags(command);
  addRemotePolicyFlags(command);
  addDecodingFlags(command);
  addTemplateFlags(command, "the policy");
  addModelFlags(command);
  addIsolateFlag(command);
  addExamples(command, [
    'generate --prompt "Can you help me set up a light show?"',
    'generate --prompt "Can you help me set up a light show?" --weight 0',
    "generate --policy policy.gguf --reward reward.gguf --prompt - < prompt.txt",
    'generate --policy hf:Qwen/Qwen3-1.7B-GGUF:Q8_0 --prompt "Hello"',
    "generate --reward helpful.gguf=0.7 --reward harmless.gguf=0.3 --policy policy.gguf --prompt Hello",
    "generate --policy large.gguf --reward small-instruct.gguf --reward-base small.gguf --prompt Hello",
    "generate --prompt Hello --json --trace steps.jsonl",
    'generate "Tell me a story." --method sample --count 3',
    "generate Hello --reward-url http://localhost:8000 --reward-model Skywork/Skywork-Reward-V2-Qwen3-0.6B --method blocks",
    'generate Hello --policy instruct.gguf --ask "Is the reply polite and to the point?" --method blocks',
    "generate Hello --policy-url http://localhost:8001/v1 --policy-model qwen --template qwen.jinja --reward reward.gguf",
    "generate --input prompts.jsonl --out responses.jsonl",
    "generate --input prompts.jsonl --count 4 --method sample --seed 1 --no-tokens | jq -r .response",
  ]);
  command.action(generate);
}

function inputFlag(): Option {
  const lines = '{"prompt"}, {"messages"}, with "tools", "documents" and "chat_template_kwargs", or pairs';
  const description = `answer JSON lines, plain or in gzip: ${lines}; "-" reads standard input; draws follow from --seed (here 0 by default); ${PASSED_ON}`;
  return new Option("-i, --input <file>", description).conflicts(["prompt", "trace"]);
}

async function generate(argument: string | undefined, flags: GenerateFlags): Promise<void> {
  logTo(flags.verbose);
  checkTogether(argument, flags);
  if (flags.input !== undefined) return file(flags.input, flags);
  const prompt = await textOrPipe(argument ?? flags.prompt, "--prompt");
  await (flags.count === undefined ? single(prompt, flags) : several(prompt, flags.count, flags));
}

/** @throws ArgsearchError OPTION_INVALID */
function checkTogether(argument: string | undefined, { prompt, input, count, trace, out, format, shard }: GenerateFlags): void {
  const refuse = (message: string): never => {
    throw new ArgsearchError("OPTION_INVALID", message);
  };
  if (argument !== undefined && prompt !== undefined) refuse("the prompt is given twice: as an argument and with --prompt");
  if (argument !== undefined && input !== undefined) refuse("a prompt and --input cannot be used together");
  if (count !== undefined && count < 1) refuse(`--count must be an integer from 1, got ${count}`);
  if (count !== undefined && trace !== undefined) refuse("--trace is of one response: leave out --count");
  const missing = Object.entries({ out, format, shard }).find(([, value]) => input === undefined && value !== undefined);
  if (missing !== undefined) refuse(`--${missing[0]} needs the --input that it is about`);
}

async function file(input: string, flags: GenerateFlags): Promise<void> {
  if (flags.out !== undefined) await refuseInputs(flags.out, [input === "-" ? process.stdin : input, ...filesOf(flags)]);
  const lines = input === "-" ? 0 : await countLines(input);
  const responses = lines * (flags.count ?? 1);
  await withDecoder(loadFor(responses, flags), (decoder) => {
    noticeOf(decoder, flags)();
    return runGenerateFile(decoder, input, flags);
  });
}

async function several(prompt: string, count: number, flags: GenerateFlags): Promise<void> {
  const results = await withDecoder(loadFor(count, flags), (decoder) =>
    generateSeveral(decoder, prompt, count, flags, noticeOf(decoder, flags)),
  ).catch((error: unknown) => {
    if (flags.json && isAborted(error)) return [];
    throw error;
  });
  await (flags.json ? printJson(results.map((result) => report(result, flags.tokens))) : printSeveral(results));
}

/** No more slots than there are responses (0: not known): each takes memory. */
function loadFor(responses: number, flags: GenerateFlags): LoadOptions {
  const { slots = SLOTS } = flags;
  return { ...loadOptions(flags), slots: responses > 0 ? Math.min(slots, responses) : slots };
}

async function single(prompt: string, flags: GenerateFlags): Promise<void> {
  const result = await withTrace(flags, (trace) =>
    withDecoder(loadOptions(flags), (decoder) => respond(decoder, prompt, flags, trace)),
  ).catch((error: unknown) => {
    if (flags.json && isAborted(error)) return nothing(flags.seed);
    throw error;
  });
  if (flags.json) return printJson(report(result, flags.tokens));
  if (!result.text.endsWith("\n")) await print("\n");
  note(summary(result), flags.verbose);
  if (flags.verbose) note(stepFigures(result).join(" · "), true);
}

function respond(decoder: Decoder, prompt: string, flags: GenerateFlags, trace: Trace | undefined): Promise<GenerateResult> {
  const sayUnguided = noticeOf(decoder, flags);
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

function noticeOf(decoder: Decoder, { method, settings }: GenerateFlags): () => void {
  return unguidedNotice(decoder, method !== undefined || settings !== undefined);
}

/** Gives the trace its final name only if the response is whole. */
async function withTrace(flags: GenerateFlags, work: (trace?: Trace) => Promise<GenerateResult>): Promise<GenerateResult> {
  if (flags.trace === undefined) return work();
  const trace = await Trace.open(flags.trace, [...filesOf(flags), process.stdin]);
  try {
    const result = await work(trace);
    if (result.finishReason !== "aborted") await trace.commit();
    return result;
  } finally {
    const partial = await trace.abandon();
    if (partial !== null) note(`unfinished trace kept in ${partial}`);
  }
}

/** All that the command reads beside its prompts. */
function filesOf(flags: GenerateFlags): string[] {
  const { policy = EMBEDDED.policy, policyUrl, reward = [{ reward: EMBEDDED.reward }] } = flags;
  const terms = withKinds<RewardTerm>(reward, flags) ?? [];
  const rewards = terms.flatMap(({ reward: file, base, adapter }) => [file, base, adapter].filter((path) => typeof path === "string"));
  const settings = flags.settings === undefined ? [] : [flags.settings];
  return [...(policyUrl === undefined ? [policy] : []), ...rewards, ...askFiles(flags), ...settings, ...templateFiles(flags)];
}

function report(result: GenerateResult, withTokens = true) {
  const { text, tokens, logProbs, rewards, objectives, reward, finishReason, seed, usage, timings, gate, lookahead } = result;
  return {
    text,
    ...(withTokens && { tokens, logProbs, rewards, objectives }),
    reward,
    finishReason,
    seed,
    usage,
    timings,
    gate,
    lookahead,
  };
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
    wholeObjectives: {},
    finishReason: "aborted",
    seed,
    usage: { promptTokens: 0, cachedTokens: 0, completionTokens: 0 },
    timings: { load: 0, prefill: 0, policyPrefill: 0, rewardPrefill: 0, policy: 0, reward: 0, other: 0, total: 0, tokensPerSecond: 0 },
    gate: { steps: 0, guided: 0, gated: 0, predicted: 0, candidates: 0, audited: 0, violations: 0 },
    lookahead: { windows: 0, proposed: 0, accepted: 0 },
  };
}

function summary(result: GenerateResult): string {
  const { finishReason, usage, timings } = result;
  const speed = `${timings.tokensPerSecond.toFixed(1)} tokens/s`;
  return [
    finishReason,
    plural(usage.completionTokens, "token"),
    speed,
    ...rewardFigures(result),
    ...gateFigures(result),
    ...lookaheadFigures(result),
  ].join(" · ");
}
