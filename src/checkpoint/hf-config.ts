/** What config.json of a Hugging Face directory says about a reward model. */
import { basename, join, resolve } from "node:path";
import { ArgsearchError } from "../errors.js";
import { isJsonObject, type JsonObject, readJsonObject } from "../files/json.js";

export interface HfConfig {
  path: string;
  /** The class, for example "LlamaForSequenceClassification". */
  architecture: string;
  /** For example "llama"; "" when it does not say. */
  modelType: string;
  /** Length of the hidden state that the head reads; null when it does not say. */
  hiddenSize: number | null;
  /** Where the model came from: what it was saved as, else the directory's name. */
  source: string;
  json: JsonObject;
}

/** @throws ArgsearchError FILE_NOT_FOUND, FILE_UNREADABLE, INPUT_INVALID */
export async function readConfig(dir: string): Promise<HfConfig> {
  const path = join(dir, "config.json");
  const json = await readJsonObject(path);
  const { architectures, model_type: modelType, _name_or_path: savedAs } = json;
  const [architecture, another] = Array.isArray(architectures) ? [...new Set(architectures as unknown[])] : [];
  if (typeof architecture !== "string") throw new ArgsearchError("INPUT_INVALID", `${path} does not name its architecture`);
  if (another !== undefined) {
    const names = `${architecture}, ${String(another)}`;
    throw new ArgsearchError("INPUT_INVALID", `${path} names several architectures (${names}): leave the one that the weights are of`);
  }
  return {
    path,
    architecture,
    modelType: typeof modelType === "string" ? modelType : "",
    hiddenSize: hiddenSize(json),
    source: typeof savedAs === "string" && savedAs !== "" ? savedAs : basename(resolve(dir)),
    json,
  };
}

/** Multimodal models keep the text model's numbers apart. */
function hiddenSize({ hidden_size: own, text_config: text, n_embd: gpt2 }: JsonObject): number | null {
  const inner = isJsonObject(text) ? text.hidden_size : undefined;
  return [own, inner, gpt2].find((value): value is number => typeof value === "number") ?? null;
}

/** id2label in the order of its ids. "LABEL_0" is what transformers makes up for a model without names, and a bare id names nothing. */
export function labelNames({ id2label }: JsonObject): string[] {
  if (!isJsonObject(id2label)) return [];
  const names = Object.entries(id2label)
    .sort(([a], [b]) => Number(a) - Number(b))
    .map(([, name]) => String(name));
  return names.every((name, at) => /^LABEL_\d+$/.test(name) || name === String(at)) ? [] : names;
}

/** Causal language models that llama.cpp's converter does not know by their family's name. */
const CAUSAL_LM: Readonly<Record<string, string>> = { GPT2: "GPT2LMHeadModel", Mpt: "MPTForCausalLM", Phimoe: "PhiMoEForCausalLM" };

/**
 * The causal language model that shares a reward model's trunk, as llama.cpp's converter calls it: "LlamaForSequenceClassification" ->
 * "LlamaForCausalLM". A causal language model is its own.
 *
 * @throws ArgsearchError MODEL_UNSUPPORTED where none can be told, and for OPT, which the converter does not have
 */
export function causalArchitecture({ architecture, path }: Pick<HfConfig, "architecture" | "path">): string {
  if (architecture.startsWith("OPT")) {
    const how = '"argsearch convert opt" writes it as the mpt architecture';
    throw new ArgsearchError("MODEL_UNSUPPORTED", `${path}: llama.cpp has no OPT. ${how}`);
  }
  if (/(ForCausalLM|LMHeadModel)$/.test(architecture)) return CAUSAL_LM[architecture.replace(/ForCausalLM$/, "")] ?? architecture;
  const [, family] = /^([A-Za-z]\w*?)(?:Text)?(?:Model)?(?:For[A-Z]\w*|RewardModel|Model)$/.exec(architecture) ?? [];
  if (family === undefined) {
    throw new ArgsearchError("MODEL_UNSUPPORTED", `${path}: no causal language model is known for the architecture ${architecture}`);
  }
  return CAUSAL_LM[family] ?? `${family}ForCausalLM`;
}
