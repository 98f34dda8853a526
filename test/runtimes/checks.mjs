// One check of the installed package, on whatever runs it: RUNTIME checks.mjs CHECK. It prints the tokens that it saw, which are
// the same on every runtime; an assertion that fails ends it. Without a name it lists all, with the exit code that each ends with.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { ArgsearchError, devices, inspect, load, loadReward, readPrompts, scoreFile } from "argsearch";
import { createArgsearch } from "argsearch/ai-sdk";
import { evaluate } from "argsearch/eval";
import { fitReward } from "argsearch/fit";
import { convertOpt } from "argsearch/import";

const CPU = { gpu: false, threads: 2 };
const SHORT = { template: "none", maxTokens: 12, seed: 1 };
const ENDLESS = { template: "none", maxTokens: 1_000_000, ending: "never" };
const PROMPT = "Can you help me set up a light show?";
const TEMPLATE = `{%- macro turn(message) %}{{ message.role | title }}: {{ message.content | trim | tojson }}{% endmacro -%}
{{ strftime_now("%A, %d %B %Y") }} {{ style }}
{%- for message in messages %}
{%- if message.role == "tool" %}{{ raise_exception("no tools here") }}{% endif %}
{{ turn(message) }}
{%- endfor %}`;
const input = { prompt: PROMPT, response: "Yes, I can." };

const say = (...words) => console.log(words.join(" "));
const open = (options) => load({ ...CPU, ...options });

/** What every other check may leave out: a decoder that is disposed of in the end. */
async function withDecoder(work, options) {
  const decoder = await open(options);
  await work(decoder);
  await decoder.dispose();
}

async function fails(work, code) {
  const error = await work.then(
    () => undefined,
    (reason) => reason,
  );
  assert(error instanceof ArgsearchError, `no ArgsearchError but ${error}`);
  assert.equal(error.code, code);
}

/** Resolves at the first token of a response that never ends by itself. */
async function decoding() {
  const decoder = await open();
  const steps = decoder.stream(PROMPT, ENDLESS);
  await steps.next();
  const ended = (async () => {
    for await (const _ of steps);
  })();
  return { decoder, ended };
}

