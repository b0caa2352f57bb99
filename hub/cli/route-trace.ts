/** `interactor route trace`: one route at work, what comes in and what its inputs hold, as it happens. */
import type { RouteView } from "@interactor/shared/wire/api";
import { siteTopics } from "@interactor/shared/wire/topics";
import { parseSiteAddress, siteAddress } from "@interactor/shared/wire/names";
import { fits, hasWildcard } from "@interactor/shared/wire/output-filter";
import { commandFault } from "./exit.ts";
import { fetchNodes, fetchRoutes, findHub, type HubOptions } from "./hub-client.ts";
import { type MqttSession, openMqtt } from "./mqtt-session.ts";
import { painterFor, printable } from "./output.ts";
import { routeNamed } from "./route-list.ts";
import { messageJson, messageLine, readMessage, type TapMessage, unitsOf } from "./tap-message.ts";

export interface TraceOptions extends HubOptions {
  readonly json?: boolean;
  readonly count?: number;
  /** ms */
  readonly timeout?: number;
  readonly color: boolean;
}

/** A raw stream is lent for a minute: asked for again every third of it, in ms. */
const rawRenewal = 20_000;
/** How often it is looked whether the route fails, in ms. */
const lookEvery = 1000;

export async function runRouteTrace(name: string, options: TraceOptions, signal: AbortSignal): Promise<void> {
  const hub = await findHub(options, process.env);
  const [site, { routes }] = [await fetchNodes(hub), await fetchRoutes(hub)];
  const route = routeNamed(routes, name);
  const { comesIn, goesOut, topics } = watched(route, site.site);
  const [painter, units] = [painterFor(process.stdout, options.color, process.env), unitsOf(site)];
  const ended = Promise.withResolvers<"counted" | "timeout">();
  const { count = Number.POSITIVE_INFINITY } = options;
  let seen = 0;
  const tell = (message: TapMessage): void => {
    if (message.kind !== "value" || message.isRetained || seen >= count) return;
    const address = siteAddress(message.address);
    const way = comesIn(address) ? "in" : goesOut(address) ? "out" : undefined;
    if (way === undefined) return;
    seen += 1;
    const line = options.json === true ? messageJson(message) : messageLine(message, units, painter);
    const told = options.json === true ? `{"way":"${way}",${line.slice(1)}` : `${way.padEnd(3)}  ${line}`;
    process.stdout.write(`${told}\n`);
    if (seen >= count) ended.resolve("counted");
  };
  await using session = await openMqtt(hub, {
    message: (arrived) => tell(readMessage(arrived, site.site, new Date())),
    lost: () => void process.stderr.write("interactor route trace: the hub is gone; trying again\n"),
    back: () => void process.stderr.write("interactor route trace: the hub is back\n"),
  });
  const timer = options.timeout && setTimeout(() => ended.resolve("timeout"), options.timeout);
  signal.addEventListener("abort", () => ended.reject(signal.reason), { once: true });
  const failures = new Failures(() => fetchRoutes(hub).then((answer) => answer.routes), name);
  let timers: readonly NodeJS.Timeout[] = [];
  try {
    for (const topic of topics) await session.subscribe(topic);
    timers = [
      setInterval(() => void renew(session, topics), rawRenewal),
      setInterval(() => void failures.look(), lookEvery),
    ];
    const ending = await ended.promise;
    if (ending === "timeout" && options.count !== undefined)
      throw commandFault("TIMEOUT", `${seen} of ${options.count} values in time`);
  } finally {
    clearTimeout(timer);
    for (const each of timers) clearInterval(each);
  }
}

/** What to subscribe to: every value of one output, else twenty a second of each that a filter stands for. */
export function watched({ from, to, group }: Pick<RouteView, "from" | "to" | "group">, site: string) {
  const { raw, value, valueRoot } = siteTopics(site);
  const source = hasWildcard(from) ? undefined : parseSiteAddress(from);
  const port = to.slice(to.indexOf("/"));
  const targets = group === undefined ? [to] : group.nodes.map((node) => `${node}${port}`);
  const inputs = targets.flatMap((text) => {
    const address = parseSiteAddress(text);
    return address.ok ? [value(address.value)] : [];
  });
  return {
    comesIn: (address: string) => fits(from, address),
    goesOut: (address: string) => targets.includes(address),
    topics: [source?.ok === true ? raw(source.value) : `${valueRoot}/${from}`, ...inputs],
  };
}

async function renew(session: MqttSession, topics: readonly string[]): Promise<void> {
  try {
    for (const topic of topics) await session.subscribe(topic);
  } catch {
    // The hub is away; the session subscribes again by itself when it is back.
  }
}

/** Says, once each, what the route could not do. */
class Failures {
  readonly #routes: () => Promise<readonly RouteView[]>;
  readonly #name: string;
  #failed: number | undefined;

  constructor(routes: () => Promise<readonly RouteView[]>, name: string) {
    this.#routes = routes;
    this.#name = name;
  }

  async look(): Promise<void> {
    try {
      const runs = (await this.#routes()).find(({ name }) => name === this.#name)?.runs;
      if (runs === undefined) return;
      if (this.#failed !== undefined && runs.failed > this.#failed)
        process.stderr.write(`failed ${runs.failed - this.#failed} times: ${printable(runs.error ?? "")}\n`);
      this.#failed = runs.failed;
    } catch {
      // Asked again soon.
    }
  }
}
