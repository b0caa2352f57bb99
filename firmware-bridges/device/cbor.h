/* The little CBOR (RFC 8949) that messages are made of: arrays, unsigned integers, text. */
#ifndef CBOR_H
#define CBOR_H

#include <stdint.h>

enum cbor_major { CBOR_UNSIGNED = 0, CBOR_TEXT = 3, CBOR_ARRAY = 4 };

struct cbor_writer {
  uint8_t *bytes;
  uint8_t length;
};

/* Shortest form. The user knows that there is room. */
static void cbor_head(struct cbor_writer *to, uint8_t major, uint32_t value) {
  uint8_t *at = to->bytes + to->length, first = (uint8_t)(major << 5), size;
  if (value < 24) {
    *at = first | (uint8_t)value;
    to->length++;
    return;
  }
  if (value < 0x100) size = 1, first |= 24;
  else if (value < 0x10000) size = 2, first |= 25;
  else size = 4, first |= 26;
  *at = first;
  for (uint8_t i = size; i > 0; i--, value >>= 8) at[i] = (uint8_t)value;
  to->length = (uint8_t)(to->length + size + 1);
}

static inline void cbor_unsigned(struct cbor_writer *to, uint32_t value) { cbor_head(to, CBOR_UNSIGNED, value); }

static inline void cbor_text(struct cbor_writer *to, const char *text) {
  uint8_t length = 0;
  while (text[length]) length++;
  cbor_head(to, CBOR_TEXT, length);
  while (*text) to->bytes[to->length++] = (uint8_t)*text++;
}

struct cbor_reader {
  const uint8_t *at, *end;
};

/* Reads the head of an item. Gives 0 when it is cut off or of a kind that no message of ours has. */
static uint8_t cbor_read(struct cbor_reader *from, uint8_t *major, uint32_t *value) {
  if (from->at == from->end) return 0;
  uint8_t first = *from->at++, size = first & 31;
  *major = first >> 5;
  *value = size;
  if (size < 24) return 1;
  if (size > 26) return 0;
  size = (uint8_t)(1 << (size - 24));
  if (from->end - from->at < size) return 0;
  *value = 0;
  while (size--) *value = *value << 8 | *from->at++;
  return 1;
}

#endif
