/** How a bridge is asked which release it is. */
import {
  decodeAnswer,
  encodeRequest,
  versionMax,
  versionMin,
} from "@interactor/firmware-bridges/bridge/host/codec.ts";
import { encodeFrame, FrameReader } from "@interactor/firmware-bridges/framing/frame.ts";
import type { BoardQuestion, Runs } from "../../flashing/ask-board.ts";

const number = 1;
const hello = encodeFrame(encodeRequest({ kind: "hello", versionMin, versionMax }, number));

export const bridgeQuestion: BoardQuestion = {
  baudRate: 250_000,
  // The first 0 ends whatever stood on the line before.
  bytes: Uint8Array.of(0, ...(hello.ok ? hello.value : [])),
  listen() {
    let runs: Runs | undefined;
    const reader = new FrameReader({
      frame(content) {
        const answer = decodeAnswer(content);
        if (!answer.ok) return;
        if (answer.value.kind === "welcome")
          runs = { firmware: answer.value.firmware, release: answer.value.release };
        else if (answer.value.kind === "refused" && answer.value.number === number)
          runs = { firmware: "bridge", release: "of another protocol" };
      },
      fault: () => undefined,
    });
    return (bytes) => {
      reader.push(bytes);
      return runs;
    };
  },
};
