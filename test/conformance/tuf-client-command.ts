/**
 * The agent's trust behind the command line that TUF conformance suites call: init, refresh, download. It has nothing of the
 * agent's policies: its clock is believed, whatever keys a root names are, and it asks only what TUF's workflow asks.
 */
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { systemDisk } from "@interactor/agent/src/adapters/apply-store-files/disk.ts";
import { openTrust, pinRoot } from "@interactor/agent/src/adapters/trust-tuf/trust-tuf.ts";
import { isSigned } from "@interactor/agent/src/adapters/trust-tuf/signed-bytes.ts";
import type { Believed } from "@interactor/agent/src/ports/trust.ts";
import { moduleBytesMax } from "@interactor/shared/bundle/trust-api";
import { Fault, messageOf } from "@interactor/shared/kernel/fault";
import { httpSource } from "./http-source.ts";

/** A suite waits for us. */
const commandTimeout = 60_000;

const text = { type: "string" } as const;
const options = {
  "metadata-dir": text,
  "metadata-url": text,
  "target-name": text,
  "target-base-url": text,
  "target-dir": text,
};

export interface Ended {
  /** 0 when all of it was done, 1 when any of it was refused. */
  readonly exit: 0 | 1;
  /** For standard error: one line that begins with the code, or nothing. */
  readonly said: string;
}

/** `now`: in milliseconds since 1970. */
export async function tufClient(words: readonly string[], now: () => number): Promise<Ended> {
  try {
    await run(words, now);
    return { exit: 0, said: "" };
  } catch (error) {
    const code = error instanceof Fault ? error.code : "FAILED";
    return { exit: 1, said: `tuf-client: ${code} ${messageOf(error)}\n` };
  }
}

async function run(words: readonly string[], now: () => number): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...words],
    options,
    strict: true,
    allowPositionals: true,
  });
  const folder = given("metadata-dir", values["metadata-dir"]);
  const [verb, root] = positionals;
  switch (verb) {
    case "init":
      return pinRoot(folder, systemDisk, await readFile(given("TRUSTED_ROOT", root)));
    case "refresh": {
      await using _believed = await believed(folder, values, now);
      return undefined;
    }
    case "download": {
      const name = given("target-name", values["target-name"]);
      const into = given("target-dir", values["target-dir"]);
      await using after = await believed(folder, values, now);
      await download(after, name, into);
      return undefined;
    }
    default:
      throw new Fault("USAGE", `"${verb ?? ""}" is none of: init, refresh, download`);
  }
}

function given(name: string, value: string | undefined): string {
  if (value === undefined) throw new Fault("USAGE", `${name} is missing`);
  return value;
}

interface Where {
  readonly "metadata-url"?: string | undefined;
  readonly "target-base-url"?: string | undefined;
}

async function believed(folder: string, where: Where, now: () => number): Promise<Believed> {
  const trust = await openTrust({
    folder,
    pinnedRoot: await readFile(join(folder, "pinned-root")),
    source: httpSource({
      metadataUrl: given("metadata-url", where["metadata-url"]),
      targetsUrl: where["target-base-url"],
    }),
    disk: systemDisk,
    time: () => ({ wall: now(), isSynchronised: true }),
    builtAt: 0,
  });
  return trust.refresh(AbortSignal.timeout(commandTimeout));
}

/** One name, one file, whatever is in the name. What is there already with the bytes that were signed stays. */
async function download(now: Believed, name: string, into: string): Promise<void> {
  const file = await now.find(name);
  if (file === undefined) throw new Fault("TRUST_UNKNOWN_FILE", `nobody has signed "${name}"`);
  const path = join(into, encodeURIComponent(name));
  const there = await readFile(path).catch(() => undefined);
  if (there !== undefined && isSigned(file, there)) return;
  const bytes = await now.read(file, moduleBytesMax, AbortSignal.timeout(commandTimeout));
  await mkdir(into, { recursive: true });
  const draft = join(into, `.${process.pid}.part`);
  await writeFile(draft, bytes);
  await rename(draft, path);
}
