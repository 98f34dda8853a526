import { promptAsText } from "../../data/transcript.js";
import type { Embedder } from "./embedder.js";
import type { Metric } from "./metric.js";

/** Cosine of the angle between two vectors of one length, -1 to 1. */
export function cosine(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let product = 0;
  let squaresA = 0;
  let squaresB = 0;
  for (let at = 0; at < a.length; at++) {
    const [x, y] = [a[at] ?? 0, b[at] ?? 0];
    product += x * y;
    squaresA += x * x;
    squaresB += y * y;
  }
  return product / Math.sqrt(squaresA * squaresB);
}

/**
 * The metric "coherence" of ARGS (Khanov et al., ICLR 2024): the cosine of the sentence embeddings of prompt and response.
 * The paper embeds with SimCSE (sup-simcse-bert-base-uncased); any model that llama.cpp can embed with does. An empty
 * response is embedded as one space, as in the published code. Prompts are embedded once, however many methods answer them.
 */
export function coherenceMetric(embedder: Pick<Embedder, "embed">): Metric {
  const prompts = new Map<string, Float32Array>();
  return {
    name: "coherence",
    async measure(responses, signal) {
      const texts = responses.map(({ prompt }) => promptAsText(prompt).trim());
      const missing = [...new Set(texts)].filter((text) => !prompts.has(text));
      const found = await embedder.embed(missing, signal);
      missing.forEach((text, index) => {
        const vector = found[index];
        if (vector) prompts.set(text, vector);
      });
      const answers = await embedder.embed(
        responses.map(({ response }) => response || " "),
        signal,
      );
      return answers.map((answer, index) => cosine(prompts.get(texts[index] ?? "") ?? [], answer));
    },
  };
}
