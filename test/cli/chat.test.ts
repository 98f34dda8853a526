import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { argsearch, policy, start } from "./run.js";

const SHORT = ["--max-tokens", "12"];

describe("chat with piped turns", () => {
  it("answers each line, and the second from the cache of the first", async () => {
    const { code, stdout, stderr } = await argsearch(["chat", "--verbose", ...SHORT], { input: "Help me plan a party.\nTell me more.\n" });
    expect(code).toBe(0);
    expect(stdout.trimEnd().split("\n").length).toBeGreaterThanOrEqual(2);
    const cached = [...stderr.matchAll(/reward .* · (\d+) of (\d+) prompt tokens cached/g)].map(([, hit, all]) => [
      Number(hit),
      Number(all),
    ]);
    expect(cached).toHaveLength(2);
    const [first = [], second = []] = cached;
    expect(second[1]).toBeGreaterThan(first[1] ?? 0);
    // All of the first turn's prompt, at the least, is still there.
    expect(second[0]).toBeGreaterThanOrEqual((first[1] ?? 0) - 1);
  });

  it("takes each line for one turn, whatever stands in it, and gzip for what is in it", async () => {
    const turn = "Help me\u2028plan a\u2029party,\u0085please.\v\f Now\rthen.";
    const input = `\ufeff${turn}\r\nTell me more.`;
    const [plain, zipped] = await Promise.all(
      [input, gzipSync(input)].map((input) => argsearch(["chat", "--verbose", ...SHORT], { input })),
    );
    expect(plain.code).toBe(0);
    expect([...plain.stderr.matchAll(/prompt tokens cached/g)]).toHaveLength(2);
    expect(zipped.stdout).toBe(plain.stdout);
  });

  it.each([
    ["Latin-1", Buffer.from("Hello.\nna\xefve\n", "latin1"), "line 2 of standard input is not UTF-8"],
    ["UTF-16", Buffer.from("\ufeffHello.\n", "utf16le"), "standard input is not UTF-8: line 1 begins with the byte order mark of UTF-16"],
  ])("refuses %s", async (_name, input, message) => {
    const { code, stderr } = await argsearch(["chat", ...SHORT], { input });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^argsearch: [^\n]* \[INPUT_INVALID\]\n$/);
    expect(stderr).toContain(message);
  });

  it("answers a line before the next one comes", async () => {
    const { child, outcome } = start(["chat", ...SHORT], { keepOpen: true });
    child.stdin?.write("Hi\n");
    await new Promise((resolve) => child.stdout?.once("data", resolve));
    child.stdin?.end("/exit\n");
    expect((await outcome).code).toBe(0);
  });

  it("prints nothing but the answers", async () => {
    const [chat, generate] = await Promise.all([
      argsearch(["chat", ...SHORT], { input: "Help me plan a party." }),
      argsearch(["generate", ...SHORT, "--prompt", "Help me plan a party."]),
    ]);
    expect(chat).toEqual({ code: 0, stdout: generate.stdout, stderr: "" });
  });

  it("obeys the slash commands", async () => {
    const question = "Help me plan a party.";
    // A weight of 0 is greedy decoding with the same samplers.
    const same = ["--dry-multiplier", "0"];
    const { code, stdout } = await argsearch(["chat", ...same], {
      input: [question, "/reset", "/weight 0", question, "/reset", "/method greedy", "/weight 0.6", question, "/exit", question].join("\n"),
    });
    expect(code).toBe(0);
    const [args, greedy] = await Promise.all([
      argsearch(["generate", ...same, "--prompt", question]),
      argsearch(["generate", ...same, "--prompt", question, "--method", "greedy"]),
    ]);
    expect(stdout).toBe(args.stdout + greedy.stdout + greedy.stdout);
  });

  it("forgets with /reset", async () => {
    const { stderr } = await argsearch(["chat", "--verbose", ...SHORT], { input: "Hello.\n/reset\nHello.\n" });
    const totals = [...stderr.matchAll(/of (\d+) prompt tokens/g)].map(([, all]) => all);
    expect(totals[1]).toBe(totals[0]);
  });

  it.each(["/nonsense", "/constructor", "/weight 10x", "/weight", "/weight 5", "/weight -1", "/method fastest"])(
    "ends a script with 2 at %s",
    async (line) => {
      const { code, stderr } = await argsearch(["chat"], { input: `${line}\n` });
      expect(code).toBe(2);
      expect(stderr).toMatch(/^argsearch: [^\n]* \[OPTION_INVALID\]\n$/);
    },
  );

  it("takes any weight when adding", async () => {
    const { code, stderr } = await argsearch(["chat", "--combine", "additive"], { input: "/weight 5\n" });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  });

  it("refuses the search where no reward was loaded", async () => {
    const { code, stderr } = await argsearch(["chat", "--policy", policy], { input: "/method args\n" });
    expect(code).toBe(2);
    expect(stderr).toBe("argsearch: /method args needs a reward: start the chat with --reward [OPTION_INVALID]\n");
  });

  it("hints at /reset when the conversation no longer fits, not when a first message does not", async () => {
    const [grown, long] = await Promise.all([
      argsearch(["chat", "--context", "32", ...SHORT], { input: "Help me plan a party.\nTell me more, please, about the music there.\n" }),
      argsearch(["chat", "--context", "32"], { input: `${"word ".repeat(100)}\n` }),
    ]);
    expect(grown.stderr).toMatch(/larger --context, or shorten it\. \/reset starts anew\. \[PROMPT_TOO_LONG\]\n$/);
    expect(long.stderr).toMatch(/larger --context, or shorten it\. \[PROMPT_TOO_LONG\]\n$/);
  });

  it("ends with 2 for an option out of range", async () => {
    const { code, stderr } = await argsearch(["chat", "--weight", "7"], { input: "Hello\n" });
    expect(code).toBe(2);
    expect(stderr).toMatch(/^argsearch: --weight must be .* \[OPTION_INVALID\]\n$/);
  });

  it("is over at the end of the input", async () => {
    expect(await argsearch(["chat"], { input: "" })).toEqual({ code: 0, stdout: "", stderr: "" });
  });

  it("needs no reward model", async () => {
    const { code, stdout } = await argsearch(["chat", "--policy", policy, ...SHORT], { input: "Hello.\n" });
    expect(code).toBe(0);
    expect(stdout.trim()).not.toBe("");
  });
});

describe.skipIf(process.platform === "win32")("Ctrl-C", () => {
  it("keeps what was said and ends with 130", async () => {
    const long = "--method sample --top-k 0 --top-p 1 --temperature 50 --seed 1 --max-tokens 100000".split(" ");
    const { child, outcome } = start(["chat", ...long], { input: "Hello.\nHello again.\n" });
    child.stdout?.once("data", () => child.kill("SIGINT"));
    const { code, stdout } = await outcome;
    expect(code).toBe(130);
    expect(stdout.trim()).not.toBe("");
  });
});
