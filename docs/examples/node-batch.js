import { appendFileSync, existsSync, readFileSync } from "node:fs";

/**
 * Solves images by their names. It can be killed at any time: called again, also by another process, it goes on where it
 * was, and buys nothing twice. Returns the last entry of the journal for each image.
 */
export async function solveImages(client, images, file, options) {
  const journal = readJournal(file);
  // Synchronous, so that a line is written before anything else happens.
  const write = (name, state, more) => {
    appendFileSync(file, `${JSON.stringify({ name, state, ...more })}\n`);
    journal.set(name, { name, state, ...more });
  };
  const fail = (name, { code, taskId, retryable, mayHaveCreatedTask }) => {
    // It is "created", and can still be waited for; or "sent", and nobody knows whether it was bought.
    if (taskId ? retryable : mayHaveCreatedTask) return;
    // Nothing was bought, so the next call tries again; or the task that was bought has failed.
    write(name, taskId ? "failed" : "refused", { code });
  };

  // Tasks that an earlier process has created are waited for.
  const created = [...journal.values()].filter(({ state }) => state === "created");
  const waits = created.map(async ({ name, taskId }) => {
    try {
      const { solution } = await client.waitForResult(taskId, { type: "ImageToTextTask" });
      write(name, "solved", { text: solution.text });
    } catch (error) {
      fail(name, error);
    }
  });

  const names = [];
  function* tasks() {
    for (const [name, body] of Object.entries(images)) {
      if ((journal.get(name)?.state ?? "refused") !== "refused") continue;
      names.push(name);
      // Nothing is sent before the client has the task.
      write(name, "sent");
      yield { type: "ImageToTextTask", body };
    }
  }
  const onProgress = ({ type, index, taskId }) => {
    if (type === "created") write(names[index], "created", { taskId });
  };
  for await (const settled of client.solveAll(tasks(), { ...options, onProgress })) {
    const name = names[settled.index];
    if (settled.status === "fulfilled")
      write(name, "solved", { text: settled.value.solution.text });
    else fail(name, settled.reason);
  }
  await Promise.all(waits);
  return journal;
}

function readJournal(file) {
  const journal = new Map();
  if (!existsSync(file)) return journal;
  for (const line of readFileSync(file, "utf8").split("\n")) {
    try {
      const entry = JSON.parse(line);
      journal.set(entry.name, entry);
    } catch {
      // The last line may be cut off.
    }
  }
  return journal;
}
