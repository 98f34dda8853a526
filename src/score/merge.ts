import { ArgsearchError } from "../errors.js";
import { mergeLines, readNotes } from "../files/shard-file.js";
import { known } from "./file.js";
import { type ScoreSummary, Summariser } from "./summary.js";

/**
 * Makes one file of the shards that scoreFile() wrote: the lines of a run that was not sharded, in their order, to the byte. Nothing is loaded.
 *
 * @param paths the shards' files, in any order, with their `.shard.json` beside them
 * @throws ArgsearchError INPUT_INVALID where a shard is missing, there twice, not finished, or of other models, data or settings;
 * OPTION_INVALID when `out` is one of them; BUSY; FILE_NOT_FOUND, FILE_UNREADABLE, FILE_UNWRITABLE
 */
export async function mergeScores(paths: readonly string[], { out }: { out: string }): Promise<ScoreSummary> {
  const notes = await readNotes(paths, "score");
  const summariser = new Summariser();
  await mergeLines(paths, out, (line) => {
    const rated = known(line);
    if (rated === undefined) throw new ArgsearchError("INPUT_INVALID", `the result of line ${line.line} holds no reward`);
    summariser.add(rated);
  });
  for (const _ of new Set(notes.flatMap(({ failed }) => failed))) summariser.fail();
  return summariser.summary;
}
