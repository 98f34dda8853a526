import { ArgsearchError } from "../errors.js";
import { mergeLines, readNotes } from "../files/shard-file.js";
import { known } from "./file.js";
import { GenerateSummariser, type GenerateSummary } from "./summary.js";

/**
 * Makes one file of the shards that generateFile() wrote: the lines of a run that was not sharded, in their order. Nothing is loaded.
 *
 * @param paths the shards' files, in any order, with their `.shard.json` beside them
 * @throws ArgsearchError as mergeScores()
 */
export async function mergeResponses(paths: readonly string[], { out }: { out: string }): Promise<GenerateSummary> {
  const notes = await readNotes(paths, "generate");
  const summariser = new GenerateSummariser();
  await mergeLines(paths, out, (line) => {
    const counted = known(line);
    if (counted === undefined) throw new ArgsearchError("INPUT_INVALID", `the result of line ${line.line} holds no response`);
    summariser.add(counted);
  });
  for (const _ of new Set(notes.flatMap(({ failed }) => failed))) summariser.fail();
  return summariser.summary;
}
