/** The demo's data folder: one demo at a time, what hub and agent keep, and the site file that people edit. */
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as wait } from "node:timers/promises";
import { messageOf } from "@interactor/shared/kernel/fault";
import { builtInModules } from "@interactor/shared/site/built-in-modules";
import { siteJsonSchema } from "@interactor/shared/site/site-json-schema";
import { commandFault } from "../exit.ts";
import { nodeTemplate, routesTemplate, siteTemplate } from "./templates.ts";

export interface DemoFolder extends Disposable {
  readonly path: string;
  readonly hub: string;
  readonly agent: string;
  readonly description: Description;
  readonly logOf: (program: string) => string;
}

/** What the demo runs. */
export type Description =
  /** A site file. `passedOver`: files of an earlier demo that lie beside it and are not read. */
  | { readonly kind: "site"; readonly file: string; readonly passedOver: readonly string[] }
  /** As an earlier demo had it: routes at the hub, instances at the node. */
  | { readonly kind: "parts"; readonly routes: string; readonly config: string };

/** Hub and agent of a demo that was killed end within 1.4 s by themselves; this is how long we wait for it. */
const leftoversTimeout = 3000; // ms
const lookEvery = 50; // ms

/** Locks the folder and puts what is missing into it. Throws a Fault that says what to do. */
export async function openDemoFolder(path: string): Promise<DemoFolder> {
  makeWritable(path);
  const lock = takeLock(path);
  try {
    writeFileSync(join(path, "pid"), `${process.pid}\n`);
    const folder = {
      path,
      hub: join(path, "hub"),
      agent: join(path, "agent"),
      description: descriptionIn(path),
      logOf: (program: string) => join(path, `${program}.log`),
      [Symbol.dispose]() {
        rmSync(join(path, "pid"), { force: true });
        lock.close();
      },
    };
    await leftoversGone([join(folder.hub, "lock"), join(folder.agent, "lock")]);
    return folder;
  } catch (error) {
    lock.close();
    throw commandFault("USAGE", `cannot use ${path}: ${messageOf(error)}`, error);
  }
}

function descriptionIn(path: string): Description {
  const [file, routes, config] = [
    join(path, "site.yaml"),
    join(path, "routes.yaml"),
    join(path, "node.json"),
  ];
  const earlier = [routes, config].filter((each) => existsSync(each));
  if (existsSync(file) || earlier.length === 0) {
    putIfMissing(file, siteTemplate);
    putIfMissing(join(path, "site.schema.json"), schemaText());
    return { kind: "site", file, passedOver: earlier };
  }
  putIfMissing(routes, routesTemplate);
  putIfMissing(config, nodeTemplate);
  return { kind: "parts", routes, config };
}

/** By which an editor helps while somebody writes. */
const schemaText = (): string => `${JSON.stringify(siteJsonSchema(builtInModules), undefined, 2)}\n`;

function makeWritable(path: string): void {
  try {
    makeFolder(path);
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    const isFile =
      error instanceof Error && "code" in error && (error.code === "EEXIST" || error.code === "ENOTDIR");
    const reason = isFile ? "there is a file in its place" : messageOf(error);
    throw commandFault(
      "USAGE",
      `cannot write to the data folder ${path}: ${reason}; give another --data`,
      error,
    );
  }
}

/** Node's own `recursive` never returns where the parent is there and still nothing can be made, as in /proc. */
function makeFolder(path: string): void {
  if (existsSync(path) && statSync(path).isDirectory()) return;
  const parent = dirname(path);
  if (!existsSync(parent)) makeFolder(parent);
  mkdirSync(path);
}

/** SQLite's own lock on a file: the kernel lets it go when the process ends, however it ends. */
function takeLock(path: string): DatabaseSync {
  const outcome = tryLock(join(path, "lock"));
  if (outcome.kind === "locked") return outcome.lock;
  if (outcome.kind === "failed") {
    throw commandFault("USAGE", `cannot lock ${join(path, "lock")}: ${outcome.reason}; give another --data`);
  }
  throw commandFault(
    "USAGE",
    `${path} is in use by another demo${holderOf(path)}: end that one or give another --data`,
  );
}

type Locking =
  | { readonly kind: "locked"; readonly lock: DatabaseSync }
  | { readonly kind: "busy" }
  | { readonly kind: "failed"; readonly reason: string };

const sqliteBusy = 5;

function tryLock(file: string): Locking {
  let lock: DatabaseSync | undefined;
  try {
    lock = new DatabaseSync(file);
    lock.exec("PRAGMA locking_mode=EXCLUSIVE; BEGIN EXCLUSIVE");
    return { kind: "locked", lock };
  } catch (error) {
    lock?.close();
    const isBusy = error instanceof Error && "errcode" in error && error.errcode === sqliteBusy;
    return isBusy ? { kind: "busy" } : { kind: "failed", reason: messageOf(error) };
  }
}

function holderOf(path: string): string {
  try {
    const pid = readFileSync(join(path, "pid"), "utf8").trim();
    return /^\d{1,10}$/.test(pid) ? ` (process ${pid})` : "";
  } catch {
    return "";
  }
}

/** What somebody wrote there is theirs: nothing is written over. A file appears whole or not at all. */
function putIfMissing(path: string, text: string): void {
  if (existsSync(path)) return;
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
}

async function leftoversGone(locks: readonly string[]): Promise<void> {
  const deadline = performance.now() + leftoversTimeout;
  for (const file of locks) {
    while (existsSync(file) && isHeld(file) && performance.now() < deadline) await wait(lookEvery);
  }
}

function isHeld(file: string): boolean {
  const outcome = tryLock(file);
  if (outcome.kind === "locked") outcome.lock.close();
  return outcome.kind === "busy";
}
