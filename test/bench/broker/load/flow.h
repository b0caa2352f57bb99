/*
 * Messages that flow: fan-in, pairs, fan-out, wildcards.
 *
 * Two shapes. Burst is a closed loop: at most `--window` deliveries are on their way, and publishes share a write.
 * Spaced is an open loop at a `--rate`: each publish has a time at which it is due and a write of its own, and
 * latency counts from when it was due, so that a publisher that was held up does not make the broker look fast.
 *
 * A payload begins with the time it was due, the publisher's number of it, and the publisher.
 */
#pragma once

#include "options.h"

#define PAYLOAD_HEAD 18
/* In the closed loop deliveries that have not come after this long are lost; what waits for them goes on. */
#define LOST_AFTER (1 * NANOS_PER_SECOND)
/* A publisher whose socket is this far behind waits: what the broker does not read is not its work. */
#define UNSENT_MAX 65536
/* How late we may be with publishes that are due before we look at the sockets again. */
#define DUE_AT_ONCE 200

enum flow { FAN_IN, PAIRS, FAN_OUT, WILDCARDS, INGEST };

static struct {
  uint64_t published, confirmed, delivered, expected, given_up, misordered, repeated;
  uint64_t last_delivery;
  struct histogram latency, confirmation;
  bool is_measuring;
} counts;

static struct client *clients; /* publishers first */
static int client_count, ready_count;
static enum flow flow;
static uint8_t *payload;

static struct client *subscriber(int index) { return &clients[options.publishers + index]; }

static int fan_of(void) { return flow == FAN_IN || flow == FAN_OUT ? options.subscribers : flow == INGEST ? 0 : 1; }

static void write_topic(char *to, const struct client *client) {
  switch (flow) {
    case FAN_IN: snprintf(to, TOPIC_MAX, "%s/t/agent%d/data", options.prefix, client->index); break;
    case PAIRS: snprintf(to, TOPIC_MAX, "%s/p/agent%d/data", options.prefix, client->index); break;
    case FAN_OUT: snprintf(to, TOPIC_MAX, "%s/f/cue", options.prefix); break;
    case WILDCARDS: {
      /* 7919 is a prime: neighbours in time are not neighbours among the filters. */
      int filter = (int)(client->sequence * 7919 % (uint64_t)options.filters);
      snprintf(to, TOPIC_MAX, "%s/w/%d/agent%d/v", options.prefix, filter, client->index);
      break;
    }
    case INGEST: snprintf(to, TOPIC_MAX, "ix/1/%s/n/node%d/up/telemetry", options.site, client->index); break;
  }
}

static void subscribe(struct client *client, const char *filter) {
  uint8_t bytes[2 * TOPIC_MAX];
  append(client, bytes, put_subscribe(bytes, new_id(client), filter, options.qos));
  client->subscribing++;
}

static void subscribe_all(struct client *client) {
  char filter[TOPIC_MAX];
  if (flow == WILDCARDS) {
    for (int number = client->index; number < options.filters; number += options.subscribers) {
      snprintf(filter, sizeof filter, "%s/w/%d/+/v", options.prefix, number);
      subscribe(client, filter);
    }
  } else {
    if (flow == FAN_IN) snprintf(filter, sizeof filter, "%s/t/+/data", options.prefix);
    else write_topic(filter, client);
    subscribe(client, filter);
  }
  flush(client);
}

static void send_publish(struct client *client, uint64_t due) {
  uint8_t head[2 * TOPIC_MAX];
  char topic[TOPIC_MAX];
  client->sequence++;
  write_topic(topic, client);
  uint16_t id = options.qos > 0 ? new_id(client) : 0;
  if (options.qos > 0) {
    client->in_flight++;
    client->sent_at[id % IN_FLIGHT_MAX] = due;
  }
  append(client, head, put_publish(head, topic, options.qos, id, (size_t)options.payload));
  uint16_t publisher = (uint16_t)client->index;
  memcpy(payload, &due, 8);
  memcpy(payload + 8, &client->sequence, 8);
  memcpy(payload + 16, &publisher, 2);
  append(client, payload, (size_t)options.payload);
  counts.published++;
  counts.expected += (uint64_t)fan_of();
}

static void take_delivery(struct client *client, struct packet packet) {
  size_t topic = 2 + (packet.length >= 2 ? get_16(packet.body) : 0);
  size_t head = topic + (qos_of(packet) > 0 ? 2 : 0);
  if (head + PAYLOAD_HEAD > packet.length) fail(NOT_AS_IT_SHOULD, "a delivery is too short");
  if (qos_of(packet) > 0) {
    uint8_t confirmation[4];
    append(client, confirmation, put_puback(confirmation, get_16(packet.body + topic)));
  }
  uint64_t due, sequence;
  uint16_t publisher;
  memcpy(&due, packet.body + head, 8);
  memcpy(&sequence, packet.body + head + 8, 8);
  memcpy(&publisher, packet.body + head + 16, 2);
  if (publisher >= options.publishers) fail(NOT_AS_IT_SHOULD, "a delivery that nobody sent");
  if (sequence == client->last_seen[publisher]) counts.repeated++;
  else if (sequence < client->last_seen[publisher]) counts.misordered++;
  client->last_seen[publisher] = sequence;
  client->received++;
  counts.delivered++;
  counts.last_delivery = now();
  if (counts.is_measuring) note(&counts.latency, counts.last_delivery - due);
}

static void take_confirmation(struct client *client, struct packet packet) {
  if (packet.length < 2 || client->in_flight == 0) fail(NOT_AS_IT_SHOULD, "a PUBACK for nothing");
  client->in_flight--;
  counts.confirmed++;
  counts.last_delivery = now();
  if (counts.is_measuring)
    note(&counts.confirmation, counts.last_delivery - client->sent_at[get_16(packet.body) % IN_FLIGHT_MAX]);
}

static void take_greeting(struct client *client, struct packet packet) {
  if (packet.length != 2 || packet.body[1] != 0)
    fail(CANNOT_CONNECT, "%s was refused with CONNACK %d", client->id, packet.length == 2 ? packet.body[1] : -1);
  client->state = READY;
  ready_count++;
}

static void take_packet(struct client *client, struct packet packet) {
  switch (type_of(packet)) {
    case CONNACK: return take_greeting(client, packet);
    case PUBLISH: return take_delivery(client, packet);
    case PUBACK: return take_confirmation(client, packet);
    case SUBACK:
      if (packet.length != 3 || packet.body[2] > 1)
        fail(CANNOT_CONNECT, "a subscription of %s was refused", client->id);
      client->subscribing--;
      return;
    case PINGRESP: return;
    default: fail(NOT_AS_IT_SHOULD, "a packet of type %d", type_of(packet));
  }
}

static void greet(struct client *client) {
  uint8_t bytes[1024];
  append(client, bytes, put_connect(bytes, client->id, options.user, options.password));
}
