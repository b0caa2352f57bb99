/**
 * Where the hub is, and its HTTP API. An address that somebody gave is believed; else the `hub.json` that a hub
 * writes into its data folder when it serves, here or in a folder around; else the default port of this machine.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod/mini";
import { Fault, messageOf } from "@interactor/shared/kernel/fault";
import {
  apiPaths,
  type LedgerResponse,
  ledgerResponse,
  type NodesResponse,
  type NodeView,
  nodesResponse,
  type RoutesResponse,
  routesResponse,
} from "@interactor/shared/wire/api";
import { isName } from "@interactor/shared/wire/names";
import { hubArgument } from "./arguments.ts";
import { dataFolders } from "./data-folders.ts";
import { commandFault } from "./exit.ts";
import { printable } from "./output.ts";

/** An answer that takes longer is none. */
const answerTimeout = 5000;
const hubDefault = "http://127.0.0.1:8080";

export interface HubOptions {
  readonly hub?: string;
  readonly data?: string;
}

export interface HubAddress {
  readonly url: string;
  /** How we know, for the line that says that nobody answers there. */
  readonly source: string;
}

export async function findHub(options: HubOptions, env: NodeJS.ProcessEnv): Promise<HubAddress> {
  if (options.hub !== undefined) return { url: options.hub, source: "--hub" };
  const named = env["INTERACTOR_HUB"];
  if (named !== undefined && named !== "")
    return { url: urlFromEnvironment(named), source: "INTERACTOR_HUB" };
  for (const folder of dataFolders(options.data, env)) {
    // A demo keeps its hub's data in a folder inside its own.
    for (const path of [join(folder, "hub.json"), join(folder, "hub", "hub.json")]) {
      const url = await urlInFile(path);
      if (url !== undefined) return { url, source: path };
    }
  }
  return { url: hubDefault, source: "the default" };
}

function urlFromEnvironment(text: string): string {
  try {
    return hubArgument(text);
  } catch (error) {
    throw commandFault("USAGE", `INTERACTOR_HUB "${text}": ${messageOf(error)}`, error);
  }
}

