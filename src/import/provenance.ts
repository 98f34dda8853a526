import { provenanceEntries, type RewardProvenance } from "../gguf/provenance.js";

/**
 * What was given of a provenance, checked before long work rather than behind it: what is undefined hides nothing that is known otherwise.
 *
 * @throws ArgsearchError OPTION_INVALID
 */
export function completeProvenance(provenance: RewardProvenance | undefined): RewardProvenance {
  provenanceEntries(provenance);
  return Object.fromEntries(Object.entries(provenance ?? {}).filter(([, value]) => value !== undefined));
}
