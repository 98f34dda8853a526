/** Flags of the commands that make GGUF files: the weights' format, the converter, and where a reward head came from. */
import { type Command, Option } from "commander";
import type { RewardProvenance } from "../../import/index.js";
import { type ConvertHfOptions, MODEL_TYPES } from "../../import/index.js";
import { note } from "../terminal/output.js";
import { engineDirFlag, verboseFlag } from "./flags.js";
import { names, number, rowOrTwo } from "./values.js";

/** Which rows of a head count. */
export interface RowFlags {
  labels?: string[];
  row?: number | [number, number];
}

export function addRowFlags(command: Command): void {
  command
    .option("--labels <a,b>", "names of the head's rows, in order (default: those of config.json)", names)
    .option(
      "--row <n|n-m>",
      "the only row that counts, from 0; of two, the first less the second: the log-odds of two classes (default: every row)",
      rowOrTwo,
    );
}

export interface ProvenanceFlags {
  source?: string;
  dataset?: string;
  accuracy?: number;
  prefixAccuracy?: string;
}

export function typeFlag(): Option {
  const description = `format of the weights: ${MODEL_TYPES.join(", ")}; a reward head stays f32 (default: f16)`;
  return new Option("--type <type>", description).choices(MODEL_TYPES);
}

export function tensorFlag(): Option {
  return new Option("--tensor <name>", "the head's weight, where there are several heads or it has a name of its own");
}

export function headPositionFlag(): Option {
  const description = "where the head was trained to read a whole response: at its last token, or where its turn ends (default: last)";
  return new Option("--reward-at <last|end>", description).choices(["last", "end"]);
}

export function addProvenanceFlags(command: Command): void {
  command
    .option("--source <name>", "the model that it came from, kept in the file")
    .option("--dataset <name>", "the preference data, kept in the file")
    .option("--accuracy <share>", "its accuracy on held-out pairs, 0 to 1, kept in the file", number)
    .option("--prefix-accuracy <text>", "the same by response tokens read, in words or JSON, kept in the file");
}

/** Only what was given: the rest has defaults. */
export function provenance({ source, dataset, accuracy, prefixAccuracy }: ProvenanceFlags): RewardProvenance {
  return {
    ...(source !== undefined && { source }),
    ...(dataset !== undefined && { dataset }),
    ...(accuracy !== undefined && { accuracy }),
    ...(prefixAccuracy !== undefined && { prefixAccuracy }),
  };
}

/** What the commands that drive llama.cpp's converter have in common. */
export interface PythonFlags extends Pick<ConvertHfOptions, "python" | "converter" | "engineDir"> {
  verbose?: boolean;
}

export function addPythonFlags(command: Command): void {
  command
    .option("--python <file>", "the Python to use (default: python3 or python)")
    .option("--converter <dir>", "llama.cpp's source with convert_hf_to_gguf.py (default: fetched once)")
    .addOption(engineDirFlag())
    .addOption(verboseFlag());
}

export function pythonOptions({ python, converter, engineDir, verbose }: PythonFlags): Omit<ConvertHfOptions, "model" | "out"> {
  const onLog = verbose ? (line: string): void => note(line, true) : undefined;
  return { python, converter, engineDir, onLog };
}
