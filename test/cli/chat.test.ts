import { readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { argsearch, policy, scratch, start } from "./run.js";

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

  it.each([
    ...["/nonsense", "/constructor", "/weight 10x", "/weight 5", "/weight -1", "/method fastest", "/top-k 1.5", "/top-k 100000"],
    ...["/temperature -1", "/temperature warm", "/colours red", "/reset all", "/save", "/save x.json", "/load", "/retry", "/undo"],
  ])("ends a script with 2 at %s", async (line) => {
    const { code, stderr } = await argsearch(["chat"], { input: `${line}\n` });
    expect(code).toBe(2);
    expect(stderr).toMatch(/^argsearch: [^\n]* \[OPTION_INVALID\]\n$/);
  });

  it("suggests the nearest command, and calls settings as their commands are called", async () => {
    const [typo, range] = await Promise.all([argsearch(["chat"], { input: "/wieght 1\n" }), argsearch(["chat"], { input: "/top-k 0\n" })]);
    expect(typo.stderr).toBe("argsearch: no command /wieght; did you mean /weight? [OPTION_INVALID]\n");
    expect(range.stderr).toMatch(/^argsearch: \/top-k must be an integer from 1 to 2048 \(the vocabulary\), got 0 \[OPTION_INVALID\]\n$/);
  });

  it("shows what was asked for on standard error, and nothing else", async () => {
    const input = "/weight\n/weight 0.3\n/weight\n/method\n/system\n/system Be brief.\n/system\n/stats\n/help\n";
    const { code, stdout, stderr } = await argsearch(["chat"], { input });
    expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
    const [first, second, method, none, system, ...rest] = stderr.split("\n");
    expect([first, second, method]).toEqual(["weight 0.6", "weight 0.3", "method args"]);
    expect([none, system]).toEqual(["no system message", "system message: Be brief."]);
    expect(rest.join("\n")).toMatch(/^answers +0, 0 tokens[\s\S]*^context +\d+ of 1024 tokens left$[\s\S]*^ {2}\/weight W .* now 0\.3$/m);
  });

  it("retries with another seed where one decides, and says nothing in a pipe", async () => {
    const drawn = [...SHORT, "--method", "sample", "--seed", "7"];
    const { stdout, stderr } = await argsearch(["chat", ...drawn], {
      input: "Help me plan a party.\n/retry\n/undo\nHelp me plan a party.\n",
    });
    const [seventh = "", eighth = ""] = await Promise.all(
      ["7", "8"].map(async (seed) => {
        const { stdout } = await argsearch(["generate", ...drawn, "--seed", seed, "--json", "--prompt", "Help me plan a party."]);
        return `${JSON.parse(stdout).text}\n`;
      }),
    );
    expect(eighth).not.toBe(seventh);
    expect(stdout).toBe(seventh + eighth + seventh);
    expect(stderr).toBe("");
  });

  it("compares on standard error, and answers with the guided text", async () => {
    const prompt = "Help me plan a party.";
    const [{ stdout, stderr }, guided, greedy] = await Promise.all([
      argsearch(["chat", ...SHORT], { input: `/compare ${prompt}\n` }),
      argsearch(["generate", ...SHORT, "--prompt", prompt]),
      argsearch(["generate", ...SHORT, "--prompt", prompt, "--method", "greedy"]),
    ]);
    expect(stdout).toBe(guided.stdout);
    expect(greedy.stdout).not.toBe(guided.stdout);
    expect(stderr).toMatch(/^greedy +│ args \(weight 0\.6, top-k 10\)\n/);
    expect(stderr.replace(/\s+/g, " ")).toContain(greedy.stdout.trim().split("\n")[0]?.slice(0, 20));
  });

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

  it("needs no reward model, and says once that nothing guides", async () => {
    const plain = ["chat", "--policy", policy, "--verbose", ...SHORT];
    const [unguided, chosen] = await Promise.all([
      argsearch(plain, { input: "Hello.\nAnd now?\n" }),
      argsearch([...plain, "--method", "greedy"], { input: "Hello.\nAnd now?\n" }),
    ]);
    expect(unguided.code).toBe(0);
    expect(unguided.stdout.trim()).not.toBe("");
    expect(unguided.stdout).toBe(chosen.stdout);
    expect(unguided.stderr.match(/^argsearch: no reward model: plain greedy decoding; --reward FILE guides it$/gm)).toHaveLength(1);
    expect(chosen.stderr).not.toContain("no reward model");
    expect(unguided.stderr).not.toMatch(/reward -|average/);
    expect(unguided.stderr).toMatch(/^12 tokens · .*\d+ of \d+ prompt tokens cached$/m);
  });
});

