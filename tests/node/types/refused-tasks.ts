// Known tasks that the types refuse.

import { Client, type KnownTask, type RawTask, type Task } from "capwire";

declare const bytes: Uint8Array;
declare const text: string;

const client = new Client({ clientKey: "x" });
const websiteURL = "https://shop.example/login";
const websiteKey = "0x4AAA";
const page = { websiteURL, websiteKey };
const clicks = { type: "ComplexImageTask", class: "recaptcha", imagesBase64: [bytes] } as const;
const proxy = { proxyType: "http", proxyAddress: "198.51.100.7", proxyPort: 8080 } as const;

// Refused: something required is missing.
// @ts-expect-error the image is missing
client.solve({ type: "ImageToTextTask" });
// @ts-expect-error the key is missing
client.solve({ type: "RecaptchaV2Task", websiteURL });
// @ts-expect-error the page is missing
client.solve({ type: "RecaptchaV2Task", websiteKey });
// @ts-expect-error under an older name too
client.solve({ type: "NoCaptchaTaskProxyless", websiteURL });
// @ts-expect-error its key has another name
client.solve({ type: "FunCaptchaTask", ...page });
// @ts-expect-error it needs a User-Agent
client.solve({ type: "CaptchaFoxTask", ...page });
// @ts-expect-error the version is missing
client.solve({ type: "GeeTestTask", websiteURL, gt: "e392" });
// @ts-expect-error version 3 needs a challenge
client.solve({ type: "GeeTestTask", websiteURL, gt: "81dc", version: 3 });
// @ts-expect-error there is no version 5
client.solve({ type: "GeeTestTask", websiteURL, gt: "e392", version: 5 });
// @ts-expect-error nor as text
client.solve({ type: "GeeTestTask", websiteURL, gt: "e392", version: "5" });
// @ts-expect-error version 3 needs a challenge, also as text
client.solve({ type: "GeeTestTask", websiteURL, gt: "81dc", version: "3" });
// @ts-expect-error the class is missing
client.solve({ type: "ComplexImageTask", imagesBase64: [bytes] });
// @ts-expect-error the instruction is missing
client.solve({ type: "ComplexImageTask", class: "funcaptcha", imagesBase64: [bytes] });
// @ts-expect-error the images are missing
client.solve({ type: "ComplexImageTask", class: "yandexsmartcaptcha" });
// @ts-expect-error the class is missing
client.solve({ type: "CustomTask", websiteURL });
// @ts-expect-error the grid is missing
client.solve({ ...clicks, metadata: { Task: "Click on traffic lights" } });
// @ts-expect-error a required field is not undefined
client.solve({ type: "TurnstileTask", websiteURL, websiteKey: undefined });
// @ts-expect-error nor null
client.solve({ type: "TurnstileTask", websiteURL, websiteKey: null });

// Refused: an optional field is misspelt, also in a spread object and in an object of the task.
// @ts-expect-error numeric
client.solve({ type: "ImageToTextTask", body: bytes, numerik: 1 });
// @ts-expect-error isInvisible
client.solve({ type: "RecaptchaV2Task", ...page, isInvisble: true });
// @ts-expect-error isInvisible
client.solve({ type: "RecaptchaV2Task", ...page, ...{ isinvisible: true } });
// @ts-expect-error userAgent
client.solve({ type: "NoCaptchaTask", ...page, useragent: text });
// @ts-expect-error initParameters
client.solve({ type: "GeeTestTask", websiteURL, gt: "e392", version: 4, initParametrs: {} });
// @ts-expect-error proxyLogin
client.solve({ type: "TurnstileTask", ...page, ...proxy, proxylogin: "guest" });
// @ts-expect-error TaskDefinition
client.solve({ ...clicks, metadata: { Grid: "3x3", Task: "", TaskDefintion: "/m/015qff" } });
// @ts-expect-error it takes no proxy
client.solve({ type: "RecaptchaV3TaskProxyless", ...page, ...proxy });
// @ts-expect-error userAgent
client.createTask({ type: "TurnstileTask", ...page, user_agent: text });
// @ts-expect-error numeric
client.solveAll([{ type: "ImageToTextTask", body: bytes, Numeric: 1 }]);
// The error is where the field is, and in editors under its name.
client.solve({
  type: "ImageToTextTask",
  body: bytes,
  // @ts-expect-error case
  caze: true,
});
// @ts-expect-error numeric
({ type: "ImageToTextTask", body: bytes, numerik: 1 }) satisfies KnownTask;

// Refused: something has the wrong type.
// @ts-expect-error a number is not an image
client.solve({ type: "ImageToTextTask", body: 5 });
// @ts-expect-error a Request has no answer yet
client.solveImage(new Request("https://shop.example/captcha"));
// @ts-expect-error a URL is not an image
client.solveImage(new URL("https://shop.example/captcha"));
// @ts-expect-error a list of texts is not an image
client.solveImage(["137"]);
// @ts-expect-error a threshold is a number
client.solve({ type: "ImageToTextTask", body: bytes, recognizingThreshold: "70" });
// @ts-expect-error 0 or 1
client.solve({ type: "ImageToTextTask", body: bytes, numeric: 2 });
// @ts-expect-error true or false
client.solve({ type: "RecaptchaV2Task", ...page, isInvisible: "yes" });
// @ts-expect-error an object
client.solve({ type: "RecaptchaV2EnterpriseTask", ...page, enterprisePayload: 5 });
// @ts-expect-error a number
client.solve({ type: "RecaptchaV3TaskProxyless", ...page, minScore: "0.3" });
// @ts-expect-error cookies are one text
client.solve({ type: "HCaptchaTask", ...page, cookies: { a: "1" } });
// @ts-expect-error a list
client.solve({ type: "CustomTask", class: "x", websiteURL, domains: "shop.example" });
// @ts-expect-error there is no such grid
client.solve({ ...clicks, metadata: { Grid: "2x2", Task: "" } });
// @ts-expect-error a list of images
client.solve({ ...clicks, class: "yandexsmartcaptcha", imagesBase64: bytes });
// @ts-expect-error a proxy has an address and a port
client.solve({ type: "TurnstileTask", ...page, proxyType: "http" });
// @ts-expect-error a login belongs to a proxy
client.solve({ type: "TurnstileTask", ...page, proxyLogin: "guest" });
// @ts-expect-error there is no such proxy
client.solve({ type: "TurnstileTask", ...page, ...proxy, proxyType: "socks" });
// @ts-expect-error a port is a number
client.solve({ type: "TurnstileTask", ...page, ...proxy, proxyPort: "8080" });

client.solve({
  type: "ImageToTextTask",
  body: bytes,
  // @ts-expect-error true or false
  math: "yes",
});

// The same holds where a task is only created, or stands for itself.
// @ts-expect-error the key is missing
client.createTask({ type: "RecaptchaV2Task", websiteURL });
// @ts-expect-error the key is missing
({ type: "RecaptchaV2Task", websiteURL }) satisfies KnownTask;
// @ts-expect-error it is not known
({ type: "SomethingNewTask" }) satisfies KnownTask;
// @ts-expect-error a type is text
({ type: 5 }) satisfies RawTask;
// @ts-expect-error a task has a type
({ websiteURL }) satisfies Task;
