/** What runs in a child process: the other entry of the package, beside index.ts. */
import { trialTask } from "./engine/trial-task.js";
import { fetchHere } from "./import/python/converter-source.js";
import { quantiseTask } from "./import/quantise.js";
import { serve } from "./isolate/serve.js";

serve({ fetchConverter: fetchHere, quantise: quantiseTask, trial: trialTask });
