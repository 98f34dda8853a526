/** The process of child.ts. */
import { load } from "../../../src/index.js";
import { createServer } from "../../../src/server/index.js";
import type { FromServer, ServerOrder } from "./child.js";

const order = JSON.parse(process.argv[2] ?? "") as ServerOrder;
const decoder = await load({ gpu: false, ...order.load });
const server = createServer({ decoder });
const { url } = await server.listen({ port: 0 });

function tell(message: FromServer): void {
  process.send?.(message);
}

process.on("message", async (message) => {
  if (message === "memory") {
    global.gc?.();
    const { rss, heapUsed } = process.memoryUsage();
    tell({ memory: { resident: rss, heap: heapUsed } });
    return;
  }
  await server.close();
  await decoder.dispose();
  process.disconnect();
});
tell({ url });
