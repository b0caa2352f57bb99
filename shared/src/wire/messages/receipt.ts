/** "I have taken everything of this lane up to this number": body of an upward entry with flag `receipt`. */
import { type Lane, isLane } from "../lanes.ts";
import { bytesOfSession, isSessionField, type Session, sessionOf } from "../session.ts";
import type { Value } from "../value.ts";

export interface Receipt {
  readonly lane: Lane;
  /** The hub's session whose numbers are confirmed. */
  readonly session: Session;
  /** The last entry taken; all before it are confirmed too. */
  readonly seq: number;
}

export const receiptBody = (receipt: Receipt): Value => [
  receipt.lane,
  bytesOfSession(receipt.session),
  receipt.seq,
];

export function readReceiptBody(body: Value): Receipt | undefined {
  if (!Array.isArray(body)) return undefined;
  const [lane, sessionField, seq]: readonly unknown[] = body;
  if (
    !isLane(lane) ||
    !isSessionField(sessionField) ||
    typeof seq !== "number" ||
    !Number.isSafeInteger(seq)
  ) {
    return undefined;
  }
  return { lane, session: sessionOf(sessionField), seq };
}
