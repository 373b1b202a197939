// Loaded into every page and worker of the tests: makes calls, and returns their outcomes as plain data.

/** Runs one of the calls below with a new client. */
export async function attempt(capwire, { options, call, given }) {
  try {
    const client = new capwire.Client(options);
    return { value: await calls[call](client, given, capwire) };
  } catch (error) {
    if (!(error instanceof capwire.CaptchaError)) return { thrown: String(error) };
    return {
      failure: error.toJSON(),
      isOfClass: error instanceof Error && error instanceof capwire[error.name],
      stack: error.stack,
    };
  }
}

const bytesOf = (base64) => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));

const FORMS = {
  bytes: (base64) => bytesOf(base64),
  ArrayBuffer: (base64) => bytesOf(base64).buffer,
  Blob: (base64) => new Blob([bytesOf(base64)], { type: "image/png" }),
  File: (base64) => new File([bytesOf(base64)], "captcha.png"),
  base64: (base64) => base64,
  "a data: URL": (base64) => `data:image/png;base64,${base64}`,
  // As in a page that has read its own image.
  "a canvas's Blob": async (base64) => {
    const image = await createImageBitmap(new Blob([bytesOf(base64)]));
    const canvas = new OffscreenCanvas(image.width, image.height);
    canvas.getContext("2d").drawImage(image, 0, 0);
    return await canvas.convertToBlob();
  },
};

/** A canvas with the image on it. */
async function drawn(base64, canvas) {
  const image = await createImageBitmap(new Blob([bytesOf(base64)]));
  Object.assign(canvas, { width: image.width, height: image.height });
  canvas.getContext("2d").drawImage(image, 0, 0);
  return canvas;
}

Object.assign(FORMS, {
  "a Response": (base64) => new Response(bytesOf(base64)),
  "a promise of a Response": (base64) => fetch(`data:image/png;base64,${base64}`),
  "a stream": (base64) => new Blob([bytesOf(base64)]).stream(),
  "an HTMLCanvasElement": (base64) => drawn(base64, document.createElement("canvas")),
  "an OffscreenCanvas": (base64) => drawn(base64, new OffscreenCanvas(1, 1)),
  "an ImageBitmap": (base64) => createImageBitmap(new Blob([bytesOf(base64)])),
  "an empty canvas": () => Object.assign(document.createElement("canvas"), { width: 0 }),
  "a closed ImageBitmap": async (base64) => {
    const image = await createImageBitmap(new Blob([bytesOf(base64)]));
    image.close();
    return image;
  },
  ImageData: () => new ImageData(20, 20),
  "an element": () => document.createElement("img"),
  "a Request": () => new Request("https://shop.example/captcha"),
  "a File of no bytes": () => new File([], "captcha.png"),
  "a File of HTML": () => new File(["<html>".repeat(50)], "a.html", { type: "text/html" }),
});

const TOKEN_TASK = {
  type: "TurnstileTask",
  websiteURL: "https://shop.example/",
  websiteKey: "0x4AAA",
};

const calls = {
  getBalance: (client) => client.getBalance(),
  ready: (client) => client.ready(),
  solveImage: async (client, { form, base64 }) => client.solveImage(await FORMS[form](base64)),
  solveEmpty: (client) => client.solveImage(new Uint8Array(99)),
  createTask: (client) => client.createTask(TOKEN_TASK),
  getTaskResult: (client) => client.getTaskResult(4711),
  twoFirstCalls: (client) => Promise.all([client.getBalance(), client.getBalance()]),
  async theUsersOwnFunction(client) {
    return await client.getBalance();
  },
  async abort(client, reason) {
    const controller = new AbortController();
    const call = client.getBalance({ signal: controller.signal });
    setTimeout(() => controller.abort(reason), 300);
    return await call.catch((thrown) => ({ isTheReason: thrown === controller.signal.reason }));
  },
  // An error of another realm is not an instance of this one's Error.
  async alienRejection(_client, _given, { Client }) {
    const frame = document.createElement("iframe");
    document.body.append(frame);
    const { TypeError: Alien } = frame.contentWindow;
    const fetch = () => Promise.reject(new Alien("from elsewhere"));
    return await new Client({ clientKey: "x", fetch }).getBalance();
  },
};
