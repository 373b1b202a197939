// Images as text, in the ways in which other programs write them, and what is said of a text that is none.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ImageError } from "capwire";
import { failure } from "./helpers/assertions.js";
import { base64Of, bytesOf, fixture } from "./helpers/images.js";

const limits = { imageLimits: { minBytes: 0, maxBytes: 100_000 } };

/** The base64 that is sent for an image. */
async function sentFor(image) {
  const { client, sent } = fixture(limits);
  await client.solveImage(image);
  return sent[0].body;
}

const hexOf = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0"));

/** Each way to write the same bytes. */
function formsOf(bytes, width) {
  const base64 = base64Of(bytes);
  const lines = base64.match(new RegExp(`.{1,${width}}`, "g"));
  const encoded = base64.replaceAll("+", "%2B").replaceAll("/", "%2f").replaceAll("=", "%3D");
  const all = hexOf(Buffer.from(base64)).map((hex) => `%${hex}`);
  const dotnet = base64.replaceAll("+", "\\u002B").replaceAll("/", "\\/");
  const urlSafe = Buffer.from(bytes).toString("base64url");
  return [
    base64,
    base64.replace(/=+$/, ""),
    lines.join("\r\n"),
    lines.join("\\n"),
    lines.join("\n\t "),
    `\ufeff${base64}`,
    ` \ufeff\n${base64}\u3000`,
    urlSafe,
    `  DATA:image/png;BASE64,${lines.join("\n\t")} `,
    `\ufeffdata:image/png;base64,${base64}`,
    `data:image/png; base64 ,${base64}`,
    `data:image/png;base64,${encoded}`,
    `data:image/png;base64,${all.join("")}`,
    `data:;base64,${urlSafe}`,
    `data:image\\/png;base64,${dotnet}`,
    `"data:image\\/png;base64,${dotnet}"`,
    `"${base64}"\n`,
    `data%3Aimage%2Fpng%3Bbase64%2C${encoded}`,
    encoded,
    `data:image/png,${hexOf(bytes)
      .map((hex) => `%${hex.toUpperCase()}`)
      .join("")}`,
    `data:,${Array.from(bytes, (byte) => `%${byte.toString(16).padStart(2, "0")}`).join("")}`,
  ];
}

describe("an image as text", { concurrency: true, timeout: 120_000 }, () => {
  for (const size of [1, 2, 3, 4, 99, 100, 101, 1_000, 70_001]) {
    it(`of ${size} bytes is the same however it is written`, async () => {
      const bytes = bytesOf(size);
      for (const form of formsOf(bytes, 1 + (size % 76))) {
        assert.equal(await sentFor(form), base64Of(bytes), form.slice(0, 100));
      }
    });
  }

  it("may have unused bits set", async () => {
    assert.equal(await sentFor("QUJDR/=="), "QUJDR/==");
    assert.equal(await sentFor("QUJDRUZ"), "QUJDRUZ=");
  });

  it("may be a data: URL without base64, which is its bytes", async () => {
    for (const [url, text] of [
      ["data:image/svg+xml,%3Csvg/%3e", "<svg/>"],
      ["data:image/svg+xml;utf8,<svg>%zz%4</svg>%", "<svg>%zz%4</svg>%"],
      ["DATA:image/svg+xml;charset=utf-8,<svg>щ😀</svg>", "<svg>щ😀</svg>"],
      ["data:image/svg+xml,<svg>\ud800</svg>", "<svg>\ufffd</svg>"],
      ["data:;charset=base64x,QUJD", "QUJD"],
      ["data%3Aimage%2Fsvg%2Bxml%2C%253Csvg%2F%253E", "<svg/>"],
    ]) {
      assert.equal(await sentFor(url), base64Of(Buffer.from(text)), url);
    }
  });
});

