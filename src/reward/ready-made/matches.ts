import type { RewardFunction } from "../../types.js";
import { invalid } from "../../validate.js";
import { textReward } from "./text-reward.js";

/**
 * 1 for a response that the expression matches somewhere (anchor it to say where), else 0. It rates, and sees responses grow: what must hold of every
 * token is the business of a grammar (`grammar`, `jsonSchema`). A match that is lost later, as with /^[^?]*$/ and a question mark, costs the 1 again.
 *
 * @param expression its flags "g" and "y" do not count; one that takes long to fail holds up the process
 * @throws ArgsearchError OPTION_INVALID
 */
export function matches(expression: RegExp): RewardFunction {
  if (!(expression instanceof RegExp)) throw invalid("expression", "a regular expression", expression);
  const stateless = new RegExp(expression.source, expression.flags.replace(/[gy]/g, ""));
  return textReward("matches", { expression: `${stateless}` }, (response) => (stateless.test(response) ? 1 : 0));
}
