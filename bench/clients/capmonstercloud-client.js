import {
  CapMonsterCloudClientFactory,
  ClientOptions,
  ImageToTextRequest,
} from "@zennolab_com/capmonstercloud-client";

export function make({ url, key, encode, firstMs, intervalMs, timeoutMs }) {
  const options = new ClientOptions({ clientKey: key, serviceUrl: url });
  const client = CapMonsterCloudClientFactory.Create(options);
  const timeouts = firstMs && {
    firstRequestDelay: firstMs,
    requestsInterval: intervalMs,
    timeout: timeoutMs,
  };
  return async (image) => {
    const request = new ImageToTextRequest({ body: encode(image) });
    const { solution, error } = await client.Solve(request, timeouts);
    if (error) throw new Error(error);
    return solution.text;
  };
}
