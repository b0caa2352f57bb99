/** Who is measured: ours and its peers, each with the settings it comes with unless its loads need another. */
import { access, constants, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { root } from "../../../deploy/layout.ts";
import { type Generator, optionsOf } from "./generator.ts";
import { type Launch, type Place, type RunningBroker, startBroker } from "./subject-process.ts";

export interface Subject {
  readonly name: string;
  start(): Promise<RunningBroker>;
}

/** The site that the hub under test serves. */
export const benchSite = "bench";

export const subjectNames = ["interactor", "aedes", "mosquitto", "nats", "ceiling"] as const;
export type SubjectName = (typeof subjectNames)[number];

export const startSubject = (name: SubjectName, generator: Generator): Promise<RunningBroker> =>
  startBroker(launchesWith(generator)[name]);

export function subjectsWith(generator: Generator): readonly Subject[] {
  return subjectNames.map((name) => ({ name, start: () => startSubject(name, generator) }));
}

function launchesWith(generator: Generator): Record<SubjectName, (place: Place) => Promise<Launch>> {
  return {
    interactor: (place) => launchHub(place, []),
    aedes: ({ port }) =>
      ready({ command: process.execPath, args: [join(import.meta.dirname, "stock-aedes.ts"), String(port)] }),
    mosquitto: launchMosquitto,
    nats: launchNats,
    ceiling: ({ port }) => ready({ command: generator.path, args: ["relay", "--port", String(port)] }),
  };
}

const ready = (launch: Launch): Promise<Launch> => Promise.resolve(launch);

/** The built hub. `nodeOptions` are for Node itself. */
export function launchHub(
  { port, httpPort, folder }: Place,
  nodeOptions: readonly string[],
): Promise<Launch> {
  const options = optionsOf({
    data: join(folder, "data"),
    site: benchSite,
    "http-port": httpPort,
    "mqtt-port": port,
    config: join(import.meta.dirname, "interactor.yaml"),
  });
  const args = [...nodeOptions, join(root, "dist/hub/hub.mjs"), ...options];
  return ready({ command: process.execPath, args, http: `http://127.0.0.1:${httpPort}` });
}

/** Without a queue limit of its own it would give up messages of a burst, and be fast for that. */
export async function launchMosquitto({ port, folder }: Place): Promise<Launch> {
  const settings = join(folder, "mosquitto.conf");
  await writeFile(
    settings,
    [
      `listener ${port} 127.0.0.1`,
      "allow_anonymous true",
      "max_queued_messages 0",
      "log_type error",
      "",
    ].join("\n"),
  );
  return { command: await installed("mosquitto"), args: ["-c", settings] };
}

/** Its gateway keeps MQTT sessions in JetStream, which needs a folder. */
async function launchNats({ port, httpPort, folder }: Place): Promise<Launch> {
  const settings = join(folder, "nats.conf");
  const lines = [
    "server_name: bench",
    `listen: "127.0.0.1:${httpPort}"`,
    `jetstream { store_dir: ${JSON.stringify(join(folder, "jetstream"))} }`,
    `mqtt { listen: "127.0.0.1:${port}" }`,
    "",
  ];
  await writeFile(settings, lines.join("\n"));
  return { command: await installed("nats-server"), args: ["-c", settings] };
}

/** An ordinary user's PATH has no /usr/sbin, where Debian puts servers. Its packages are named as they are. */
async function installed(name: string): Promise<string> {
  const path = join("/usr/sbin", name);
  try {
    await access(path, constants.X_OK);
    return path;
  } catch (cause) {
    throw new Error(`${path} not found; apt-get install ${name}`, { cause });
  }
}
