// A page without a bundler: the package is where npm has put it, and an import map leads to it.

export default {
  fast: true,
  browser: "chromium",
  variants: {
    "page without a bundler, Chromium": ({ openPage }) =>
      openPage({ browser: "chromium", folder: "." }),
  },
};
