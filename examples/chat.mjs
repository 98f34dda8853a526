// A conversation, streamed: each turn decodes only what is new, in both models.
//   node examples/chat.mjs [POLICY.gguf REWARD.gguf]
import { load } from "argsearch";

const [policy, reward] = process.argv.slice(2);
const decoder = await load({ policy, reward });
const messages = [];
for (const question of ["Can you help me set up a light show?", "How do I bake a lemon cake?"]) {
  messages.push({ role: "user", content: question });
  process.stdout.write(`> ${question}\n`);
  const stream = decoder.stream(messages, { weight: 0.6 });
  for await (const { text } of stream) process.stdout.write(text);
  const { text, usage, reward, finishReason } = await stream.result;
  const cached = `${usage.cachedTokens} of ${usage.promptTokens} prompt tokens were cached`;
  process.stdout.write(`\n[reward ${reward?.toFixed(2) ?? "-"}, ${finishReason}, ${cached}]\n\n`);
  messages.push({ role: "assistant", content: text });
}
await decoder.dispose();
