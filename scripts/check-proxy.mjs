// Three servers behind nginx (examples/proxy), each in a network namespace, one of them killed under load: clients that try again lose nothing,
// conversations stay where their cache is, streams are not kept back. Takes root, `ip`, and nginx with njs; says so where they are missing.
//   node scripts/check-proxy.mjs [--conversations N]
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { makeNamespaces, namespacesMissing, onMachine } from "./lib/namespaces.mjs";
import { Failure, main, root } from "./lib/run.mjs";

const MODULE = "/usr/lib/nginx/modules/ngx_http_js_module.so";
const SERVERS = 3;

await main(import.meta.url, async (argv) => {
  const missing = namespacesMissing() ?? nginxMissing();
  if (missing !== undefined) {
    console.error(`The proxy is not checked: ${missing}`);
    return;
  }
  const count = Number(argv[argv.indexOf("--conversations") + 1]) || 45;
  const network = makeNamespaces(SERVERS + 2);
  const [proxy, client, ...machines] = network.machines;
  const folder = mkdtempSync(join(tmpdir(), "argsearch-proxy-"));
  const started = [];
  const start = (machine, command, options = {}) => {
    const [program, ...args] = onMachine(machine, command);
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"], ...options });
    started.push(child);
    return child;
  };
  try {
    const servers = machines.map((machine) => start(machine, serveCommand(machine), { stdio: ["ignore", "pipe", "ignore"] }));
    await Promise.all(servers.map(untilReady));
    configure(folder, proxy, machines);
    start(proxy, ["nginx", "-p", folder, "-c", join(folder, "nginx.conf"), "-g", "daemon off;"]);
    const url = `http://${proxy.address}:8080`;
    const found = [];
    let killed;
    const script = join(root, "scripts/lib/conversations.mjs");
    const clients = start(client, [process.execPath, script, url, String(count), "8"]);
    for await (const line of createInterface({ input: clients.stdout })) {
      found.push(JSON.parse(line));
      if (killed !== undefined || found.length < count / 3) continue;
      killed = Date.now();
      servers[1].kill("SIGKILL");
      console.log(`${machines[1].address} is killed after ${found.length} conversations`);
    }
    judge(found, count, routes(folder), { killed, gone: machines[1].address });
  } finally {
    for (const child of started) await ended(child);
    network.close();
    rmSync(folder, { recursive: true, force: true });
  }
});

/** nginx takes its workers along when it is told to end, and not when it is killed. */
async function ended(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGTERM");
  const patience = setTimeout(() => child.kill("SIGKILL"), 10_000);
  await gone;
  clearTimeout(patience);
}

function nginxMissing() {
  const line = "apt-get install nginx-light libnginx-mod-http-js";
  if (spawnSync("nginx", ["-v"]).status !== 0) return `nginx is not there: ${line}`;
  if (!existsSync(MODULE)) return `nginx has no njs at ${MODULE}: ${line}`;
  return undefined;
}

function serveCommand({ address }) {
  const flags = ["--host", address, "--port", "8080", "--slots", "4", "--threads", "1", "--gpu", "off"];
  return [process.execPath, join(root, "dist/cli.js"), "serve", ...flags];
}

/** Its greeting is printed when the models are there. */
function untilReady(server) {
  return new Promise((resolve, reject) => {
    server.once("exit", () => reject(new Failure("a server has ended before it was ready: argsearch serve says why")));
    server.stdout.once("data", resolve).resume();
  });
}

/** The example, with these addresses. */
function configure(folder, proxy, machines) {
  cpSync(join(root, "examples/proxy"), folder, { recursive: true });
  let config = readFileSync(join(folder, "nginx.conf"), "utf8").replace("127.0.0.1:8080", `${proxy.address}:8080`);
  for (const [at, { address }] of machines.entries()) config = config.replace(`127.0.0.1:${8081 + at}`, `${address}:8080`);
  config = config.replace("worker_processes auto;", "worker_processes auto;\nuser root;");
  writeFileSync(join(folder, "nginx.conf"), config);
}

/** Who answered what when, out of nginx's log: `MSEC STATUS UPSTREAM_STATUS UPSTREAMS "CONVERSATION" SECONDS`. */
function routes(folder) {
  const lines = readFileSync(join(folder, "access.log"), "utf8").trim().split("\n");
  return lines.flatMap((line) => {
    const [, time, status, servers, conversation] = /^([\d.]+) (\d+) .*?((?:[\d.]+:\d+(?:, )?)+) "(\w+)"/.exec(line) ?? [];
    if (servers === undefined) return [];
    const asked = servers.split(", ");
    return [{ time: 1000 * Number(time), status: Number(status), server: asked.at(-1).split(":")[0], tries: asked.length, conversation }];
  });
}

function judge(found, count, log, { killed, gone }) {
  const turns = found.flatMap((each) => each.turns);
  const lost = turns.filter(({ error, text, finish }) => error !== undefined || !text || !finish);
  const streamed = turns.filter(({ stream, error }) => stream && !error);
  const keptBack = streamed.filter(({ chunks, usage }) => chunks < Math.min(4, usage.completion_tokens));
  const again = turns.filter(({ tries }) => tries > 1).length;
  const answered = log.filter(({ status }) => status === 200);
  const before = new Map(answered.filter(({ time }) => time < killed).map(({ conversation, server }) => [conversation, server]));
  const moved = answered.filter(({ conversation, server }) => before.has(conversation) && before.get(conversation) !== server);
  const needlessly = moved.filter(({ conversation }) => before.get(conversation) !== gone);
  const perServer = new Map();
  for (const { server } of answered) perServer.set(server, (perServer.get(server) ?? 0) + 1);
  console.log(
    `${found.length} conversations, ${turns.length} answers, ${lost.length} lost, ${again} asked again by the client, ${answered.filter(({ tries }) => tries > 1).length} by nginx`,
  );
  console.log(`answers by server: ${[...perServer].map(([server, answers]) => `${server} ${answers}`).join(", ")}`);
  console.log(
    `second turns with a cached prompt: ${found.filter(({ turns: [, second] }) => second.usage?.prompt_tokens_details?.cached_tokens > 60).length}`,
  );
  console.log(`conversations that moved: ${moved.length}, off a server that was there: ${needlessly.length}`);
  console.log(`streams: ${streamed.length}, kept back: ${keptBack.length}`);
  for (const { error, tries } of lost.slice(0, 3)) console.log(`  lost after ${tries} tries: ${error}`);
  if (found.length < count || lost.length > 0) throw new Failure("answers were lost");
  if (needlessly.length > 0) throw new Failure("a conversation left the server that had its cache");
  if (keptBack.length > 0) throw new Failure("streams were kept back");
}
