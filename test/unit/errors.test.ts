import { describe, expect, it } from "vitest";
import { ArgsearchError } from "../../src/errors.js";

describe("ArgsearchError", () => {
  const error = new ArgsearchError("PROMPT_TOO_LONG", "the prompt has 12 tokens", {
    option: "contextSize",
    details: { tokens: 12, limit: 10, model: "m.gguf" },
    cause: new ArgsearchError("ABORTED", "aborted", { cause: new TypeError("left") }),
  });

  it("comes back from its JSON with all that a program goes by", () => {
    const back = ArgsearchError.fromJSON(JSON.parse(JSON.stringify(error)));
    expect(back).toBeInstanceOf(ArgsearchError);
    expect(back).toBeInstanceOf(Error);
    const { name, code, message, option, details } = back;
    expect({ name, code, message, option, details }).toEqual({
      name: "ArgsearchError",
      code: "PROMPT_TOO_LONG",
      message: "the prompt has 12 tokens",
      option: "contextSize",
      details: { tokens: 12, limit: 10, model: "m.gguf" },
    });
    expect(back.cause).toBeInstanceOf(ArgsearchError);
    expect((back.cause as Error).cause).toMatchObject({ name: "TypeError", message: "left" });
  });

  it("tells nothing of where it was thrown, and keeps a cause that is no error", () => {
    const json = JSON.stringify(new ArgsearchError("ABORTED", "aborted", { cause: "the user left" }));
    expect(JSON.parse(json)).toEqual({ name: "ArgsearchError", code: "ABORTED", message: "aborted", cause: "the user left" });
  });

  it.each([null, 7, {}, { name: "Error", message: "no" }, { name: "ArgsearchError", code: "NO_SUCH", message: "no" }])(
    "is not made of %j",
    (json) => expect(() => ArgsearchError.fromJSON(json)).toThrow(TypeError),
  );

  it("ends at the eighth cause, also of a circle", () => {
    const circle = new ArgsearchError("ABORTED", "round");
    Object.assign(circle, { cause: circle });
    expect(JSON.stringify(circle).split("round").length - 1).toBe(9);
  });

  it("says the same in other words", () => {
    const other = error.rephrased("it is long");
    expect(other).toMatchObject({ code: error.code, option: error.option, details: error.details, message: "it is long", cause: error });
  });
});
