import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import vectors from "../vectors.json" with { type: "json" };
import { decodeAnswer, encodeRequest, type Request } from "./codec.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const bytesOf = (text: string): Uint8Array => Buffer.from(text, "hex");

describe("vectors", () => {
  test.each(vectors.requests)("a request: $message", ({ message, number, content }) => {
    expect(hex(encodeRequest(message as Request, number))).toBe(content);
  });

  test.each(vectors.answers)("an answer: $message", ({ message, content }) => {
    expect(decodeAnswer(bytesOf(content))).toEqual({ ok: true, value: message });
  });

  test.each(vectors.later)("of a later version: $name", ({ message, content }) => {
    expect(decodeAnswer(bytesOf(content))).toEqual({ ok: true, value: message });
  });

  test.each(vectors.wrong)("no answer: $content", ({ error, content }) => {
    expect(decodeAnswer(bytesOf(content))).toEqual({ ok: false, error });
  });
});

test("whatever the bytes, they are an answer or named as wrong", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 96 }), (bytes) => {
      const answer = decodeAnswer(bytes);
      expect(answer.ok || ["not-cbor", "wrong-shape"].includes(answer.error)).toBe(true);
    }),
  );
});
