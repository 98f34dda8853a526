/** A decoder as a language model of the AI SDK. */
import type { Decoder } from "../decode/decoder.js";
import { ArgsearchError } from "../errors.js";
import type { GenerateResult, Method, ResponseStream, Step } from "../types.js";
import { guidanceOf } from "./guidance.js";
import type { LanguageModel, LanguageModelCall, LanguageModelResult, LanguageModelStreamPart, ModelWarning } from "./interface.js";
import { messagesFor } from "./prompt.js";
import { deltaMetadata, finishReasonOf, responseMetadata, usageOf } from "./response.js";
import type { Source } from "./source.js";

/** A response under way. */
interface Begun {
  steps: ResponseStream;
  method: Method;
  warnings: ModelWarning[];
  signal: AbortSignal | undefined;
}

type Part = LanguageModelStreamPart;
type Next = IteratorResult<Step, GenerateResult>;

/** The only block of text of a response. */
const TEXT = "0";

export class ArgsearchLanguageModel implements LanguageModel {
  readonly specificationVersion = "v4";
  readonly provider = "argsearch";
  readonly supportedUrls = {};
  readonly modelId: string;
  readonly #source: Source;

  constructor(source: Source, modelId: string) {
    this.#source = source;
    this.modelId = modelId;
  }

  async doGenerate(call: LanguageModelCall): Promise<LanguageModelResult> {
    const begun = this.#begin(call, await this.#source.decoder(call.abortSignal));
    const steps: Step[] = [];
    for (;;) {
      const { done, value } = await nextOf(begun);
      if (!done) {
        steps.push(value);
        continue;
      }
      return {
        content: value.text === "" ? [] : [{ type: "text", text: value.text }],
        ...endOf(begun, value, steps),
        response: { timestamp: new Date(), modelId: this.modelId },
        warnings: begun.warnings,
      };
    }
  }

  /** The first token is waited for: what is wrong with a call is then known before there is a stream of it. */
  async doStream(call: LanguageModelCall): Promise<{ stream: ReadableStream<Part> }> {
    const begun = this.#begin(call, await this.#source.decoder(call.abortSignal));
    const first = await nextOf(begun);
    // It runs on by itself: whoever leaves streamText() without a signal leaves it unread, not cancelled, and the slot would be taken for ever.
    void begun.steps.result;
    const parts = partsOf(begun, first, this.modelId);
    const stream = new ReadableStream<Part>({
      pull: async (controller) => {
        const { done, value } = await parts.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      // Not that of `parts`, which would wait for the step under way.
      cancel: async () => {
        await begun.steps.return(undefined as never);
      },
    });
    return { stream };
  }

  #begin(call: LanguageModelCall, decoder: Decoder): Begun {
    const warnings: ModelWarning[] = [];
    const { options, method } = guidanceOf(call, decoder.info, warnings);
    const steps = decoder.stream(messagesFor(call.prompt, warnings), options);
    return { steps, method, warnings, signal: call.abortSignal };
  }
}

async function* partsOf(begun: Begun, first: Next, modelId: string): AsyncGenerator<Part, void, undefined> {
  yield { type: "stream-start", warnings: begun.warnings };
  yield { type: "response-metadata", timestamp: new Date(), modelId };
  yield { type: "text-start", id: TEXT };
  const steps: Step[] = [];
  let told = 0;
  let next = first;
  for (; !next.done; next = await nextOf(begun)) {
    steps.push(next.value);
    if (next.value.text === "") continue; // torn characters, and what may yet become a stop string
    const providerMetadata = deltaMetadata(steps.slice(told));
    told = steps.length;
    yield { type: "text-delta", id: TEXT, delta: next.value.text, providerMetadata };
  }
  yield { type: "text-end", id: TEXT };
  yield { type: "finish", ...endOf(begun, next.value, steps) };
}

/** The SDK's aborts are errors: what there was by then is no response. @throws what the signal was aborted with */
async function nextOf({ steps, signal }: Begun): Promise<Next> {
  const next = await steps.next().catch((error: unknown) => {
    if (error instanceof ArgsearchError && error.code === "ABORTED") signal?.throwIfAborted();
    throw error;
  });
  if (next.value?.finishReason !== "aborted") return next;
  await steps.return(undefined as never); // a last step is followed by the end, which gives the slot back
  signal?.throwIfAborted();
  return next;
}

function endOf({ method }: Begun, result: GenerateResult, steps: readonly Step[]) {
  return {
    finishReason: finishReasonOf(result.finishReason),
    usage: usageOf(result.usage),
    providerMetadata: responseMetadata(method, result, steps),
  };
}
