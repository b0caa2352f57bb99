/** `interactor tap`: what passes, a line a message. */
import { fetchNodes, findHub, type HubOptions } from "./hub-client.ts";
import { openMqtt } from "./mqtt-session.ts";
import { painterFor } from "./output.ts";
import { commandFault } from "./exit.ts";
import { tapTopic } from "./tap-filter.ts";
import { messageJson, messageLine, readMessage, unitsOf } from "./tap-message.ts";

export interface TapOptions extends HubOptions {
  readonly json?: boolean;
  readonly count?: number;
  /** ms */
  readonly timeout?: number;
  readonly color: boolean;
}

type Ending = "counted" | "timeout" | "interrupted";

/**
 * Watches until `count` messages were seen, the time is over or `signal` aborts. A timeout is how long to watch;
 * it is a failure only for somebody who waits for a number of messages.
 */
export async function runTap(filter: string, options: TapOptions, signal: AbortSignal): Promise<void> {
  const hub = await findHub(options, process.env);
  const site = await fetchNodes(hub);
  const topic = tapTopic(filter, site.site);
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
  const timer = options.timeout === undefined ? undefined : setTimeout(() => end("timeout"), options.timeout);
  signal.addEventListener("abort", () => end("interrupted"), { once: true });
  try {
    await session.subscribe(topic.value);
    const ending = await ended;
    if (ending === "interrupted") signal.throwIfAborted();
    if (ending === "timeout" && options.count !== undefined) {
      throw commandFault("TIMEOUT", `${seen} of ${options.count} messages in time`);
    }
  } finally {
    clearTimeout(timer);
  }
}
