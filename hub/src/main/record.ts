/** `hub.mjs record`: writes what a hub's folder has kept to stdout, as a recording, while no hub runs on it. */
import { once } from "node:events";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { Fault, messageOf } from "@interactor/shared/kernel/fault";
import { micros } from "@interactor/shared/kernel/units";
import { openJournalReader } from "../adapters/store-sqlite/journal-reader.ts";
import { recordingPieces } from "../hub-recording.ts";
import type { JournalSpan } from "../ports/journal-reader.ts";

/** The pieces of a recording of the journal in this folder; throws a Fault that says what to do. */
export async function* recordingOf(
  folder: string,
  site: string,
  span: JournalSpan,
): AsyncGenerator<Uint8Array, void> {
  await using reader = await openJournalReader(folder);
  yield* recordingPieces({ site, reader, span });
}

/** The command line asks for it when no hub answers; times are ms since 1970. */
export async function record(argv: readonly string[]): Promise<void> {
  const { data, site, since, until } = parse(argv);
  const span = { from: micros(Number(since) * 1000), until: micros(Number(until) * 1000) };
  for await (const piece of recordingOf(resolve(data), site, span))
    if (!process.stdout.write(piece)) await once(process.stdout, "drain");
  // The process ends after this, and what waits in a pipe would end with it.
  await new Promise<void>((resolve) => process.stdout.write("", () => resolve()));
}

function parse(argv: readonly string[]) {
  const text = (fallback: string) => ({ type: "string", default: fallback }) as const;
  try {
    const options = {
      data: text(".interactor/hub"),
      site: text("demo"),
      since: text("0"),
      until: text(String(Number.MAX_SAFE_INTEGER / 1000)),
    };
    return parseArgs({ args: [...argv], options, strict: true, allowPositionals: false }).values;
  } catch (error) {
    throw new Fault("USAGE", messageOf(error), { cause: error });
  }
}
