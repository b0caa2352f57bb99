/** Runs in a network namespace beside the programs under test: asks over HTTP and watches light for us there. */
import { Light } from "./light.ts";
import { answerRequests } from "./remote.ts";

export type BystanderQuestion =
  | { readonly kind: "get"; readonly url: string }
  /** Opens a receiver of light; the answer is its port. */
  | { readonly kind: "light" }
  | { readonly kind: "level"; readonly port: number; readonly channel: number };

const lights = new Map<number, Light>();

answerRequests(async (asked) => {
  const question = asked as BystanderQuestion;
  switch (question.kind) {
    case "get": {
      const response = await fetch(question.url, { signal: AbortSignal.timeout(2000) });
      return { status: response.status, text: await response.text() };
    }
    case "light": {
      const light = await Light.open();
      lights.set(light.port, light);
      return light.port;
    }
    case "level":
      return lights.get(question.port)?.level(question.channel);
    default:
      throw new Error(`unknown question ${JSON.stringify(question)}`);
  }
});
