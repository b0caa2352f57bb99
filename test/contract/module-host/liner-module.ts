// A module that does with serial lines what its input says, gives what comes over them, and counts both.

import {
  defineModule,
  messageOf,
  type ModuleContext,
  type SerialLine,
} from "@interactor/shared/sdk/define-module";
import * as z from "@interactor/shared/sdk/schemas";

export const definition = defineModule({
  manifest: {
    apiVersion: 1,
    id: "liner",
    version: "1.0.0",
    title: "Speaks over serial lines",
    worker: "own",
    inputs: { ask: { type: "text" } },
    outputs: { told: { type: "text", deliver: "every" }, line: { type: "text", deliver: "every" } },
  },
  settings: z.object({}),
  start(_settings, context) {
    const lines = new Map<string, SerialLine>();
    context.onInput((_input, applied) => {
      const words = typeof applied?.value === "string" ? applied.value : "";
      done(words.split(" "), lines, context).then(
        (told) => context.emit("told", told),
        (error: unknown) => {
          const code = error instanceof Error && "code" in error ? String(error.code) : "";
          context.emit("told", `${code}: ${messageOf(error)}`);
        },
      );
    });
    return { stop: () => Promise.resolve() };
  },
});

async function done(
  [what, path = "", more = ""]: readonly string[],
  lines: Map<string, SerialLine>,
  { serial, emit, metrics }: ModuleContext,
): Promise<string> {
  switch (what) {
    case "list":
      return (await serial.list()).map(({ path: each, isThere }) => `${each} ${isThere}`).join(", ");
    case "open": {
      const line = await serial.open(path, { baudRate: 115_200 });
      lines.set(path, line);
      line.onLine((text) => {
        metrics.count("lines");
        metrics.set("last_length_bytes", text.length);
        emit("line", text);
      });
      void line.closed.then((reason) => emit("line", `closed: ${reason}`));
      return "opened";
    }
    case "write":
      await lines.get(path)?.write(new TextEncoder().encode(`${more}\n`));
      return "written";
    case "flood":
      await lines.get(path)?.write(new Uint8Array(Number(more)).fill(65));
      return "flooded";
    case "close":
      lines.get(path)?.close();
      return "closing";
    case "flash": {
      const firmware = { board: "uno", baudRate: 57_600, banner: new Uint8Array(8) } as const;
      await serial.flash(path, { ...firmware, program: new Uint8Array(Number(more)) });
      return "flashed";
    }
    case "measure":
      metrics.set(path, Number(more));
      return "measured";
    default:
      return "what?";
  }
}
