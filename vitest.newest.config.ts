/**
 * What Node's versions have differed in, or may: line readers, streams, files, how addons are loaded and how things end; and what takes a newer
 * Node, the packages of SDKs.
 */
import { defineConfig, mergeConfig } from "vitest/config";
import suite from "./vitest.config.js";

const names = [
  "data/sources",
  "data/source-layouts",
  "score/score-file",
  "cli/terminal",
  "cli/chat-terminal",
  "errors/addon",
  "errors/running",
  "lifetime/collection",
  "lifetime/processes",
  "lifetime/workers",
  ...["ai", "rerank", "openai", "openai-compatible", "langchain", "programs"].map((name) => `sdks/${name}`),
  ...["abort", "appended-lines", "cache-dir", "gguf", "json-files", "lock", "output-file", "text-decoder"].map((name) => `unit/${name}`),
];

const newest = mergeConfig(suite, defineConfig({ test: { env: { ARGSEARCH_REPEATS: "1" } } }));
newest.test.include = names.map((name) => `test/${name}.test.ts`); // merging would add to the whole suite
export default newest;
