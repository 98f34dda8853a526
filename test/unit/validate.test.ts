import { describe, expect, it } from "vitest";
import { ArgsearchError } from "../../src/errors.js";
import { integer, number, oneOf, onlyKnown } from "../../src/validate.js";

function messageOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    expect(error).toBeInstanceOf(ArgsearchError);
    expect((error as ArgsearchError).code).toBe("OPTION_INVALID");
    return (error as ArgsearchError).message;
  }
  throw new Error("nothing was thrown");
}

describe("every refusal has one wording", () => {
  const range = { min: 1, max: 49_152, note: "the vocabulary" };

  it.each([
    [0, "topK must be an integer from 1 to 49152 (the vocabulary), got 0"],
    [2.5, "topK must be an integer from 1 to 49152 (the vocabulary), got 2.5"],
    [Number.NaN, "topK must be an integer from 1 to 49152 (the vocabulary), got NaN"],
    ["3", 'topK must be an integer from 1 to 49152 (the vocabulary), got "3"'],
    [null, "topK must be an integer from 1 to 49152 (the vocabulary), got null"],
    [{}, "topK must be an integer from 1 to 49152 (the vocabulary), got an object"],
  ])("integer %s", (value, message) => {
    expect(messageOf(() => integer("topK", value, range))).toBe(message);
  });

  it("numbers, with open ends", () => {
    expect(messageOf(() => number("topP", 0, { min: 0, max: 1, above: true }))).toBe("topP must be a number above 0 and up to 1, got 0");
    expect(messageOf(() => number("weight", -1, { min: 0, max: Number.POSITIVE_INFINITY }))).toBe("weight must be a number from 0, got -1");
    expect(messageOf(() => number("weight", Number.POSITIVE_INFINITY, { min: 0, max: 1 }))).toContain("got Infinity");
  });

  it("choices", () => {
    expect(messageOf(() => oneOf("gpu", "cdua", ["auto", "cuda", false]))).toBe('gpu must be "auto", "cuda" or false, got "cdua"');
  });
});

describe("unknown names", () => {
  const known = ["topK", "topP", "weight", "maxTokens"];

  it.each([
    ["topk", "did you mean topK?"],
    ["wieght", "did you mean weight?"],
    ["max_tokens", "did you mean maxTokens?"],
    ["banana", "known are topK, topP, weight, maxTokens"],
  ])("%s", (name, help) => {
    expect(messageOf(() => onlyKnown("generate()", { [name]: 1 }, known))).toBe(`generate() has no option "${name}"; ${help}`);
  });
});
