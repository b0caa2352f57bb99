/** `interactor tap`: what passes, a line a message. */
import { fetchNodes, findHub, type HubOptions } from "./hub-client.ts";
import { type MqttSession, openMqtt } from "./mqtt-session.ts";
import { painterFor } from "./output.ts";
import { commandFault } from "./exit.ts";
import { rawTopic, tapTopic } from "./tap-filter.ts";
import { messageJson, messageLine, readMessage, unitsOf } from "./tap-message.ts";

export interface TapOptions extends HubOptions {
  readonly json?: boolean;
  readonly count?: number;
  /** ms */
  readonly timeout?: number;
  readonly raw?: boolean;
  readonly color: boolean;
}

/** A third of what the hub gives, in ms. */
const rawRenewal = 20_000;

type Ending = "counted" | "timeout" | "interrupted";

/**
 * Watches until `count` messages were seen, the time is over or `signal` aborts. A timeout is how long to watch;
 * it is a failure only for somebody who waits for a number of messages.
 */
export async function runTap(filter: string, options: TapOptions, signal: AbortSignal): Promise<void> {
  const hub = await findHub(options, process.env);
  const site = await fetchNodes(hub);
  const topic = options.raw === true ? rawTopic(filter, site.site) : tapTopic(filter, site.site);
  if (!topic.ok) throw commandFault("USAGE", `"${filter}": ${topic.error}`);
  const painter = painterFor(process.stdout, options.color, process.env);
  const units = unitsOf(site);
  const { promise: ended, resolve: end } = Promise.withResolvers<Ending>();
  const { count = Number.POSITIVE_INFINITY } = options;
  let seen = 0;
  await using session = await openMqtt(hub, {
    message(arrived) {
      if (seen >= count) return;
      seen += 1;
      const message = readMessage(arrived, site.site, new Date());
      process.stdout.write(
        `${options.json === true ? messageJson(message) : messageLine(message, units, painter)}\n`,
      );
      if (seen >= count) end("counted");
    },
    lost: () => void process.stderr.write("interactor tap: the hub is gone; trying again\n"),
    back: () => void process.stderr.write("interactor tap: the hub is back\n"),
  });
  let renewal: NodeJS.Timeout | undefined;
  const timer = options.timeout === undefined ? undefined : setTimeout(() => end("timeout"), options.timeout);
  signal.addEventListener("abort", () => end("interrupted"), { once: true });
  try {
    await session.subscribe(topic.value);
    // A raw stream is lent for a minute.
    if (options.raw === true) renewal = setInterval(() => void renew(session, topic.value), rawRenewal);
    const ending = await ended;
    if (ending === "interrupted") signal.throwIfAborted();
    if (ending === "timeout" && options.count !== undefined) {
      throw commandFault("TIMEOUT", `${seen} of ${options.count} messages in time`);
    }
  } finally {
    clearTimeout(timer);
    clearInterval(renewal);
  }
}

async function renew(session: MqttSession, topic: string): Promise<void> {
  try {
    await session.subscribe(topic);
  } catch {
    // The hub is away; the session subscribes again by itself when it is back.
  }
}
