/**
 * One chip on an I²C bus, by the kernel's device and its SMBus transfers (linux/i2c-dev.h), which every adapter knows.
 * A transfer takes a millisecond or two and is waited for: the instances of this module have a thread of their own, in
 * which nothing is in a hurry.
 */
import { closeSync, constants, openSync } from "node:fs";
import { messageOf } from "@interactor/shared/sdk/define-module";
import { deviceMissing } from "@interactor/shared/sdk/devices";
import { blockBytesMax } from "./limits.ts";
import { hex, type Registers } from "./sensors/registers.ts";

export interface BusChip extends Registers {
  close(): void;
}

export type OpenChip = (bus: number, address: number) => Promise<BusChip>;

const slaveRequest = 0x0703;
const transferRequest = 0x0720;
const direction = { write: 0, read: 1 } as const;
const blockTransfer = 8;

/** The union i2c_smbus_data: the length, and what it counts. */
const blockSize = blockBytesMax + 2;

export const openChip: OpenChip = async (bus, address) => {
  const path = `/dev/i2c-${bus}`;
  const { default: koffi } = await import("koffi");
  const descriptor = opened(path);
  const library = koffi.load("libc.so.6");
  const choose = library.func("ioctl", "int", ["int", "unsigned long", "long"]);
  const transferred = koffi.struct({
    direction: "uint8_t",
    command: "uint8_t",
    size: "uint32_t",
    data: "uint8_t *",
  });
  const transfer = library.func("ioctl", "int", ["int", "unsigned long", koffi.pointer(transferred)]);
  const call = (answer: unknown): void => {
    // Before anything else is called, which would have an error of its own.
    if (typeof answer !== "number" || answer < 0) throw problemOf(koffi.errno(), address);
  };
  try {
    call(choose(descriptor, slaveRequest, address));
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
  const move = (way: number, command: number, data: Uint8Array): void =>
    call(transfer(descriptor, transferRequest, { direction: way, command, size: blockTransfer, data }));
  return {
    read(register, length) {
      const data = new Uint8Array(blockSize);
      data[0] = length;
      move(direction.read, register, data);
      if (data[0] !== length) throw new Error(`only ${data[0]} of ${length} bytes came from ${hex(address)}`);
      return data.slice(1, 1 + length);
    },
    write(register, ...bytes) {
      const data = new Uint8Array(blockSize);
      data[0] = bytes.length;
      data.set(bytes, 1);
      move(direction.write, register, data);
    },
    close: () => closeSync(descriptor),
  };
};

function opened(path: string): number {
  try {
    return openSync(path, constants.O_RDWR);
  } catch (error) {
    const code: unknown = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT")
      throw deviceMissing(`there is no ${path}: add dtparam=i2c_arm=on to config.txt and start the Pi anew`);
    if (code === "EACCES")
      throw new Error(`${path} must not be opened by this user: add it to the group i2c and start again`, {
        cause: error,
      });
    throw new Error(`${path} cannot be opened: ${messageOf(error)}`, { cause: error });
  }
}

/** EIO, ENXIO, EREMOTEIO, ETIMEDOUT, ENODEV: each adapter has its own word for silence. */
const silent = [5, 6, 19, 110, 121];
const busy = 16;

function problemOf(errno: number, address: number): Error {
  const place = hex(address);
  if (silent.includes(errno))
    return deviceMissing(
      `nobody answers at ${place}: look at cable, power and address (i2cdetect shows who is there)`,
    );
  if (errno === busy)
    return new Error(`the kernel has ${place} itself: remove the dtoverlay that gives it to a driver`);
  return new Error(`the bus failed with error ${errno} at ${place}`);
}
