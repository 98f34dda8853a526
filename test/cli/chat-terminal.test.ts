import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { chatOnTerminal, KEY, type OnTerminal } from "./on-terminal.js";
import { policy, reward, scratch } from "./run.js";

const PROMPT = "Help me plan a party.";
/** Answers until it is stopped. */
const ENDLESS = "--method sample --top-k 0 --top-p 1 --temperature 50 --seed 1 --ending never --max-tokens 100000".split(" ");
const PASTES_OFF = "\u001b[?2004l";

async function leave(chat: OnTerminal): Promise<void> {
  await chat.asks();
  chat.type(KEY.ctrlD);
  expect(await chat.ended()).toBe(0);
  expect(chat.marksPastes).toBe(false);
}

/** The messages of the chat so far, as /save writes them. */
async function messagesOf(chat: OnTerminal): Promise<{ role: string; content: string }[]> {
  const file = join(await scratch(), "chat.json");
  expect(await chat.say(`/save ${file}`)).toContain("saved ");
  return JSON.parse(await readFile(file, "utf8")).messages;
}

describe.skipIf(process.platform === "win32")("chat on a terminal", () => {
  it("says which models answer, how, and how much room there is", async () => {
    const chat = await chatOnTerminal(["--policy", policy, "--reward", `${reward}=0.7`, "--reward", `${reward}=0.3`, "--min-p", "0.1"]);
    await chat.asks();
    const [model, one, other, guidance, context, hint] = chat.text.split("\n");
    expect(model).toMatch(/^policy {4}policy\.gguf · llama .* · 3\.\d+ MiB$/);
    expect(one).toMatch(/^reward {4}reward\.gguf · llama .* · 2\.\d+ MiB · × 0\.7$/);
    expect(other).toMatch(/^reward {4}reward\.gguf · .* · × 0\.3$/);
    expect(guidance).toBe("guidance  args (weight 0.6, top-k 10) · dry-multiplier 0.8 · min-p 0.1");
    expect(context).toBe("context   1024 of 1024 tokens left");
    expect(hint).toBe("/help lists the commands, Ctrl-D leaves");
    await leave(chat);
  });

  it("says that nothing guides", async () => {
    const chat = await chatOnTerminal(["--policy", policy]);
    expect(await chat.say(PROMPT)).not.toMatch(/reward/);
    expect(await chat.say(PROMPT)).not.toMatch(/reward/);
    expect(chat.text.match(/argsearch: no reward model/g)).toHaveLength(1);
    expect(await chat.say("/compare")).toContain("/compare needs another method than greedy");
    expect(await chat.say("/colours on")).toContain("/colours needs a reward");
    expect(await chat.say("/rewards on")).toContain("/rewards needs a reward");
    await leave(chat);
  });

  it("answers, with the rewards below", async () => {
    const chat = await chatOnTerminal();
    expect(await chat.say(PROMPT)).toMatch(/\nreward -?\d\.\d{4}, average -?\d\.\d{4} · 12 tokens · cut off at --max-tokens$/);
    await leave(chat);
  });

  it("loses nothing to a wrong command", async () => {
    const chat = await chatOnTerminal();
    await chat.say(PROMPT);
    expect(await chat.say("/wieght 0.3")).toContain("argsearch: no command /wieght; did you mean /weight? [OPTION_INVALID]");
    expect(await chat.say("/weight 7")).toContain("argsearch: /weight must be a number from 0 to 1");
    expect(await chat.say("/load missing.json")).toContain("missing.json");
    expect(await chat.say("/weight")).toContain("weight 0.6");
    expect(await messagesOf(chat)).toHaveLength(2);
    await leave(chat);
  });

  it("completes commands, their arguments and files", async () => {
    const folder = await scratch();
    await writeFile(join(folder, "party.json"), "{}");
    const chat = await chatOnTerminal();
    await chat.asks();
    chat.type(`/me${KEY.tab}`);
    await chat.until(() => chat.line === "> /method ");
    chat.type(`g${KEY.tab}`);
    await chat.until(() => chat.line === "> /method greedy");
    chat.type(KEY.enter);
    await chat.shows("\nmethod greedy\n");
    chat.type(`/load ${folder}/pa${KEY.tab}`);
    await chat.until(() => chat.text.endsWith(`${folder}/party.json`));
    chat.type(KEY.enter);
    await chat.shows("[INPUT_INVALID]");
    await leave(chat);
  });

  it("remembers messages over sessions, unless it is not to", async () => {
    const env = { ARGSEARCH_CACHE_DIR: await scratch() };
    const first = await chatOnTerminal([], { env });
    await first.say(PROMPT);
    await first.say("/weight 0.5");
    first.type(KEY.up.repeat(2));
    await first.until(() => first.line === `> ${PROMPT}`);
    first.type(KEY.down);
    await first.until(() => first.line === "> /weight 0.5");
    first.type(KEY.ctrlC);
    await leave(first);
    expect((await stat(join(env.ARGSEARCH_CACHE_DIR, "chat-history"))).mode & 0o777).toBe(0o600);

    const second = await chatOnTerminal([], { env });
    await second.asks();
    second.type(KEY.up.repeat(2));
    await second.until(() => second.line === `> ${PROMPT}`);
    second.type(KEY.ctrlC);
    await leave(second);

    const third = await chatOnTerminal(["--no-history"], { env });
    await third.say("/weight 0.1");
    third.type(KEY.up);
    await third.until(() => third.line === "> /weight 0.1");
    third.type(KEY.up);
    await third.until(() => third.line === "> ");
    await leave(third);
    expect(await readFile(join(env.ARGSEARCH_CACHE_DIR, "chat-history"), "utf8")).toBe(`${PROMPT}\n/weight 0.5\n`);
  });

  it("takes a paste of several lines for one message, which the history brings back", async () => {
    const chat = await chatOnTerminal();
    await chat.asks();
    chat.paste("Help me\n\tplan\na \u001b[31mparty.\n");
    await chat.shows("… a �[31mparty.\n…");
    expect(chat.text).toContain("> Help me\n…       plan\n… a ");
    chat.type(KEY.enter);
    await chat.shows("12 tokens");
    await chat.asks();
    chat.type(`${KEY.up}!${KEY.enter}`);
    await chat.until(() => /^> Help me␤ +plan␤a �\[31mparty\.!\n[\s\S]*average/m.test(chat.text));
    const messages = await messagesOf(chat);
    expect(messages.filter(({ role }) => role === "user").map(({ content }) => content)).toEqual([
      "Help me\n\tplan\na �[31mparty.",
      "Help me\n\tplan\na �[31mparty.!",
    ]);
    await leave(chat);
  });

  it('takes what stands between """ for one message', async () => {
    const chat = await chatOnTerminal();
    await chat.asks();
    chat.type(`"""Help me${KEY.enter}`);
    await chat.until(() => chat.line === "… ");
    chat.type(`/plan a party."""${KEY.enter}`);
    await chat.shows("12 tokens");
    expect((await messagesOf(chat))[0]).toEqual({ role: "user", content: "Help me\n/plan a party." });
    await leave(chat);
  });

  it("keeps what is typed during an answer for the next message", async () => {
    const chat = await chatOnTerminal();
    await chat.asks();
    chat.type(`${PROMPT}${KEY.enter}Tell me more.${KEY.enter}/stats${KEY.enter}`);
    await chat.shows("\nanswers ");
    expect(chat.text).toMatch(/12 tokens.*\n> Tell me more\.\n[\s\S]*12 tokens.*\n> \/stats\n/);
    await leave(chat);
  });

  it.each([
    ["side by side", 100, /^greedy +│ args \(weight 0\.6, top-k 10\)$[\s\S]*^reward -\d.*│ reward -?\d/m],
    ["one below the other where it is narrow", 60, /^greedy$[^│]*^reward -\d[^│]*^args \(weight 0\.6, top-k 10\)$[^│]*^reward -?\d[^│]*$/m],
  ])("compares greedy and guided, %s", async (_name, columns, look) => {
    const chat = await chatOnTerminal([], { columns });
    expect(await chat.say("/compare")).toContain("the next message is answered twice");
    const next = await chat.say(PROMPT);
    expect(next).toMatch(look);
    for (const line of next.split("\n")) expect(line.length).toBeLessThanOrEqual(columns);
    expect(await chat.say("/compare")).toMatch(look);
    expect(await chat.say(`/compare ${PROMPT}`)).toMatch(look);
    const guided = await chat.say("/undo");
    expect(guided).toContain(`taken back: "${PROMPT}"`);
    const [, answer, ...rest] = await messagesOf(chat);
    expect(rest).toEqual([]);
    await chat.say("/reset");
    expect(await chat.say(PROMPT)).toContain(answer?.content.trim());
    await leave(chat);
  });

  it.each([
    ["a token each", ["--method", "args"], 3],
    ["a block each", ["--method", "blocks", "--block", "6", "--seed", "1"], 1],
  ])("colours answers by their rewards, %s", async (_name, method, least) => {
    const chat = await chatOnTerminal(["--colours", ...method]);
    const [answer = ""] = (await chat.say(PROMPT)).split("\n");
    expect(chat.coloursOf(answer)).not.toContain(-1);
    expect(new Set(chat.coloursOf(answer)).size).toBeGreaterThanOrEqual(least);
    await chat.say("/compare");
    expect(chat.text).toMatch(/^reward of the text so far, at each token .*█/m);
    await chat.say("/colours off");
    const [plain = ""] = (await chat.say("/retry")).split("\n");
    expect(new Set(chat.coloursOf(plain))).toEqual(new Set([-1]));
    await leave(chat);
  });

  it("rates greedy answers where it is asked to, and colours them then", async () => {
    const chat = await chatOnTerminal(["--method", "greedy", "--max-tokens", "20"]);
    await chat.asks();
    const plain = await chat.say(PROMPT);
    expect(plain).toMatch(/^20 tokens · cut off/m);
    expect(await chat.say("/colours on")).toContain("colours on, but method greedy has no rewards: /rewards on reads them");
    expect(await chat.say("/rewards on")).toContain("rewards on");
    await chat.say("/undo");
    const rated = await chat.say(PROMPT);
    expect(rated).toMatch(/^reward -?\d\.\d+, average .* · 20 tokens · cut off/m);
    expect(chat.coloursOf(rated.split("\n")[0] ?? "")).not.toContain(-1);
    await chat.say("/method args");
    expect(await chat.say("/rewards off")).toContain("rewards off; method args rates what it chooses among");
    await leave(chat);
  });

  it("has no colours with NO_COLOR", async () => {
    const chat = await chatOnTerminal(["--colours"], { env: { NO_COLOR: "1" } });
    await chat.say(PROMPT);
    await chat.say("/compare");
    expect(await chat.say("/colours on")).toContain("colours on, but standard output takes none: NO_COLOR is set");
    await leave(chat);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what sets a colour is looked for
    expect(chat.raw).not.toMatch(/\u001b\[[\d;]*m/);
  });

  it("stops an answer at Ctrl-C, and leaves at the second without one", async () => {
    const chat = await chatOnTerminal(ENDLESS);
    await chat.asks();
    chat.type(`${PROMPT}${KEY.enter}`);
    await chat.until(() => (chat.text.split(`${PROMPT}\n`)[1]?.length ?? 0) > 10);
    chat.type(KEY.ctrlC);
    await chat.shows(" · stopped");
    expect(await messagesOf(chat)).toHaveLength(2);
    await chat.asks();
    chat.type(`half a mes${KEY.ctrlC}`);
    await chat.shows("Ctrl-C again, Ctrl-D or /exit leaves");
    await chat.asks();
    chat.type(KEY.ctrlC);
    expect(await chat.ended()).toBe(130);
    expect(chat.marksPastes).toBe(false);
  });

  it("says that a comparison was stopped, and keeps the conversation", async () => {
    const chat = await chatOnTerminal(ENDLESS);
    await chat.asks();
    chat.type(`/compare ${PROMPT}${KEY.enter}`);
    await chat.shows("greedy");
    chat.type(KEY.ctrlC);
    await chat.shows("stopped; the conversation is as it was");
    expect(await chat.say("/undo")).toContain("there is nothing to take back");
    await leave(chat);
  });

  it("gives the terminal back at Ctrl-Z, and takes it again", async () => {
    const chat = await chatOnTerminal();
    await chat.asks();
    chat.type("/wei\u001a");
    await chat.until(() => !chat.marksPastes);
    chat.signal("SIGCONT");
    await chat.until(() => chat.marksPastes);
    chat.type(KEY.tab);
    await chat.until(() => chat.line === "> /weight ");
    chat.type(KEY.enter);
    await chat.shows("\nweight 0.6\n");
    await leave(chat);
  });

  it("clears the screen at Ctrl-L, and keeps the line", async () => {
    const chat = await chatOnTerminal();
    await chat.asks();
    chat.type(`abc${KEY.ctrlL}`);
    await chat.until(() => chat.text === "> abc");
    chat.type(KEY.ctrlC);
    await leave(chat);
  });

  it("asks for marks around pastes, and takes that back at every end", async () => {
    const ends: ((chat: OnTerminal) => void)[] = [
      (chat) => chat.type(`/exit${KEY.enter}`),
      (chat) => chat.type(KEY.ctrlD),
      (chat) => chat.signal("SIGTERM"),
      (chat) => chat.signal("SIGHUP"),
    ];
    for (const end of ends) {
      const chat = await chatOnTerminal();
      await chat.asks();
      expect(chat.marksPastes).toBe(true);
      end(chat);
      await chat.ended();
      expect(chat.raw.endsWith(PASTES_OFF) || chat.raw.endsWith(`${PASTES_OFF}\r\n`)).toBe(true);
    }
  });

  it("goes on with a saved conversation", async () => {
    const file = join(await scratch(), "chat.json");
    const first = await chatOnTerminal();
    await first.say("/weight 0.4");
    await first.say(PROMPT);
    expect(await first.say(`/save ${file}`)).toContain(`saved 2 messages and the settings in ${file}`);
    expect(await first.say(`/save ${file}`)).toContain(`/save! ${file} replaces it`);
    await first.say("Tell me more.");
    const messages = await messagesOf(first);
    await leave(first);

    const second = await chatOnTerminal();
    expect(await second.say(`/load ${file}`)).toContain(`loaded 2 messages and the settings of ${file}`);
    expect(await second.say("/weight")).toContain("weight 0.4");
    await second.say("Tell me more.");
    expect(await messagesOf(second)).toEqual(messages);
    await leave(second);
  });

  it("answers anew, and takes back", async () => {
    const chat = await chatOnTerminal(["--seed", "3"]);
    const first = await chat.say(PROMPT);
    expect(await chat.say("/retry")).toBe(
      `${first}\nthe same answer: method args draws nothing; other settings may change it, as /weight or /method sample`,
    );
    await chat.say("/method sample");
    const drawn = await chat.say("/retry");
    expect(await chat.say("/retry")).not.toBe(drawn);
    expect(await messagesOf(chat)).toHaveLength(2);
    expect(await chat.say("/undo")).toContain(`taken back: "${PROMPT}"`);
    expect(await chat.say("/undo")).toContain("there is nothing to take back");
    await leave(chat);
  });

  it("goes on with another system message", async () => {
    const chat = await chatOnTerminal();
    await chat.say(PROMPT);
    expect(await chat.say("/system Be brief.")).toContain("from the next answer on; the conversation goes on, /reset forgets it");
    await chat.say("Tell me more.");
    expect((await messagesOf(chat)).map(({ role }) => role)).toEqual(["system", "user", "assistant", "user", "assistant"]);
    await chat.say("/reset");
    expect(await chat.say("/system")).toContain("system message: Be brief.");
    expect(await chat.say('/system ""')).toContain("no system message");
    await leave(chat);
  });
});
