import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { TaskNotFoundError } from "capwire";

/** Solves a task, or goes on with it where an earlier process has left it. */
export async function solveOnce(client, task, file) {
  const taskId = keptId(file);
  try {
    const solved = taskId
      ? await client.waitForResult(taskId, { type: task.type })
      : await client.solve(task, {
          onProgress(event) {
            // At once, so that it is on the disk whatever happens next.
            if (event.type === "created") writeFileSync(file, String(event.taskId));
          },
        });
    rmSync(file, { force: true });
    return solved.solution;
  } catch (error) {
    // Its result is gone: 5 minutes have passed. The next call creates it anew.
    if (error instanceof TaskNotFoundError) rmSync(file, { force: true });
    throw error;
  }
}

function keptId(file) {
  try {
    return Number(readFileSync(file, "utf8"));
  } catch {
    return undefined; // nothing was left
  }
}