const works = {
  "is imported": async () => assert.equal(typeof load, "function"),
  decodes: () =>
    withDecoder(async (decoder) => {
      for (const method of ["args", "greedy", "sample"]) say(...(await decoder.generate(PROMPT, { ...SHORT, method })).tokens);
      say(...(await decoder.generate([{ role: "user", content: PROMPT }], { ...SHORT, template: "auto" })).tokens);
      assert((await decoder.counters()).steps > 0);
    }),
  "formats a conversation": () =>
    withDecoder(
      async (decoder) => {
        const messages = ["user", "assistant", "user"].map((role) => ({ role, content: ` ${PROMPT}\n<&"é\u2028` }));
        const options = { ...SHORT, template: "auto", templateVariables: { style: "brief" }, date: "2025-01-31T12:00" };
        say(...(await decoder.generate({ messages }, options)).tokens);
        await fails(decoder.generate([{ role: "tool", content: PROMPT }], options), "TEMPLATE_INVALID");
      },
      { chatTemplate: TEMPLATE },
    ),
  streams: () =>
    withDecoder(async (decoder) => {
      let text = "";
      for await (const step of decoder.stream(PROMPT, SHORT)) text += step.text;
      say(text);
      for await (const _ of decoder.stream(PROMPT, ENDLESS)) break;
      assert.equal((await decoder.generate(PROMPT, SHORT)).text, text);
      const stream = decoder.stream(PROMPT, SHORT);
      assert.equal(await new Response(stream.toReadableStream()).text(), text);
      assert.equal((await stream.result).text, text);
    }),
  "loads as a module and by require(), with one class of errors": async () => {
    const other = createRequire(import.meta.url)("argsearch");
    for (const { load } of [{ load: open }, other]) {
      const error = await load({ ...CPU, policy: "nowhere.gguf" }).catch((reason) => reason);
      assert(error instanceof ArgsearchError && error instanceof other.ArgsearchError);
      assert(other.ArgsearchError.fromJSON(JSON.parse(JSON.stringify(error))) instanceof ArgsearchError);
    }
  },
  "decodes several prompts at once": () =>
    withDecoder(
      async (decoder) => {
        const results = await decoder.generateAll(["one", "two", "three", "four"], { ...SHORT, ending: "never" });
        assert.deepEqual(
          results.map(({ tokens }) => tokens.length),
          [12, 12, 12, 12],
        );
        const waiting = ["one", "two", "three", "four"].map((prompt) => decoder.generate(prompt, SHORT));
        assert.equal((await Promise.all(waiting)).length, 4);
      },
      { slots: 3 },
    ),
  "asks a reward function": () => {
    const reward = async (candidates) => {
      await sleep(1);
      return candidates.map(({ response }) => -response.length);
    };
    return withDecoder(async (decoder) => say(...(await decoder.generate(PROMPT, SHORT)).tokens), { reward });
  },
  "aborts before it begins, and while it loads": async () => {
    const signal = AbortSignal.abort();
    await fails(open({ signal }), "ABORTED");
    const loading = new AbortController();
    await fails(open({ signal: loading.signal, onProgress: () => loading.abort() }), "ABORTED");
    await withDecoder((decoder) => fails(decoder.generate(PROMPT, { signal }), "ABORTED"));
  },
  "aborts while it decodes": () =>
    withDecoder(async (decoder) => {
      const controller = new AbortController();
      const steps = decoder.stream(PROMPT, { ...ENDLESS, signal: controller.signal });
      for (let step = 0; step < 3; step++) await steps.next();
      const next = steps.next(); // being decoded
      controller.abort();
      await next;
      let last = await steps.next();
      while (!last.done) last = await steps.next();
      assert.equal(last.value.finishReason, "aborted");
      assert.equal((await decoder.generate(PROMPT, SHORT)).finishReason, "length");
    }),
  "decodes in a process of its own": async () => {
    const reward = async (candidates) => candidates.map(({ logProb, response }) => (Number.isNaN(logProb) ? 1 : response.length));
    await withDecoder(
      async (decoder) => {
        say(...(await decoder.generate(PROMPT, SHORT)).tokens);
        for await (const _ of decoder.stream(PROMPT, ENDLESS)) break;
        const controller = new AbortController();
        const steps = decoder.stream(PROMPT, { ...ENDLESS, signal: controller.signal });
        await steps.next();
        controller.abort();
        let last = await steps.next();
        while (!last.done) last = await steps.next();
        assert.equal(last.value.finishReason, "aborted");
        assert.equal((await decoder.score(input)).reward, 1); // candidates whose log-probability is not known
        await fails(decoder.generate("", SHORT), "PROMPT_EMPTY");
      },
      { reward, isolate: true },
    );
    await (await open({ isolate: true })).generate(PROMPT, SHORT); // not disposed of: ends with the program
  },
  scores: async () => {
    const judge = await loadReward(CPU);
    const { reward, tokens } = await judge.score(input);
    assert(Number.isFinite(reward));
    say(...tokens.map(({ id }) => id));
    await fails(judge.score(input, { signal: AbortSignal.abort() }), "ABORTED");
    await judge.dispose();
  },
  "provides models for the AI SDK": async () => {
    const provider = createArgsearch(CPU);
    const call = { prompt: [{ role: "user", content: [{ type: "text", text: PROMPT }] }], maxOutputTokens: 12, seed: 1 };
    const { content } = await provider().doGenerate(call);
    const { stream } = await provider().doStream(call);
    let text = "";
    for await (const part of stream) text += part.delta ?? "";
    assert.equal(text, content[0].text);
    say(text);
    const { stream: left } = await provider().doStream({ ...call, maxOutputTokens: undefined });
    await left.cancel();
    const documents = { type: "text", values: ["no", "yes"] };
    say(...(await provider.rerankingModel().doRerank({ query: PROMPT, documents })).ranking.map(({ index }) => index));
    await provider.dispose();
  },
  "reads and writes files": async () => {
    const texts = ["one", "a\u2028b"]; // some line readers break a line there
    writeFileSync("texts.jsonl", texts.map((prompt) => `${JSON.stringify({ prompt, response: "yes" })}\r\n`).join(""));
    let read = 0;
    for await (const _ of readPrompts("texts.jsonl")) read += 1;
    assert.equal(read, 2);
    const judge = await loadReward(CPU);
    assert.equal((await scoreFile(judge, "texts.jsonl", { out: `scores-${process.pid}.jsonl` })).count, 2);
    assert.notEqual((await inspect(judge.info.rewards[0].path)).rewardHead, null);
    assert(devices({ gpu: false }).length > 0);
    await judge.dispose();
  },
  "evaluates, one run a directory": async () => {
    const out = `results-${process.pid}`;
    const settings = { ...CPU, data: ["one", "two"], methods: ["greedy", "args-greedy"], maxTokens: 4, out };
    const runs = await Promise.allSettled([evaluate(settings), evaluate(settings)]);
    assert.deepEqual(runs.map(({ reason }) => reason?.code ?? "works").sort(), ["BUSY", "works"]);
    await evaluate(settings); // goes on: everything is there
  },
  "makes a reward model": async () => {
    const pairs = Array.from({ length: 12 }, (_, index) => ({ prompt: "a", chosen: "b".repeat(1 + index), rejected: "c" }));
    const out = `reward-${process.pid}.gguf`;
    await withDecoder(({ info }) => fitReward({ ...CPU, model: info.policy.path, pairs, out, heldOut: 0, template: "none" }));
    const judge = await loadReward({ ...CPU, reward: out });
    assert(Number.isFinite((await judge.score(input, { template: "none" })).reward));
    await judge.dispose();
  },
  "quantises, and can be told to stop": async () => {
    const conversion = { gpu: false, model: "opt", type: "q8_0", out: `opt-${process.pid}.gguf` };
    await fails(convertOpt({ ...conversion, signal: AbortSignal.timeout(1) }), "ABORTED");
    await convertOpt(conversion);
    await withDecoder(async (decoder) => assert.equal((await decoder.generate("a", { ...SHORT, maxTokens: 2 })).tokens.length, 2), {
      policy: conversion.out,
    });
  },
  "says what went wrong": async () => {
    await fails(open({ policy: "nowhere.gguf" }), "FILE_NOT_FOUND");
    await fails(open({ slots: 0 }), "OPTION_INVALID");
    const decoder = await open();
    await fails(decoder.generate(""), "PROMPT_EMPTY");
    await decoder.dispose();
    await fails(decoder.generate(PROMPT), "DISPOSED");
  },
  "disposes while it decodes": async () => {
    const { decoder, ended } = await decoding();
    const outcome = fails(ended, "DISPOSED");
    await decoder.dispose();
    await outcome;
  },
  "ends without dispose": async () => {
    const decoder = await open();
    decoder.generate(PROMPT, SHORT).then(({ tokens }) => say(...tokens));
  },
  "ends with a stream left open": async () => {
    await (await open()).stream(PROMPT, ENDLESS).next();
  },
  "decodes in a worker thread": async () => {
    say(await new Promise((resolve) => start("decode").once("message", resolve)));
    await withDecoder(async (decoder) => say(...(await decoder.generate(PROMPT, SHORT)).tokens));
  },
  "terminates workers that decode": () =>
    withDecoder(async (decoder) => {
      const { text } = await decoder.generate(PROMPT, SHORT);
      for (let turn = 0; turn < 3; turn++) await (await running()).terminate();
      assert.equal((await decoder.generate(PROMPT, SHORT)).text, text);
    }),
};

const exits = {
  "exits while it loads": async () => {
    open();
    process.exit(7);
  },
  "exits in the middle of a stream": async () => {
    await decoding();
    process.exit(7);
  },
  "exits while a worker decodes": async () => {
    await running();
    process.exit(7);
  },
};

function start(task) {
  return new Worker(fileURLToPath(import.meta.url), { workerData: task });
}

/** A worker in the middle of a response. */
async function running() {
  const worker = start("decode for ever");
  await new Promise((resolve) => worker.once("message", resolve));
  return worker;
}

const tasks = {
  decode: () => withDecoder(async (decoder) => parentPort.postMessage((await decoder.generate(PROMPT, SHORT)).tokens.join(" "))),
  "decode for ever": async () => {
    const { ended } = await decoding();
    parentPort.postMessage("running");
    await ended;
  },
};

const [, , name] = process.argv;
if (!isMainThread) await tasks[workerData]();
else if (name !== undefined) await (works[name] ?? exits[name])();
else say(JSON.stringify([...Object.keys(works).map((each) => [each, 0]), ...Object.keys(exits).map((each) => [each, 7])]));
