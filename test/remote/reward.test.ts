/** Rewards of servers beside a policy in this process, against the same numbers from functions. */
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { type Decoder, EMBEDDED, type LoadOptions, load, loadReward, type RewardCandidate, type RewardContext } from "../../src/index.js";
import { resolveTerms } from "../../src/reward/terms.js";
import { expectError } from "../errors/expect-error.js";
import { classes, classifies, dies, type Handler, hangs, json, numberOf, type Server, serve } from "./server.js";

const PROMPT = "How do I sharpen a knife?";
const BLOCKS = { method: "blocks", block: 4, drafts: 3, maxTokens: 16, seed: 5 } as const;

async function loaded(options: LoadOptions): Promise<Decoder> {
  const decoder = await load({ policy: EMBEDDED.policy, threads: 1, ...options });
  cleanup.push(decoder);
  return decoder;
}

const cleanup: AsyncDisposable[] = [];
afterEach(async () => {
  for (const each of cleanup.splice(0)) await each[Symbol.asyncDispose]();
});

/** The conversation before the answer, as the embedded policy's template writes it. */
let before = "";
beforeAll(async () => {
  await using policy = await load({ policy: EMBEDDED.policy, reward: null });
  before = await policy.render(PROMPT);
});

function byFunction(candidates: readonly RewardCandidate[], _context: RewardContext): number[] {
  return candidates.map(({ response }) => numberOf(before + response));
}

function remote(server: Server, more: object = {}) {
  return { url: server.url, api: "vllm", name: "byFunction", timeout: 5000, ...more } as const;
}

describe("a server's reward", () => {
  it("guides blocks as a function of the same numbers does, in one request a block", async () => {
    const server = await serve(classifies);
    const [ours, theirs] = [await loaded({ reward: byFunction }), await loaded({ reward: remote(server, { model: "rm" }) })];
    const [expected, found] = [await ours.generate(PROMPT, BLOCKS), await theirs.generate(PROMPT, BLOCKS)];
    for (const each of [expected, found]) expect(each.tokens.length).toBe(16);
    const { timings: _1, ...rest } = expected;
    expect(found).toMatchObject(rest);
    expect(server.asked.map(({ path, body }) => [path, body.input.length])).toEqual(Array(4).fill(["/classify", 3]));
    const { input, ...body } = server.asked[0]?.body ?? {};
    expect(body).toEqual({ model: "rm", use_activation: false, add_special_tokens: false });
    for (const text of input) expect(text.startsWith(before)).toBe(true);
  });

  it("is summed with a reward model's and a function's, by weight", async () => {
    const server = await serve(classifies);
    const short = (candidates: readonly RewardCandidate[]): number[] => candidates.map(({ response }) => -response.length / 50);
    const terms = [EMBEDDED.reward, { reward: short, weight: 2 }];
    const theirs = await loaded({ reward: [...terms, { reward: remote(server), weight: 0.5 }] });
    const ours = await loaded({ reward: [...terms, { reward: byFunction, weight: 0.5 }] });
    const found = await theirs.generate(PROMPT, BLOCKS);
    expect(found.text).toBe((await ours.generate(PROMPT, BLOCKS)).text);
    expect(Object.keys(found.objectives)).toEqual(["reward", "short", "byFunction"]);
    const last = Object.values(found.objectives).map((values) => values.at(-1) ?? Number.NaN);
    expect(found.reward).toBeCloseTo((last[0] ?? 0) + 2 * (last[1] ?? 0) + 0.5 * (last[2] ?? 0), 9);
  });

  it("rates the candidates of tokens too, and warns of it once", async () => {
    const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    const server = await serve(classifies);
    const [ours, theirs] = [await loaded({ reward: byFunction }), await loaded({ reward: remote(server) })];
    const options = { maxTokens: 5, topK: 4 };
    for (let run = 0; run < 2; run++) {
      expect(await theirs.generate(PROMPT, options)).toMatchObject({ tokens: (await ours.generate(PROMPT, options)).tokens });
    }
    expect(server.asked.every(({ body }) => body.input.length === 4)).toBe(true);
    const codes = warn.mock.calls.map(([, about]) => (about as { code?: string } | undefined)?.code);
    expect(codes.filter((code) => code === "ARGSEARCH_REMOTE_REWARD_PER_TOKEN")).toHaveLength(1);
    warn.mockRestore();
  });

  it("is asked from the parent where the engine is in a process of its own, and gives the same", async () => {
    const server = await serve(classifies);
    const reward = { ...remote(server), apiKey: "geheim" };
    const [here, there] = [await loaded({ reward }), await loaded({ reward, isolate: true })];
    const found = await there.generate(PROMPT, BLOCKS);
    expect(found.text).toBe((await here.generate(PROMPT, BLOCKS)).text);
    expect(server.asked.every(({ headers }) => headers.authorization === "Bearer geheim")).toBe(true);
    const input = { prompt: PROMPT, response: "Slowly." };
    expect(await there.score(input)).toEqual(await here.score(input));
    server.become((_asked, response) => json(response, 400, { error: { message: "no" } }));
    await expectError(() => there.generate(PROMPT, BLOCKS), "REMOTE_FAILED", "refuses: 400 no");
  });

  it("rates whole responses in score(), where the turn ends if that is asked for", async () => {
    const server = await serve(classifies);
    const decoder = await loaded({ reward: [EMBEDDED.reward, remote(server)] });
    const inputs = [{ prompt: PROMPT, response: "Slowly." }, { text: "As it is." }];
    const [first, second] = await decoder.score(inputs);
    expect(first).toMatchObject({ objectives: { byFunction: numberOf(`${before}Slowly.`) }, tokens: [] });
    expect(second).toMatchObject({ objectives: { byFunction: numberOf("As it is.") } });
    const local = await loaded({ reward: EMBEDDED.reward });
    expect(first?.objectives.reward).toBe((await local.score(inputs[0] ?? { text: "" })).reward);
    await decoder.score(inputs, { rewardAt: "end" });
    expect(server.asked.map(({ body }) => body.input[0]).sort()).toEqual(
      [`${before}Slowly.`, "As it is.", `${before}Slowly.<|end|>\n`, "As it is."].sort(),
    );
    expect(server.asked.find(({ body }) => body.input[0] === "As it is.")?.body).not.toHaveProperty("add_special_tokens");
  });
});

