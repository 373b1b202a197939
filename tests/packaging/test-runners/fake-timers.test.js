// Fake timers in their default settings, installed after the import: calls go on in real time.

import { Client } from "capwire";

const timers = globalThis.vi ?? import.meta.jest;

test("fake timers that are installed later", async () => {
  let polls = 0;
  const result = () => {
    polls += 1;
    return polls > 1 ? { status: "ready", solution: { text: "abcd" } } : { status: "processing" };
  };
  const fetch = async (url) => {
    const more = url.endsWith("getBalance")
      ? { balance: 1 }
      : url.endsWith("createTask")
        ? { taskId: 5 }
        : result();
    return new Response(JSON.stringify({ errorId: 0, ...more }));
  };
  const client = new Client({ clientKey: "k".repeat(32), fetch });
  timers.useFakeTimers();
  try {
    expect(await client.getBalance()).toBe(1);
    const bytes = Uint8Array.from({ length: 300 }, (_, index) => (index * 37) % 251);
    expect(await client.solveImage(bytes)).toBe("abcd");
  } finally {
    timers.useRealTimers();
  }
}, 30_000);
