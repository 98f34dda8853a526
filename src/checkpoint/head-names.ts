/** What tensors' names say: which are a head's, which the trunk's, and which are neither. */

/** Modules that hold a head: transformers' and OpenRLHF's, TRL's value head, and what others call theirs. */
export const MODULES = [
  "score",
  "v_head.summary",
  "reward_head",
  "regression_head",
  "classifier",
  "value_head",
  "rm_head",
  "classification_head",
  "regression_layer",
  "score_head",
  "v_head",
] as const;

const HEAD = `(?:${MODULES.map((name) => name.replace(".", "\\.")).join("|")})\\.`;

const HEAD_NAME = new RegExp(`^${HEAD}`);

/** First parts of names within a trunk, as the families of decoders call them. */
const TRUNK_PART = `(?:${[
  "layers|h|blocks?|decoder|encoder|language_model|text_model|text_decoder|gpt_neox|backbone|llm|lm|rwkv|mtp",
  "embed|embed_\\w+|\\w*embeddings?|word_embeddings_layernorm|wte|wpe|drop|rotary_\\w+|relative_\\w+",
  "norm|norm_f|ln_f|ln_out|final_\\w*norm\\w*|emb|emb_norm|embedding_norm",
  "lm_head|embed_out|output|output_layer",
  "visual|vision_\\w+|audio_\\w+|multi_modal_projector|mm_projector|connector",
].join("|")})\\.`;

const TRUNK = new RegExp(`^${TRUNK_PART}`);

/** What wrappers put before the names of what they wrap: transformers' and TRL's, then PyTorch's. */
const WRAPPER =
  "(?:(?:module|model|base_model|pretrained_model|transformer|_orig_mod|(?:_fsdp|_checkpoint)_wrapped_module|_forward_module)\\.)*";

/** Trainers' names for a whole reward model; of a head, too, where neither a trunk nor a head lies in it. */
const TRAINERS = `(?:(?:critic|rm|reward_model)\\.(?=${WRAPPER}(?:${HEAD}|${TRUNK_PART})))?`;

const WRAPPERS = new RegExp(`^${WRAPPER}${TRAINERS}${WRAPPER}`);

/** Parts of a trunk that lie beside the module of its layers, not in it. */
const FINAL_NORM = /^(?:norm|norm_f|ln_f|ln_out|final_\w*norm\w*)\./;

/** Beside a head of one's own: the buffers of weights that were quantised. */
const QUANTISED =
  /\.(?:absmax|nested_absmax|quant_map|nested_quant_map|quant_state\b.*|SCB|weight_format|qweight|qzeros|scales|biases|zeros|g_idx|weight_(?:scale|scale_inv|packed|zero_point|shape|g_idx|global_scale)|input_scale|input_global_scale)$/;

/** Names that speak of something done to a reward behind the head, or to the hidden state before it. */
const MODIFIES = /norm|(?:^|[._])ln(?:[._]|$)|scal|std|mean|var(?:iance)?(?:[._]|$)|shift|temperature|transform|gat(?:e|ing)/i;

/** Names that no trunk has. */
const OF_REWARDS = /\w_head|v_head|head_|heads\.|score|reward|critic|regress|classif|gating|^(?:mean|std|var)$/i;

/** Statistics by which OpenRLHF and Safe RLHF normalise rewards. */
const STATISTICS = /^(?:normalizer\.)?(mean|std|var|count)$/;

/** The name without what wrappers put before it, and without PEFT's for a module that was trained beside an adapter. */
function bareName(name: string, names: readonly string[]): string {
  return name.slice(wrapperOf(name, names).length).replace(/\.modules_to_save\.[^.]+\./, ".");
}

/** A layer with attention, or what stands for it: a trunk's. */
const TRUNK_LAYER = /^((?:\w+\.)+?)(?:layers?|h|blocks?)\.\d+\.(?:\w+\.)*\w*(?:attn|attention|mixer)\b/;

/** What wrappers put before a name: known ones, and any that a trunk lies in. */
function wrapperOf(name: string, names: readonly string[]): string {
  const known = WRAPPERS.exec(name)?.[0] ?? "";
  const bare = name.slice(known.length);
  if (HEAD_NAME.test(bare) || TRUNK.test(bare)) return known;
  return trunksOf(names).reduce((longest, trunk) => {
    const shared = sharedParts(name, trunk);
    return shared.length > longest.length ? shared : longest;
  }, known);
}