/** A hub that was killed leaves its file behind. */
function isAlive(pid: unknown): boolean {
  try {
    return typeof pid === "number" && process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/** Where the broker of a hub on this machine is, for an agent; `undefined`: nothing says that there is one. */
export async function findBroker(
  data: string | undefined,
  env: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  for (const folder of dataFolders(data, env)) {
    for (const path of [join(folder, "hub.json"), join(folder, "hub", "hub.json")]) {
      const mqtt = (await placeInFile(path))?.mqtt;
      if (typeof mqtt === "string" && URL.canParse(mqtt)) return mqtt;
    }
  }
  return undefined;
}

async function urlInFile(path: string): Promise<string | undefined> {
  const http = (await placeInFile(path))?.http;
  try {
    return typeof http === "string" ? hubArgument(http) : undefined;
  } catch {
    // No address: another place is tried.
    return undefined;
  }
}

async function placeInFile(
  path: string,
): Promise<{ readonly http?: unknown; readonly mqtt?: unknown } | undefined> {
  try {
    const document: unknown = JSON.parse(await readFile(path, "utf8"));
    if (typeof document !== "object" || document === null) return undefined;
    if ("pid" in document && !isAlive(document.pid)) return undefined;
    return document;
  } catch {
    // Not there, or not a hub's: another place is tried.
    return undefined;
  }
}

/** The nodes of the site, or a Fault that says which address did not answer as a hub. */
export const fetchNodes = (hub: HubAddress): Promise<NodesResponse> =>
  fetchApi(hub, apiPaths.nodes, nodesResponse);

/** One of them, or a Fault: the hub knows no such node. */
export async function fetchNode(hub: HubAddress, name: string): Promise<NodeView> {
  const node = (await fetchNodes(hub)).nodes.find((each) => each.node === name);
  if (node !== undefined) return node;
  throw commandFault("NOT_FOUND", `the hub knows no node "${name}": see \`interactor nodes\``);
}

/** The routes of the site, or a Fault that says which address did not answer as a hub. */
export const fetchRoutes = (hub: HubAddress): Promise<RoutesResponse> =>
  fetchApi(hub, apiPaths.routes, routesResponse);

/** How the messages of the site, or of one node, ended, or a Fault: the hub knows no such node. */
export const fetchLedger = (hub: HubAddress, node: string | undefined): Promise<LedgerResponse> =>
  fetchApi(hub, node === undefined ? apiPaths.ledger : `${apiPaths.ledger}/${node}`, ledgerResponse);

/** What the hub answers there, or a Fault that says what is wrong with it. */
export async function fetchApi<Answered>(
  hub: HubAddress,
  path: string,
  schema: z.ZodMiniType<Answered>,
): Promise<Answered> {
  const answer = await askHub(hub, path);
  // Every hub has nodes, or none.
  if (path === apiPaths.nodes && answer.status === 404) throw noHub(hub);
  return answerIn(hub, answer, schema);
}

const faultCodes: Readonly<Record<number, "NOT_ALLOWED" | "NOT_FOUND" | "USAGE">> = {
  400: "USAGE",
  401: "NOT_ALLOWED",
  403: "NOT_ALLOWED",
  404: "NOT_FOUND",
  421: "NOT_ALLOWED",
};

/** What an answer says, or a Fault with the hub's own words for why it says nothing. */
export function answerIn<Answered>(
  hub: HubAddress,
  answer: Answer,
  schema: z.ZodMiniType<Answered>,
): Answered {
  if (!isGood(answer)) throw refusalIn(hub, answer);
  const parsed = schema.safeParse(parseJson(answer.text));
  if (parsed.success) return parsed.data;
  throw noHub(hub);
}

export const isGood = ({ status }: Answer): boolean => status === 200 || status === 201;

/** Why an answer is none, in the hub's own words where it has any. */
export function refusalIn(hub: HubAddress, { status, text }: Answer): Fault {
  const code = faultCodes[status] ?? "FAILED";
  const problem = apiProblem.safeParse(parseJson(text));
  if (!problem.success && code !== "NOT_ALLOWED") return noHub(hub);
  const said = problem.success
    ? problem.data
    : { error: `the hub at ${whereIs(hub)} refuses: HTTP ${status}` };
  const words = [said.error, said.hint, adviceOn(status)].filter((each) => each !== undefined).join("; ");
  return commandFault(code, printable(said.code === undefined ? words : `${said.code}: ${words}`));
}

const noHub = (hub: HubAddress): Fault =>
  commandFault(
    "FAILED",
    `what answers at ${whereIs(hub)} is not an Interactor hub of this version: --hub names another one, or bring both to one version`,
  );

/** What to do about a refusal that is not of what was asked. */
function adviceOn(status: number): string | undefined {
  if (status === 401) return accountAdvice;
  if (status === 500) return "the log of the hub says more";
  if (status === 421)
    return "name the hub by 127.0.0.1 or by the host that it listens on, with --hub or INTERACTOR_HUB";
  return undefined;
}

/** Of every answer of the hub that is none. `hint`: what to do. */
const apiProblem = z.object({
  error: z.string(),
  code: z.optional(z.string()),
  hint: z.optional(z.string()),
});
const readiness = z.object({ problems: z.array(z.string()) });
const siteAnswer = z.object({ site: z.string().check(z.refine(isName, "not a name")) });

/** Which site the hub is of, in the smallest answer that it gives; `undefined` when it does not say. */
export async function fetchSite(hub: HubAddress): Promise<string | undefined> {
  try {
    const answer = siteAnswer.safeParse(parseJson((await request(`${hub.url}${apiPaths.ready}`)).text));
    return answer.success ? answer.data.site : undefined;
  } catch {
    // Whoever asks for more will say why nothing answers.
    return undefined;
  }
}

/** What keeps the hub from being ready; `undefined` when it does not say. */
export async function fetchProblems(hub: HubAddress): Promise<readonly string[] | undefined> {
  try {
    const { text } = await request(`${hub.url}${apiPaths.ready}`);
    const answer = readiness.safeParse(parseJson(text));
    return answer.success ? answer.data.problems : undefined;
  } catch {
    // Asked again soon.
    return undefined;
  }
}

export interface Answer {
  readonly status: number;
  readonly text: string;
}

export interface Asked {
  /** Left out: it is a GET. */
  readonly body?: unknown;
  /** ms */
  readonly timeout?: number;
}

async function request(url: string, { body, timeout = answerTimeout }: Asked = {}): Promise<Answer> {
  const post =
    body === undefined
      ? { headers: whoIs(process.env) }
      : {
          method: "POST",
          headers: { ...whoIs(process.env), "content-type": "application/json" },
          body: JSON.stringify(body),
        };
  const response = await fetch(url, { ...post, signal: AbortSignal.timeout(timeout), redirect: "manual" });
  return { status: response.status, text: await response.text() };
}

/** The account of the hub's listeners file that asks, where it has accounts. */
export function whoIs(env: NodeJS.ProcessEnv): Record<string, string> {
  const account = accountIn(env);
  if (account === undefined) return {};
  const { username, password = "" } = account;
  return { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}` };
}

/** As MQTT has it; `undefined`: nobody says who asks. */
export function accountIn(
  env: NodeJS.ProcessEnv,
): { readonly username: string; readonly password?: string } | undefined {
  const [username = "", password] = [env["INTERACTOR_USER"], env["INTERACTOR_PASSWORD"]];
  if (username === "") return undefined;
  return { username, ...(password === undefined ? {} : { password }) };
}

/** What whoever is not let in can do about it. */
export const accountAdvice =
  "name an account with INTERACTOR_USER and INTERACTOR_PASSWORD in the environment";

export const whereIs = ({ url, source }: HubAddress): string => `${url} (from ${source})`;

/** What it answers, whatever that is; a Fault when nobody does. */
export async function askHub(hub: HubAddress, path: string, asked: Asked = {}): Promise<Answer> {
  try {
    return await request(`${hub.url}${path}`, asked);
  } catch (error) {
    throw unreachable(hub, error);
  }
}

export function unreachable(hub: HubAddress, error: unknown): Fault {
  const reason =
    error instanceof Error && error.cause !== undefined ? messageOf(error.cause) : messageOf(error);
  const advice = "is it running? `interactor demo` starts one, --hub names another";
  const words = `no hub at ${whereIs(hub)}: ${reason || "no answer"}; ${advice}`;
  return commandFault("HUB_UNREACHABLE", words, error);
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export const isUnreachable = (error: unknown): boolean =>
  error instanceof Fault && error.code === "HUB_UNREACHABLE";
