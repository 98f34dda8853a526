import type { Command } from "commander";
import { type GgufScalar, type GgufSummary, inspect } from "../../index.js";
import { addExamples, engineDirFlag } from "../flags/flags.js";
import { bytes, count, table } from "../terminal/format.js";
import { print, printJson } from "../terminal/output.js";

export function addInspect(program: Command): void {
  const command = program
    .command("inspect")
    .description("Show what a GGUF file is: architecture, size, quantisation, chat template, reward head, or an adapter.")
    .argument("<file>", "a GGUF, of a split one any part; or hf:OWNER/REPO:QUANT")
    .option("--json", "print one JSON object, with all scalar metadata")
    .addOption(engineDirFlag());
  addExamples(command, ["inspect reward.gguf", "inspect reward.gguf --json", "inspect hf:Qwen/Qwen3-1.7B-GGUF:Q8_0"]);
  command.action(async (file: string, { json, engineDir }: { json?: boolean; engineDir?: string }) => {
    const summary = await inspect(file, { engineDir });
    return json ? printJson(summary) : print(table([...modelRows(summary), ...headRows(summary)]));
  });
}

const OF_TOKENS = "--reward-base FILE, --reward-kind autoregressive or values";

function modelRows(summary: GgufSummary): string[][] {
  const types = summary.tensors.map(({ type, tensors }) => `${tensors} ${type}`);
  return [
    ["file", summary.files === 1 ? summary.path : `${summary.path} (one of ${summary.files} parts)`],
    ["name", summary.name ?? "-"],
    ["architecture", summary.architecture ?? "-"],
    ["size", bytes(summary.size)],
    ["parameters", count(summary.parameters)],
    ["quantisation", `${summary.quantization ?? "-"} (tensors: ${types.join(", ")})`],
    ["context length", String(summary.contextLength ?? "-")],
    ["embedding", String(summary.embeddingLength ?? "-")],
    ["layers", String(summary.layers ?? "-")],
    ["vocabulary", String(summary.vocabulary ?? "-")],
    ["chat template", summary.chatTemplate === null ? "none" : clip(JSON.stringify(summary.chatTemplate))],
  ];
}

function headRows(summary: GgufSummary): string[][] {
  const { rewardHead: head, architecture, metadata } = summary;
  if (metadata["general.type"] === "adapter") return [["adapter", `of a model of ${architecture}: --reward MODEL --reward-adapter FILE`]];
  if (head === null) return [["reward head", isLanguageModel(summary) ? `none; a reward with ${OF_TOKENS}` : "none"]];
  return [
    ["reward head", `${head.labels.join(", ")} (${head.nEmbd ?? "?"} weights each)`],
    ["  bias", head.bias.map(shown).join(", ")],
    ["  scale, shift", `${head.scale.map(shown).join(", ")}; ${head.shift.map(shown).join(", ")}`],
    ...(head.position === undefined ? [] : [["  read at", head.position === "end" ? "the end of the turn" : "the last token"]]),
    ...Object.entries(head.notes).map(([key, value]) => [`  ${key}`, key === "prefix_accuracy" ? accuracies(String(value)) : shown(value)]),
  ];
}

/** It goes on with texts: encoders say that they are not causal. */
function isLanguageModel({ architecture, vocabulary, metadata }: GgufSummary): boolean {
  return (
    vocabulary !== null && metadata[`${architecture}.attention.causal`] !== false && metadata[`${architecture}.pooling_type`] === undefined
  );
}

/** What `reward fit` stores, in words; anything else as it is. */
function accuracies(text: string): string {
  try {
    const places = JSON.parse(text) as readonly { tokens: unknown; accuracy: number }[];
    return places.map(({ tokens, accuracy }) => `${tokens}: ${accuracy.toFixed(3)}`).join(", ");
  } catch {
    return text;
  }
}

/** 32-bit numbers print with digits that they do not have. */
function shown(value: GgufScalar): string {
  return typeof value === "number" ? String(Number(value.toPrecision(6))) : String(value);
}

/** A template may be pages long; --json has the whole. */
function clip(text: string): string {
  return text.length <= 100 ? text : `${text.slice(0, 99)}…`;
}
