// The paper's evaluation with a measure and prompts of your own.
//   node examples/own-metric.mjs
import { evaluate } from "argsearch/eval";

const { methods, comparisons } = await evaluate({
  data: ["How do I bake a lemon cake?", "Help me train a playful puppy.", "Can you help me set up a light show?"],
  methods: ["greedy", "args-greedy"],
  metrics: [{ name: "questions", measure: (responses) => responses.map(({ response }) => response.split("?").length - 1) }],
  maxTokens: 96,
});
for (const [name, { reward, diversity, questions }] of Object.entries(methods)) {
  console.log(`${name}: reward ${reward.mean.toFixed(2)}, diversity ${diversity.mean.toFixed(2)}, questions ${questions.mean.toFixed(1)}`);
}
const { mean, low, high } = comparisons.find(({ metric }) => metric === "questions");
console.log(`questions, ARGS less greedy: ${mean} [${low}, ${high}]`);
