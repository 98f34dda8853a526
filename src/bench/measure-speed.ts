import { ArgsearchError } from "../errors.js";
import { withFiles } from "../reward/hub-models.js";
import { describeMachine } from "./machine.js";
import { measurePoint } from "./measure-point.js";
import { resolveSpeed, type SpeedOptions } from "./options.js";
import { Watch } from "./quiet.js";
import type { SpeedPointResult, SpeedResults } from "./results.js";

/**
 * How fast does this machine decode with these models: plain decoding, ARGS, and ARGS in each mode that these models allow, the same prompts
 * and tokens, side by side in rounds. Nothing else should run meanwhile: `quiet` of the results says whether something did.
 *
 * @throws ArgsearchError OPTION_INVALID; as load() and generate(); ABORTED
 */
export async function measureSpeed(options: SpeedOptions = {}): Promise<SpeedResults> {
  const checked = await resolveSpeed(options);
  const { engineDir, gpu, signal } = options;
  const resolved = { ...checked, load: await withFiles(checked.load, { engineDir, gpu, signal }) };
  const { points, rounds, maxTokens, prompts, onProgress, load } = resolved;
  const watch = await Watch.start();
  const found: SpeedPointResult[] = [];
  let info: Awaited<ReturnType<typeof measurePoint>>["decoder"] | undefined;
  for (const [at, point] of points.entries()) {
    onProgress?.({ what: "loading", done: at, total: points.length });
    const { decoder, ...result } = await measurePoint(resolved, point, (done, total, what) => {
      onProgress?.({ what, done: at * total + done, total: points.length * total });
    });
    info ??= decoder;
    found.push(result);
  }
  if (info === undefined) throw new ArgsearchError("OPTION_INVALID", "nothing to measure");
  return {
    machine: describeMachine(info.engine),
    quiet: await watch.end(),
    settings: {
      policy: info.policy.path,
      rewards: info.rewards.flatMap(({ path, base }) => (base === null ? [path] : [path, base.path])),
      threads: load.threads ?? null,
      ...{ maxTokens, rounds, prompts: prompts.length },
    },
    points: found,
  };
}
