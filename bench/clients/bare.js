// What everybody else is compared with: the least that a page can do with fetch.

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export function make({ url, key, encode, firstMs = 350, intervalMs = 2_000 }) {
  const post = async (method, body) => {
    const response = await fetch(`${url}/${method}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ clientKey: key, ...body }),
    });
    return response.json();
  };
  return async (image) => {
    const { taskId } = await post("createTask", {
      task: { type: "ImageToTextTask", body: encode(image) },
    });
    for (let ms = firstMs; ; ms = intervalMs) {
      await pause(ms);
      const { status, solution } = await post("getTaskResult", { taskId });
      if (status === "ready") return solution.text;
    }
  };
}
