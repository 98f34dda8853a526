// Rewards in plain words: an instruct model is asked about each draft, and the likelier its "yes", the better.
//   node examples/ask.mjs instruct.gguf
// Without a file the embedded policy is asked, which is too small to know what it says: it shows how, not how well.
import { load } from "argsearch";

const [policy] = process.argv.slice(2);
const decoder = await load({
  policy,
  reward: [
    { ask: "Is the reply polite and to the point?", name: "polite" },
    { reward: { ask: "Does the reply ask the user for something?", name: "asks back" }, weight: -0.5 },
  ],
});
// Drafts of 16 tokens, of which the one that is liked best is kept: both questions are asked once a block.
const { text, objectives } = await decoder.generate("How do I bake a lemon cake?", { method: "blocks", drafts: 4 });
console.log(text);
for (const [name, values] of Object.entries(objectives)) console.log(`${name}: ${values.findLast((value) => value !== null).toFixed(2)}`);

// The same of replies that are there already.
const replies = [
  "Gladly! Beat butter, sugar, eggs and the juice of two lemons, add flour, and bake it for 40 minutes.",
  "Look it up yourself.",
];
for (const { objectives } of await decoder.score(replies.map((response) => ({ prompt: "How do I bake a lemon cake?", response }))))
  console.log(
    Object.entries(objectives)
      .map(([name, value]) => `${name} ${value.toFixed(2)}`)
      .join(", "),
  );
await decoder.dispose();
