/** A folder of files over HTTP, for this machine alone. */
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";

const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".json": "application/json",
  ".svg": "image/svg+xml",
};

/** Resolves to the address once the server listens; it goes on until the process ends. Port 0: any that is free. */
export function serve(folder, port) {
  const server = createServer(async ({ url }, response) => {
    const file = await fileAt(folder, url).catch(() => undefined);
    if (file === undefined) return response.writeHead(404, { "content-type": "text/plain" }).end("no such page\n");
    response.writeHead(200, { "content-type": TYPES[extname(file)] ?? "application/octet-stream", "cache-control": "no-cache" });
    createReadStream(file).pipe(response);
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "localhost", () => resolve(`http://localhost:${server.address().port}/`));
  });
}

/** The file of an address, never one outside the folder. @throws what decoding the address or looking at the file throws */
async function fileAt(folder, url) {
  const path = normalize(decodeURIComponent(new URL(url, "http://localhost").pathname));
  const file = join(folder, path.endsWith("/") ? join(path, "index.html") : path);
  return (await stat(file)).isFile() ? file : undefined;
}
