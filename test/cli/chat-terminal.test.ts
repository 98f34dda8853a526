import { describe, expect, it } from "vitest";
import { chatOnTerminal, KEY } from "./on-terminal.js";

describe.skipIf(process.platform === "win32")("chat on a terminal", () => {
  it("probe", async () => {
    const chat = await chatOnTerminal(["--method", "sample", "--seed", "1"]);
    for (const line of [
      "Help me plan a party.",
      "/retry",
      "/help",
      "/stats",
      "/weight",
      "/weight 0.3",
      "/wieght 3",
      "/undo",
      "/system Be brief.",
      "/system",
      "/compare Hello there",
      "/colours on",
      "Help me plan a party.",
      "/compare",
    ]) {
      await chat.say(line);
    }
    chat.paste("one\ntwo\nthree");
    await chat.shows("three");
    await chat.say("");
    chat.type(KEY.up);
    console.log(chat.text);
    chat.type("\u0004");
  });
});
