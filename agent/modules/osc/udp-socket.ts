/** The socket of an instance: one for both ways, so that what is asked of another program comes back to where we listen. */
import { createSocket, type Socket } from "node:dgram";
import type { DeviceDriver, DeviceReports } from "@interactor/shared/sdk/devices";
import { unsentMax } from "./limits.ts";
import type { Settings } from "./settings.ts";

export interface UdpSocket {
  /** Hands the packet to the system, for every address. */
  send(packet: Uint8Array): "handed-over" | "backlog";
  close(): Promise<void>;
}

export interface UdpListener {
  /** The bytes are good during the call only. */
  received(bytes: Uint8Array): void;
  /** Somebody sent who is not to be listened to. */
  stranger(address: string): void;
  notSent(words: string): void;
}

export function udpDriver(settings: Settings, listener: UdpListener): DeviceDriver<UdpSocket> {
  return {
    open: (reports) => open(settings, listener, reports),
    // UDP has nobody at the other end to ask.
    greet: async () => {},
    close: (socket) => socket.close(),
  };
}

async function open(settings: Settings, listener: UdpListener, reports: DeviceReports): Promise<UdpSocket> {
  const { listen } = settings;
  // Addresses are literal: the system's resolver would only cost a turn of the event loop a packet.
  const socket = createSocket({
    type: "udp4",
    // Several programs may take part in a group, on one port; elsewhere one would take the other's messages.
    reuseAddr: listen?.group !== undefined,
    lookup: (host, _options, callback) => callback(null, host, 4),
  });
  const from = listen?.from === undefined ? undefined : new Set(listen.from);
  socket.on("message", (bytes, { address }) => {
    if (listen === undefined) return;
    if (from === undefined || from.has(address)) listener.received(bytes);
    else listener.stranger(address);
  });
  await bound(socket, settings);
  socket.on("error", (error) => reports.failed(error.message));
  return socketFor(socket, settings, listener);
}

async function bound(socket: Socket, { listen, send }: Settings): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.once("error", reject);
  socket.bind({ port: listen?.port ?? 0, exclusive: true, ...addressOf(listen?.interface) }, resolve);
  try {
    await promise;
    if (listen?.group !== undefined) socket.addMembership(listen.group, listen.interface);
    if (send !== undefined) socket.setBroadcast(true);
  } catch (error) {
    socket.close();
    throw wordsFor(error, listen?.port);
  } finally {
    socket.off("error", reject);
  }
}

const addressOf = (address: string | undefined) => (address === undefined ? {} : { address });

function wordsFor(error: unknown, port: number | undefined): unknown {
  const code: unknown = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "EADDRINUSE") return new Error(`UDP port ${port} is in use: another program listens there`);
  if (code === "EADDRNOTAVAIL") return new Error("this node has no such address: correct listen.interface");
  if (code === "ENODEV") return new Error("no network takes part in listen.group: name listen.interface");
  return error;
}

function socketFor(socket: Socket, { send }: Settings, listener: UdpListener): UdpSocket {
  let underWay = 0;
  const sent = (error: Error | null): void => {
    underWay -= 1;
    if (error !== null) listener.notSent(error.message);
  };
  return {
    send(packet) {
      if (send === undefined) return "handed-over";
      if (underWay + send.to.length > unsentMax) return "backlog";
      for (const address of send.to) {
        underWay += 1;
        socket.send(packet, send.port, address, sent);
      }
      return "handed-over";
    },
    close() {
      const { promise, resolve } = Promise.withResolvers<void>();
      socket.close(resolve);
      return promise;
    },
  };
}
