// A module that does with its services what its input says, and gives what came of it.

import {
  defineModule,
  type ModuleConnection,
  type ModuleContext,
  messageOf,
} from "@interactor/shared/sdk/define-module";
import * as z from "@interactor/shared/sdk/schemas";

const textOf = (value: unknown): string => (typeof value === "string" ? value : "no text");
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

const kept: Buffer[] = [];

async function done(words: readonly string[], context: ModuleContext): Promise<string> {
  const [what, one = "", two = ""] = words;
  const { storage, net, files } = context;
  switch (what) {
    case "get":
      return textOf(await storage.get(one));
    case "set":
      await storage.set(one, two);
      return "set";
    case "fill":
      await storage.set(one, "x".repeat(Number(two)));
      return "filled";
    case "delete":
      await storage.delete(one);
      return "deleted";
    case "keys":
      return (await storage.keys()).join(" ");
    case "read":
      return new TextDecoder().decode(await files.read(one));
    case "hog":
      // Filled, so that it is really there.
      kept.push(Buffer.alloc(Number(one) * 1_000_000, 1));
      return `${kept.length} taken`;
    case "work": {
      const end = performance.now() + Number(one);
      while (performance.now() < end);
      return "worked";
    }
    case "crowd": {
      const all = Array.from({ length: Number(one) }, (_, index) => storage.set("crowd", index));
      const refused = (await Promise.allSettled(all)).filter(({ status }) => status === "rejected");
      return `${refused.length} refused`;
    }
    case "echo":
      return echoed(await net.connect({ host: "127.0.0.1", port: Number(one) }), two);
    case "count":
      return counted(await net.connect({ host: "127.0.0.1", port: Number(one) }), Number(two));
    case "open": {
      const lines = Array.from({ length: Number(two) }, () =>
        net.connect({ host: "127.0.0.1", port: Number(one) }),
      );
      const opened = await Promise.allSettled(lines);
      for (const each of opened) if (each.status === "fulfilled") each.value.close();
      return `${opened.filter(({ status }) => status === "fulfilled").length} open`;
    }
    default:
      return "what?";
  }
}

async function echoed(line: ModuleConnection, text: string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  line.onData((bytes) => resolve(new TextDecoder().decode(bytes)));
  await line.write(bytesOf(text));
  const answer = await promise;
  line.close();
  return `${answer}, ${await line.closed}`;
}

/** Takes so many bytes, however long that takes. */
async function counted(line: ModuleConnection, wanted: number): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<number>();
  let bytes = 0;
  line.onData((chunk) => {
    bytes += chunk.length;
    if (bytes >= wanted) resolve(bytes);
  });
  const got = await promise;
  line.close();
  return `${got} bytes`;
}

export const definition = defineModule({
  manifest: {
    apiVersion: 1,
    id: "clerk",
    version: "2.0.0",
    title: "Uses what it is given",
    worker: "own",
    inputs: { ask: { type: "text" } },
    outputs: { told: { type: "text", deliver: "every" } },
  },
  settings: z.object({ host: z.optional(z.string()) }),
  async migrate(storage, from) {
    await storage.set("migrated", `from ${from}`);
  },
  start(_settings, context) {
    context.onInput((_input, applied) => {
      done(textOf(applied?.value).split(" "), context).then(
        (words) => context.emit("told", words),
        (error: unknown) => {
          const code = error instanceof Error && "code" in error ? `${String(error.code)}: ` : "";
          context.emit("told", `${code}${messageOf(error)}`);
        },
      );
    });
    return { stop: () => Promise.resolve() };
  },
});
