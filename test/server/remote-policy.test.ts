/** A policy on another server behind this one: by blocks, rated here. */
import { expect, onTestFinished, test } from "vitest";
import { createServer } from "../../src/server/index.js";
import { bruteForce, type Given, loaded, ofText, policy } from "../remote/policies.js";
import { serve } from "../remote/server.js";
import { metric, post } from "./serving.js";

const HOW = [{ role: "user", content: "How?" }];

test("a chat is the block search over it", async () => {
  const given: Given = new Map();
  const behind = await serve(policy(given));
  const decoder = await loaded(behind);
  const server = createServer({ decoder });
  onTestFinished(() => server.close(0));
  const { url } = await server.listen({ port: 0 });
  const asked = { messages: HOW, max_tokens: 12, seed: 3, argsearch: { block: 4, drafts: 5, ending: "reward" } };
  const { status, json } = await post(url, "/v1/chat/completions", asked);
  expect(status).toBe(200);
  expect(json.choices[0].message.content).toBe(bruteForce(given, ofText, { block: 4, maxTokens: 12 }));
  expect(json.choices[0].argsearch.method).toBe("blocks");
  expect(await metric(url, "argsearch:slots")).toBeGreaterThan(0);
  const refused = await post(url, "/v1/chat/completions", { ...asked, argsearch: { method: "args" } });
  expect([refused.status, refused.json.error.param]).toEqual([400, "argsearch.method"]);
});

test("what goes wrong there is a 502 here", async () => {
  const behind = await serve((_, response) => response.writeHead(401).end());
  const decoder = await loaded(behind, { policy: { retries: 0 } });
  const server = createServer({ decoder });
  onTestFinished(() => server.close(0));
  const { url } = await server.listen({ port: 0 });
  const { status, json } = await post(url, "/v1/chat/completions", { messages: HOW });
  expect([status, json.error.code]).toEqual([502, "REMOTE_FAILED"]);
});
