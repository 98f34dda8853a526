/** Server-sent events, as far as chat completions use them: data, and comments that keep the line open. */

/** The data of each event, until the body ends. */
export async function* events(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let pending = "";
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      const parts = (pending + decoder.decode(read.value, { stream: true })).split(/\r?\n\r?\n/);
      pending = parts.pop() ?? "";
      for (const part of parts) {
        const data = dataOf(part);
        if (data !== "") yield data;
      }
    }
  } finally {
    reader.cancel().catch(() => undefined);
  }
}

function dataOf(event: string): string {
  const lines = event.split(/\r?\n/).filter((line) => line.startsWith("data:"));
  return lines.map((line) => line.slice("data:".length).trimStart()).join("\n");
}
