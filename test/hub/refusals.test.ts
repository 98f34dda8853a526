/** Who is shown the token, and what is said where the Hub refuses. */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { expectContent, failure, MODEL, NAME, resolve } from "./owner-repo.js";
import { hubSetting } from "./setting.js";

vi.mock("../../src/remote/again.js", async (original) => ({ ...(await original<object>()), ownWait: () => 1 }));

const setting = hubSetting();

describe("the token", () => {
  it("is shown to the Hub and not to its storage", async () => {
    vi.stubEnv("HF_TOKEN", " hf_secret\n");
    setting.server.add("owner/repo", { "m.gguf": MODEL }, { private: "hf_secret" });
    await resolve();
    const shown = (at: string) => new Set(setting.server.seen.filter((each) => each.at === at).map(({ token }) => token));
    expect(shown("hub")).toEqual(new Set(["hf_secret"]));
    expect(shown("storage")).toEqual(new Set([undefined]));
  });

  it("is by default the one that `hf auth login` keeps", async () => {
    writeFileSync(join(setting.home, "token"), "hf_kept\n");
    setting.server.add("owner/repo", { "m.gguf": MODEL }, { gated: "hf_kept" });
    await resolve();
    vi.stubEnv("HF_HUB_DISABLE_IMPLICIT_TOKEN", "1");
    setting.server.seen.length = 0;
    await resolve();
    expect(setting.server.seen.map(({ token }) => token)).toEqual([undefined]);
  });

  it("stands in no message", async () => {
    vi.stubEnv("HF_TOKEN", "hf_wrong");
    setting.server.add("owner/repo", { "m.gguf": MODEL });
    const { code, message } = await failure(resolve());
    expect(code).toBe("HUB_UNAUTHORIZED");
    expect(message).toMatch(/does not know the token/);
    expect(message).not.toMatch(/hf_wrong/);
  });
});

describe("refusals", () => {
  it("a repository that is not there, or is private: the Hub does not say which", async () => {
    setting.server.add("owner/repo", { "m.gguf": MODEL }, { private: "hf_other" });
    for (const name of ["hf:owner/none", NAME]) {
      const { code, message, details } = await failure(resolve(name));
      expect(code).toBe("HUB_NOT_FOUND");
      expect(message).toMatch(/there is no owner\/\w+ on http.* or it is private, which the Hub does not tell apart: .*HF_TOKEN/);
      expect(details).toMatchObject({ status: 401 });
      vi.stubEnv("HF_TOKEN", "hf_mine");
      expect(await failure(resolve(name))).toMatchObject({ code: "HUB_NOT_FOUND", details: { status: 404 } });
      vi.stubEnv("HF_TOKEN", undefined);
    }
  });

  it("a revision that is not there", async () => {
    setting.server.add("owner/repo", { "m.gguf": MODEL });
    expect(await failure(resolve(`${NAME}@v9`))).toMatchObject({ code: "HUB_NOT_FOUND", message: expect.stringMatching(/no revision v9/) });
  });

  it("a gated repository: where to accept, and which token", async () => {
    setting.server.add("owner/repo", { "m.gguf": MODEL }, { gated: "hf_accepted" });
    const anonymous = await failure(resolve());
    expect(anonymous).toMatchObject({ code: "HUB_UNAUTHORIZED", details: { status: 401 } });
    expect(anonymous.message).toMatch(/owner\/repo is gated: accept its conditions on the page http.*\/owner\/repo, then set HF_TOKEN/);
    vi.stubEnv("HF_TOKEN", "hf_not_accepted");
    expect(await failure(resolve())).toMatchObject({ code: "HUB_UNAUTHORIZED", details: { status: 403 } });
  });

  it("a server that is busy is asked again, as late as it asks for", async () => {
    setting.server.add("owner/repo", { "m.gguf": MODEL });
    setting.server.faults.push(
      { of: /revision/, status: 429, headers: { "retry-after": "0" } },
      { of: /tree/, status: 500 },
      { of: /storage/, status: 503 },
    );
    expectContent(await resolve(), MODEL);
    expect(setting.server.asked(/revision/)).toHaveLength(2);
  });

  it("and is given up when it stays busy, or asks for an hour", async () => {
    setting.server.add("owner/repo", { "m.gguf": MODEL });
    setting.server.faults.push(...Array.from({ length: 5 }, () => ({ status: 429, headers: { ratelimit: '"api";r=0;t=0' } })));
    expect(await failure(resolve())).toMatchObject({
      code: "HUB_FAILED",
      details: { status: 429 },
      message: expect.stringMatching(/HF_TOKEN/),
    });
    expect(setting.server.seen).toHaveLength(5);
    setting.server.faults.push({ status: 503, headers: { "retry-after": "3600" } });
    expect(await failure(resolve())).toMatchObject({ code: "HUB_FAILED", details: { status: 503 } });
    expect(setting.server.seen).toHaveLength(6);
  });

  it("what answers otherwise than the Hub does", async () => {
    setting.server.add("owner/repo", { "m.gguf": MODEL }, { refs: { main: "../../evil" } });
    expect(await failure(resolve())).toMatchObject({ code: "HUB_FAILED", message: expect.stringMatching(/HF_ENDPOINT must name the Hub/) });
    vi.stubEnv("HF_ENDPOINT", "nowhere");
    expect(await failure(resolve())).toMatchObject({ code: "OPTION_INVALID", option: "HF_ENDPOINT" });
  });

  it("files with names that lead elsewhere are passed over", async () => {
    setting.server.add("owner/repo", { "../../../evil.gguf": MODEL, "a\\..\\evil.gguf": MODEL });
    expect(await failure(resolve())).toMatchObject({ code: "HUB_NOT_FOUND" });
    expect(existsSync(join(setting.home, "hub"))).toBe(false);
  });
});
