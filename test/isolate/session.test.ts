/** The talk with a child, on children that do not do as they should. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { ArgsearchError } from "../../src/index.js";
import { ParentError, packError, unpackError } from "../../src/isolate/packed-error.js";
import { Session } from "../../src/isolate/session.js";
import { WIRE_VERSION } from "../../src/isolate/wire.js";

const folder = mkdtempSync(join(tmpdir(), "argsearch-children-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Echo {
  echo(value: unknown): unknown;
}

let scripts = 0;

/** A session with a child that runs this. */
function sessionWith(script: string, respondWithinMs = 60_000): Session<Echo> {
  const entry = join(folder, `${++scripts}.mjs`);
  writeFileSync(entry, script);
  return new Session<Echo>({ entry, order: { open: "echo", input: null }, respondWithinMs });
}

const GREETING = `process.send({ ready: true, wire: ${WIRE_VERSION} });`;

/** Opens at once, and replies as `reply` says, a function of the message. */
const talking = (reply: string): string => `
  const say = (message) => process.send({ messages: [message] });
  const reply = ${reply};
  process.on("message", (order) => {
    if (order.open) say({ type: "opened", info: order.open });
    else for (const message of order.messages) reply(message);
  });
  process.on("disconnect", () => process.exit());
  ${GREETING}`;

const echo = talking('({ type, id, args }) => { if (type === "call") say({ type: "reply", id, value: args[0] }); }');

async function closed(session: Session<Echo>): Promise<void> {
  session.end(new Error("done"));
  await session.gone;
}

describe("a child that", () => {
  it.each<[what: string, script: string, message: RegExp]>([
    [
      "is of another version",
      `process.send({ ready: true, wire: ${WIRE_VERSION + 1} }); setInterval(() => {}, 1000);`,
      /speaks version 2 .* version 1/,
    ],
    ["is of the version without numbers", "process.send({ ready: true }); setInterval(() => {}, 1000);", /speaks version undefined/],
    ["ends before it has begun", 'console.error("no such thing"); process.exit(3);', /did not start \(code 3\): no such thing/],
    ["does not parse", "this is no program", /did not start \(code 1\)/],
  ])("%s is ISOLATION_UNAVAILABLE", async (_, script, message) => {
    const session = sessionWith(script);
    await expect(session.opened).rejects.toMatchObject({
      code: "ISOLATION_UNAVAILABLE",
      option: "isolate",
      message: expect.stringMatching(message),
    });
    await session.gone;
    await expect(session.call("echo", [1]).result).rejects.toMatchObject({ code: "ISOLATION_UNAVAILABLE" });
  });

  it("is not there is ISOLATION_UNAVAILABLE", () => {
    const request = { entry: join(folder, "nowhere.mjs"), order: { open: "echo", input: null }, respondWithinMs: 1000 };
    expect(() => new Session(request)).toThrowError(
      expect.objectContaining({ code: "ISOLATION_UNAVAILABLE", message: expect.stringContaining("nowhere.mjs is missing") }),
    );
  });

  it("says what nobody understands, or answers what nobody asked, is not listened to", async () => {
    const session = sessionWith(
      talking(`({ type, id, args }) => {
        if (type !== "call") return;
        for (const nonsense of [null, 3, "text", {}, { messages: 3 }]) process.send(nonsense);
        for (const id of [-1, 999]) say({ type: "reply", id, value: "wrong" });
        say({ type: "ask", id: 999, question: 1, about: null });
        say({ type: "from the future", id });
        say({ type: "reply", id, value: args[0] });
      }`),
    );
    expect(await session.opened).toBe("echo");
    expect(await session.call("echo", ["right"]).result).toBe("right");
    await closed(session);
  });

  it("ends with code 0 in the middle has died all the same", async () => {
    const session = sessionWith(talking('({ type }) => { if (type === "call") process.exit(0); }'));
    await session.opened;
    await expect(session.call("echo", [1]).result).rejects.toMatchObject({ code: "ENGINE_DIED", cause: { how: "code 0" } });
    expect(session.ended).toBe(true);
    await session.gone;
  });

  it("hears but does not answer is ENGINE_NOT_RESPONDING", async () => {
    const session = sessionWith(talking("() => {}"), 2000);
    await session.opened;
    await expect(session.call("echo", [1]).result).rejects.toMatchObject({ code: "ENGINE_NOT_RESPONDING" });
    await session.gone;
  });

  it("shows signs of life may take longer than the limit", async () => {
    const session = sessionWith(
      talking(`({ type, id }) => {
        if (type === "ping") say({ type: "pong" });
        if (type === "call") setTimeout(() => say({ type: "reply", id, value: "late" }), 4000);
      }`),
      2000,
    );
    await session.opened;
    expect(await session.call("echo", [1]).result).toBe("late");
    await closed(session);
  });
});

describe("what crosses", () => {
  it("keeps numbers that JSON has no words for, dates and typed arrays", async () => {
    const session = sessionWith(echo);
    await session.opened;
    const value = [Number.NaN, Number.POSITIVE_INFINITY, -0, undefined, new Date(5), Float64Array.of(1, 2)];
    expect(await session.call("echo", [value]).result).toEqual(value);
    await closed(session);
  });

  it("fails alone where it cannot be copied", async () => {
    const session = sessionWith(echo);
    await session.opened;
    const calls = [1, () => 2, 3].map((value) => session.call("echo", [value]).result);
    expect(await Promise.allSettled(calls)).toMatchObject([{ value: 1 }, { reason: { code: "OPTION_INVALID" } }, { value: 3 }]);
    await closed(session);
  });

  it("goes as one message where it was said in one turn", async () => {
    const session = sessionWith(`
      let frames = 0;
      process.on("message", (message) => {
        frames += 1;
        if (message.open) return process.send({ messages: [{ type: "opened", info: null }] });
        process.send({ messages: message.messages.map(({ id }) => ({ type: "reply", id, value: frames })) });
      });
      ${GREETING}`);
    await session.opened;
    const replies = ["a", "b", "c"].map((value) => session.call("echo", [value]).result);
    expect(await Promise.all(replies)).toEqual([2, 2, 2]);
    await closed(session);
  });
});

describe("errors that cross", () => {
  it("keep code, message, option, stack and causes", () => {
    const cause = new TypeError("underneath", { cause: "a text" });
    const error = new ArgsearchError("OPTION_INVALID", "topK must be", { option: "topK", cause });
    const back = unpackError(structuredClone(packError(error)));
    expect(back).toBeInstanceOf(ArgsearchError);
    expect(back).toMatchObject({ code: "OPTION_INVALID", message: "topK must be", option: "topK", stack: error.stack });
    expect(back.cause).toBeInstanceOf(Error);
    expect(back.cause).toMatchObject({ name: "TypeError", message: "underneath", cause: "a text" });
  });

  it("that are no ArgsearchErrors stay none, whatever their code", () => {
    const back = unpackError(packError(Object.assign(new Error("gone"), { code: "BUSY" })));
    expect(back).not.toBeInstanceOf(ArgsearchError);
    expect(back).toMatchObject({ message: "gone", code: "BUSY" });
    expect(unpackError(packError("thrown"))).toMatchObject({ message: "thrown" });
  });

  it("end somewhere where causes go in a circle", () => {
    const error = new Error("round");
    error.cause = error;
    expect(unpackError(packError(error)).message).toBe("round");
  });

  it("name the question whose answer failed, through what wraps it", () => {
    const error = new ArgsearchError("REWARD_FUNCTION_FAILED", "failed", { cause: new ParentError(7) });
    expect(packError(error).question).toBe(7);
  });
});