const trunksByNames = new WeakMap<readonly string[], string[]>();

/** What the layers of trunks lie in. No head has a trunk of its own. */
function trunksOf(names: readonly string[]): string[] {
  const known = trunksByNames.get(names);
  if (known !== undefined) return known;
  const found = names.map((name) => TRUNK_LAYER.exec(name)?.[1]).filter((trunk) => trunk !== undefined && !/head|score/i.test(trunk));
  const trunks = [...new Set(found)] as string[];
  trunksByNames.set(names, trunks);
  return trunks;
}

/** The parts that both names begin with; the last is not one of them. */
function sharedParts(name: string, trunk: string): string {
  const [parts, others] = [name.split("."), trunk.split(".")];
  const end = parts.findIndex((part, at) => part !== others[at] || at === parts.length - 1);
  return parts
    .slice(0, end)
    .map((part) => `${part}.`)
    .join("");
}

/** Whether a tensor has the name of a head's. `names`: of all tensors. */
export function isOfHead(name: string, names: readonly string[]): boolean {
  return HEAD_NAME.test(bareName(name, names));
}

/** Whether it is the weight or bias of a head of one layer, as those are called. */
export function isWholeHead(weight: string, names: readonly string[]): boolean {
  return (MODULES as readonly string[]).includes(bareName(weight, names).slice(0, -".weight".length));
}

/** Whether it is what a head was before it was trained, kept by PEFT. */
export function isOriginal(name: string): boolean {
  return name.includes(".original_module.");
}

/** Whether it belongs to a weight that was quantised. */
export function isOfQuantised(name: string): boolean {
  return QUANTISED.test(name);
}

/** Which statistic of rewards it is, by which they may be normalised: "mean", "std", "var" or "count". */
export function statisticOf(name: string, names: readonly string[]): string | undefined {
  return STATISTICS.exec(bareName(name, names))?.[1];
}

/**
 * The other tensors of the module that a weight belongs to: the widest that holds nothing of a trunk. Of "score.2.weight" the
 * module is "score".
 */
export function siblings(names: readonly string[], weight: string, among = names): string[] {
  const bare = bareName(weight, names);
  const root = TRUNK.test(bare) ? bare.slice(0, bare.lastIndexOf(".") + 1) : `${bare.split(".")[0]}.`;
  return among.filter((name) => name !== weight && name.startsWith(wrapperOf(weight, names) + root));
}

/** A layer of a transformer, behind what the module of its layers lies in. */
const LAYER = /^(.+?\.)(?:layers?|h|blocks?)\.\d+\.\w*(?:attn|attention|mlp|ffn|feed_forward|mixer|norm|ln_)/;

/** Tensors that are neither a trunk's nor a known head's, nor statistics. */
export function strays(names: readonly string[]): string[] {
  const bareOf = new Map(names.map((name) => [name, bareName(name, names)]));
  // A trunk in a wrapper of a name of its own.
  const trunks = [...new Set([...bareOf.values()].map((bare) => LAYER.exec(bare)?.[1]).filter((prefix) => prefix !== undefined))];
  const layers = names.filter((name) => /^(?:layers|h|blocks?)\.\d+\./.test(bareOf.get(name) as string));
  const trunkWrapper = commonest(layers.map((name) => wrapperOf(name, names)));
  return names.filter((name) => {
    const bare = bareOf.get(name) as string;
    if (HEAD_NAME.test(bare) || STATISTICS.test(bare)) return false;
    const elsewhere = trunkWrapper !== undefined && FINAL_NORM.test(bare) && wrapperOf(name, names) !== trunkWrapper;
    return elsewhere || !(TRUNK.test(bare) || trunks.some((prefix) => bare.startsWith(prefix)));
  });
}

/** Whether a tensor that is neither the trunk's nor the head's would change what the head says, rather than being a head of its own. */
export function modifiesRewards(name: string, names: readonly string[]): boolean {
  return MODIFIES.test(bareName(name, names)) || !/\.(?:weight|bias)$/.test(name);
}

/** Whether a name cannot be a trunk's, of whatever family. */
export function speaksOfRewards(name: string, names: readonly string[]): boolean {
  const bare = bareName(name, names);
  return !TRUNK.test(bare) && OF_REWARDS.test(bare);
}

function commonest(values: readonly string[]): string | undefined {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0];
}
