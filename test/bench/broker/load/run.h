/*
 * From connecting to the line of figures, for everything that flows.
 */
#pragma once

#include <sys/prctl.h>

#include "flow.h"

#define CONNECTING_MAX 200
/* What a broker does after the last subscription, before it is measured. */
#define SETTLE (150 * NANOS_PER_SECOND / 1000)
#define IDLE_WAIT (NANOS_PER_SECOND / 1000)

static uint64_t nanos_in(double seconds) { return (uint64_t)(seconds * NANOS_PER_SECOND); }

/* Source addresses take turns: a broker may count connections by address, and ports of one are few. */
static uint32_t address_for(int number) { return INADDR_LOOPBACK + (uint32_t)(number % options.addresses); }

static void connect_all(void) {
  uint64_t deadline = now() + nanos_in(options.timeout);
  int begun = 0;
  while (ready_count < client_count) {
    for (; begun < client_count && begun - ready_count < CONNECTING_MAX; begun++) {
      struct client *client = &clients[begun];
      bool is_stalled = client->may_close;
      open_client(client, options.port, address_for(begun), is_stalled ? options.receive_buffer : 0);
    }
    serve_all(IDLE_WAIT);
    if (now() > deadline) fail(CANNOT_CONNECT, "%d of %d connected in time", ready_count, client_count);
  }
}

static void subscribe_everybody(void) {
  uint64_t deadline = now() + nanos_in(options.timeout);
  for (int index = 0; index < options.subscribers; index++) subscribe_all(subscriber(index));
  for (int index = 0; index < options.subscribers; index++)
    while (subscriber(index)->subscribing > 0) {
      serve_all(IDLE_WAIT);
      if (now() > deadline) fail(TOO_LATE, "no SUBACK for %s", subscriber(index)->id);
    }
}

static void make_clients(int count) {
  clients = calloc((size_t)count, sizeof *clients);
  payload = calloc(1, (size_t)options.payload + PAYLOAD_HEAD);
  client_count = count;
  poller = epoll_create1(EPOLL_CLOEXEC);
  on_packet = take_packet;
  on_opened = greet;
}

static void open_flow(enum flow kind) {
  flow = kind;
  if (flow == FAN_OUT) options.publishers = 1;
  if (flow == PAIRS) options.subscribers = options.publishers;
  if (flow == INGEST) options.subscribers = 0;
  make_clients(options.publishers + options.subscribers);
  for (int number = 0; number < client_count; number++) {
    struct client *client = &clients[number];
    client->is_subscriber = number >= options.publishers;
    client->index = client->is_subscriber ? number - options.publishers : number;
    if (flow == INGEST) snprintf(client->id, sizeof client->id, "%s/node%d", options.site, number);
    else snprintf(client->id, sizeof client->id, "%s-%d", options.prefix, number);
    if (client->is_subscriber) client->last_seen = calloc((size_t)options.publishers, sizeof(uint64_t));
    else client->sent_at = calloc(IN_FLIGHT_MAX, sizeof(uint64_t));
  }
  prctl(PR_SET_TIMERSLACK, 1); /* else waits of 50 µs last 100 */
}

static bool may_publish(const struct client *client) {
  return waiting(&client->out) <= UNSENT_MAX && (options.qos == 0 || client->in_flight < options.in_flight);
}

static int64_t on_their_way(void) {
  return flow == INGEST ? (int64_t)(counts.published - counts.confirmed)
                        : (int64_t)(counts.expected - counts.delivered - counts.given_up);
}

static void (*publish_one)(struct client *, uint64_t due) = send_publish;

/* Burst: fills the window, publishers in turn. */
static bool publish_burst(void) {
  static int turn;
  bool published = false;
  if (on_their_way() >= options.window && now() - counts.last_delivery > LOST_AFTER)
    counts.given_up += (uint64_t)on_their_way();
  for (int tried = 0; tried < options.publishers && on_their_way() < options.window; tried++) {
    struct client *client = &clients[turn++ % options.publishers];
    uint64_t at = now();
    for (int count = 0; count < options.burst && may_publish(client) && on_their_way() < options.window; count++) {
      publish_one(client, at);
      published = true;
    }
    flush(client);
  }
  return published;
}

