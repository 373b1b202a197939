// A content script, whose realm is not that of the page: in Firefox errors of `fetch` are of the page's.

import { cp } from "node:fs/promises";
import { join } from "node:path";

const variant =
  (browser) =>
  async ({ project, openPage }) => {
    const extension = join(project, "extension");
    await cp(join(project, "node_modules/capwire/dist"), join(extension, "dist"), {
      recursive: true,
    });
    await cp(join(project, "scenario.js"), join(extension, "scenario.js"));
    return openPage({ browser, folder: "page", extension });
  };

export default {
  variants: {
    "content script, Chromium": variant("chromium"),
    "content script, Firefox": variant("firefox"),
  },
};
