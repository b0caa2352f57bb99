/**
 * Which outputs a route takes: one by its address, or several by a filter as MQTT has it, level by level. `+` stands
 * for any one level, `#` at the end for all that are left: `+/panel/visitor`, `demo/#`.
 */
import { isName } from "./names.ts";

const levels = 3;

export const hasWildcard = (filter: string): boolean => filter.includes("+") || filter.includes("#");

/** Whether it is an address, or a filter that an address can fit. */
export function isOutputFilter(text: string): boolean {
  const parts = text.split("/");
  const isOpen = parts.at(-1) === "#";
  const named = isOpen ? parts.slice(0, -1) : parts;
  if (isOpen ? named.length >= levels : named.length !== levels) return false;
  return named.every((part) => part === "+" || isName(part));
}

/** Whether `address`, `node/instance/output`, is one of those that `filter` stands for. */
export function fits(filter: string, address: string): boolean {
  if (!hasWildcard(filter)) return filter === address;
  const parts = filter.split("/");
  const named = address.split("/");
  const isOpen = parts.at(-1) === "#";
  if (!isOpen && parts.length !== named.length) return false;
  return parts.every((part, index) => part === "#" || part === "+" || part === named[index]);
}

/** The one node of whose outputs alone it speaks; `undefined`: it may be any. */
export function nodeOfFilter(filter: string): string | undefined {
  const [node = ""] = filter.split("/");
  return isName(node) ? node : undefined;
}
