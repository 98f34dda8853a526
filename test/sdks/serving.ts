/** A server in this process, on the embedded pair. */
import { type Decoder, load } from "../../src/index.js";
import { createServer } from "../../src/server/index.js";
import type { LoadOptions } from "../../src/types.js";

export interface Serving extends AsyncDisposable {
  decoder: Decoder;
  /** Of its API: "http://127.0.0.1:PORT/v1". */
  baseURL: string;
}

export async function serving(options: LoadOptions = {}, server: { apiKey?: string } = {}): Promise<Serving> {
  const decoder = await load({ gpu: false, threads: 1, ...options });
  const app = createServer({ decoder, model: "policy", ...server });
  const { url } = await app.listen({ port: 0 });
  const end = async (): Promise<void> => {
    await app.close();
    await decoder.dispose();
  };
  return { decoder, baseURL: new URL("/v1", url).href, [Symbol.asyncDispose]: end };
}

export const PROMPT = "Can you help me set up a light show?";
export const MESSAGES = [{ role: "user" as const, content: PROMPT }];
