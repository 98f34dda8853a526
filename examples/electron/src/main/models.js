// Which models the decoder loads. The page names what is to be chosen; which file that is, only the dialog says.
import { dialog } from "electron";

/**
 * What load() takes: nothing for the embedded pair; reward null for none.
 *
 * @typedef {{ policy?: string, reward?: string | null }} Models
 */

const TITLES = { policy: "The policy: any GGUF that generates text", reward: "The reward model: a GGUF with a reward head" };

/**
 * The given models if nothing was chosen.
 *
 * @param {Models} models
 * @param {unknown} which "embedded", "policy", "reward" or "no reward"
 * @param {Electron.BrowserWindow | undefined} window
 * @returns {Promise<Models>}
 */
export async function chosenModels(models, which, window) {
  if (which === "embedded") return {};
  if (which === "no reward") return { ...models, reward: null };
  if (which !== "policy" && which !== "reward") throw new Error(`there is no ${which} to choose`);
  const path = await ask(TITLES[which], window);
  if (path === undefined) return models;
  // A reward model reads the policy's own tokens: with another policy it is chosen anew.
  return which === "policy" ? { policy: path, reward: null } : { ...models, reward: path };
}

/**
 * @param {string} title
 * @param {Electron.BrowserWindow | undefined} window
 */
async function ask(title, window) {
  /** @type {Electron.OpenDialogOptions} */
  const options = { title, filters: [{ name: "GGUF models", extensions: ["gguf"] }], properties: ["openFile"] };
  const { filePaths } = await (window ? dialog.showOpenDialog(window, options) : dialog.showOpenDialog(options));
  return filePaths[0];
}
