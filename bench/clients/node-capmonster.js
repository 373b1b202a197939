import { ImageToTextTask } from "node-capmonster";

export function make({ url, key, encode }) {
  const client = new ImageToTextTask(key);
  // It has no option for the address. It asks for the result at once, and then every 2 s.
  client.request.defaults.baseURL = url;
  return async (image) => {
    const taskId = await client.createWithTask(client.task({ body: encode(image) }));
    const { text } = await client.joinTaskResult(taskId, 300);
    return text;
  };
}
