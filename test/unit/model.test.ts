import { beforeEach, describe, expect, it, vi } from "vitest";
import { Model } from "../../src/model/model.js";
import { BOS, binding, EOS, type Fake, type FakeFile, resetFake } from "../helpers/fake-binding.js";

vi.mock("../../src/engine/binding.js", () => import("../helpers/fake-binding.js"));

let fake: Fake;
beforeEach(() => {
  fake = resetFake();
});

async function model(file: FakeFile): Promise<Model> {
  fake.files = { file };
  return new Model(await binding().loadModel({ path: "file", gpuLayers: 0, backend: "" }, null));
}

describe("promptTokens()", () => {
  it("adds the beginning token, once", async () => {
    const raw = await model({});
    expect([...raw.promptTokens("a", "auto")]).toEqual([BOS, 97]);
    const own = await model({ chatTemplate: "{{ bos_token }}{{ messages[0].content }}" });
    expect([...own.promptTokens("a", "auto")]).toEqual([BOS, 97]);
    const without = await model({ chatTemplate: "{{ messages[0].content }}" });
    expect([...without.promptTokens("a", "auto")]).toEqual([BOS, 97]);
  });

  it("takes control tokens from templates, not from raw texts", async () => {
    const templated = await model({ chatTemplate: "{{ messages[0].content }}</s>x" });
    expect([...templated.promptTokens("a", "auto")]).toEqual([BOS, 97, EOS, 120]);
    expect([...templated.promptTokens("</s>", "none")]).toEqual([BOS, 60, 47, 115, 62]);
    expect([...templated.responseTokens("</s>")]).toEqual([60, 47, 115, 62]);
  });

  it("drops an end token that the vocabulary adds, and keeps one that the template wrote", async () => {
    const ending = await model({ chatTemplate: "{{ messages[0].content }}</s>" });
    expect([...ending.promptTokens("a", "auto")]).toEqual([BOS, 97, EOS]);
    const adding = await model({});
    const tokenize = adding.native.tokenize.bind(adding.native);
    adding.native.tokenize = (text, special, parse) => Int32Array.from([...tokenize(text, special, parse), EOS]);
    expect([...adding.promptTokens("a", "none")]).toEqual([BOS, 97]);
  });

  it("is PROMPT_EMPTY when nothing is left", async () => {
    const bare = await model({ chatTemplate: "{{ '' }}", addBos: false });
    expect(() => bare.promptTokens("a", "auto")).toThrow(expect.objectContaining({ code: "PROMPT_EMPTY" }));
  });
});

describe("responseTokens()", () => {
  it("is the text where the vocabulary puts nothing before it", async () => {
    const plain = await model({});
    const tokenize = vi.spyOn(plain.native, "tokenize");
    expect([...plain.responseTokens(" b")]).toEqual([32, 98]);
    expect(tokenize.mock.calls.map(([text]) => text)).toEqual(["a", " b"]);
  });

  it("leaves out the space that the vocabulary puts before a text, and keeps the response's own", async () => {
    const spaced = await model({ spacePrefix: true });
    expect([...spaced.textTokens("b")]).toEqual([32, 98]);
    expect([...spaced.responseTokens("b")]).toEqual([98]);
    expect([...spaced.responseTokens(" b")]).toEqual([32, 98]);
    expect([...spaced.responseTokens("\u0001")]).toEqual([1]);
  });

  it("looks for a lead that stays apart, and is content with the space where there is none", async () => {
    const merging = await model({ spacePrefix: true });
    const tokenize = merging.native.tokenize.bind(merging.native);
    const merge = (...texts: string[]) => {
      merging.native.tokenize = (text, special, parse) => (texts.includes(text) ? Int32Array.of(200) : tokenize(text, special, parse));
    };
    const leads = ["\u0001", "\n", "."];
    merge("\u0001b");
    expect([...merging.responseTokens("b")]).toEqual([98]);
    merge(...leads.map((lead) => `${lead}b`));
    expect([...merging.responseTokens("b")]).toEqual([32, 98]);
    merge(...leads);
    expect([...merging.responseTokens("b")]).toEqual([32, 98]);
  });
});
