import { type Decoder, type GenerateFileOptions, type GenerateSummary, generateFile } from "../../index.js";
import { type DecodingFlags, generateOptions } from "../flags/flags.js";
import { plural, reward } from "../terminal/format.js";
import { note } from "../terminal/output.js";
import { workOnLines } from "./line-work.js";

export interface GenerateFileFlags extends DecodingFlags, Pick<GenerateFileOptions, "format" | "out" | "shard" | "tokens"> {
  count?: number;
  json?: boolean;
}

export async function runGenerateFile(decoder: Decoder, path: string, flags: GenerateFileFlags): Promise<void> {
  const { format, shard, tokens, count } = flags;
  const summary = await workOnLines("decoding", path, flags, (source, options) =>
    generateFile(decoder, source, { ...generateOptions(flags), ...options, format, shard, tokens, n: count }),
  );
  noteResponses(summary);
}

export function noteResponses(summary: GenerateSummary): void {
  note(sentence(summary), true);
}

function sentence({ count, failed, ended, completionTokens, mean, deviation }: GenerateSummary): string {
  const parts = [plural(count, "response")];
  if (failed > 0) parts.push(`${plural(failed, "line")} failed`);
  if (count > 0) parts.push(`${ended} ended by themselves`, plural(completionTokens, "token"));
  if (mean !== null) parts.push(`mean reward ${reward(mean)}, deviation ${reward(deviation)}`);
  return parts.join(" · ");
}
