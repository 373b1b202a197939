import { Solver } from "@2captcha/captcha-solver";

export function make({ url, key, encode, firstMs, intervalMs }) {
  // It speaks another protocol, and has no option for the address. It has one pause for all requests.
  class Local extends Solver {
    #next = firstMs ?? super.pollingFrequency;
    get in() {
      return `${url}/in.php`;
    }
    get res() {
      return `${url}/res.php`;
    }
    get pollingFrequency() {
      const ms = this.#next;
      this.#next = intervalMs ?? ms;
      return ms;
    }
  }
  return async (image) => (await new Local(key).imageCaptcha({ body: encode(image) })).data;
}
