/**
 * The loop that one would write over node-llama-cpp's public API. Commands as in bench/native/raw_bench.cc; rivals:
 *
 *   whole   each candidate's whole text through an embedding context, the one documented way to a model's hidden states; the head is a dot
 *           product in JavaScript
 *   reuse   a sequence a candidate that keeps the text, all k in one batch. Sequences give no hidden states: the confidence in a next token
 *           stands in for the reward, and the winner's token is decoded in the other sequences as well
 *
 *   node-llama-cpp.mjs PACKAGE_DIR POLICY.gguf REWARD.gguf CELLS K THREADS
 */
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const [packageDir, policyPath, rewardPath, ...numbers] = process.argv.slice(2);
const [cells, k, threads] = numbers.map(Number);
const { getLlama, LlamaLogLevel } = await import(pathToFileURL(join(packageDir, "dist", "index.js")).href);

const WEIGHT = 0.6;

const llama = await getLlama({ gpu: false, build: "never", skipDownload: true, maxThreads: threads, logLevel: LlamaLogLevel.error });
const policyModel = await llama.loadModel({ modelPath: policyPath });
const rewardModel = await llama.loadModel({ modelPath: rewardPath });
const policy = (await policyModel.createContext({ contextSize: cells, threads })).getSequence();
const { weight: head, bias = 0 } = rewardModel.fileInfo.metadata.argsearch.reward.head;

/** Ids of the likeliest next tokens behind one more token, with their probabilities. */
async function candidatesBehind(token) {
  const [output] = await policy.controlledEvaluate([[token, { generateNext: { probabilities: true } }]]);
  const likeliest = [];
  for (const entry of output.next.probabilities) {
    likeliest.push(entry);
    if (likeliest.length === k) break;
  }
  return likeliest;
}

class Whole {
  async fill(prompt) {
    this.context ??= await rewardModel.createEmbeddingContext({ contextSize: cells, threads });
    this.text = [...prompt];
  }

  async rewards(candidates) {
    const rewards = [];
    for (const candidate of candidates) {
      const { vector } = await this.context.getEmbeddingFor([...this.text, candidate]);
      rewards.push(vector.reduce((sum, value, index) => sum + value * head[index], bias));
    }
    return rewards;
  }

  async take(token) {
    this.text.push(token);
  }

  async rewind() {
    this.text = [...prompt];
  }
}

class Reuse {
  async fill(prompt) {
    if (this.sequences === undefined) {
      const context = await rewardModel.createContext({ contextSize: cells, sequences: k, threads });
      this.sequences = Array.from({ length: k }, () => context.getSequence());
    }
    this.length = prompt.length;
    await Promise.all(
      this.sequences.map(async (sequence) => {
        await sequence.clearHistory();
        await sequence.evaluateWithoutGeneratingNewTokens(prompt);
      }),
    );
  }

  rewards(candidates) {
    return Promise.all(
      candidates.map(async (candidate, index) => {
        const [output] = await this.sequences[index].controlledEvaluate([[candidate, { generateNext: { confidence: true } }]]);
        return output.next.confidence;
      }),
    );
  }

  async take(token) {
    await Promise.all(
      this.sequences.map(async (sequence) => {
        if (sequence.contextTokens.at(-1) === token) return;
        await cut(sequence, this.length);
        await sequence.evaluateWithoutGeneratingNewTokens([token]);
      }),
    );
    this.length += 1;
  }

  async rewind() {
    this.length = prompt.length;
    await Promise.all(this.sequences.map((sequence) => cut(sequence, prompt.length)));
  }
}

/** Leaves the sequence its first tokens, so many. */
function cut(sequence, length) {
  return sequence.eraseContextTokenRanges([{ start: length, end: sequence.nextTokenIndex }]);
}

const rivals = { whole: new Whole(), reuse: new Reuse() };
let prompt = [];

async function fill(rival) {
  await policy.clearHistory();
  if (prompt.length > 1) await policy.evaluateWithoutGeneratingNewTokens(prompt.slice(0, -1));
  await rival.fill(prompt);
}

/** The tokens are given, so that all decode the same; what the loop would take is counted. */
async function run(rival, committed) {
  let [pending, policyMs, agreed] = [prompt.at(-1), 0, 0];
  const started = performance.now();
  for (const token of committed) {
    const began = performance.now();
    const likeliest = await candidatesBehind(pending);
    policyMs += performance.now() - began;
    const rewards = await rival.rewards(likeliest.map(([candidate]) => candidate));
    const scores = likeliest.map(([, probability], index) => (1 - WEIGHT) * Math.log(probability) + WEIGHT * rewards[index]);
    if (likeliest[scores.indexOf(Math.max(...scores))][0] === token) agreed++;
    await rival.take(token);
    pending = token;
  }
  const ms = (performance.now() - started) / committed.length;
  await cut(policy, prompt.length - 1);
  await rival.rewind();
  return { ms, policy: policyMs / committed.length, agrees: agreed / committed.length };
}

async function answer(line) {
  const [command, ...words] = line.split(" ");
  if (command === "prompt") prompt = words.map(Number);
  else if (command === "fill") await fill(rivals[words[0]]);
  else if (command === "run") return run(rivals[words[0]], words.slice(1).map(Number));
  return {};
}

for await (const line of createInterface({ input: process.stdin })) console.log(JSON.stringify(await answer(line)));
process.exit(0);
