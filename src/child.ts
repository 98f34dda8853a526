/** What runs in a child process: the other entry of the package, beside index.ts. */
import { DECODER } from "./decode/decoder-wire.js";
import { openDecoder } from "./decode/serve-decoder.js";
import { trialTask } from "./engine/trial-task.js";
import { fetchHere } from "./import/python/converter-source.js";
import { quantiseTask } from "./import/quantise.js";
import { serve } from "./isolate/serve.js";
import { REWARD_MODEL } from "./score/isolated-reward-model.js";
import { openRewardModel } from "./score/serve-reward-model.js";

const tasks = { fetchConverter: fetchHere, quantise: quantiseTask, trial: trialTask };
const objects = { [DECODER]: openDecoder, [REWARD_MODEL]: openRewardModel };

serve(tasks, objects);
