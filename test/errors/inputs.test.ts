/** No output takes the place of a file that the same call reads, by whatever name or link it comes. */
import { createReadStream, existsSync, linkSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { evaluate, writeReport } from "../../src/evaluate/index.js";
import { fitReward } from "../../src/fit/index.js";
import { attachReward, convertHf, convertOpt, importReward } from "../../src/import/index.js";
import { loadReward, type RewardModel, scoreFile } from "../../src/index.js";
import { writeSplitGguf } from "../helpers/gguf-writer.js";
import { modelFolder } from "../helpers/model-folder.js";
import { ggufContent } from "../helpers/random-model.js";

const models = modelFolder();
const judge = models.write({ seed: 3, labels: ["reward"] });
const CPU = { gpu: false, threads: 1 } as const;
const PAIR = { prompt: "a", chosen: "b", rejected: "c" };

let folder: string;
let count = 0;
beforeEach(() => {
  folder = join(dirname(judge.path), `inputs-${++count}`);
  mkdirSync(folder);
});

function file(name: string, content: string | Buffer): string {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}

const model = (name: string): string => file(name, readFileSync(judge.path));
const data = (name = "in.jsonl"): string => file(name, `${JSON.stringify(PAIR)}\n`);

async function withJudge(path: string, use: (judge: RewardModel) => Promise<unknown>): Promise<unknown> {
  const loaded = await loadReward({ reward: path, ...CPU });
  return use(loaded).finally(() => loaded.dispose());
}

const score = (source: Parameters<typeof scoreFile>[1], out: string): Promise<unknown> =>
  withJudge(judge.path, (loaded) => scoreFile(loaded, source, { out }));
const fit = (input: string, options: Partial<Parameters<typeof fitReward>[0]>): Promise<unknown> =>
  fitReward({ model: judge.path, pairs: [PAIR], out: input, ...CPU, ...options });
const attach = (path: string, out: string): Promise<unknown> => attachReward({ model: path, out, head: { weight: Array(32).fill(0) } });

/** What is read, and calls that would write to `out`. */
const CALLS: Record<string, () => [input: string, write: (out: string) => Promise<unknown>]> = {
  "score: the file": () => {
    const input = data();
    return [input, (out) => score(input, out)];
  },
  "score: the file that a stream reads": () => {
    const input = data();
    return [input, (out) => score(createReadStream(input), out)];
  },
  "score: the reward model": () => {
    const input = model("r.gguf");
    const source = data();
    return [input, (out) => withJudge(input, (loaded) => scoreFile(loaded, source, { out }))];
  },
  "fit: the pairs": () => {
    const input = data();
    return [input, (out) => fit(out, { pairs: input })];
  },
  "fit: the held-out pairs": () => {
    const input = data();
    return [input, (out) => fit(out, { heldOut: input })];
  },
  "fit: the model": () => {
    const input = model("m.gguf");
    return [input, (out) => fit(out, { model: input })];
  },
  "attach: the model": () => {
    const input = model("m.gguf");
    return [input, (out) => attach(input, out)];
  },
  ...Object.fromEntries(
    (["config.json", "model.safetensors", "tokenizer.json"] as const).map((name) => [
      `conversions: ${name}`,
      () => {
        const input = file(name, "{}");
        return [input, (out: string) => Promise.any([convertHf, convertOpt, importReward].map((each) => each({ model: folder, out })))];
      },
    ]),
  ),
};

const LINKS: Record<string, (input: string) => string> = {
  "the same name": (input) => input,
  "another spelling of it": (input) => join(dirname(input), ".", "..", `inputs-${count}`, input.slice(dirname(input).length)),
  "a hard link": (input) => {
    linkSync(input, `${input}.link`);
    return `${input}.link`;
  },
  "a symbolic link": (input) => {
    symlinkSync(input, `${input}.link`);
    return `${input}.link`;
  },
};

describe.skipIf(process.platform === "win32").each(Object.entries(CALLS))("%s", (_name, make) => {
  it.each(Object.entries(LINKS))("is not written over by %s", async (_link, linked) => {
    const [input, write] = make();
    const out = linked(input);
    const [before, names] = [readFileSync(input), readdirSync(folder)];
    const error = await write(out).catch((reason: unknown) => reason);
    for (const each of error instanceof AggregateError ? error.errors : [error]) {
      expect(each).toMatchObject({
        code: "OPTION_INVALID",
        option: "out",
        message: expect.stringContaining("out must not be a file that is read"),
      });
      expect(each.message).toContain(out);
      expect(each.message).toContain(input.slice(dirname(input).length));
    }
    expect(readFileSync(input).equals(before)).toBe(true);
    expect(readdirSync(folder)).toEqual(names);
  });
});

it("a part of a split model is not written over", async () => {
  const parts = writeSplitGguf(join(folder, "m.gguf"), ggufContent(judge.model), 3);
  for (const call of [() => attach(parts[0], parts[2]), () => fit(parts[1], { model: parts[0] })]) {
    await expect(call()).rejects.toMatchObject({ code: "OPTION_INVALID", message: expect.stringContaining(parts[1].slice(-22, -20)) });
  }
});

it("what grows beside an output is not an input either", async () => {
  const input = data("out.jsonl.partial");
  await expect(score(createReadStream(input), join(folder, "out.jsonl"))).rejects.toMatchObject({ code: "OPTION_INVALID" });
  expect(readFileSync(input, "utf8")).toBe(`${JSON.stringify(PAIR)}\n`);
});

it("a conversion may write beside what it reads, over an older one", async () => {
  file("config.json", "{}");
  for (const name of ["new.gguf", "old.gguf"]) {
    if (name === "old.gguf") model(name);
    const error = await convertOpt({ model: folder, out: join(folder, name) }).catch((reason: unknown) => reason);
    expect(error).not.toMatchObject({ code: "OPTION_INVALID" });
  }
});

describe("evaluate()", () => {
  const run = (): Promise<unknown> => evaluate({ data: ["a"], out: folder, methods: ["greedy"], maxTokens: 1, ...CPU });

  it.each([
    ["settings.json", "{}"],
    ["settings.json", "null"],
    ["settings.json", '{"editor.tabSize": 2'],
    ["responses.jsonl", '{"prompt":"a"}\n'],
    ["results.json", "{}"],
    ["judge.jsonl", "mine"],
    ["report.md", "# Mine"],
    ["report.html", "<p>"],
  ])("leaves somebody else's %s alone: %s", async (name, content) => {
    const path = file(name, content);
    await expect(run()).rejects.toMatchObject({ code: "OPTION_INVALID", option: "out", message: expect.stringContaining(path) });
    expect(readdirSync(folder)).toEqual([name]);
    expect(readFileSync(path, "utf8")).toBe(content);
  });

  it.each(["{}", "null", "[]", "x", '{"methods":[]}'])("does not decode beside results that are not its own: %s", async (content) => {
    await run();
    file("results.json", content);
    const message = expect.stringContaining("results.json is there already");
    await expect(run()).rejects.toMatchObject({ code: "OPTION_INVALID", message });
    await expect(writeReport(folder)).rejects.toMatchObject({ code: "OPTION_INVALID", message });
    expect(readFileSync(join(folder, "results.json"), "utf8")).toBe(content);
  });

  it.each(["responses.jsonl", "settings.json", "results.json", "report.md"])("does not write over its data %s", async (name) => {
    const input = data(name);
    await expect(evaluate({ data: input, out: folder, methods: ["greedy"], maxTokens: 1, ...CPU })).rejects.toMatchObject({
      code: "OPTION_INVALID",
      option: "out",
      message: expect.stringContaining(input),
    });
    expect(readdirSync(folder)).toEqual([name]);
    expect(readFileSync(input, "utf8")).toBe(`${JSON.stringify(PAIR)}\n`);
    expect(existsSync(join(folder, "lock"))).toBe(false);
  });
});
