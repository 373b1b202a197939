import * as capwire from "capwire";
import { scenario } from "./scenario.js";

export default {
  async fetch(request) {
    return Response.json(await scenario(capwire, await request.json()));
  },
};
