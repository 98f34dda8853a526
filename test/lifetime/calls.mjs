// Calls that go on until their thread or process ends. `begun` is told after the first round, which shows that they work.
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { threadId } from "node:worker_threads";
import { evaluate } from "../../dist/eval.js";
import { fitReward } from "../../dist/fit.js";
import { attachReward, convertOpt } from "../../dist/import.js";
import { devices, generateFile, generateLines, inspect, scoreFile, scoreLines } from "../../dist/index.js";
import { ENDLESS, loadJudge, loadPair, SHORT } from "./common.mjs";

const NONE = { template: "none" };
const CPU = { gpu: false, threads: 1 };
const responses = Array.from({ length: 40 }, (_, index) => ({ prompt: "hello", response: "b".repeat(1 + index) }));
const pairs = responses.map(({ prompt, response }) => ({ prompt, chosen: `a${response}`, rejected: response }));
const lines = () => Readable.from(responses.map((each) => `${JSON.stringify(each)}\n`));
const outBeside = ({ policy }) => `${policy}.${process.pid}-${threadId}.gguf`;

async function forEver(begun, round) {
  await round();
  begun();
  for (;;) await round();
}

export const CALLS = {
  async generateAll(files, begun) {
    const decoder = await loadPair(files, { slots: 2 });
    const prompts = ["one", "two", "three", "four"];
    await decoder.generateAll(prompts, SHORT);
    begun();
    await decoder.generateAll(prompts, ENDLESS);
  },
  async "clear, counters and cacheBytes"(files, begun) {
    const decoder = await loadPair(files);
    await forEver(begun, async () => {
      await decoder.generate("hello", SHORT);
      await Promise.all([decoder.cacheBytes(), decoder.clear(0), decoder.counters()]);
    });
  },
  async "inspect and devices"({ policy }, begun) {
    await forEver(begun, () => Promise.all([inspect(policy), devices({ gpu: false })]));
  },
  async attachReward(files, begun) {
    const { embeddingLength } = await inspect(files.policy);
    const head = { weight: Array(embeddingLength).fill(0) };
    await forEver(begun, () => attachReward({ model: files.policy, head, out: outBeside(files) }));
  },
  /** The model beside the others is an OPT, see models.ts; quantising is a child process. */
  async convertOpt(files, begun) {
    const options = { model: join(dirname(files.policy), "opt"), gpu: false, type: "q8_0" };
    await forEver(begun, () => convertOpt({ ...options, out: outBeside(files) }));
  },
  async fitReward(files, begun) {
    await forEver(begun, () => fitReward({ model: files.policy, pairs, out: outBeside(files), ...NONE, ...CPU }));
  },
  async evaluate(files, begun) {
    const settings = { methods: ["greedy", "args-greedy"], maxTokens: 4, ...NONE, ...CPU };
    await forEver(begun, () => evaluate({ ...files, data: ["one", "two", "three"], ...settings }));
  },
  async "generateFile and generateLines"(files, begun) {
    const decoder = await loadPair(files, { slots: 2 });
    await forEver(begun, async () => {
      await generateFile(decoder, lines(), { ...SHORT, out: outBeside(files) });
      for await (const _line of generateLines(decoder, lines(), SHORT));
    });
  },
  async "scoreFile and scoreLines"(files, begun) {
    const judge = await loadJudge(files);
    await forEver(begun, async () => {
      await scoreFile(judge, lines(), { out: outBeside(files), ...NONE });
      for await (const _line of scoreLines(judge, lines(), NONE));
    });
  },
};
