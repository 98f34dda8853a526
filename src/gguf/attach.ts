import { binding, type GgufSet } from "../engine/binding.js";
import { anyEngine } from "../engine/choice.js";
import { native } from "../engine/native.js";
import { ENGINE, resolveEngine } from "../engine/options.js";
import { ArgsearchError } from "../errors.js";
import { alone } from "../files/output-file.js";
import { localModel } from "../hub/local-model.js";
import type { EngineOptions } from "../types.js";
import { checkNames, given, type Names, nonEmptyText } from "../validate.js";
import { Metadata } from "./metadata.js";
import { provenanceEntries, type RewardProvenance } from "./provenance.js";
import { HEAD_KEYS, HEAD_PREFIX, POSITION_KEY, type RewardHead, type StoredHead, storedHead } from "./reward-head.js";
import { TRUNK_KEY, trunkHash } from "./trunk.js";

export interface AttachOptions extends EngineOptions {
  /**
   * Path of the trunk, or its name on the Hub: an ordinary GGUF, with or without a head of its own, which is then replaced. Of a split model, any
   * part; the copy is one file.
   */
  model: string;
  head: RewardHead;
  /** A chat template in place of the model's own: the one that the head reads texts by. */
  chatTemplate?: string | undefined;
  /** Where the head came from; default: nothing is said. */
  provenance?: RewardProvenance | undefined;
  /** Path of the new file; an older one of that name, or behind a link of that name, is replaced at the end, in one move. */
  out: string;
}

const TEMPLATE_KEY = "tokenizer.chat_template";

const NAMES: Names<AttachOptions> = { ...ENGINE, model: true, head: true, chatTemplate: true, provenance: true, out: true };

/**
 * Writes a copy of a GGUF with a reward head in its metadata. Tensors are copied in pieces; memory does not grow with the
 * model. The copy gets its name only when it is whole and on disk, and nothing is left of it otherwise.
 *
 * @throws ArgsearchError OPTION_INVALID, also where `out` is the model; BUSY when another run writes it; REWARD_HEAD_INVALID for a head that is not as long as the model's embedding, or
 * not finite; FILE_NOT_FOUND, NOT_A_FILE, FILE_UNREADABLE, FILE_UNWRITABLE, NOT_GGUF, MODEL_INVALID; as devices()
 */
export async function attachReward(options: AttachOptions): Promise<void> {
  checkNames("attachReward()", options, NAMES);
  const model = await localModel("model", nonEmptyText("model", options.model));
  await alone(nonEmptyText("out", options.out), [model], () => writeWithHead({ ...options, model }));
}

/** The same for who has the output alone already. @throws ArgsearchError as attachReward(), but BUSY and OPTION_INVALID for an input */
export async function writeWithHead({ model, head, chatTemplate, provenance, out, engineDir, gpu }: AttachOptions): Promise<void> {
  await anyEngine(resolveEngine({ engineDir, gpu }));
  const file = await native(() => binding().readGguf(model));
  const metadata = new Metadata(file);
  const template = given(chatTemplate, [], (value) => [{ key: TEMPLATE_KEY, value: nonEmptyText("chatTemplate", value) }]);
  const stored = headEntries(storedHead(head, embeddingLength(model, metadata)));
  const trunk = { key: TRUNK_KEY, value: await trunkHash(file) };
  const set = [...stored, ...template, ...provenanceEntries(provenance), trunk];
  const remove = metadata.keys.filter((key) => key.startsWith(HEAD_PREFIX) && !set.some((entry) => entry.key === key));
  await native(() => binding().rewriteGguf(model, out, set, remove));
}

function embeddingLength(model: string, metadata: Metadata): number {
  const key = `${metadata.text("general.architecture")}.embedding_length`;
  const length = metadata.number(key);
  if (length !== null) return length;
  throw new ArgsearchError("MODEL_INVALID", `${model} does not say how long its embedding is: ${key} is missing`);
}

/** The metadata of a head. */
function headEntries({ weight, bias, labels, scale, shift, position }: StoredHead): GgufSet[] {
  const set: GgufSet[] = [{ key: HEAD_KEYS.weight, value: weight }];
  if (position) set.push({ key: POSITION_KEY, value: position });
  if (labels) set.push({ key: HEAD_KEYS.labels, value: labels });
  for (const [key, value] of Object.entries({ bias, scale, shift }) as [keyof typeof HEAD_KEYS, Float32Array | undefined][]) {
    const [only] = value ?? [];
    if (value && only !== undefined) set.push({ key: HEAD_KEYS[key], value: value.length === 1 ? { f32: only } : value });
  }
  return set;
}
