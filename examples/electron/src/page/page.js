// The page: what the buttons do, and what the decoder's messages change.
import { rewardScale } from "./colours.js";
import { footerOf, Transcript } from "./transcript.js";

/** The preload script's. @type {{ listen(to: (message: any) => void): void, send(message: object): void, choose(which: string): Promise<void>, restart(): Promise<void> }} */
const chat = /** @type {any} */ (window).chat;

/** @template {HTMLElement} [T=HTMLElement] @param {string} id @returns {T} */
const $ = (id) => /** @type {T} */ (document.getElementById(id));
/** @type {HTMLTextAreaElement} */
const question = $("question");
/** @type {HTMLInputElement} */
const weight = $("weight");
/** @type {HTMLButtonElement} */
const send = $("send");
/** @type {HTMLProgressElement} */
const progress = $("progress");
/** @type {HTMLDialogElement} */
const chooser = $("chooser");
/** Not on the page while there is a conversation. */
const suggestions = $("suggestions");
const transcript = new Transcript($("transcript"), $("welcome"));

/** The finished turns. @type {{ role: string, content: string }[]} */
let messages = [];
/** The models are loaded. */
let ready = false;
/** The answer under way. @type {{ id: number, question: string, text: string, tokens: number, view: ReturnType<Transcript["addAnswer"]> } | undefined} */
let answer;
let lastId = 0;

/** @param {string} text */
function ask(text) {
  lastId += 1;
  transcript.addQuestion(text);
  answer = { id: lastId, question: text, text: "", tokens: 0, view: transcript.addAnswer() };
  chat.send({ type: "ask", id: lastId, messages: [...messages, { role: "user", content: text }], weight: Number(weight.value) });
  question.value = "";
  showState();
}

/** What the decoder says, and the main process about it. @type {Record<string, (message: any) => void>} */
const reactions = {
  loading({ progress: share }) {
    ready = false;
    progress.value = share;
    showState();
  },
  ready({ policy, reward }) {
    ready = true;
    hideError();
    showModels(policy, reward);
    showState();
  },
  failed({ code, message }) {
    ready = false;
    showError(`The models cannot be loaded (${code})`, message, true);
    showModels("no model", null);
    showState();
  },
  token(token) {
    if (answer === undefined || token.id !== answer.id) return;
    answer.text += token.text;
    answer.tokens += 1;
    answer.view.append(token);
  },
  done(end) {
    if (answer === undefined || end.id !== answer.id) return;
    messages.push({ role: "user", content: answer.question }, { role: "assistant", content: answer.text });
    answer.view.finish(footerOf(end, answer.tokens));
    answer = undefined;
    showState();
  },
  error({ id, code, message }) {
    if (id !== answer?.id) return;
    showError(`No answer (${code})`, message, false);
    giveBack("failed");
  },
  ended({ words, again }) {
    ready = false;
    const next = again ? "It is being started again." : "It did not get as far as loading the models.";
    showError(`The decoder ended. ${next}`, words, !again);
    keepError = again;
    giveBack("broken off");
  },
};

/** The next "ready" is not the end of this error. */
let keepError = false;

/** The question of an answer that did not come, to be asked again. @param {string} words */
function giveBack(words) {
  answer?.view.finish(words);
  if (answer && question.value === "") question.value = answer.question;
  answer = undefined;
  showState();
}

/** @param {string} title @param {string} text @param {boolean} canRetry */
function showError(title, text, canRetry) {
  $("error-title").textContent = title;
  $("error-text").textContent = text;
  $("retry").hidden = !canRetry;
  $("error").hidden = false;
}

function hideError() {
  if (!keepError) $("error").hidden = true;
  keepError = false;
}

/** @param {string} policy @param {string | null} reward */
function showModels(policy, reward) {
  for (const id of ["policy", "policy-name"]) $(id).textContent = policy;
  $("reward").textContent = reward === null ? "" : ` guided by ${reward}`;
  $("reward-name").textContent = reward ?? "none";
  weight.disabled = reward === null;
  showWeight();
}

function showWeight() {
  $("weight-value").textContent = Number(weight.value).toFixed(2);
  const words = weight.value === "0" ? "the policy alone" : weight.value === "1" ? "the reward alone" : "";
  $("weight-words").textContent = weight.disabled ? "no reward model" : words;
}

function showState() {
  progress.hidden = ready || !$("error").hidden;
  send.disabled = !ready || answer !== undefined || question.value.trim() === "";
  send.hidden = answer !== undefined;
  $("stop").hidden = answer === undefined;
  for (const button of suggestions.querySelectorAll("button")) button.disabled = !ready;
}

function stop() {
  if (answer) chat.send({ type: "stop", id: answer.id });
}

$("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  if (!send.disabled) ask(question.value.trim());
});
question.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  if (!send.disabled) ask(question.value.trim());
});
question.addEventListener("input", showState);
weight.addEventListener("input", showWeight);
$("stop").addEventListener("click", stop);
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !chooser.open) stop();
});
$("new").addEventListener("click", () => {
  stop();
  answer = undefined;
  messages = [];
  transcript.clear();
  showState();
  question.focus();
});
suggestions.addEventListener("click", ({ target }) => {
  if (target instanceof HTMLButtonElement) ask(target.textContent ?? "");
});
$("models").addEventListener("click", () => chooser.showModal());
$("close").addEventListener("click", () => chooser.close());
chooser.addEventListener("click", async ({ target }) => {
  const which = target instanceof HTMLElement ? target.dataset.choose : undefined;
  if (which === undefined) return;
  chooser.close();
  await chat.choose(which);
});
$("retry").addEventListener("click", () => {
  $("error").hidden = true;
  chat.restart();
});
$("dismiss").addEventListener("click", () => {
  $("error").hidden = true;
  showState();
});

$("scale").style.background = rewardScale();
chat.listen((message) => reactions[message.type]?.(message));
showWeight();
showState();
question.focus();
