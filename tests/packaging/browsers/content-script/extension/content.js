// Content scripts are classic scripts: import() is their only way to a module.

(async () => {
  const url = (path) => chrome.runtime.getURL(path);
  const capwire = await import(url("dist/browser.js"));
  const { scenario } = await import(url("scenario.js"));
  const config = JSON.parse(decodeURIComponent(location.hash.slice(1)));
  postMessage({ report: await scenario(capwire, config) }, "*");
})();
