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

/** What wrappers put before the names of what they wrap. */
const WRAPPERS = /^(?:(?:module|model|base_model|pretrained_model|transformer)\.)*/;

const HEAD_NAME = new RegExp(`^(?:${MODULES.map((name) => name.replace(".", "\\.")).join("|")})\\.`);

/** First parts of names within a trunk, as the families of decoders call them. */
const TRUNK = new RegExp(
  `^(?:${[
    "layers|h|blocks?|decoder|encoder|language_model|text_model|text_decoder|gpt_neox|backbone|llm|lm|rwkv|mtp",
    "embed|embed_\\w+|\\w*embeddings?|word_embeddings_layernorm|wte|wpe|drop|rotary_\\w+|relative_\\w+",
    "norm|norm_f|ln_f|ln_out|final_\\w*norm\\w*|emb|emb_norm|embedding_norm",
    "lm_head|embed_out|output|output_layer",
    "visual|vision_\\w+|audio_\\w+|multi_modal_projector|mm_projector|connector",
  ].join("|")})\\.`,
);

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
const STATISTICS = /^(?:normalizer\.)?(?:mean|std|var|count)$/;

/** The name without what wrappers put before it, and without PEFT's for a module that was trained beside an adapter. */
export function bareName(name: string): string {
  return name.replace(WRAPPERS, "").replace(/\.modules_to_save\.[^.]+\./, ".");
}

/** What wrappers put before a name. */
export function wrapperOf(name: string): string {
  return WRAPPERS.exec(name)?.[0] ?? "";
}

/** Whether a tensor has the name of a head's. */
export function isOfHead(name: string): boolean {
  return HEAD_NAME.test(bareName(name));
}

/** Whether it is what a head was before it was trained, kept by PEFT. */
export function isOriginal(name: string): boolean {
  return name.includes(".original_module.");
}

/** Whether it belongs to a weight that was quantised. */
export function isOfQuantised(name: string): boolean {
  return QUANTISED.test(name);
}

/** Whether it is a statistic of rewards, by which they may be normalised. */
export function isStatistic(name: string): boolean {
  return STATISTICS.test(bareName(name));
}

/**
 * The other tensors of the module that a weight belongs to: the widest that holds nothing of a trunk. Of "score.2.weight" the
 * module is "score".
 */
export function siblings(names: readonly string[], weight: string): string[] {
  const wrapper = wrapperOf(weight);
  const bare = bareName(weight);
  const root = TRUNK.test(bare) ? bare.slice(0, bare.lastIndexOf(".") + 1) : `${bare.split(".")[0]}.`;
  return names.filter((name) => name !== weight && wrapperOf(name) === wrapper && bareName(name).startsWith(root));
}

/** A layer of a transformer, behind what the module of its layers lies in. */
const LAYER = /^(.+?\.)(?:layers?|h|blocks?)\.\d+\.\w*(?:attn|attention|mlp|ffn|feed_forward|mixer|norm|ln_)/;

/** Tensors that are neither a trunk's nor a known head's, nor statistics. */
export function strays(names: readonly string[]): string[] {
  // A trunk in a wrapper of a name of its own.
  const trunks = [...new Set(names.map((name) => LAYER.exec(bareName(name))?.[1]).filter((prefix) => prefix !== undefined))];
  const trunkWrapper = commonest(names.filter((name) => /^(?:layers|h|blocks?)\.\d+\./.test(bareName(name))).map(wrapperOf));
  return names.filter((name) => {
    const bare = bareName(name);
    if (HEAD_NAME.test(bare) || STATISTICS.test(bare)) return false;
    const elsewhere = trunkWrapper !== undefined && FINAL_NORM.test(bare) && wrapperOf(name) !== trunkWrapper;
    return elsewhere || !(TRUNK.test(bare) || trunks.some((prefix) => bare.startsWith(prefix)));
  });
}

/** Whether a tensor that is neither the trunk's nor the head's would change what the head says, rather than being a head of its own. */
export function modifiesRewards(name: string): boolean {
  return MODIFIES.test(bareName(name)) || !/\.(?:weight|bias)$/.test(name);
}

/** Whether a name cannot be a trunk's, of whatever family. */
export function speaksOfRewards(name: string): boolean {
  const bare = bareName(name);
  return !TRUNK.test(bare) && OF_REWARDS.test(bare);
}

function commonest(values: readonly string[]): string | undefined {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0];
}
