/** What may go wrong between the page and its server, each with a code and a sentence. */
import type { WireError } from "./wire.js";

export class ApiError extends Error {
  readonly code: string;
  /** 0 where no answer came. */
  readonly status: number;

  constructor(code: string, message: string, status = 0) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

export function fromBody(error: WireError, status: number): ApiError {
  return new ApiError(String(error.code ?? `HTTP ${status}`), error.message ?? "The server gave no reason.", status);
}

/** An answer that is not 2xx. */
export async function fromResponse(response: Response): Promise<ApiError> {
  const text = await response.text().catch(() => "");
  try {
    const { error } = JSON.parse(text) as { error?: WireError };
    if (error) return fromBody(error, response.status);
  } catch {
    // not JSON: a proxy's page
  }
  return new ApiError(`HTTP ${response.status}`, response.statusText || "The server gave no reason.", response.status);
}

export const unreachable = (): ApiError => new ApiError("NO_CONNECTION", "The server cannot be reached. Is it still running?");

export const broken = (): ApiError =>
  new ApiError("CONNECTION_LOST", "The connection ended in the middle of the answer. What had arrived stays.");
