/** From `node/instance/input` on the command line to the input the hub knows, or what was probably meant. */
import { nearest } from "@interactor/shared/kernel/nearest";
import type { NodesResponse, NodeView } from "@interactor/shared/wire/api";
import { findPort, type InputSpec, type Ports, type PortSpec } from "@interactor/shared/wire/messages/port";
import { parseSiteAddress, portAddress, type SiteAddress } from "@interactor/shared/wire/names";
import { commandFault } from "./exit.ts";

export interface FoundInput {
  readonly address: SiteAddress;
  readonly node: NodeView;
  readonly spec: InputSpec;
  /** Who owns it, as the node last said. */
  readonly owner: NodeView["owners"][string] | undefined;
}

/** Names in a hint; a node may have hundreds. */
const namesShown = 12;

export function readAddress(text: string): SiteAddress {
  const address = parseSiteAddress(text);
  if (address.ok) return address.value;
  throw commandFault(
    "USAGE",
    `"${text}" is not an address: write node/instance/input, such as demo/dmx/front`,
  );
}

export function findInput(site: NodesResponse, address: SiteAddress): FoundInput {
  const node = site.nodes.find((each) => each.node === address.node);
  if (node === undefined) {
    throw missing(
      `node "${address.node}"`,
      address.node,
      site.nodes.map(({ node }) => node),
      "the hub",
    );
  }
  const instance = Object.hasOwn(node.instances, address.instance)
    ? node.instances[address.instance]
    : undefined;
  if (instance === undefined) {
    throw missing(
      `instance "${address.instance}"`,
      address.instance,
      Object.keys(node.instances),
      address.node,
    );
  }
  const where = `${address.node}/${address.instance}`;
  const spec = findPort(instance.inputs, address.port);
  if (spec === undefined) {
    if (findPort(instance.outputs, address.port) !== undefined) {
      throw commandFault(
        "NOT_FOUND",
        `${where}/${address.port} is an output; ${listOf(shown(instance.inputs), where)}`,
      );
    }
    throw missing(
      `input "${address.port}"`,
      address.port,
      names(instance.inputs),
      where,
      shown(instance.inputs),
    );
  }
  const key = portAddress(address);
  const owner = Object.hasOwn(node.owners, key) ? node.owners[key] : undefined;
  return { address, node, spec, owner: owner ?? (spec.actuator === true ? stopOwner(node) : undefined) };
}

/** A show stop holds every actuator input, and is told once. */
function stopOwner({ stop }: NodeView): FoundInput["owner"] {
  const latch = stop?.latches[0];
  return latch === undefined ? undefined : { kind: "stop", by: latch.by, since: latch.since };
}

function missing(
  what: string,
  name: string,
  known: readonly string[],
  where: string,
  words: readonly string[] = known,
): Error {
  // A number past the end of a counted port is no misspelt name.
  const counted = words.find((word) => word.startsWith(`${name.replace(/\d+$/, "")}1 to `));
  if (counted !== undefined) return commandFault("NOT_FOUND", `no ${what} on ${where}; there is ${counted}`);
  return commandFault("NOT_FOUND", `no ${what} on ${where}; ${nearest(name, known) ?? listOf(words, where)}`);
}

function listOf(words: readonly string[], where: string): string {
  if (words.length === 0) return `${where} has none`;
  const rest = words.length - namesShown;
  return `there is ${words.slice(0, namesShown).join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`;
}

/** Every name, counted ones too: `ch1` … `ch512`. */
function names(ports: Ports<PortSpec>): readonly string[] {
  return Object.entries(ports).flatMap(([name, { count }]) =>
    count === undefined ? [name] : Array.from({ length: count }, (_, index) => `${name}${index + 1}`),
  );
}

function shown(ports: Ports<PortSpec>): readonly string[] {
  return Object.entries(ports).map(([name, { count }]) =>
    count === undefined ? name : `${name}1 to ${name}${count}`,
  );
}
