// A reward of your own beside a reward model: here, answers without question marks.
//   node examples/own-reward.mjs
import { EMBEDDED, load } from "argsearch";

const noQuestions = (candidates) => candidates.map(({ response }) => -(response.split("?").length - 1));

const decoder = await load({
  policy: EMBEDDED.policy,
  reward: [
    { reward: EMBEDDED.reward, weight: 0.5 },
    { reward: noQuestions, weight: 2 },
  ],
});
const { text, objectives } = await decoder.generate("How do I bake a lemon cake?");
console.log(text);
for (const [name, values] of Object.entries(objectives)) console.log(`${name}: ${values.at(-1)}`);
await decoder.dispose();
