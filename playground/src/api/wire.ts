/** What goes over the wire: OpenAI's chat completions, and beside them what argsearch adds. */

export interface Message {
  role: "system" | "user";
  content: string;
}

export interface Guidance {
  method?: "args" | "blocks";
  weight?: number;
  topK?: number;
  block?: number;
  drafts?: number;
  rewards?: boolean;
  candidates?: boolean;
}

export interface ChatRequest {
  model: string;
  messages: Message[];
  stream: true;
  max_tokens: number;
  temperature: number;
  seed?: number;
  logprobs?: boolean;
  top_logprobs?: number;
  argsearch: Guidance;
}

export interface WireCandidate {
  token: number;
  text: string;
  logProb: number;
  reward: number | null;
  score: number | null;
}

export interface WireToken extends WireCandidate {
  /** Before any sampler. */
  policyLogProb: number;
  candidates?: WireCandidate[];
}

export type FinishReason = "eog" | "stop" | "length" | "context" | "aborted";

/** What a choice's last chunk says of the whole answer. */
export interface WireSummary {
  method?: string;
  reward?: number | null;
  objectives?: Record<string, number | null>;
  seed?: number;
  finishReason?: FinishReason;
}

export interface WireChoice {
  delta?: { content?: string | null };
  finish_reason?: string | null;
  logprobs?: { content?: { top_logprobs?: { token: string; logprob: number }[] }[] | null } | null;
  argsearch?: WireSummary & { tokens?: WireToken[] };
}

export interface WireChunk {
  choices?: WireChoice[];
  error?: WireError;
}

export interface WireError {
  message?: string;
  code?: string | number | null;
}

export interface WireModel {
  id: string;
  argsearch?: {
    /** Of reward models; functions have none. */
    rewards?: string[];
    objectives?: string[];
    contextSize?: number;
    settings?: Record<string, unknown>;
  };
}
