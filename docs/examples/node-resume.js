import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { TaskNotFoundError } from "capwire";

/** Solves a task, or resumes it if an earlier process left it unfinished. */
export async function solveOnce(client, task, file) {
  const taskId = keptId(file);
  try {
    const solved = taskId
      ? await client.waitForResult(taskId, { type: task.type })
      : await client.solve(task, {
          onProgress(event) {
            // Synchronous, so that the id is on disk whatever happens next.
            if (event.type === "created") writeFileSync(file, JSON.stringify(event.taskId));
          },
        });
    rmSync(file, { force: true });
    return solved.solution;
  } catch (error) {
    // The result expired after 5 minutes. The next call creates a new task.
    if (error instanceof TaskNotFoundError) rmSync(file, { force: true });
    throw error;
  }
}

function keptId(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return undefined; // no unfinished task
  }
}
