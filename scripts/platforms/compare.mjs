// Whether two reports of test/platforms/decode.cjs say the same.
import { fault } from "./check.mjs";
import { ending } from "./execute.mjs";

/**
 * Of rewards in F32, which spread over several units. Kernels of other processors sum in another order; one rounding of a hidden state to
 * F16 would be about 1e-3.
 */
const TOLERANCE = 1e-4;

/**
 * The columns of the table, with the largest difference between rewards.
 *
 * @throws Failure when the program failed, when tokens differ, or rewards by more than `tolerance`
 */
export function compare(report, reference, result, tolerance = TOLERANCE) {
  if (report.error !== undefined) {
    const { code, message } = report.error;
    throw fault(code === undefined ? message : `${message} [${code}]`, { loaded: "no" });
  }
  if (result.status !== 0) throw fault(`decodes, then ${ending(result)}`, { loaded: "yes" });
  const at = report.tokens.findIndex((tokens, index) => String(tokens) !== String(reference.tokens[index]));
  if (at >= 0 || report.tokens.length !== reference.tokens.length) {
    const message = `response ${at + 1} has the tokens ${report.tokens[at]}, on ${reference.platform} ${reference.tokens[at]}`;
    throw fault(message, { loaded: "yes", tokens: "differ" });
  }
  const [found, wanted] = [report, reference].map(({ rewards, scored }) => [...rewards.flat(), scored]);
  const difference = Math.max(...found.map((reward, index) => Math.abs(reward - wanted[index])));
  const seen = { loaded: "yes", tokens: "same" };
  if (!(difference <= tolerance)) throw fault(`rewards differ by ${difference.toExponential(1)}`, seen);
  return { ...seen, difference, report };
}
