/** Which prompts teach a predictor, which say when to stop, and which only check it. */
import { STEP_ROLES } from "../../engine/native-predictor.js";

export type Role = (typeof STEP_ROLES)[keyof typeof STEP_ROLES];

/** Of the prompts that are not held out, the share that says when to stop. */
const STOPPING = 0.1;

/** One role a prompt, decided by number and seed alone; each role has one at least where there are three prompts. */
export function rolesOf(prompts: number, heldOut: number, seed: number): Role[] {
  const order = Array.from({ length: prompts }, (_, index) => index).sort((a, b) => scramble(a, seed) - scramble(b, seed));
  const kept = Math.min(Math.max(1, Math.round(heldOut * prompts)), prompts - 2);
  const stopping = Math.max(1, Math.round(STOPPING * (prompts - kept)));
  const roles = new Array<Role>(prompts);
  for (const [place, prompt] of order.entries()) {
    roles[prompt] = place < kept ? STEP_ROLES.heldOut : place < kept + stopping ? STEP_ROLES.stopping : STEP_ROLES.training;
  }
  return roles;
}

/** The finaliser of MurmurHash3. */
function scramble(index: number, seed: number): number {
  let mixed = (index ^ Math.imul(seed + 1, 0x9e3779b1)) >>> 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
