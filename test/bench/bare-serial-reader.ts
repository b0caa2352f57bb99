// The least a Node program can do between a serial line and a light: `bare-serial-reader.ts PATH PORT` reads numbers,
// a line each, and sends each at once as channel 1 over sACN. serialport's bindings open and set up the line; its own
// reader stands still on Node 26 when nothing else keeps the event loop turning, so Node's tty stream reads.

import { sacnPacket, writeSacn } from "@interactor/agent/modules/dmx/sacn.ts";
import { autoDetect } from "@serialport/bindings-cpp";
import { createSocket } from "node:dgram";
import { constants, openSync } from "node:fs";
import { ReadStream } from "node:tty";

const [path = "", port = ""] = process.argv.slice(2);
const socket = createSocket("udp4");
const packet = sacnPacket({
  cid: new Uint8Array(16),
  sourceName: "bare",
  universe: 1,
  priority: 100,
  synchronization: 0,
});
const levels = new Uint8Array(512);
let text = "";
let sequence = 0;

await autoDetect().open({ path, baudRate: 115_200 });
const line = new ReadStream(openSync(path, constants.O_RDONLY | constants.O_NOCTTY | constants.O_NONBLOCK));
line.setEncoding("latin1").on("data", (chunk: string) => {
  text += chunk;
  const lines = text.split("\n");
  text = lines.pop() ?? "";
  for (const each of lines) {
    levels[0] = Number(each);
    sequence = (sequence + 1) & 0xff;
    writeSacn(packet, { levels, sequence, isTerminated: false });
    socket.send(packet, Number(port), "127.0.0.1");
  }
});
