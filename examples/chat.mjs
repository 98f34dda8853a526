// A conversation, streamed: each turn decodes only what is new, in both models.
//   node examples/chat.mjs [POLICY.gguf REWARD.gguf]
import { load } from "argsearch";

const [policy, reward] = process.argv.slice(2);
const decoder = await load({ policy, reward });
const messages = [];
for (const question of ["Can you help me set up a light show?", "How do I bake a lemon cake?"]) {
  messages.push({ role: "user", content: question });
  process.stdout.write(`> ${question}\n`);
  const steps = decoder.stream(messages, { weight: 0.6 });
  let answer = "";
  for (let next = await steps.next(); ; next = await steps.next()) {
    if (next.done) {
      const { usage, reward, finishReason } = next.value;
      const cached = `${usage.cachedTokens} of ${usage.promptTokens} prompt tokens were cached`;
      process.stdout.write(`\n[reward ${reward?.toFixed(2) ?? "-"}, ${finishReason}, ${cached}]\n\n`);
      break;
    }
    answer += next.value.text;
    process.stdout.write(next.value.text);
  }
  messages.push({ role: "assistant", content: answer });
}
await decoder.dispose();
