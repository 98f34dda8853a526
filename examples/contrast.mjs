// Two language models as a reward: what tuning has made likelier guides a third model. Here the policy is the embedded one, and unless
// another is named it is also what the tuned model is compared with, which then takes no decode of its own.
// The tuned model is the embedded policy after fine-tuning on plans, which a checkout has and the package leaves out, unless one with the
// policy's vocabulary is named.
//   node examples/contrast.mjs [TUNED.gguf [UNTUNED.gguf]]
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { EMBEDDED, load } from "argsearch";

const PLANS = fileURLToPath(new URL("../models/policy-plans.gguf", import.meta.url));
const [tuned = PLANS, untuned = EMBEDDED.policy] = process.argv.slice(2);

if (tuned === PLANS && !existsSync(PLANS)) throw new Error("name a tuned model: node examples/contrast.mjs TUNED.gguf [UNTUNED.gguf]");

const decoder = await load({ policy: EMBEDDED.policy, reward: { reward: tuned, base: untuned } });
for (const weight of [0, 1]) {
  const { text, reward, rewards } = await decoder.generate("How do I bake a lemon cake?", { combine: "additive", weight });
  console.log(`weight ${weight}: ${text.trim()}`);
  console.log(`  the tuned model finds it e^${reward.toFixed(1)} times as likely, the first token e^${rewards[0].toFixed(1)} times\n`);
}
const { steps, policyTokens, rewardTokens } = decoder.counters();
console.log(`${steps} steps decoded ${policyTokens} tokens of the policy and ${rewardTokens} of the reward`);
await decoder.dispose();
