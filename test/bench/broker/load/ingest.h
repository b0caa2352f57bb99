/*
 * Agents whose batches the hub takes in process, so that nobody subscribes and a confirmation is the delivery.
 * Birth and batch are read from files that our own codec wrote; only the number of the batch's first entry
 * changes from one to the next.
 */
#pragma once

#include "run.h"

#define FILE_MAX 65536

struct file_bytes {
  uint8_t bytes[FILE_MAX];
  size_t size;
};

static struct file_bytes birth, batch;

static void read_file(struct file_bytes *into, const char *path, const char *option) {
  FILE *file = path == NULL ? NULL : fopen(path, "rb");
  if (file == NULL) fail(BAD_USAGE, "ingest needs %s FILE: %s", option, path == NULL ? "not given" : strerror(errno));
  into->size = fread(into->bytes, 1, sizeof into->bytes, file);
  fclose(file);
}

/* CBOR's unsigned integers, RFC 8949 section 3.1, each in as few bytes as it needs. */
static size_t put_unsigned(uint8_t *to, uint64_t value) {
  int width = value < 24 ? 0 : value < 1u << 8 ? 1 : value < 1u << 16 ? 2 : value < 1ull << 32 ? 4 : 8;
  if (width == 0) to[0] = (uint8_t)value;
  else to[0] = width == 1 ? 24 : width == 2 ? 25 : width == 4 ? 26 : 27;
  for (int index = 0; index < width; index++) to[1 + index] = (uint8_t)(value >> 8 * (width - 1 - index));
  return 1 + (size_t)width;
}

static size_t size_of_unsigned(uint8_t initial) {
  if (initial > 27) fail(BAD_USAGE, "at --sequence-at %ld of --batch is no number", options.sequence_at);
  return initial < 24 ? 1 : 1 + ((size_t)1 << (initial - 24));
}

static void send_bytes(struct client *client, const char *topic, uint16_t id, const uint8_t *bytes, size_t size) {
  uint8_t head[2 * TOPIC_MAX];
  append(client, head, put_publish(head, topic, options.qos, id, size));
  append(client, bytes, size);
}

static void send_batch(struct client *client, uint64_t due) {
  static uint8_t bytes[FILE_MAX + 16];
  char topic[TOPIC_MAX];
  size_t at = (size_t)options.sequence_at, rest = at + size_of_unsigned(batch.bytes[at]);
  memcpy(bytes, batch.bytes, at);
  size_t size = at + put_unsigned(bytes + at, ++client->sequence);
  memcpy(bytes + size, batch.bytes + rest, batch.size - rest);
  write_topic(topic, client);
  uint16_t id = new_id(client);
  client->in_flight++;
  client->sent_at[id % IN_FLIGHT_MAX] = due;
  send_bytes(client, topic, id, bytes, size + batch.size - rest);
  counts.published++;
}

/* The hub speaks to its nodes too; that is confirmed as an agent would, and not counted. */
static void take_hub_packet(struct client *client, struct packet packet) {
  if (type_of(packet) != PUBLISH) return take_packet(client, packet);
  if (qos_of(packet) == 0) return;
  uint8_t confirmation[4];
  append(client, confirmation, put_puback(confirmation, get_16(packet.body + 2 + get_16(packet.body))));
}

static void bear_everybody(void) {
  uint64_t deadline = now() + nanos_in(options.timeout);
  for (int index = 0; index < client_count; index++) {
    char topic[TOPIC_MAX];
    snprintf(topic, sizeof topic, "ix/1/%s/n/node%d/state", options.site, index);
    clients[index].in_flight++;
    send_bytes(&clients[index], topic, new_id(&clients[index]), birth.bytes, birth.size);
    flush(&clients[index]);
  }
  while (counts.confirmed < (uint64_t)client_count) {
    serve_all(IDLE_WAIT);
    if (now() > deadline) fail(TOO_LATE, "%" PRIu64 " of %d births were confirmed", counts.confirmed, client_count);
  }
  counts.confirmed = 0;
}

static void run_ingest(void) {
  options.qos = 1;
  read_file(&birth, options.birth, "--birth");
  read_file(&batch, options.batch, "--batch");
  if ((size_t)options.sequence_at + 9 > batch.size) fail(BAD_USAGE, "--sequence-at is behind the end of --batch");
  options.payload = (long)batch.size;
  publish_one = send_batch;
  open_flow(INGEST);
  on_packet = take_hub_packet;
  connect_all();
  bear_everybody();
  for (uint64_t end = now() + SETTLE; now() < end;) serve_all(IDLE_WAIT);
  measure_flow();
}