describe("chat files", () => {
  const prompt = "Help me plan a party.";

  it("go on in another chat as if it were the same", async () => {
    const file = join(await scratch(), "chat.json");
    const flags = [...SHORT, "--weight", "0.4", "--logit-bias", "5-inf", "--system", "Be kind."];
    const saved = await argsearch(["chat", ...flags], { input: `${prompt}\n/save ${file}\nTell me more.\n` });
    expect({ code: saved.code, stderr: saved.stderr }).toEqual({ code: 0, stderr: "" });
    const chat = JSON.parse(await readFile(file, "utf8"));
    expect(chat).toMatchObject({ settings: { weight: 0.4, logitBias: { 5: false } }, argsearch: { version: expect.any(String) } });
    expect(chat.messages).toMatchObject([
      { role: "system", content: "Be kind." },
      { role: "user", content: prompt },
      { role: "assistant", content: expect.any(String) },
    ]);
    const answers = chat.messages[2].content;
    const loaded = await argsearch(["chat", ...SHORT], { input: `/load ${file}\n/weight\nTell me more.\n` });
    expect(loaded.stderr).toBe("weight 0.4\n");
    expect(`${answers}\n${loaded.stdout}`).toBe(saved.stdout);
  });

  it("may hold messages alone, also one without an answer", async () => {
    const file = join(await scratch(), "messages.json");
    await writeFile(file, JSON.stringify([{ role: "user", content: [{ type: "text", text: prompt }] }]));
    const [loaded, asked] = await Promise.all([
      argsearch(["chat", ...SHORT], { input: `/load ${file}\n/retry\n` }),
      argsearch(["chat", ...SHORT], { input: `${prompt}\n` }),
    ]);
    expect(loaded).toEqual(asked);
  });

  it("are replaced by /save! alone", async () => {
    const file = join(await scratch(), "chat.json");
    await writeFile(file, "mine");
    const refused = await argsearch(["chat", ...SHORT], { input: `Hi\n/save ${file}\n` });
    expect(refused.code).toBe(2);
    expect(refused.stderr).toBe(`argsearch: ${file} is there already: /save! ${file} replaces it [OPTION_INVALID]\n`);
    expect(await readFile(file, "utf8")).toBe("mine");
    expect((await argsearch(["chat", ...SHORT], { input: `Hi\n/save! ${file}\n` })).code).toBe(0);
    expect(JSON.parse(await readFile(file, "utf8")).messages).toHaveLength(2);
    expect(await readdir(dirname(file))).toEqual(["chat.json"]);
  });

  it.each([
    ["nothing like it", "Hello", /is not JSON/],
    ["no messages", "{}", /the field "messages" must be an array/],
    ["a message that is none", '{"messages":[{"role":"user"}]}', /messages\[0\] must be a message/],
    [
      "a setting out of range",
      '{"messages":[{"role":"user","content":"x"}],"settings":{"weight":7}}',
      /settings\.weight must be a number from 0 to 1/,
    ],
    [
      "a number beyond the vocabulary",
      '{"messages":[{"role":"user","content":"x"}],"settings":{"topK":9999}}',
      /settings\.topK must be an integer/,
    ],
    ["an unknown setting", '{"messages":[{"role":"user","content":"x"}],"settings":{"wieght":1}}', /did you mean weight\?/],
  ])("are refused with their name: %s", async (_name, content, message) => {
    const file = join(await scratch(), "chat.json");
    await writeFile(file, content);
    const { code, stderr } = await argsearch(["chat"], { input: `/load ${file}\n` });
    expect(code).toBe(1);
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^argsearch: [^\n]* \[INPUT_INVALID\]\n$/);
    expect(stderr).toContain(`argsearch: ${file}`);
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
