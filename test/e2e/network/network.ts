// A small network for a hub and its nodes: a namespace for each, joined by a bridge where the hub stands. Beside the
// network that fails there is one for light, as in a theatre: what a node shows is seen whatever becomes of its way to
// the hub. Nothing of it is seen outside, and it is gone with its namespaces.

import { openNamespace, type Namespace, run, sweepNamespaces } from "../namespaces.ts";

/** Which packets of a node are lost, seen from the node. */
export type Direction = "to the hub" | "from the hub";

/** Ends what it began. */
export type Heal = () => Promise<void>;

/** Where the hub is reached by its nodes. */
export const hubAddress = "10.77.0.1";
/** Where light is received. */
export const lightAddress = "10.78.0.1";
export const mqttPort = 1883;

/** The ends of the wires in a node's namespace. */
const wire = "wire";
const lightWire = "light";
/** Room for a few full packets: what is more waits at its sender, as behind a slow line. */
const slowQueue = "burst 3kb latency 400ms";

export class Network implements AsyncDisposable {
  readonly hub: Namespace;
  readonly #nodes: ReadonlyMap<string, Namespace>;
  readonly #kept: AsyncDisposable;

  private constructor(hub: Namespace, nodes: ReadonlyMap<string, Namespace>, kept: AsyncDisposable) {
    this.hub = hub;
    this.#nodes = nodes;
    this.#kept = kept;
  }

  static async open(names: readonly string[]): Promise<Network> {
    await sweepNamespaces();
    await using undo = new AsyncDisposableStack();
    const hub = undo.use(await openNamespace("hub"));
    await shell(hub, [
      ...bridge("br0", `${hubAddress}/24`),
      ...bridge("br1", `${lightAddress}/24`),
      // The hub listens on loopback alone until agents prove who they are; this is its door to the wires.
      "echo 1 > /proc/sys/net/ipv4/conf/br0/route_localnet",
      `iptables -t nat -A PREROUTING -i br0 -p tcp --dport ${mqttPort} -j DNAT --to-destination 127.0.0.1`,
    ]);
    const nodes = new Map<string, Namespace>();
    for (const [index, name] of names.entries()) {
      const node = undo.use(await openNamespace(name));
      nodes.set(name, node);
      await shell(hub, [
        ...cable("br0", portOf(name), { into: node, as: wire, address: `10.77.0.${index + 2}/24` }),
        ...cable("br1", `${portOf(name)}l`, {
          into: node,
          as: lightWire,
          address: `10.78.0.${index + 2}/24`,
        }),
      ]);
    }
    return new Network(hub, nodes, undo.move());
  }

  at(name: string): Namespace {
    const node = this.#nodes.get(name);
    if (node === undefined) throw new Error(`${name} is not in this network`);
    return node;
  }

  /** Packets vanish without a word, so that connections stay half open. */
  async drop(name: string, ...directions: readonly Direction[]): Promise<Heal> {
    const rules = directions.map((each) =>
      each === "to the hub" ? `OUTPUT -o ${wire}` : `INPUT -i ${wire}`,
    );
    return this.#rules(this.at(name), rules);
  }

  /** The hub hears nobody and nobody hears it. */
  async dropAll(): Promise<Heal> {
    return this.#rules(this.hub, ["OUTPUT -o br0", "INPUT -i br0"]);
  }

  /** Both ways of a node's wire carry no more than `rate`, such as `64kbit`. */
  async slow(name: string, rate: string): Promise<Heal> {
    const ends = [
      { namespace: this.at(name), device: wire },
      { namespace: this.hub, device: portOf(name) },
    ];
    for (const { namespace, device } of ends)
      await shell(namespace, [`tc qdisc add dev ${device} root tbf rate ${rate} ${slowQueue}`]);
    return async () => {
      for (const { namespace, device } of ends) await shell(namespace, [`tc qdisc del dev ${device} root`]);
    };
  }

  /** Takes the cable of a node out, or puts it in. */
  async plug(name: string, isIn: boolean): Promise<void> {
    await shell(this.hub, [`ip link set ${portOf(name)} ${isIn ? "up" : "down"}`]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#kept[Symbol.asyncDispose]();
  }

  async #rules(namespace: Namespace, rules: readonly string[]): Promise<Heal> {
    const change = (how: "-A" | "-D") => rules.map((rule) => `iptables ${how} ${rule} -j DROP`);
    await shell(namespace, change("-A"));
    return () => shell(namespace, change("-D"));
  }
}

/** The bridge's end of a node's wire. */
const portOf = (name: string): string => `to-${name}`;

function bridge(name: string, address: string): readonly string[] {
  return [`ip link add ${name} type bridge`, `ip addr add ${address} dev ${name}`, `ip link set ${name} up`];
}

function cable(
  bridge: string,
  port: string,
  { into, as, address }: { readonly into: Namespace; readonly as: string; readonly address: string },
): readonly string[] {
  return [
    `ip link add ${port} type veth peer name ${as} netns ${into.name}`,
    `ip link set ${port} master ${bridge} up`,
    `ip -n ${into.name} addr add ${address} dev ${as}`,
    `ip -n ${into.name} link set ${as} up`,
  ];
}

/** Several commands in one start of a shell: each takes as long to start as it runs. */
async function shell(namespace: Namespace, commands: readonly string[]): Promise<void> {
  await run([...namespace.prefix, "sh", "-ec", commands.join("\n")]);
}
