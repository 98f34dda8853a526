// Vercel's AI SDK on models in this process: guided text as it streams, with its rewards; plain text; an object; documents in order.
//   npm install ai zod        (ai 7 takes Node 22)
//   node examples/ai-sdk.mjs [POLICY.gguf REWARD.gguf]
import { generateText, Output, rerank, streamText } from "ai";
import { createArgsearch } from "argsearch/ai-sdk";
import { z } from "zod";

const [policy, reward] = process.argv.slice(2);
const argsearch = createArgsearch({ policy, reward });
const model = argsearch();
const prompt = "Can you help me set up a light show?";
const interrupt = new AbortController();
process.once("SIGINT", () => interrupt.abort());

const guided = streamText({
  model,
  prompt,
  abortSignal: interrupt.signal,
  providerOptions: { argsearch: { weight: 0.6, topK: 10 } },
});
for await (const text of guided.textStream) process.stdout.write(text);
const { reward: total, tokens } = (await guided.providerMetadata).argsearch;
const worst = tokens.reduce((a, b) => (b.reward < a.reward ? b : a));
console.log(`\n[guided: reward ${total.toFixed(2)}, lowest at ${JSON.stringify(worst.text)}]\n`);

const plain = await generateText({ model, prompt, maxOutputTokens: 40, providerOptions: { argsearch: { weight: 0, rewards: true } } });
console.log(`${plain.text}\n[plain: reward ${plain.providerMetadata.argsearch.reward.toFixed(2)}]\n`);

const schema = z.object({ title: z.string().max(40), minutes: z.number().int().min(1).max(90) });
const { output } = await generateText({ model, prompt, output: Output.object({ schema }) });
console.log(output, "\n");

const documents = [plain.text, await guided.text];
const { ranking } = await rerank({ model: argsearch.rerankingModel(), query: prompt, documents });
for (const { originalIndex, score } of ranking) console.log(`${["plain", "guided"][originalIndex]} ${score.toFixed(2)}`);
await argsearch.dispose();
