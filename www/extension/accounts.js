// The accounts: one per service, so that a key is never sent to the other service. A key is in `storage.session`
// until the browser is closed or, if the user wants it remembered, in a database of the extension's own origin.
// Neither can be read by content scripts. Firefox lets them read `storage.local`, so no key is there.

const { session } = chrome.storage;
const STORE = "accounts";

export const SERVICES = ["capmonster", "brocapgpt"];

/** Does one thing with the database, and returns what it gives. */
function inDatabase(mode, work) {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(STORE, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const database = opening.result;
      const transaction = database.transaction(STORE, mode);
      const request = work(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(transaction.error);
      // Closed once the transaction has ended.
      database.close();
    };
  });
}

/** The account at a service: `clientKey` and `baseUrl` if there is one, and whether it is remembered. */
export async function accountOf(service) {
  const [remembered, temporary] = await Promise.all([
    inDatabase("readonly", (store) => store.get(service)),
    session.get(service),
  ]);
  return { ...(remembered ?? temporary[service]), remember: remembered !== undefined };
}

export async function saveAccount(service, account, remember) {
  await forgetAccount(service);
  if (remember) await inDatabase("readwrite", (store) => store.put(account, service));
  else await session.set({ [service]: account });
}

export async function forgetAccount(service) {
  await Promise.all([
    inDatabase("readwrite", (store) => store.delete(service)),
    session.remove(service),
  ]);
}
