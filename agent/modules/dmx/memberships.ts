/**
 * The multicast groups that this node is in. Linux bounds how many groups one socket may be in (`igmp_max_memberships`,
 * 20 unless somebody has set it), but a socket bound to all addresses hears every group that any socket of the node has
 * joined (`IP_MULTICAST_ALL`, which is so from the start). So sockets that do nothing else are members: as many as it takes.
 */
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";

/** Groups of all instances: 64 universes and what synchronizes them. More: refuse, and say so. */
const membershipsMax = 320;

export class Memberships {
  readonly #sockets: Socket[] = [];
  /** By group and local address. */
  readonly #members = new Map<string, Socket>();

  /** Joined already is joined anew: a network that went away and came back has forgotten it, and Linux has not. */
  join(group: string, local: string | undefined): Error | undefined {
    this.leave(group, local);
    if (this.#members.size >= membershipsMax)
      return new Error(`${group}: this node is in ${membershipsMax} multicast groups already`);
    let refusal: Error | undefined;
    for (const socket of [...this.#sockets, undefined]) {
      refusal = this.#joinOn(socket ?? this.#open(), group, local);
      // Another error is another's fault than the socket's.
      if (refusal === undefined || codeOf(refusal) !== "ENOBUFS") return refusal;
    }
    return refusal;
  }

  leave(group: string, local: string | undefined): void {
    const socket = this.#members.get(keyOf(group, local));
    if (socket === undefined) return;
    this.#members.delete(keyOf(group, local));
    try {
      socket.dropMembership(group, local);
    } catch {
      // Its network is gone.
    }
  }

  async close(): Promise<void> {
    this.#members.clear();
    await Promise.all(
      this.#sockets.splice(0).map(async (socket) => {
        const closed = once(socket, "close");
        socket.close();
        await closed;
      }),
    );
  }

  #joinOn(socket: Socket, group: string, local: string | undefined): Error | undefined {
    try {
      socket.addMembership(group, local);
      this.#members.set(keyOf(group, local), socket);
      return undefined;
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  }

  #open(): Socket {
    const socket = createSocket("udp4");
    // Never bound by us, so nothing is read from it; it keeps nobody from ending.
    socket.unref();
    this.#sockets.push(socket);
    return socket;
  }
}

const keyOf = (group: string, local: string | undefined): string => `${group} ${local ?? ""}`;

const codeOf = (error: Error): string | undefined =>
  "code" in error && typeof error.code === "string" ? error.code : undefined;