/* Spaced: what is due by now, one to a write. Gives the time when the next one is. */
static uint64_t publish_due(uint64_t start) {
  static int turn;
  int fan = fan_of() > 0 ? fan_of() : 1;
  for (int count = 0; count < DUE_AT_ONCE; count++) {
    uint64_t due = start + (uint64_t)((double)counts.published * fan / options.rate * NANOS_PER_SECOND);
    if (due > now()) return due;
    int tried = 0;
    while (tried < options.publishers && !may_publish(&clients[turn % options.publishers])) turn++, tried++;
    if (tried == options.publishers) return now() + IDLE_WAIT;
    struct client *client = &clients[turn++ % options.publishers];
    publish_one(client, due);
    flush(client);
  }
  return now();
}

/* One round: publishes what it may, then serves the sockets. */
static void go_round(uint64_t start) {
  if (options.rate == 0) return serve_all(publish_burst() ? 0 : IDLE_WAIT);
  uint64_t next = publish_due(start), at = now();
  serve_all(next <= at ? 0 : next - at < IDLE_WAIT ? next - at : IDLE_WAIT);
}

/* Waits for what is still on its way; what has not come when nothing moves any more is lost. */
static void drain(void) {
  uint64_t deadline = now() + nanos_in(options.timeout);
  counts.last_delivery = now();
  while (counts.expected > counts.delivered || (options.qos > 0 && counts.published > counts.confirmed)) {
    serve_all(IDLE_WAIT);
    if (now() - counts.last_delivery > LOST_AFTER) return;
    if (now() > deadline) fail(TOO_LATE, "%" PRId64 " messages were still on their way", on_their_way());
  }
}

struct moment {
  uint64_t at, broker_cpu, load_cpu, done;
};

static uint64_t done(void) { return flow == INGEST ? counts.confirmed : counts.delivered; }

static struct moment take_moment(void) { return (struct moment){now(), cpu_of(options.pid), own_cpu(), done()}; }

static void print_latency(const char *name, const struct histogram *of) {
  if (of->total == 0) return;
  printf(",\"%s_p50_us\":%.1f,\"%s_p99_us\":%.1f,\"%s_max_us\":%.1f", name, percentile(of, 0.5), name,
         percentile(of, 0.99), name, percentile(of, 1));
}

static void print_flow(struct moment from, struct moment to) {
  double delivered = (double)(to.done - from.done), span = seconds_of(to.at - from.at);
  double broker = seconds_of(to.broker_cpu - from.broker_cpu), load = seconds_of(to.load_cpu - from.load_cpu);
  uint64_t all = flow == INGEST ? counts.published : counts.expected, unique = done() - counts.repeated;
  if (delivered == 0) fail(TOO_LATE, "nothing was delivered");
  printf("{\"mode\":\"%s\",\"shape\":\"%s\"", options.mode, options.rate > 0 ? "spaced" : "burst");
  printf(",\"qos\":%d,\"publishers\":%d,\"subscribers\":%d,\"payload\":%ld", options.qos, options.publishers,
         options.subscribers, options.payload);
  printf(",\"seconds\":%.3f,\"delivered\":%.0f,\"rate\":%.0f", span, delivered, delivered / span);
  printf(",\"cpu_s_per_100k\":%.5f,\"load_cpu_s_per_100k\":%.5f,\"cpu_share\":%.3f", broker * 1e5 / delivered,
         load * 1e5 / delivered, broker / span);
  print_latency("latency", &counts.latency);
  print_latency("confirmation", &counts.confirmation);
  printf(",\"published\":%" PRIu64 ",\"delivered_in_all\":%" PRIu64, counts.published, done());
  printf(",\"lost\":%" PRId64, (int64_t)(all - unique));
  printf(",\"repeated\":%" PRIu64 ",\"misordered\":%" PRIu64, counts.repeated, counts.misordered);
  printf(",\"memory_kb\":%ld}\n", memory_of(options.pid));
}

static void measure_flow(void) {
  uint64_t start = now(), measured_from = start + nanos_in(options.warm);
  uint64_t end = measured_from + nanos_in(options.seconds);
  counts.last_delivery = start;
  while (now() < measured_from) go_round(start);
  struct moment from = take_moment();
  counts.is_measuring = true;
  while (now() < end) go_round(start);
  struct moment to = take_moment();
  counts.is_measuring = false;
  drain();
  print_flow(from, to);
}

static void run_flow(enum flow kind) {
  open_flow(kind);
  connect_all();
  subscribe_everybody();
  for (uint64_t end = now() + SETTLE; now() < end;) serve_all(IDLE_WAIT);
  measure_flow();
}
