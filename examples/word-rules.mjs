// Words that are never said: half a word is turned away from while there is another, a whole one is banned.
//   node examples/word-rules.mjs
import { bannedWords, EMBEDDED, load } from "argsearch";

for (const rules of [[], [bannedWords(["first aid box", "guest list"])]]) {
  const decoder = await load({ policy: EMBEDDED.policy, reward: [EMBEDDED.reward, ...rules] });
  const { text } = await decoder.generate("Can you help me set up a light show?");
  console.log(`[${rules.map(({ name }) => name).join(", ") || "no rules"}]\n${text}\n`);
  await decoder.dispose();
}
