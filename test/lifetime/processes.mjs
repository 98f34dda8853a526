// One process, one way to end it. Prints "running" when the interesting moment has come.
import { CALLS } from "./calls.mjs";
import { ENDLESS, isolate, loadJudge, loadPair, outcomeOf, PROMPT, SHORT, scoreInputs, sleep } from "./common.mjs";

const [, , scenario, policy, reward, call] = process.argv;
const files = { policy, reward, isolate };
const say = (line) => process.stdout.write(`${line}\n`);

/** Resolves at the first step. */
async function decoding(options) {
  const decoder = await loadPair(files, options);
  const steps = decoder.stream("hello", ENDLESS);
  await steps.next();
  const ended = (async () => {
    for await (const _step of steps);
  })();
  say("running");
  return { decoder, ended };
}

const randomDelay = () => sleep(Math.random() * 30);

const SCENARIOS = {
  async "exit in the middle of"(call) {
    await new Promise((resolve, reject) => CALLS[call](files, resolve).catch(reject));
    await randomDelay();
    process.exit(7);
  },
  async "exit while loading"() {
    loadPair(files);
    say("running");
    await randomDelay();
    process.exit(7);
  },
  async "exit while prefilling"() {
    const decoder = await loadPair(files);
    decoder.generate(PROMPT, ENDLESS);
    say("running");
    await randomDelay();
    process.exit(7);
  },
  async "exit while decoding"() {
    await decoding();
    await randomDelay();
    process.exit(7);
  },
  async "exit while scoring"() {
    const judge = await loadJudge(files);
    judge.score(scoreInputs, { template: "none" });
    say("running");
    await randomDelay();
    process.exit(7);
  },
  async "exit while disposing"() {
    const { decoder, ended } = await decoding();
    ended.catch(() => {});
    decoder.dispose();
    process.exit(7);
  },
  async "exit in a progress callback"() {
    await loadPair(files, { onProgress: () => process.exit(7) });
  },
  async "exit in a reward function"() {
    const decoder = await loadPair(files, { reward: [reward, () => process.exit(7)] });
    await decoder.generate("hello", SHORT);
  },
  async "calls in an exit handler"() {
    const decoder = await loadPair(files);
    process.on("exit", () => {
      decoder.generate("hello", SHORT).catch(() => {});
      decoder.dispose().catch(() => {});
      say("called");
    });
  },
  async "end without dispose"() {
    const decoder = await loadPair(files);
    await decoder.generate("hello", SHORT);
    await loadJudge(files);
  },
  async "end with work that nobody awaits"() {
    const decoder = await loadPair(files);
    decoder.generate("hello", SHORT).then(({ tokens }) => say(`${tokens.length} tokens`));
  },
  async "end with a load that nobody awaits"() {
    loadPair(files).then(() => say("loaded"));
  },
  async "end with a stream left open"() {
    const decoder = await loadPair(files);
    await decoder.stream("hello", ENDLESS).next();
  },
  async "uncaught exception while decoding"() {
    await decoding();
    setTimeout(() => {
      throw new Error("out of the blue");
    });
  },
  async "unhandled rejection while decoding"() {
    const { decoder } = await decoding();
    await randomDelay();
    await decoder.dispose();
  },
  async "signal while decoding"() {
    await decoding();
  },
  async "exit after everything was disposed of"() {
    const { decoder, ended } = await decoding();
    const outcome = outcomeOf(ended);
    await decoder.dispose();
    await decoder.dispose();
    say(await outcome);
    process.exit(0);
  },
};

await SCENARIOS[scenario](call);