describe("a text that is not an image", { concurrency: true, timeout: 120_000 }, () => {
  const reasons = {
    "data:image/png;base64": "no comma",
    "QUJ=RA==": "'=' is not a base64 character",
    "QUJD*": "'*' is not a base64 character",
    картинка: "'к' is not a base64 character",
    QUJDкартинка: "'к' is not a base64 character",
    "QUJDRA==😀": "'=' is not a base64 character",
    "data:image/png;base64,QUJD%": "'%' is not a base64 character",
    "data:image/png;base64,QUJD%2": "'%' is not a base64 character",
    "QUJD\\q": "'\\' is not a base64 character",
    "\u200bQUJD": "an invisible character U+200B at position 0",
    "QUJD\u200bRA==": "an invisible character U+200B at position 4",
    "  QUJD\u202eRA==": "an invisible character U+202E at position 6",
    "QUJD\0": "an invisible character U+0000 at position 4",
    "data:image/png;base64,QU\u2060JD": "an invisible character U+2060 at position 24",
    "data:image/png;base64,QU\ufeffJD": "an invisible character U+FEFF at position 24",
    "QUJD\u00a0RA==": "an invisible character U+00A0 at position 4",
    "QUJDRA===": "truncated",
    QUJDR: "truncated",
    "QUJDRUE=A=": "'=' is not a base64 character",
  };
  for (const [text, reason] of Object.entries(reasons)) {
    it(`${JSON.stringify(text)} is refused with its reason`, async () => {
      const { client, sent } = fixture(limits);
      const error = await failure(client.solveImage(text), ImageError, "INVALID_IMAGE");
      assert.ok(error.message.includes(reason), error.message);
      assert.deepEqual([error.detected, sent], [undefined, []]);
    });
  }

  const kinds = {
    "captcha.png": "path",
    "./images/captcha 1.jpeg": "path",
    "C:\\captchas\\7.gif": "path",
    "картинки/7.png": "path",
    [`${"a/".repeat(400)}7.png`]: "path",
    "https://shop.example/captcha?n=7": "url",
    "HTTP://shop.example/captcha.png": "url",
    "blob:https://shop.example/5e5a-11": "url",
    "file:///home/me/captcha.png": "url",
    "\n <!doctype HTML><title>Sign in</title>": "html",
    "<p>404</p>": "html",
    "<!-- a > b --><html lang=en>": "html",
    "<Error><Code>AccessDenied</Code></Error>": "xml",
    '{"error":"expired"}': "json",
    '[{"error":7}]': "json",
    "%PDF-1.7 of a kind": "pdf",
    "\ufffdPNG\r\n\x1a": "binary-as-text",
    "\x89PNG\r\n\x1a": "binary-as-text",
    "ÿØÿà\0\x10JFIF": "binary-as-text",
  };
  for (const [text, detected] of Object.entries(kinds)) {
    it(`${JSON.stringify(text).slice(0, 80)} is named`, async () => {
      const { client, sent } = fixture(limits);
      const error = await failure(client.solveImage(text), ImageError, "INVALID_IMAGE");
      assert.deepEqual([error.detected, sent], [detected, []]);
    });
  }

  it("a long text is neither a path nor slow", async () => {
    const { client, sent } = fixture({ imageLimits: { maxBytes: 1_000_000 } });
    for (const text of [
      `${"a".repeat(1_095)}*.png`,
      `${"*".repeat(1_000_000)}.png`,
      `${"<!--".repeat(200_000)}*`,
      `${"\ufffd ".repeat(2)}${"* ".repeat(400_000)}`,
      `${"%".repeat(1_000_000)}`,
      `${"\\".repeat(1_000_000)}`,
      `\0${" ".repeat(1_000_000)}*`,
    ]) {
      const begin = performance.now();
      await failure(client.solveImage(text), ImageError, "INVALID_IMAGE");
      assert.ok(performance.now() - begin < 1_000, text.slice(0, 20));
    }
    assert.deepEqual(sent, []);
  });
});
