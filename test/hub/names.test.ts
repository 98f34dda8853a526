/** Names of models on the Hub, and the files that they mean. */
import { describe, expect, it } from "vitest";
import { chooseFiles } from "../../src/hub/choose.js";
import { hubName, isHubName, isSafePath } from "../../src/hub/name.js";

const parts = (text: string) => {
  const { repo, quant, file, revision } = hubName("policy", text);
  return [repo, quant, file, revision];
};

describe("a name", () => {
  it("has a repository, a quantisation or a file, and a revision", () => {
    expect(parts("hf:o/r")).toEqual(["o/r", undefined, undefined, "main"]);
    expect(parts("hf:bartowski/Qwen2.5-0.5B-Instruct-GGUF:q4_k_m")).toEqual([
      "bartowski/Qwen2.5-0.5B-Instruct-GGUF",
      "q4_k_m",
      undefined,
      "main",
    ]);
    expect(parts("hf:o/r:UD-Q4_K_XL@v1.0")).toEqual(["o/r", "UD-Q4_K_XL", undefined, "v1.0"]);
    expect(parts("hf:o/r/sub/m-00001-of-00002.gguf@refs/pr/1")).toEqual(["o/r", undefined, "sub/m-00001-of-00002.gguf", "refs/pr/1"]);
    expect(parts("hf:o/r/m@2x.gguf@main")).toEqual(["o/r", undefined, "m@2x.gguf", "main"]);
  });

  it.each([
    "hf:",
    "hf:gpt2",
    "hf:o/",
    "hf:o/r/",
    "hf:o/r/model.bin",
    "hf:o/r:",
    "hf:o/r@",
    "hf:../r",
    "hf:o/..",
    "hf:o/r/../../x.gguf",
    "hf:o/r/a//x.gguf",
    "hf:o/r/a\\..\\x.gguf",
    "hf:o/r/C:/x.gguf",
    "hf:o/r@../../x",
    "hf:o/r@/x",
    "hf:o/r:Q4@a//b",
    "hf:o--p/r",
    "hf:-o/r",
    "hf:o/r.git",
    "hf:o/r:(.*)",
    "hf:o/r:Q4_0/m.gguf",
    `hf:o/${"r".repeat(97)}`,
  ])("%s is refused, naming the option", (text) => {
    expect(() => hubName("reward[1].reward", text)).toThrow(
      expect.objectContaining({
        code: "OPTION_INVALID",
        option: "reward[1].reward",
        message: expect.stringMatching(/^reward\[1\]\.reward must be of the form "hf:OWNER\/REPO"/),
      }),
    );
  });

  it("is told from a path", () => {
    expect(["hf:o/r", "./hf:o/r", "HF:o/r", "model.gguf", undefined].map(isHubName)).toEqual([true, false, false, false, false]);
  });
});

it("no path of a stranger leads out of its folder", () => {
  for (const path of ["../x", "a/../x", "/x", "a//x", "", ".", "a/./x", "c:x", "a\\x", "a\u0000", "a\n"])
    expect(isSafePath(path), path).toBe(false);
  for (const path of ["x", "a/x.gguf", ".gitattributes", "..a/x", "ä ö/x"]) expect(isSafePath(path), path).toBe(true);
});

