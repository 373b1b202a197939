// Pages and workers without a bundler: the package is where npm has put it.

const BROWSERS = { Chromium: "chromium", Firefox: "firefox" };

const PAGES = {
  page: "index.html",
  "module worker": "worker.html?kind=module",
  "classic worker": "worker.html?kind=classic",
  "service worker": "worker.html?kind=service",
  "strict CSP": "strict-csp.html",
};

export default {
  fast: ["page, Chromium"],
  variants: Object.fromEntries(
    Object.entries(BROWSERS).flatMap(([name, browser]) =>
      Object.entries(PAGES).map(([what, path]) => [
        `${what}, ${name}`,
        ({ openPage }) => openPage({ browser, folder: ".", path }),
      ]),
    ),
  ),
};
