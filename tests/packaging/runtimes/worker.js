// For workerd and Miniflare.

import * as capwire from "capwire";
import { scenario } from "./scenario/scenario.js";

export default {
  async fetch(request) {
    const config = await request.json();
    if (!request.url.endsWith("/solve")) return Response.json(await scenario(capwire, config));
    const { clientKey, baseUrl, image } = config;
    const client = new capwire.Client({ clientKey, baseUrl });
    return new Response(await client.solveImage(image));
  },
};
