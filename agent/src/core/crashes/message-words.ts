/**
 * What an agent and a guest said to each other, in words for whoever looks for a mistake: which message it was, and the
 * beginning of what it carried. Settings and what an instance keeps are left out, for they may hold what is secret.
 */
import { unreachable } from "@interactor/shared/kernel/assert";
import type { FromGuest, InputChange, ToGuest } from "@interactor/shared/sdk/guest-messages";
import type { ServiceReply, ServiceRequest } from "@interactor/shared/sdk/services";

/** Changes of inputs that one message names. More: how many there were. */
const changesMax = 4;

export function toGuestWords(message: ToGuest): string {
  switch (message[0]) {
    case "inputs":
      return inputWords(message[1]);
    case "start":
      return `start ${message[1].name} of ${message[1].module}`;
    case "prepare":
    case "reconfigure":
      return `${message[0]} ${message[2].name} of ${message[2].module}`;
    case "self-test":
    case "finish":
    case "end":
      return `${message[0]} ${message[2]}`;
    case "told":
      return `answer to ${message[1]}'s question ${message[2]}: ${replyWords(message[3])}`;
    case "came":
      return `${message[3].length} bytes came over line ${message[2]} of ${message[1]}`;
    case "closed":
      return `line ${message[2]} of ${message[1]} closed: ${message[3]}`;
    case "ping":
    case "stop":
      return message[0];
    default:
      return unreachable(message);
  }
}

export function fromGuestWords(message: FromGuest): string {
  switch (message[0]) {
    case "output":
      return `${message[1]}/${message[2]} = ${valueWords(message[3])}`;
    case "declared":
      return `${message[1]} is ${message[3].module} ${message[3].version}`;
    case "started":
    case "running":
      return `${message[1]} ${message[0]}`;
    case "degraded":
    case "waiting":
    case "failed":
      return `${message[1]} ${message[0]}: ${message[2]}`;
    case "log":
      return `${message[1]} logged ${message[2]}: ${message[3]}`;
    case "metrics":
      return `${message[1]} measured itself`;
    case "answer":
      return `answer ${message[1]}: ${message[2] ?? "yes"}`;
    case "ask":
      return `${message[1]} asks ${message[2]}: ${requestWords(message[3])}`;
    case "taken":
      return `${message[1]} took ${message[3]} bytes of line ${message[2]}`;
    case "hang-up":
      return `${message[1]} closes line ${message[2]}`;
    case "pong":
    case "stopped":
      return message[0];
    default:
      return unreachable(message);
  }
}

function inputWords(changes: readonly InputChange[]): string {
  const words = changes.slice(0, changesMax).map(([instance, input, applied]) => {
    const value = applied === undefined ? "nobody's" : `${valueWords(applied.value)} by ${applied.owner}`;
    return `${instance}/${input} = ${value}`;
  });
  const left = changes.length - words.length;
  return [...words, ...(left > 0 ? [`and ${left} more`] : [])].join(", ");
}

function requestWords(request: ServiceRequest): string {
  switch (request[0]) {
    case "write":
      return `write ${request[2].length} bytes to line ${request[1]}`;
    case "connect":
      return `connect line ${request[1]} to ${request[2]}:${request[3]}`;
    case "open-serial":
      return `open line ${request[1]} on ${request[2]}`;
    case "flash":
      return `flash ${request[1]} with ${request[2].program.length} bytes`;
    case "keys":
    case "list-serial":
      return request[0];
    // Of what it keeps only the name.
    default:
      return `${request[0]} ${request[1]}`;
  }
}

const replyWords = (reply: ServiceReply): string =>
  reply.length === 2 ? `${reply[0]}, ${reply[1]}` : "done";

function valueWords(value: unknown): string {
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  return JSON.stringify(value) ?? String(value);
}
