// What every platform is asked to do with the installed package: decode, score, tell. `order` = { out, load }: a JSON file for what came of
// it, since not every emulator has a standard output worth reading, and load()'s options; `maxTokens`, of each response, 24 without. The
// report has tokens and rewards by response.
const { writeFileSync } = require("node:fs");

const PROMPTS = ["Can you help me set up a light show?", [{ role: "user", content: "How do I make a cup of tea?" }]];
const METHODS = ["args", "greedy", "sample"];
const PAIR = { prompt: "Can you help me?", response: "Yes, of course." };

/** Writes { platform, tokens, rewards, scored, engine, firstTokenMs }, or { error } with the exit code 1. */
module.exports = async function decode(argsearch, order) {
  try {
    writeFileSync(order.out, JSON.stringify(await work(argsearch, order)));
  } catch (error) {
    writeFileSync(order.out, JSON.stringify({ error: { name: error?.name, code: error?.code, message: error?.message ?? String(error) } }));
    process.exitCode = 1;
  }
};

async function work({ load }, { load: options, maxTokens = 24 }) {
  const start = performance.now();
  const decoder = await load({ gpu: false, threads: 1, ...options });
  await decoder.generate("a", { template: "none", maxTokens: 1 });
  const firstTokenMs = performance.now() - start;
  const [tokens, rewards] = [[], []];
  for (const method of METHODS) {
    for (const prompt of PROMPTS) {
      const result = await decoder.generate(prompt, { method, maxTokens, seed: 7 });
      tokens.push(result.tokens);
      rewards.push(result.rewards);
    }
  }
  const [{ reward }] = await decoder.score([PAIR]);
  const { engine } = decoder.info;
  await decoder.dispose();
  return { platform: `${process.platform}-${process.arch}`, tokens, rewards, scored: reward, engine, firstTokenMs };
}
