// What differs in Chromium from Firefox.

import { until } from "./until.js";

/** Options of puppeteer. */
export const options = {
  pipe: true,
  enableExtensions: true,
  // A debugger would keep the worker alive, and puppeteer attaches one to every target that it may see.
  targetFilter: (target) => target.type() !== "service_worker",
};

export const originOf = (id) => `chrome-extension://${id}`;

/** Whether the page takes part when its menu opens. */
export const needsPageForMenu = false;

/** Ends the worker as the browser does: at once, whatever it is doing. */
export async function endWorker({ page }) {
  const session = await page.createCDPSession();
  const stopped = new Promise((resolve) =>
    session.on("ServiceWorker.workerVersionUpdated", ({ versions }) => {
      if (versions.some(({ runningStatus }) => runningStatus === "stopped")) resolve();
    }),
  );
  await session.send("ServiceWorker.enable");
  await session.send("ServiceWorker.stopAllWorkers");
  await stopped;
  await session.detach();
}

/**
 * Chooses the extension's item of the context menu. A headless browser does not show that menu, which is the system's.
 * So a click on the extension's button grants it the tab, as the menu would, and the event of the menu is dispatched in
 * its worker.
 */
export async function readByMenu({ browser, id, tab, image }) {
  const session = await browser.target().createCDPSession();
  const targetsOf = async (type) => {
    const { targetInfos } = await session.send("Target.getTargets", { filter: [{ type }] });
    return targetInfos;
  };
  const { targetId } = (await targetsOf("tab")).find(({ url }) => url === tab.url());
  await session.send("Extensions.triggerAction", { id, targetId });

  let target;
  await until(async () => {
    const workers = await targetsOf("service_worker");
    target = workers.find(({ url }) => new URL(url).host === id);
    return target !== undefined;
  }, "the worker is there");
  const { sessionId } = await session.send("Target.attachToTarget", {
    targetId: target.targetId,
    flatten: true,
  });
  const worker = session.connection().session(sessionId);

  // It sees the addresses only of tabs that it was granted.
  const expression = `chrome.tabs.query({}).then((tabs) => {
    const tab = tabs.find(({ url }) => url === ${JSON.stringify(tab.url())});
    if (tab) chrome.contextMenus.onClicked.dispatch({ srcUrl: ${JSON.stringify(image)}, frameId: 0 }, tab);
    return Boolean(tab);
  })`;
  const click = { expression, awaitPromise: true, returnByValue: true };
  const isClicked = async () => (await worker.send("Runtime.evaluate", click)).result.value;
  await until(isClicked, "the tab is granted to the extension");
  await session.send("Target.detachFromTarget", { sessionId });
  await session.detach();
}
