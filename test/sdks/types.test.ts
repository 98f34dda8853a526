/** The provider's types against the AI SDK's: TypeScript reads the first half of this, and the test the declarations that are packed. */
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type {
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4GenerateResult,
  LanguageModelV4StreamPart,
  ProviderV4,
  RerankingModelV4,
  RerankingModelV4CallOptions,
  RerankingModelV4Result,
} from "@ai-sdk/provider";
import ts from "typescript";
import { expect, it, onTestFinished } from "vitest";
import type {
  ArgsearchProvider,
  LanguageModel,
  LanguageModelCall,
  LanguageModelResult,
  LanguageModelStreamPart,
  RerankingModel,
  RerankingModelCall,
  RerankingModelResult,
} from "../../src/ai-sdk/index.js";
import { root } from "../cli/run.js";

/** A value of the second wherever one of the first is wanted. */
type Accepts<Wanted, Given extends Wanted> = [Wanted, Given];

/** Methods are compared loosely: what goes in and what comes out, one by one, is not. */
export type Checked = [
  Accepts<LanguageModelV4, LanguageModel>,
  Accepts<LanguageModelCall, LanguageModelV4CallOptions>,
  Accepts<LanguageModelV4GenerateResult, LanguageModelResult>,
  Accepts<LanguageModelV4StreamPart, LanguageModelStreamPart>,
  Accepts<RerankingModelV4, RerankingModel>,
  Accepts<RerankingModelCall, RerankingModelV4CallOptions>,
  Accepts<RerankingModelV4Result, RerankingModelResult>,
  Accepts<ProviderV4, ArgsearchProvider>,
];

/** What TypeScript says of a program that uses the built package. */
function saidOf(source: string): string[] {
  const folder = mkdtempSync(join(root, ".cache", "types-")); // inside of the package, which then imports itself by name
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, "program.mts");
  writeFileSync(file, source);
  const { NodeNext } = ts.ModuleKind;
  const { ES2023 } = ts.ScriptTarget;
  const options = { module: NodeNext, target: ES2023, lib: ["lib.es2023.d.ts", "lib.esnext.disposable.d.ts"], strict: true, noEmit: true };
  const program = ts.createProgram([file], { ...options, exactOptionalPropertyTypes: true, skipLibCheck: true, types: ["node"] });
  const found = ts.getPreEmitDiagnostics(program);
  return found.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n").split("\n", 1)[0] as string);
}

const PROGRAM = `
import { generateText, rerank, createProviderRegistry } from "ai";
import { createArgsearch, type LanguageModelOptions, type ResponseMetadata } from "argsearch/ai-sdk";
const argsearch = createArgsearch({ slots: 2 });
const { providerMetadata } = await generateText({
  model: argsearch(),
  prompt: "Hello",
  providerOptions: { argsearch: { weight: 0.5, gate: { entropy: 1 } } satisfies LanguageModelOptions },
});
const { reward } = providerMetadata?.argsearch as unknown as ResponseMetadata;
export const checked: number | null = reward;
await rerank({ model: argsearch.rerankingModel(), query: "a", documents: ["b"] });
createProviderRegistry({ argsearch });
`;

it("the built package's models are the SDK's, under the strictest options", () => {
  expect(saidOf(PROGRAM)).toEqual([]);
  expect(saidOf(PROGRAM.replace("weight: 0.5", 'weight: "0.5"'))).toEqual([expect.stringContaining("not assignable")]);
  expect(saidOf(PROGRAM.replace("model: argsearch()", "model: argsearch"))).not.toEqual([]);
}, 120_000);

it("who has no AI SDK needs none to compile", () => {
  const declared = readFileSync(join(root, "dist", "ai-sdk.d.ts"), "utf8");
  const { importedFiles } = ts.preProcessFile(declared);
  expect(importedFiles.length).toBeGreaterThan(0);
  expect(importedFiles.map(({ fileName }) => fileName).filter((name) => !name.startsWith("./"))).toEqual([]);
});
