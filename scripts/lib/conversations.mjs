// A client of a chat server that tries again: conversations of two turns, some streamed, several at a time. Prints what became of each.
//   node scripts/lib/conversations.mjs URL COUNT CONCURRENCY
const [url, count, concurrency] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const TRIES = 12;
const SYSTEM = "You are a helpful assistant. Answer in one or two sentences, politely, and say so when you are not sure of something.";

async function converse(number) {
  const messages = [
    { role: "system", content: SYSTEM },
    { role: "user", content: `Question ${number}: what is ${number} plus ${number + 1}, and why?` },
  ];
  const turns = [];
  for (let turn = 0; turn < 2; turn++) {
    const answer = await persistently(messages, (number + turn) % 2 === 0);
    turns.push(answer);
    messages.push({ role: "assistant", content: answer.text }, { role: "user", content: "Thank you. And then?" });
  }
  return { number, turns };
}

/** What a client must do on its side: ask again when it has no answer, or half of one. */
async function persistently(messages, stream) {
  for (let tries = 1; ; tries++) {
    try {
      return { ...(await ask(messages, stream)), stream, tries };
    } catch (error) {
      if (tries === TRIES) return { error: String(error.cause?.message ?? error.message), stream, tries };
      await new Promise((resolve) => setTimeout(resolve, 250 * tries));
    }
  }
}

async function ask(messages, stream) {
  const body = { messages, stream, max_tokens: 48, ...(stream && { stream_options: { include_usage: true } }), argsearch: { weight: 0.5 } };
  const reply = await fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(60_000),
  });
  if (!reply.ok) throw new Error(`${reply.status} ${await reply.text()}`);
  return stream ? await read(reply) : whole(await reply.json());
}

function whole({ choices: [{ message, finish_reason }], usage }) {
  return { text: message.content, finish: finish_reason, usage, chunks: 1 };
}

async function read(reply) {
  let [rest, text, chunks, done] = ["", "", 0, false];
  let finish;
  let usage;
  const decoder = new TextDecoder();
  for await (const bytes of reply.body) {
    chunks += 1; // pieces as they came over the network: one would mean that something keeps them back
    rest += decoder.decode(bytes, { stream: true });
    const events = rest.split("\n\n");
    rest = events.pop();
    for (const event of events) {
      if (!event.startsWith("data: ")) continue;
      const data = event.slice("data: ".length);
      if (data === "[DONE]") {
        done = true;
        continue;
      }
      const value = JSON.parse(data);
      if (value.error) throw new Error(value.error.message);
      text += value.choices[0]?.delta?.content ?? "";
      finish = value.choices[0]?.finish_reason ?? finish;
      usage = value.usage ?? usage;
    }
  }
  if (!done) throw new Error("the stream ended in the middle");
  return { text, finish, usage, chunks };
}

const numbers = Array.from({ length: count }, (_, at) => at).values();
async function work() {
  for (const number of numbers) console.log(JSON.stringify(await converse(number)));
}
await Promise.all(Array.from({ length: concurrency }, work));
