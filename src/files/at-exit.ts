/** What must not be left behind by a process that exits in the middle of it: `finally` blocks do not run then. */

const tasks = new Set<() => void>();

/** Has `task` run when the process exits, unless it is taken back before: by what this returns. A task must not wait for anything. */
export function atExit(task: () => void): () => void {
  if (tasks.size === 0) process.on("exit", runAll);
  tasks.add(task);
  return () => {
    tasks.delete(task);
    if (tasks.size === 0) process.off("exit", runAll);
  };
}

function runAll(): void {
  for (const task of tasks) {
    try {
      task();
    } catch {
      // The others are to run as well, and nobody is left to be told.
    }
  }
}
