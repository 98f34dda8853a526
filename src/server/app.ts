/** The routes, as one function from a Request to a Response. */
import { type Context, Hono } from "hono";
import { cors } from "hono/cors";
import { checked } from "./body.js";
import { type CompletionParts, completeChat, completeText } from "./completions.js";
import { errorResponse, HttpError } from "./errors.js";
import { requireHost, requireKey } from "./guards.js";
import { modelList, requireServed, servedModel } from "./models.js";
import { openApi } from "./openapi.js";
import { type Page, readPage } from "./page.js";
import type { RequestLife } from "./request-life.js";
import { chatRequest, textRequest } from "./schemas/generation.js";
import { classifyRequest, poolingRequest } from "./schemas/scoring.js";
import { classify, pool, type ScoringParts, score } from "./scoring.js";
import type { Handler, Loaded, Service } from "./service.js";

type Answer = (c: Context) => Response | Promise<Response>;

/** Those that may be asked without a key, beside the page. */
const FREE = new Set(["/health", "/v1/health"]);

export function createApp(service: Service): Hono {
  const page = pageOf(service);
  const app = new Hono();
  app.onError((error) => service.refused(error));
  app.notFound((c) => {
    const message = `${c.req.method} ${c.req.path} is nothing here; GET /openapi.json lists what is`;
    return errorResponse(new HttpError({ status: 404, code: "NOT_FOUND", message }));
  });
  guard(app, service, page);
  for (const [path, handler] of Object.entries(getRoutes(service))) route(app, path, "get", handler);
  for (const [path, handler] of Object.entries(postRoutes(service))) {
    route(app, path, "post", (c) => service.answer(c.req.raw, path, handler));
  }
  app.get("*", async (c, next) => {
    const file = (await page()).get(c.req.path);
    return file === undefined ? next() : new Response(file.body, { headers: file.headers });
  });
  return app;
}

/** Read when first asked for. */
function pageOf({ options }: Service): () => Promise<Page> {
  let page: Promise<Page> | undefined;
  return () => {
    page ??= options.playground ? readPage() : Promise.resolve(new Map());
    return page;
  };
}

function guard(app: Hono, { options, lifecycle }: Service, page: () => Promise<Page>): void {
  const { origins, keys, allowedHosts } = options;
  if (origins.length > 0) app.use(cors({ origin: origins.includes("*") ? "*" : [...origins] }));
  app.use(async (c, next) => {
    if (lifecycle.local && keys.length === 0) requireHost(c.req.header("host") ?? null, allowedHosts);
    if (lifecycle.draining) c.header("connection", "close");
    const free = FREE.has(c.req.path) || c.req.method === "OPTIONS" || (c.req.method === "GET" && (await page()).has(c.req.path));
    if (!free) requireKey(c.req.raw.headers, keys);
    await next();
  });
}

function getRoutes(service: Service): Record<string, Answer> {
  const health: Answer = (c) => {
    const message = service.ailment;
    if (message === undefined) return c.json({ status: "ok" });
    return c.json({ error: { code: 503, message, type: "unavailable_error" } }, 503, { "retry-after": "1" });
  };
  const models: Answer = (c) => {
    const { decoder, names } = service.loaded;
    return c.json(modelList(decoder.info, names, service.created));
  };
  const model: Answer = (c) => {
    const { decoder, names } = service.loaded;
    return c.json(servedModel(c.req.param("id") ?? "", decoder.info, names, service.created));
  };
  const metrics: Answer = () => service.metrics.response();
  return {
    "/health": health,
    "/v1/health": health,
    "/metrics": metrics,
    "/openapi.json": (c) => c.json(openApi()),
    "/v1/models": models,
    "/v1/models/:id{.+}": model,
  };
}

function postRoutes(service: Service): Record<string, Handler> {
  const rated = scoring(score);
  const classified = scoring(async (parts, body) => classify(parts, checked(body, classifyRequest)));
  const pooled = scoring(async (parts, body) => pool(parts, checked(body, poolingRequest)));
  return {
    "/v1/chat/completions": async (loaded, body, life) => {
      const request = checked(body, chatRequest);
      return completeChat(completionParts(service, loaded, life, request.model), request);
    },
    "/v1/completions": async (loaded, body, life) => {
      const request = checked(body, textRequest);
      return completeText(completionParts(service, loaded, life, request.model), request);
    },
    ...{ "/v1/score": rated, "/score": rated },
    ...{ "/v1/classify": classified, "/classify": classified },
    ...{ "/v1/pooling": pooled, "/pooling": pooled },
  };
}

function completionParts(
  service: Service,
  { decoder, names }: Loaded,
  life: RequestLife,
  model: string | null | undefined,
): CompletionParts {
  requireServed(model, names);
  const { metrics, options } = service;
  return { decoder, model: names.policy, metrics, life, pingInterval: options.pingInterval };
}

function scoring(work: (parts: ScoringParts, body: Record<string, unknown>) => Promise<Response>): Handler {
  return ({ decoder, names }, body, life) => {
    requireServed(typeof body.model === "string" ? body.model : undefined, names, true);
    return work({ decoder, model: names.rewards[0] ?? names.policy, signal: life.signal }, body);
  };
}

/** Any other method there is a 405. */
function route(app: Hono, path: string, method: "get" | "post", answer: Answer): void {
  app[method](path, answer);
  const allow = method === "get" ? "GET, HEAD" : "POST";
  app.all(path, () => {
    return errorResponse(new HttpError({ status: 405, code: "METHOD_NOT_ALLOWED", message: `only ${allow} here`, headers: { allow } }));
  });
}