describe("loadReward()", () => {
  it("of a server alone loads nothing", async () => {
    const server = await serve(classifies);
    await using model = await loadReward({ reward: remote(server) });
    expect(model.info).toMatchObject({ rewards: [], objectives: ["byFunction"], engine: { version: "" } });
    // No policy's template, and none given: the texts as they are.
    expect((await model.score({ prompt: "a", response: "b" })).reward).toBe(numberOf("ab"));
    await expectError(
      () => model.score({ prompt: [{ role: "user", content: "a" }], response: "b" }),
      "TEMPLATE_INVALID",
      "has no chat template",
    );
  });

  it("writes texts by the template given, which has its special tokens", async () => {
    const chatTemplate =
      "{{ bos_token }}{% for m in messages %}[{{ m.role }}]{{ m.content }}{{ eos_token if m.role == 'assistant' }}{% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}";
    const server = await serve(classifies);
    await expectError(() => loadReward({ reward: remote(server, { chatTemplate }) }), "OPTION_INVALID", "asks for bos_token");
    const specialTokens = { bos_token: "<s>", eos_token: "</s>" };
    await using model = await loadReward({ reward: remote(server, { chatTemplate, specialTokens, rewardAt: "end" }) });
    const prompt = [{ role: "user", content: "a" }];
    await model.score({ prompt, response: "b" });
    expect(server.asked[0]?.body).toMatchObject({ input: ["<s>[user]a[assistant]b</s>"], add_special_tokens: false });
    await model.score({ prompt, response: "b" }, { rewardAt: "last" });
    expect(server.asked[1]?.body.input).toEqual(["<s>[user]a[assistant]b"]);
  });

  it("asks a server of argsearch for prompt and response", async () => {
    const server = await serve(({ body }, response) => {
      const data = body.inputs.map((_: unknown, index: number) => ({ index, object: "score", score: index + 0.5, objectives: {} }));
      json(response, 200, { object: "list", data: data.reverse() });
    });
    await using model = await loadReward({ reward: { url: `${server.url}/v1`, api: "argsearch", model: "rm" } });
    const prompt = [{ role: "user", content: "a" }];
    expect(await model.score([{ prompt, response: "b" }, { text: "c" }])).toMatchObject([{ reward: 0.5 }, { reward: 0.5 }]);
    expect(server.asked.map(({ path }) => path)).toEqual(["/v1/score", "/v1/score"]);
    expect(server.asked.map(({ body }) => body)).toEqual(
      expect.arrayContaining([
        { model: "rm", inputs: [{ prompt, response: "b" }] },
        { model: "rm", inputs: [{ text: "c" }] },
      ]),
    );
  });
});

