// Policies under which the module cannot start: the user is told which source is missing.

const BROWSERS = { Chromium: "chromium", Firefox: "firefox" };

const POLICIES = {
  "CSP without 'wasm-unsafe-eval'": "no-wasm.html",
  "CSP without connect-src": "no-connect.html",
};

export default {
  checks: ["first call", "next call"],
  variants: Object.fromEntries(
    Object.entries(BROWSERS).flatMap(([name, browser]) =>
      Object.entries(POLICIES).map(([what, path]) => [
        `${what}, ${name}`,
        ({ openPage }) => openPage({ browser, folder: ".", path }),
      ]),
    ),
  ),
};
