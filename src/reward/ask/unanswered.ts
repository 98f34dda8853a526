/** Notices a model that does not answer what it is asked. */

/** P(yes) + P(no) below which something else is most likely to follow. */
const LEAST = 0.05;

/** Answers before anything is said. */
const SEVERAL = 8;

/** Code of the process warning. */
const WARNING = "ARGSEARCH_ASK_UNANSWERED";

let told = false;

/** Of one question to one model; warns once a process. */
export class Unanswered {
  readonly #question: string;
  readonly #model: string;
  #asked = 0;
  #unanswered = 0;

  constructor(question: string, model: string) {
    this.#question = question;
    this.#model = model;
  }

  /** @param answered P(yes) + P(no) */
  note(answered: number): void {
    this.#asked++;
    if (answered < LEAST) this.#unanswered++;
    if (told || this.#asked < SEVERAL || 2 * this.#unanswered <= this.#asked) return;
    told = true;
    process.emitWarning(
      `${this.#model} does not answer ${JSON.stringify(this.#question)}: its answers together have less than ${LEAST} of the probability, in ${this.#unanswered} of ${this.#asked} replies, so the reward is noise. Ask what can be answered by one of the two, or name answers of your own or another instruct model; one that thinks first is no judge, unless its template can turn that off`,
      { type: "ArgsearchWarning", code: WARNING },
    );
  }
}
