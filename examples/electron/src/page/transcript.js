// The conversation on the screen.
import { rewardColour } from "./colours.js";

/** Why an answer ended, where that is worth a word. @type {Record<string, string>} */
const ENDINGS = { aborted: "stopped", length: "cut off at its longest", context: "the context is full" };

export class Transcript {
  #root;
  #welcome;

  /** @param {HTMLElement} root @param {HTMLElement} welcome shown while there is nothing else */
  constructor(root, welcome) {
    this.#root = root;
    this.#welcome = welcome;
  }

  clear() {
    this.#root.replaceChildren(this.#welcome);
  }

  /** @param {string} text */
  addQuestion(text) {
    this.#welcome.remove();
    const message = element("article", "question");
    message.textContent = text;
    this.#root.append(message);
    this.#follow();
  }

  /** An answer that grows. */
  addAnswer() {
    const message = element("article", "answer");
    const text = element("p", "text");
    const footer = element("footer", "");
    message.append(text, footer);
    message.classList.add("growing");
    this.#root.append(message);
    return {
      /** @param {{ text: string, reward: number | null, logProb: number }} token */
      append: (token) => {
        const near = this.#isAtEnd();
        text.append(tokenSpan(token));
        if (near) this.#follow();
      },
      /** @param {string} words */
      finish: (words) => {
        message.classList.remove("growing");
        footer.textContent = words;
        this.#follow();
      },
    };
  }

  /** Pixels from the end within which a reader is taken to follow the answer. */
  #isAtEnd() {
    return this.#root.scrollHeight - this.#root.scrollTop - this.#root.clientHeight < 60;
  }

  #follow() {
    this.#root.scrollTop = this.#root.scrollHeight;
  }
}

/** @param {{ text: string, reward: number | null, logProb: number }} token */
function tokenSpan({ text, reward, logProb }) {
  const span = element("span", "token");
  span.textContent = text;
  span.style.backgroundColor = rewardColour(reward);
  const rated = reward === null ? "" : `reward ${reward.toFixed(2)}, `;
  span.title = `${rated}log P ${logProb.toFixed(2)}`;
  return span;
}

/**
 * What stands below an answer.
 *
 * @param {{ finishReason: string, reward: number | null, tokensPerSecond: number }} end
 * @param {number} tokens
 */
export function footerOf({ finishReason, reward, tokensPerSecond }, tokens) {
  const parts = [
    reward === null ? "" : `reward ${reward.toFixed(2)}`,
    `${tokens} ${tokens === 1 ? "token" : "tokens"}`,
    tokensPerSecond > 0 ? `${tokensPerSecond.toFixed(tokensPerSecond < 10 ? 1 : 0)} tokens/s` : "",
    ENDINGS[finishReason] ?? "",
  ];
  return parts.filter((part) => part !== "").join(" · ");
}

/** @param {string} name @param {string} className */
function element(name, className) {
  return Object.assign(document.createElement(name), { className });
}
