/** Names and addresses: what a person writes in a route, and what stands in topics. */
import { failed, ok, type Result } from "../kernel/result.ts";
import { nameLengthMax } from "./limits.ts";

const namePattern = /^[a-z0-9](?:[a-z0-9_-]*[a-z0-9])?$/;

/** The hub in the place of a node: no node is called so. */
export const hubNode = "hub";
/** The hub gives what mode each zone is in: `hub/mode/<zone>`, and of the whole `hub/mode/site`. */
export const modeInstance = "mode";
export const wholeSite = "site";
/** An instance that every node with scenes has of its own: an input for each. Nobody's is called so. */
export const sceneInstance = "scene";

/** Lower-case letters, digits, `-` and `_` inside, at most 63. `hub` is no node: it is the hub. */
export const isName = (text: string): boolean => text.length <= nameLengthMax && namePattern.test(text);

/** The nearest legal name to a host name such as `Pi-4.local`; `node` when nothing of it is left. */
export function nameFrom(text: string): string {
  const label = text.toLowerCase().split(".")[0] ?? "";
  const cleaned = label
    .replaceAll(/[^a-z0-9_-]+/g, "-")
    .slice(0, nameLengthMax)
    .replaceAll(/^[_-]+|[_-]+$/g, "");
  return cleaned === "" ? "node" : cleaned;
}

/** An output or input on a node, unique there: `instance/port`. */
export interface PortAddress {
  readonly instance: string;
  readonly port: string;
}

/** An output or input in the site: `node/instance/port`. */
export interface SiteAddress extends PortAddress {
  readonly node: string;
}

export function parsePortAddress(text: string): Result<PortAddress, "wrong-shape"> {
  const parts = text.split("/");
  const [instance, port] = parts;
  if (parts.length !== 2 || instance === undefined || port === undefined) return failed("wrong-shape");
  return isName(instance) && isName(port) ? ok({ instance, port }) : failed("wrong-shape");
}

export function parseSiteAddress(text: string): Result<SiteAddress, "wrong-shape"> {
  const slash = text.indexOf("/");
  const node = text.slice(0, slash);
  const rest = parsePortAddress(text.slice(slash + 1));
  if (slash < 0 || !isName(node) || !rest.ok) return failed("wrong-shape");
  return ok({ node, ...rest.value });
}

export const portAddress = (address: PortAddress): string => `${address.instance}/${address.port}`;
export const siteAddress = (address: SiteAddress): string =>
  `${address.node}/${address.instance}/${address.port}`;
