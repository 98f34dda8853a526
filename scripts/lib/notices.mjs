// THIRD_PARTY_NOTICES.md, out of the licences that lie on this machine. What does not lie here stays as it is in the file.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { version } from "./llama-source.mjs";
import { COMPILED_IN, dependencies, IN_THE_ENGINE, IN_THE_PLAYGROUND } from "./notice-parts.mjs";
import { root } from "./run.mjs";

export const noticesFile = join(root, "THIRD_PARTY_NOTICES.md");

const PREFACE = `# Third-party notices

argsearch is under the [MIT licence](LICENSE). This is what other people's work is in it, and what npm installs beside it. The file is
written by \`npm run notices\`.

The JavaScript in \`dist/\`, but for the playground's, and the models in \`models/\` are argsearch's own, with nothing of others in them; the
models were trained on texts that argsearch's authors wrote.

## In the prebuilt addons

Besides, according to who compiled them: templates of libstdc++ (GPL-3.0 with the GCC Runtime Library Exception), Microsoft's C++ runtime,
musl's start-up code. None of them asks for a notice.`;

const PLAYGROUND = `## In the playground

\`dist/playground\` is one script with these in it.`;

const ENGINE = `## In the engine

\`npm install argsearch\` also installs one plain engine package, \`@node-llama-cpp/*\` ${version}, or what else you chose. argsearch opens its
libllama and libggml. The packages also hold libllama-common, which has, besides what follows, sheredom's subprocess.h and a base64
(both in the public domain).

GPU packages, which are yours to install, hold no driver and no runtime of a vendor: those for CUDA look for NVIDIA's libcudart and
libcublas on the machine (under NVIDIA's licence) and contain kernels of CUB (BSD-3-Clause); those for Vulkan look for libvulkan.
Windows' packages take Microsoft's Visual C++ runtime, which is not in them.`;

const DEPENDENCIES = `## Other packages that npm installs

Each with its licence in its own folder.`;

/** The file's text as it should be, and the titles of what could not be read here. */
export function notices() {
  const present = existsSync(noticesFile) ? sectionsOf(readFileSync(noticesFile, "utf8")) : new Map();
  const kept = [];
  const section = ({ title, about, licence }) => {
    const text = licence();
    if (text !== undefined) return `### ${title}\n\n${about}\n\n\`\`\`text\n${text}\n\`\`\``;
    kept.push(title);
    return present.get(title) ?? "";
  };
  const table = ["| package | licence |", "| --- | --- |", ...dependencies().map(([name, licence]) => `| ${name} | ${licence} |`)];
  const parts = [
    PREFACE,
    ...COMPILED_IN.map(section),
    PLAYGROUND,
    ...IN_THE_PLAYGROUND.map(section),
    ENGINE,
    ...IN_THE_ENGINE.map(section),
    DEPENDENCIES,
    table.join("\n"),
  ];
  return { text: `${parts.filter((each) => each !== "").join("\n\n")}\n`, kept };
}

/** What is wrong with the file, in words; undefined when nothing is. */
export function noticesFault({ text } = notices()) {
  if (!existsSync(noticesFile)) return "THIRD_PARTY_NOTICES.md is missing: npm run notices";
  return readFileSync(noticesFile, "utf8") === text
    ? undefined
    : "THIRD_PARTY_NOTICES.md is not what the licences here say: npm run notices";
}

/** Sections of licences by title. A licence is in a fence, so no line of it begins a section. */
export function sectionsOf(text) {
  const found = text.matchAll(/^### (.+)\n\n.+\n\n```text\n[\s\S]*?\n```$/gm);
  return new Map([...found].map(([section, title]) => [title, section]));
}
