import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { describe, expect, it } from "vitest";
import { addChat } from "../../src/cli/commands/chat.js";
import { addEval } from "../../src/cli/commands/eval.js";
import { addGenerate } from "../../src/cli/commands/generate.js";
import { addRewardFit } from "../../src/cli/commands/reward-fit.js";
import { addScore } from "../../src/cli/commands/score.js";
import { ADVICE, inFlags } from "../../src/cli/terminal/words.js";
import { resolveLoad } from "../../src/decode/load-options.js";
import { resolveGenerate } from "../../src/decode/options.js";
import { resolveEngine } from "../../src/engine/options.js";
import { ArgsearchError } from "../../src/errors.js";
import { checkJudge } from "../../src/evaluate/judge/options.js";
import { resolveEvaluation } from "../../src/evaluate/options.js";
import { resolveFit } from "../../src/fit/options.js";
import { modelOf } from "../../src/model/options.js";
import { tooLong } from "../../src/model/too-long.js";
import { resolveRewardLoad } from "../../src/score/options.js";

const program = new Command();
for (const add of [addChat, addEval, addGenerate, addScore, addRewardFit]) add(program);

function command(name: string): Command {
  const found = program.commands.find((each) => each.name() === name);
  if (found === undefined) throw new Error(`no command ${name}`);
  return found;
}

/** What the command line makes of the error that `work` throws. */
function said(name: string, work: () => unknown): { option: string | undefined; text: string } {
  try {
    work();
  } catch (error) {
    if (error instanceof ArgsearchError) return { option: error.option, text: inFlags(error.message, error.option, command(name)) };
  }
  throw new Error("nothing was refused");
}

const limits = { vocabulary: 100, slots: 1, contextSize: 4096, rewarded: true };
const judge = { url: "http://localhost/v1", model: "m", pairs: [["a", "b"]] as const };
const wrong = (value: unknown): never => value as never;

describe("an option's refusal", () => {
  it.each<[command: string, work: () => unknown, option: string, begins: string]>([
    ["generate", () => resolveGenerate({ topK: 0 }, limits), "topK", "--top-k must be an integer"],
    ["chat", () => resolveGenerate({ maxTokens: 0 }, limits), "maxTokens", "--max-tokens must be"],
    ["generate", () => resolveGenerate({ method: wrong("beam") }, limits), "method", "--method must be"],
    [
      "generate",
      () => resolveGenerate({ method: "args" }, { ...limits, rewarded: false }),
      "method",
      '--method "args" needs a reward: give',
    ],
    ["generate", () => modelOf({ contextSize: 1 }), "contextSize", "--context must be"],
    ["generate", () => modelOf({ gpuLayers: -1 }), "gpuLayers", "--gpu-layers must be"],
    ["generate", () => resolveEngine({ engineDir: "" }), "engineDir", "--engine-dir must be"],
    ["score", () => resolveLoad({ reward: [{ reward: "r", weight: Number.NaN }] }), "reward[0].weight", "--reward[0].weight must be"],
    ["score", () => resolveLoad({ reward: [{ reward: "r", labels: { kind: wrong("x") } }] }), "reward[0].labels.kind", "--label must be"],
    ["score", () => resolveRewardLoad({ reward: [] }), "reward", "--reward must name"],
    ["fit", () => resolveFit({ model: "m", pairs: "p", out: "o", heldOut: 1.5 }), "heldOut", "--held-out must be"],
    ["fit", () => resolveFit({ model: "m", pairs: "p", out: "" }), "out", "--out must be"],
    ["eval", () => checkJudge({ ...judge, url: "x" }, ["a", "b"]), "judge.url", "--judge-url must be"],
    ["eval", () => checkJudge({ ...judge, timeout: 0 }, ["a", "b"]), "judge.timeout", "--judge-timeout must be"],
    ["eval", () => checkJudge({ ...judge, pairs: [["a", "c"]] }, ["a", "b"]), "judge.pairs", "--judge-pair must be"],
    ["eval", () => resolveEvaluation({ data: ["a"], methods: [{ name: "best-of-n", drafts: 0 }] }), "drafts", "--best-of must be"],
    ["eval", () => resolveEvaluation({ data: ["a"], slots: 0 }), "slots", "--slots must be"],
    ["eval", () => resolveEvaluation({ data: ["a"], sweep: { weight: [] } }), "sweep.weight", "--sweep.weight must be"],
    ["eval", () => resolveEvaluation({ data: ["a"], methods: ["greedy"], sweep: { weight: [1] } }), "sweep", "--sweep needs a guided"],
    // No flag of this command.
    ["inspect", () => resolveGenerate({ candidates: wrong(1) }, limits), "candidates", "candidates must be"],
  ])("of %s names the flag: %#", (name, work, option, begins) => {
    const found = said(name === "inspect" ? "generate" : name, work);
    expect(found.option).toBe(option);
    expect(found.text.slice(0, begins.length)).toBe(begins);
  });

  it("that does not know the option names it", () => {
    expect(said("generate", () => resolveGenerate(wrong({ topk: 1 }), limits))).toEqual({
      option: "topk",
      text: 'generate() has no option "topk"; did you mean topK?',
    });
  });
});

describe("advice", () => {
  it("names flags in the middle of a sentence", () => {
    const error = tooLong("the prompt is long", { tokens: 12, limit: 10, model: "m" }, [{ nCtxTrain: 100 }], "it");
    expect(error.option).toBe("contextSize");
    expect(inFlags(error.message, error.option, command("generate"))).toContain("Load with a larger --context, or shorten it.");
    // As native code says it, which knows no options.
    expect(inFlags("slot 1 is full; raise contextSize.", undefined, command("eval"))).toBe("slot 1 is full; raise --context.");
    expect(inFlags("update argsearch, or set engineDir to its libraries.", undefined, command("chat"))).toContain("set --engine-dir to");
  });

  it("leaves paths and words of other commands as they are", () => {
    for (const message of [
      "no such file: models/topK.gguf",
      "no such file: ./topK/a.gguf",
      "no such file: C:\\topK\\a",
      "see nCtxTrain, heldOut",
    ]) {
      expect(inFlags(message, undefined, command("generate"))).toBe(message);
    }
    expect(inFlags("rewards add up", "reward", command("generate"))).toBe("rewards add up");
    expect(inFlags("topK must be", "topK", undefined)).toBe("topK must be");
  });

  const source = fileURLToPath(new URL("../../src", import.meta.url));
  const files = readdirSync(source, { recursive: true, encoding: "utf8" }).filter(
    (name) => name.endsWith(".ts") && !name.startsWith("cli"),
  );
  const library = files.map((name) => readFileSync(join(source, name), "utf8")).join("\n");

  it.each(Object.keys(ADVICE))("to programs that the command line puts otherwise is what the library says: %s", (words) => {
    expect(library).toContain(words);
  });
});
