import { expect, it } from "vitest";
import type { ChatMessage } from "../../src/index.js";
import { expectBruteForce, type Search } from "../helpers/brute-force.js";
import { SIXTY_TOKENS } from "../helpers/byte-vocabulary.js";
import { modelFolder, withPair } from "../helpers/model-folder.js";
import type { Setting } from "../helpers/reference-args.js";

const SEARCH: Search = { topK: 6, weight: 0.6, combine: "interpolate" };
const MESSAGES: (ChatMessage & { content: string })[] = [
  { role: "user", content: "hoist the sails" },
  { role: "assistant", content: "aye" },
  { role: "user", content: "and now?" },
];

const folder = modelFolder();
const pair = folder.writePair(
  71,
  {
    chatTemplate:
      "{{ bos_token }}{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}{% if add_generation_prompt %}assistant: {% endif %}",
  },
  { chatTemplate: "{% for m in messages %}{{ m.content }}{{ eos_token }}{% endfor %}" },
);
const { encode, bos, eos } = { encode: (text: string) => SIXTY_TOKENS.encode(text), bos: SIXTY_TOKENS.bos, eos: SIXTY_TOKENS.eos };

/** The conversation as each template writes it; the reward model's tokenizer adds the bos that its template leaves out. */
const setting: Setting = {
  policy: {
    model: pair.policy.model,
    prompt: [bos, ...encode("user: hoist the sails\nassistant: aye\nuser: and now?\nassistant: ")],
  },
  rewards: [{ model: pair.reward.model, prompt: [bos, ...MESSAGES.flatMap(({ content }) => [...encode(content), eos])] }],
  ...SEARCH,
};

it("gives each model the conversation in its own format", async () => {
  const steps = await withPair(pair, async (decoder) => {
    const found = [];
    for await (const step of decoder.stream(MESSAGES, { ...SEARCH, maxTokens: 6, candidates: true })) found.push(step);
    return found;
  });
  expectBruteForce(setting, steps);
});

it("decodes a conversation's next turn from what is new alone, though the two formats differ", async () => {
  await withPair(pair, async (decoder) => {
    const first = await decoder.generate(MESSAGES.slice(0, 1), { ...SEARCH, maxTokens: 6 });
    const turns: ChatMessage[] = [MESSAGES[0], { role: "assistant", content: first.text }, { role: "user", content: "go" }];
    const before = decoder.counters();
    const second = await decoder.generate(turns, { ...SEARCH, maxTokens: 6 });
    const after = decoder.counters();
    expect(after.policyPrefillTokens - before.policyPrefillTokens).toBe("\nuser: go\nassistant: ".length);
    expect(after.rewardPrefillTokens - before.rewardPrefillTokens).toBe(1 + "go".length + 1); // eos, text, eos
    const fresh = await withPair(pair, (other) => other.generate(turns, { ...SEARCH, maxTokens: 6 }));
    expect(second.tokens).toEqual(fresh.tokens);
  });
});
