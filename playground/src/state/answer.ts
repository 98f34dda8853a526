/** One pane's answer: what has arrived so far, and how it stands. */
import { computed, signal } from "@preact/signals";
import type { ApiError } from "../api/errors.js";
import type { ChatRequest, WireChoice, WireSummary } from "../api/wire.js";
import { type Piece, piecesOf } from "./piece.js";

export type AnswerName = "plain" | "guided";

export type AnswerState = "idle" | "waiting" | "streaming" | "done" | "stopped" | "failed";

export class Answer {
  readonly name: AnswerName;
  readonly state = signal<AnswerState>("idle");
  readonly pieces = signal<readonly Piece[]>([]);
  readonly summary = signal<WireSummary>({});
  readonly error = signal<ApiError | null>(null);
  /** The request as it was sent. */
  readonly sent = signal<ChatRequest | null>(null);
  readonly tokensPerSecond = signal<number | null>(null);
  readonly busy = computed(() => this.state.value === "waiting" || this.state.value === "streaming");
  /** Decoded by blocks: rewards are of their ends. */
  readonly blocks = computed(() => this.sent.value?.argsearch.method === "blocks");

  /** The reward of the whole answer; while it streams, of the text so far. */
  readonly reward = computed(
    () => this.summary.value.reward ?? this.pieces.value.findLast(({ reward }) => reward !== null)?.reward ?? null,
  );

  #arrived: Piece[] = [];
  #firstAt = 0;
  #frame = 0;

  constructor(name: AnswerName) {
    this.name = name;
  }

  begin(request: ChatRequest): void {
    this.#arrived = [];
    this.#firstAt = 0;
    this.pieces.value = [];
    this.summary.value = {};
    this.error.value = null;
    this.tokensPerSecond.value = null;
    this.sent.value = request;
    this.state.value = "waiting";
  }

  add(choice: WireChoice): void {
    const { tokens: _tokens, ...summary } = choice.argsearch ?? {};
    if (Object.keys(summary).length > 0) this.summary.value = summary;
    const more = piecesOf(choice);
    if (more.length === 0) return;
    this.#firstAt ||= performance.now();
    this.#arrived.push(...more);
    // What arrives within a frame is drawn once.
    this.#frame ||= requestAnimationFrame(() => this.#show());
  }

  end(state: "done" | "stopped" | "failed", error: ApiError | null = null): void {
    this.#show();
    this.error.value = error;
    this.state.value = state;
  }

  #show(): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    if (this.#arrived.length === 0) return;
    this.pieces.value = [...this.pieces.value, ...this.#arrived];
    this.#arrived = [];
    this.state.value = "streaming";
    const seconds = (performance.now() - this.#firstAt) / 1000;
    // The first token ends the prompt, and begins the time.
    if (this.pieces.value.length > 1 && seconds > 0) this.tokensPerSecond.value = (this.pieces.value.length - 1) / seconds;
  }
}

export const plain = new Answer("plain");
export const guided = new Answer("guided");
