/** The server of serve.ts, in a process of its own. Its argument is what to load, as JSON. */
import { type LoadOptions, load } from "../../src/index.js";
import { createServer } from "../../src/server/index.js";

const decoder = await load(JSON.parse(process.argv[2] ?? "") as LoadOptions);
const server = createServer({ decoder });
const { url } = await server.listen({ port: 0 });
process.on("message", async () => {
  await server.close();
  await decoder.dispose();
  process.disconnect();
});
process.send?.({ url, sharedTrunk: decoder.info.sharedTrunk });