describe("a server that fails", () => {
  const input = { prompt: "a", response: "b" };
  const asking = async (handler: Handler, more: object = {}) => {
    const server = await serve(handler);
    const model = await loadReward({ reward: remote(server, { retries: 2, ...more }) });
    cleanup.push(model);
    return { server, model, score: () => model.score(input) };
  };
  const once =
    (first: Handler): Handler =>
    (asked, response, count) =>
      count === 1 ? first(asked, response, count) : classifies(asked, response, count);
  const status =
    (code: number, headers: Record<string, string> = { "retry-after-ms": "1" }, message = "no"): Handler =>
    (_asked, response) =>
      void response.writeHead(code, headers).end(JSON.stringify({ error: { message } }));

  it.each([
    ["429", status(429)],
    ["503", status(503)],
    ["a torn answer", dies],
    ["a broken connection", ((_asked, response) => void response.destroy()) as Handler],
  ])("is asked again after %s", async (_name, first) => {
    const { server, score } = await asking(once(first));
    expect((await score()).reward).toBe(numberOf("ab"));
    expect(server.asked).toHaveLength(2);
  });

  it.each<[string, Handler, "REMOTE_FAILED" | "REMOTE_INVALID", RegExp, number, object?]>([
    ["again and again", status(500), "REMOTE_FAILED", /127.*\/classify refuses: 500 no, 3 times/, 3],
    ["in mid-answer, always", dies, "REMOTE_FAILED", /broke off in its answer .*, 3 times/, 3, { retries: 2 }],
    ["by a wait that is too long", status(429, { "retry-after": "3600" }), "REMOTE_FAILED", /refuses: 429/, 1],
    ["by hanging", hangs, "REMOTE_FAILED", /gave no answer within 0.05 s, 2 times/, 2, { timeout: 50, retries: 1 }],
    ["for want of a key", status(401), "REMOTE_FAILED", /401 no \(it asks for a key: .*ARGSEARCH_REWARD_API_KEY/, 1],
    ["at a wrong address", status(404), "REMOTE_FAILED", /404 no \(is url the server's base/, 1],
    [
      "by a redirect",
      status(307, { location: "http://127.0.0.1:9/x?key=1" }),
      "REMOTE_FAILED",
      /redirects to http:\/\/127.0.0.1:9\/x: give/,
      1,
    ],
    ["with a page", (_a, response) => void response.end("<html>hi"), "REMOTE_INVALID", /what is no JSON: <html>hi/, 1],
    ["with NaN", (_a, response) => void response.end('{"data":[{"index":0,"probs":[NaN]}]}'), "REMOTE_INVALID", /no JSON/, 1],
    ["with null", (_a, response) => classes(response, [null]), "REMOTE_INVALID", /must give finite numbers, and gives null for text 0/, 1],
    ["with 1e999", (_a, response) => void response.end('{"data":[{"probs":[1e999]}]}'), "REMOTE_INVALID", /gives Infinity/, 1],
    ["with too many numbers", (_a, response) => classes(response, [1, 2]), "REMOTE_INVALID", /rates 2 texts of 1/, 1],
    ["with an index of another text", (_a, r) => json(r, 200, { data: [{ index: 4, probs: [1] }] }), "REMOTE_INVALID", /text 4 of 1/, 1],
    ["with several classes", (_a, r) => json(r, 200, { data: [{ probs: [1, 2] }] }), "REMOTE_INVALID", /say with label/, 1],
    ["with an embedding", (_a, r) => json(r, 200, { data: [{ embedding: [1] }] }), "REMOTE_INVALID", /no classifier/, 1],
    ["with another thing", (_a, r) => json(r, 200, ["x"]), "REMOTE_INVALID", /without "data"/, 1],
  ])(
    "%s is a typed error, and works when it does",
    async (_name, handler, code, message, count, more) => {
      const { server, score } = await asking(handler, { retries: 2, ...more });
      await expectError(score, code, message);
      expect(server.asked).toHaveLength(count);
      server.become(classifies);
      expect((await score()).reward).toBe(numberOf("ab"));
    },
    20_000,
  );

  it("does not get its key into a message, whatever it says of it", async () => {
    const said = 'Incorrect API key provided: "sk-geheim"';
    const { score } = await asking(status(401, {}, said), { apiKey: "sk-geheim" });
    await expectError(score, "REMOTE_FAILED", /^(?!.*geheim).*Incorrect API key/);
    await expectError(() => asking(hangs, { url: "http://me:geheim@localhost" }), "OPTION_INVALID", /^(?!.*geheim).*apiKey/);
    await expectError(() => asking(hangs, { apiKey: "geheim\u20ac" }), "OPTION_INVALID", /^(?!.*geheim)/);
  });

  it("takes the class that label names", async () => {
    const { score } = await asking((_asked, response) => json(response, 200, { data: [{ probs: [1, 2.5] }] }), { label: 1 });
    expect((await score()).reward).toBe(2.5);
  });

  it("ends by the signal and by dispose(), at once, and nothing is left open", async () => {
    const { server, model } = await asking(hangs);
    const controller = new AbortController();
    const scoring = model.score(input, { signal: controller.signal });
    await vi.waitFor(() => expect(server.open()).toBe(1));
    controller.abort();
    await expectError(() => scoring, "ABORTED", "");
    await vi.waitFor(() => expect(server.open()).toBe(0));
    const another = expectError(() => model.score(input), "DISPOSED", "");
    await vi.waitFor(() => expect(server.open()).toBe(1));
    await model.dispose();
    await another;
    await vi.waitFor(() => expect(server.open()).toBe(0));
  });

  it("costs a decoder nothing but the response", async () => {
    const server = await serve((asked, response, count) =>
      count === 2 ? status(400)(asked, response, count) : classifies(asked, response, count),
    );
    const decoder = await loaded({ reward: remote(server) });
    await expectError(() => decoder.generate(PROMPT, BLOCKS), "REMOTE_FAILED", "refuses: 400");
    expect((await decoder.generate(PROMPT, BLOCKS)).tokens).toHaveLength(16);
  });

  it("may be left by a response's signal and by dispose()", async () => {
    const server = await serve(hangs);
    const decoder = await loaded({ reward: remote(server), slots: 2 });
    const controller = new AbortController();
    const aborted = decoder.generate(PROMPT, { ...BLOCKS, signal: controller.signal });
    await vi.waitFor(() => expect(server.open()).toBe(1));
    controller.abort();
    expect(await aborted).toMatchObject({ finishReason: "aborted", tokens: [] });
    await vi.waitFor(() => expect(server.open()).toBe(0));
    const ended = expectError(() => decoder.generate(PROMPT, BLOCKS), "DISPOSED", "");
    await vi.waitFor(() => expect(server.open()).toBe(1));
    await decoder.dispose();
    await ended;
    await vi.waitFor(() => expect(server.open()).toBe(0));
  });
});

describe("options", () => {
  it("tell one server's reward from another's, without the key, where runs that go on ask", () => {
    const textOf = (more: object): string => {
      const [term] = resolveTerms({ url: "http://a:1", api: "vllm", apiKey: "geheim", ...more });
      return String(term?.reward);
    };
    expect(new Set([{}, { url: "http://b:1" }, { rewardAt: "end" }, { label: 1 }, { chatTemplate: "x" }].map(textOf)).size).toBe(5);
    expect(textOf({})).not.toContain("geheim");
  });

  it.each([
    [{ url: "localhost:8000", api: "vllm" }, /reward.url must be a URL/],
    [{ url: "http://x", api: "openai" }, /reward.api must be "vllm" or "argsearch"/],
    [{ url: "http://x", api: "vllm", weight: 1 }, /reward has no option "weight"/],
    [{ url: "http://x", api: "vllm", retries: 21 }, /reward.retries/],
    [{ url: "http://x", api: "vllm", label: -1 }, /reward.label/],
    [{ url: "http://x", api: "argsearch", rewardAt: "end" }, /reward.rewardAt is of api "vllm"/],
    [{ reward: { url: "http://x", api: "vllm" }, labels: { a: 1 } }, /labels are of reward models' files/],
    [[{ url: "http://x", api: "vllm" }, { reward: { url: "no", api: "vllm" } }], /reward\[1\].reward.url/],
  ])("%o are refused", async (reward, message) => {
    await expectError(() => loadReward({ reward: reward as never }), "OPTION_INVALID", message);
  });
});
