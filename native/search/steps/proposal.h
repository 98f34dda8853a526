#pragma once

#include "model/model.h"
#include "search/step.h"

namespace argsearch {

/// Gives a slot its candidates, out of its logits; nothing has rated them yet. SAMPLERS_LEAVE_NOTHING, DECODE_FAILED
/// for logits that are no numbers.
void propose(SlotStep& slot, Proposer& proposer, const Model& policy);

}  // namespace argsearch
