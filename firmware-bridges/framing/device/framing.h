/* Frames on a serial line: COBS(content, CRC-16), ended by a zero. See ../PROTOCOL.md.
 * No Arduino, no libc but stdint: it compiles for the AVR and for the host, where the vectors test it. */
#ifndef FRAMING_H
#define FRAMING_H

#include <stdint.h>

#define FRAME_CONTENT_MAX 96
#define FRAME_CHECKED_MAX (FRAME_CONTENT_MAX + 2)

enum frame_fault { FRAME_TORN = 1, FRAME_TOO_SHORT, FRAME_TOO_LONG, FRAME_CRC };

static inline uint16_t crc16_add(uint16_t crc, uint8_t byte) {
  /* CCITT, a byte at a time without a table. */
  crc = (uint16_t)((crc >> 8) | (crc << 8));
  crc ^= byte;
  crc ^= (uint8_t)(crc & 0xff) >> 4;
  crc ^= (uint16_t)(crc << 12);
  crc ^= (uint16_t)((crc & 0xff) << 5);
  return crc;
}

static inline uint16_t crc16_of(const uint8_t *bytes, uint8_t length) {
  uint16_t crc = 0xffff;
  while (length--) crc = crc16_add(crc, *bytes++);
  return crc;
}

/* Sends one frame byte by byte. `content` has room for two bytes after its `length`: the CRC goes there. */
static inline void frame_send(uint8_t *content, uint8_t length, void (*send)(uint8_t)) {
  uint16_t crc = crc16_of(content, length);
  content[length++] = (uint8_t)(crc >> 8);
  content[length++] = (uint8_t)crc;
  /* At most 98 bytes, so no group is ever full. */
  uint8_t start = 0;
  for (;;) {
    uint8_t end = start;
    while (end < length && content[end] != 0) end++;
    send((uint8_t)(end - start + 1));
    for (uint8_t i = start; i < end; i++) send(content[i]);
    if (end >= length) break;
    start = (uint8_t)(end + 1);
  }
  send(0);
}

struct frame_reader {
  uint8_t bytes[FRAME_CHECKED_MAX];
  uint8_t length;
  uint8_t left;    /* bytes of the group that are still to come */
  uint8_t is_open; /* a group has begun */
  uint8_t is_zero_due;
  uint8_t fault;
};

static inline void frame_restart(struct frame_reader *reader) {
  reader->length = reader->left = reader->is_open = reader->is_zero_due = reader->fault = 0;
}

static inline void frame_keep(struct frame_reader *reader, uint8_t byte) {
  if (reader->length >= FRAME_CHECKED_MAX) reader->fault = FRAME_TOO_LONG;
  else reader->bytes[reader->length++] = byte;
}

/* Takes a byte. Gives -1 while a frame is under way, else what became of it: 0 for a frame, whose content is
 * `bytes` up to `length` until the next byte comes, or a fault. */
static inline int8_t frame_take(struct frame_reader *reader, uint8_t byte) {
  if (byte != 0) {
    if (reader->is_open == 2) frame_restart(reader);
    if (reader->fault) return -1;
    if (reader->left > 0) {
      reader->left--;
      frame_keep(reader, byte);
      return -1;
    }
    if (reader->is_zero_due) frame_keep(reader, 0);
    reader->left = (uint8_t)(byte - 1);
    reader->is_zero_due = byte != 0xff;
    reader->is_open = 1;
    return -1;
  }
  if (reader->is_open != 1) return -1;
  uint8_t fault = reader->fault;
  if (!fault && reader->left > 0) fault = FRAME_TORN;
  if (!fault && reader->length < 3) fault = FRAME_TOO_SHORT;
  if (!fault) {
    reader->length -= 2;
    const uint8_t *crc = reader->bytes + reader->length;
    if (crc16_of(reader->bytes, reader->length) != (uint16_t)((uint16_t)crc[0] << 8 | crc[1])) fault = FRAME_CRC;
  }
  /* Whatever it was, the next byte begins a new one. */
  reader->is_open = 2;
  return (int8_t)fault;
}

#endif
