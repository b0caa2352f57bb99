/*
 * MQTT 3.1.1 as bytes: the few packets that a load needs. Each writer returns how many bytes it wrote.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum packet_type {
  CONNECT = 1, CONNACK = 2, PUBLISH = 3, PUBACK = 4, SUBSCRIBE = 8, SUBACK = 9,
  PINGREQ = 12, PINGRESP = 13, DISCONNECT = 14
};

/* Longer than any run, so that only brokers that set a timer for each client pay for one. */
#define KEEPALIVE_SECONDS 300
#define HEADER_MAX 5
#define TOPIC_MAX 128

static const uint8_t ping[2] = {PINGREQ << 4, 0};
static const uint8_t goodbye[2] = {DISCONNECT << 4, 0};

static size_t put_16(uint8_t *to, uint16_t value) {
  to[0] = (uint8_t)(value >> 8);
  to[1] = (uint8_t)value;
  return 2;
}

static uint16_t get_16(const uint8_t *from) { return (uint16_t)(from[0] << 8 | from[1]); }

static size_t put_text(uint8_t *to, const char *text) {
  size_t length = strlen(text);
  memcpy(to + put_16(to, (uint16_t)length), text, length);
  return 2 + length;
}

static size_t put_header(uint8_t *to, uint8_t first, size_t rest) {
  size_t size = 0;
  to[size++] = first;
  do {
    uint8_t digit = rest & 127;
    rest >>= 7;
    to[size++] = rest > 0 ? digit | 128 : digit;
  } while (rest > 0);
  return size;
}

/* `user` and `password` may be NULL. */
static size_t put_connect(uint8_t *to, const char *id, const char *user, const char *password) {
  uint8_t body[512];
  size_t size = put_text(body, "MQTT");
  body[size++] = 4;
  body[size++] = (uint8_t)(2 | (user != NULL ? 128 : 0) | (password != NULL ? 64 : 0)); /* clean session */
  size += put_16(body + size, KEEPALIVE_SECONDS);
  size += put_text(body + size, id);
  if (user != NULL) size += put_text(body + size, user);
  if (password != NULL) size += put_text(body + size, password);
  size_t header = put_header(to, CONNECT << 4, size);
  memcpy(to + header, body, size);
  return header + size;
}

static size_t put_subscribe(uint8_t *to, uint16_t id, const char *filter, int qos) {
  size_t size = put_header(to, SUBSCRIBE << 4 | 2, 2 + 2 + strlen(filter) + 1);
  size += put_16(to + size, id);
  size += put_text(to + size, filter);
  to[size++] = (uint8_t)qos;
  return size;
}

/* Everything of a PUBLISH before its payload. */
static size_t put_publish(uint8_t *to, const char *topic, int qos, uint16_t id, size_t payload) {
  size_t size = put_header(to, (uint8_t)(PUBLISH << 4 | qos << 1), 2 + strlen(topic) + (qos > 0 ? 2 : 0) + payload);
  size += put_text(to + size, topic);
  if (qos > 0) size += put_16(to + size, id);
  return size;
}

static size_t put_puback(uint8_t *to, uint16_t id) {
  to[0] = PUBACK << 4;
  to[1] = 2;
  return 2 + put_16(to + 2, id);
}

/* One whole packet of somebody else's. */
struct packet {
  uint8_t first;
  const uint8_t *body;
  size_t length;
};

static enum packet_type type_of(struct packet packet) { return packet.first >> 4; }
static int qos_of(struct packet packet) { return packet.first >> 1 & 3; }

/* Its size with the header; 0: it is not all there yet. */
static size_t read_packet(const uint8_t *from, size_t size, struct packet *packet) {
  size_t length = 0, header = 1;
  for (int shift = 0;; shift += 7) {
    if (header >= size || header >= HEADER_MAX) return 0;
    uint8_t digit = from[header++];
    length |= (size_t)(digit & 127) << shift;
    if ((digit & 128) == 0) break;
  }
  if (header + length > size) return 0;
  *packet = (struct packet){from[0], from + header, length};
  return header + length;
}
