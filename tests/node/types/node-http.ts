// The fetch over node:http, and the type of the option that it is for.

import { Client, type ClientOptions, type FetchResponse } from "capwire";
import {
  createNodeHttpFetch,
  type NodeHttpAgent,
  type NodeHttpFetch,
  nodeHttpFetch,
} from "capwire/node-http";
import { expectTypeOf } from "expect-type";

declare const agent: NodeHttpAgent;
declare const signal: AbortSignal;

new Client({ clientKey: "x", fetch: nodeHttpFetch });
new Client({ clientKey: "x", fetch: createNodeHttpFetch() });
new Client({ clientKey: "x", fetch: createNodeHttpFetch({ agent }) });
// @ts-expect-error an agent, not an address
createNodeHttpFetch({ agent: "http://proxy.example" });
// @ts-expect-error the agent has this option
createNodeHttpFetch({ maxSockets: 5 });

expectTypeOf(nodeHttpFetch).toEqualTypeOf<NodeHttpFetch>();
nodeHttpFetch(new URL("https://api.example"));
nodeHttpFetch("https://api.example", { method: "POST", headers: { a: "b" }, body: "x", signal });
const response = await nodeHttpFetch("https://api.example");
expectTypeOf(response.status).toEqualTypeOf<number>();
expectTypeOf(response.ok).toEqualTypeOf<boolean>();
expectTypeOf(response.headers.get("x")).toEqualTypeOf<string | null>();
expectTypeOf(response.text()).resolves.toEqualTypeOf<string>();
expectTypeOf(response.json()).resolves.toEqualTypeOf<unknown>();

// The option takes the platform's own, and whatever has the members that are read.
expectTypeOf<typeof fetch>().toExtend<NonNullable<ClientOptions["fetch"]>>();
expectTypeOf<Response>().toExtend<FetchResponse>();
new Client({
  clientKey: "x",
  fetch: async () => ({ status: 200, headers: new Headers(), text: async () => "{}" }),
});
// @ts-expect-error no text
new Client({ clientKey: "x", fetch: async () => ({ status: 200, headers: new Headers() }) });
