/**
 * What modules of this node log, told to the hub while somebody reads it. Stands beside the loop of the agent, and around
 * the port of modules.
 */
import { between, millis } from "@interactor/shared/kernel/units";
import { decodeListen } from "@interactor/shared/wire/messages/log";
import type { InstanceReport } from "@interactor/shared/wire/messages/reported";
import { instanceState, instanceWords } from "@interactor/shared/wire/node-state";
import { nodeTopics } from "@interactor/shared/wire/topics";
import type { Hearing, Neighbour } from "./agent-neighbours.ts";
import { ListenedLog, type Logged } from "./core/log/listened-log.ts";
import type { Connection } from "./ports/hub-link.ts";
import type { Log } from "./ports/log.ts";
import type { ModuleHost, ModuleHostEvents } from "./ports/module-host.ts";
import type { SiteClock } from "./ports/site-clock.ts";

export interface LogWorld {
  readonly clock: SiteClock;
  readonly log: Log;
  /** The text without what is secret: a module may say what it was given. */
  readonly without: (text: string) => string;
}

export class AgentLog implements Neighbour, Disposable {
  readonly hears: Hearing;
  readonly #topics: ReturnType<typeof nodeTopics>;
  readonly #world: LogWorld;
  readonly #listened: ListenedLog;
  #connection: Connection | undefined;
  #cancel: (() => void) | undefined;

  constructor({ site, node }: { readonly site: string; readonly node: string }, world: LogWorld) {
    this.#topics = nodeTopics(site, node);
    this.#world = world;
    this.#listened = new ListenedLog(world.without);
    this.hears = { topic: this.#topics.listen, message: (payload) => this.#asked(payload) };
  }

  /** A module has logged it. */
  readonly take = (line: Logged): void => {
    const { clock } = this.#world;
    this.#listened.take(line, { instant: clock.now(), at: clock.wall() });
    this.#pump();
  };

  /** The same modules; what becomes of their instances is told too, for it is what their authors wait for. */
  around(open: (events: ModuleHostEvents) => ModuleHost): (events: ModuleHostEvents) => ModuleHost {
    return (events) =>
      open({
        ...events,
        stateChanged: (instance, report) => {
          this.take(lineOf(instance, report));
          events.stateChanged(instance, report);
        },
      });
  }

  connected(connection: Connection): void {
    this.#connection = connection;
    this.#pump();
  }

  disconnected(): void {
    this.#connection = undefined;
    this.#cancel?.();
    this.#cancel = undefined;
    this.#listened.disconnected();
  }

  [Symbol.dispose](): void {
    this.disconnected();
  }

  #asked(payload: Uint8Array): void {
    const decoded = decodeListen(payload);
    if (!decoded.ok)
      return this.#world.log.warn("whose log is asked for cannot be read", { reason: decoded.error });
    this.#listened.listen(decoded.value, this.#world.clock.now());
    return this.#pump();
  }

  #pump(): void {
    const connection = this.#connection;
    if (connection === undefined || this.#cancel !== undefined) return;
    const at = this.#world.clock.now();
    const next = this.#listened.next(at);
    if (next === undefined) return;
    if ("due" in next) {
      this.#cancel = this.#world.clock.after(millis(Math.max(between(at, next.due), 0)), () => {
        this.#cancel = undefined;
        this.#pump();
      });
      return;
    }
    const confirmed = (): void => {
      if (this.#connection !== connection) return;
      this.#listened.confirmed();
      this.#pump();
    };
    connection.publish(this.#topics.log, next.bytes, { retain: false, confirmed });
  }
}

const levels = {
  starting: "info",
  running: "info",
  degraded: "warn",
  waiting: "warn",
  stopped: "info",
  failed: "error",
} as const satisfies Record<ReturnType<typeof instanceState>, Logged["level"]>;

const lineOf = (instance: string, report: InstanceReport): Logged => ({
  instance,
  level: levels[instanceState(report)],
  words: `(${instanceWords(report)})`,
});
