/** Where a question's answer begins, by real vocabularies: as the tokens of the finished conversation say. */
import { afterAll, describe, expect, it } from "vitest";
import { openEngine } from "../../src/engine/engine.js";
import { resolveEngine } from "../../src/engine/options.js";
import { loadModels } from "../../src/model/load-models.js";
import type { Model } from "../../src/model/model.js";
import { resolveModel } from "../../src/model/options.js";
import { templateOf } from "../../src/model/template-options.js";
import { answerTokens } from "../../src/reward/ask/answer-tokens.js";
import { questioned, questionTemplate } from "../../src/reward/ask/question.js";
import { modelFolder } from "../helpers/model-folder.js";
import { StoredVocabulary } from "../helpers/stored-vocabulary.js";

const ASKED = { question: "Is it polite?", answers: ["yes", "no"] } as const;
const lines = (before: string): string =>
  `{{ bos_token }}{% for m in messages %}{{ m.role + '${before}' + m.content + eos_token }}{% endfor %}` +
  `{% if add_generation_prompt %}{{ 'assistant${before}' }}{% endif %}`;
const mistral = (space: string): string =>
  "{{ bos_token }}{% for m in messages %}{% if m.role == 'user' %}{{ '[INST] ' + m.content + ' [/INST]' }}" +
  `{% else %}{{ '${space}' + m.content + eos_token }}{% endif %}{% endfor %}`;
const TEMPLATES = {
  "a space": mistral(" "),
  nothing: mistral(""),
  "a colon and a space": lines(": "),
  "a line break": lines(":\\n"),
};

const folder = modelFolder();
openEngine(resolveEngine({}));
const models = new Map<string, Model>();
afterAll(() => {
  for (const model of models.values()) model.dispose();
});

async function modelOf(name: string): Promise<Model> {
  const known = models.get(name);
  if (known) return known;
  const shape = { layers: 1, embedding: 32, heads: 2, kvHeads: 1, feedForward: 32, contextLength: 64 };
  const { path } = folder.write({ seed: 80, vocabulary: StoredVocabulary.of(name), ...shape });
  const [model] = await loadModels([{ path }], resolveModel("test", { gpu: false, threads: 1 }));
  models.set(name, model as Model);
  return model as Model;
}

describe.each(["llama-spm", "llama-bpe", "gpt-2"])("%s", (name) => {
  it("has the answer's first token right behind the question, whatever the template writes before it", async () => {
    const plain = await modelOf(name);
    for (const [space, text] of Object.entries(TEMPLATES)) {
      const model = plain.withTemplate({ text, option: "chatTemplate" }, {});
      const prompt = questioned("Hi", "Ahoy</s> <|end_of_text|>", ASKED);
      const before = [...model.questionTokens(prompt, questionTemplate(), "yes")];
      const tokens = answerTokens(model, ["yes", "no"], "answers");
      for (const [side, words] of [
        ["yes", ["yes", "Yes"]],
        ["no", ["no", "No"]],
      ] as const) {
        for (const word of words) {
          const finished = [...(prompt as { role: string; content: string }[]), { role: "assistant", content: word }];
          const whole = [...model.promptTokens(finished, templateOf())];
          expect(whole.slice(0, before.length), `${space}, ${word}`).toEqual(before);
          expect(tokens[side], `${space}, ${word}`).toContain(whole[before.length]);
        }
      }
    }
  });

  it("knows no answers that begin alike", async () => {
    const model = await modelOf(name);
    const code = expect.objectContaining({
      code: "OPTION_INVALID",
      message: expect.stringContaining("begin with the same token") as string,
    });
    expect(() => answerTokens(model, ["👍", "👎"], "answers")).toThrow(code);
  });
});