describe("files that a name means", () => {
  const chosen = (text: string, names: readonly string[]) =>
    chooseFiles(
      hubName("policy", text),
      names.map((path) => ({ path, size: 1, hash: "0".repeat(64) })),
    ).map(({ path }) => path);
  const usual = ["README.md", "m-Q8_0.gguf", "m-Q4_K_M.gguf", "m-f16.gguf", "m-BF16.gguf", "mmproj-m-f16.gguf", "m.imatrix.gguf"];

  it("the only one, whatever it is", () => {
    expect(chosen("hf:o/r", ["README.md", "m-IQ2_M.gguf", "mmproj-F16.gguf"])).toEqual(["m-IQ2_M.gguf"]);
  });

  it("without a quantisation Q4_K_M, else the first by name", () => {
    expect(chosen("hf:o/r", usual)).toEqual(["m-Q4_K_M.gguf"]);
    expect(chosen("hf:o/r:latest", usual)).toEqual(["m-Q4_K_M.gguf"]);
    expect(chosen("hf:o/r", ["m-Q8_0.gguf", "m-Q5_0.gguf"])).toEqual(["m-Q5_0.gguf"]);
  });

  it("a quantisation is a word of the name, in any case", () => {
    expect(chosen("hf:o/r:q8_0", usual)).toEqual(["m-Q8_0.gguf"]);
    expect(chosen("hf:o/r:F16", usual)).toEqual(["m-f16.gguf"]);
    expect(chosen("hf:o/r:bf16", usual)).toEqual(["m-BF16.gguf"]);
    expect(chosen("hf:o/r:Q4_0", ["m-IQ4_0.gguf", "m.Q4_0.gguf", "m_Q4_0_4_4.gguf"])).toEqual(["m.Q4_0.gguf"]);
    expect(chosen("hf:o/r:Q4_K_XL", ["m-UD-Q4_K_XL.gguf"])).toEqual(["m-UD-Q4_K_XL.gguf"]);
    expect(chosen("hf:o/r:IQ2_M", ["m-UD-IQ2_M.gguf", "m-IQ2_M.gguf"])).toEqual(["m-IQ2_M.gguf"]);
    expect(chosen("hf:o/r:UD-IQ2_M", ["m-UD-IQ2_M.gguf", "m-IQ2_M.gguf"])).toEqual(["m-UD-IQ2_M.gguf"]);
  });

  it("all parts of a split model, in their order, whichever is named", () => {
    const split = ["Q8_0/m-Q8_0-00002-of-00002.gguf", "Q8_0/m-Q8_0-00001-of-00002.gguf", "m-Q2_K.gguf"];
    const both = ["Q8_0/m-Q8_0-00001-of-00002.gguf", "Q8_0/m-Q8_0-00002-of-00002.gguf"];
    expect(chosen("hf:o/r:Q8_0", split)).toEqual(both);
    expect(chosen("hf:o/r/Q8_0/m-Q8_0-00002-of-00002.gguf", split)).toEqual(both);
    expect(() => chosen("hf:o/r:Q8_0", split.slice(1))).toThrow(/no Q8_0\/m-Q8_0-00002-of-00002\.gguf, a part of/);
  });

  it("what is not there, or is meant by several, is refused with what there is", () => {
    const refusal = (text: string, names: readonly string[]) => {
      try {
        return chosen(text, names);
      } catch (error) {
        const { code, message } = error as { code: string; message: string };
        return `${code} ${message}`;
      }
    };
    expect(refusal("hf:o/r:Q3_K_S", usual)).toBe(
      "HUB_NOT_FOUND hf:o/r:Q3_K_S: o/r has no Q3_K_S at main, but m-BF16.gguf, m-Q4_K_M.gguf, m-Q8_0.gguf, m-f16.gguf. Name one of them: hf:o/r/FILE.gguf",
    );
    expect(refusal("hf:o/r/x.gguf", usual)).toMatch(/^HUB_NOT_FOUND hf:o\/r\/x.gguf: o\/r has no x.gguf at main, but m-BF16/);
    expect(refusal("hf:o/r:Q8_0", ["a-Q8_0.gguf", "b-Q8_0.gguf", "b-Q4_0.gguf"])).toBe(
      "HUB_NOT_FOUND hf:o/r:Q8_0: o/r has several of Q8_0 at main, but a-Q8_0.gguf, b-Q8_0.gguf. Name one of them: hf:o/r/FILE.gguf",
    );
    const many = Array.from({ length: 30 }, (_, at) => `m${at}-Q2_K.gguf`);
    expect(refusal("hf:o/r:Q8_0", many)).toMatch(/, and 10 more\. Name/);
  });

  it("without any GGUF the message says how one is made", () => {
    expect(() => chosen("hf:o/rm", ["config.json", "model.safetensors"])).toThrow(
      /hf download o\/rm --local-dir rm, then "argsearch convert hf rm --out model.gguf", for a reward model "argsearch reward import rm/,
    );
    expect(() => chosen("hf:o/lora@v2", ["adapter_config.json", "adapter_model.safetensors"])).toThrow(
      expect.objectContaining({
        code: "MODEL_UNSUPPORTED",
        message: expect.stringMatching(/merge it first. hf download o\/lora --revision v2/),
      }),
    );
    expect(() => chosen("hf:o/r", ["README.md"])).toThrow(/nor safetensors/);
  });
});
