/*
 * Connections without messages: what ten thousand of them hold, and what it costs to come and go.
 */
#pragma once

#include "run.h"

/* A broker that collects garbage has given back by then what connecting left behind. */
#define QUIET (1500 * NANOS_PER_SECOND / 1000)

static uint64_t stays;

static void run_connections(void) {
  make_clients(options.clients);
  for (int number = 0; number < client_count; number++)
    snprintf(clients[number].id, sizeof clients[number].id, "%s-c%d", options.prefix, number);
  long memory = memory_of(options.pid);
  uint64_t cpu = cpu_of(options.pid), start = now();
  connect_all();
  double took = seconds_of(now() - start), spent = seconds_of(cpu_of(options.pid) - cpu);
  for (uint64_t end = now() + QUIET; now() < end;) serve_all(IDLE_WAIT);
  uint64_t idle_cpu = cpu_of(options.pid), idle_from = now();
  while (now() - idle_from < nanos_in(options.seconds)) serve_all(IDLE_WAIT);
  double idle = seconds_of(cpu_of(options.pid) - idle_cpu) / seconds_of(now() - idle_from);
  long grown = memory_of(options.pid) - memory;
  printf("{\"mode\":\"connections\",\"clients\":%d,\"rate\":%.0f", client_count, client_count / took);
  printf(",\"cpu_ms_per_connection\":%.4f,\"cpu_s_per_100k\":%.4f", spent * 1e3 / client_count,
         spent * 1e5 / client_count);
  printf(",\"kb_per_connection\":%.3f,\"memory_kb_before\":%ld,\"idle_cpu_share\":%.4f}\n",
         (double)grown * 1024 / 1000 / client_count, memory, idle);
}

static void come(struct client *client) {
  snprintf(client->id, sizeof client->id, "%s-%" PRIu64, options.prefix, ++stays);
  open_client(client, options.port, address_for((int)stays), 0);
}

static void go_and_come_again(struct client *client, struct packet packet) {
  if (type_of(packet) != CONNACK) fail(NOT_AS_IT_SHOULD, "a packet of type %d", type_of(packet));
  take_greeting(client, packet);
  if (counts.is_measuring) note(&counts.latency, now() - client->opened_at);
  counts.delivered++;
  append(client, goodbye, sizeof goodbye);
  flush(client);
  close_client(client);
  come(client);
}

static void run_storm(void) {
  make_clients(options.clients);
  on_packet = go_and_come_again;
  uint64_t start = now(), last = 0;
  for (int number = 0; number < client_count; number++) come(&clients[number]);
  struct moment from = {0};
  uint64_t measured_from = start + nanos_in(options.warm), end = measured_from + nanos_in(options.seconds);
  uint64_t moved = start;
  while (now() < end) {
    serve_all(IDLE_WAIT);
    if (!counts.is_measuring && now() >= measured_from) counts.is_measuring = true, from = take_moment();
    if (counts.delivered > last) last = counts.delivered, moved = now();
    if (now() - moved > nanos_in(options.timeout)) fail(TOO_LATE, "no CONNACK for %g s", options.timeout);
  }
  struct moment to = take_moment();
  double came = (double)(to.done - from.done), spent = seconds_of(to.broker_cpu - from.broker_cpu);
  if (came == 0) fail(TOO_LATE, "nobody could connect");
  printf("{\"mode\":\"storm\",\"clients\":%d,\"connections\":%.0f", client_count, came);
  printf(",\"rate\":%.0f,\"cpu_ms_per_connection\":%.4f", came / seconds_of(to.at - from.at), spent * 1e3 / came);
  printf(",\"cpu_s_per_100k\":%.4f,\"load_cpu_s_per_100k\":%.4f", spent * 1e5 / came,
         seconds_of(to.load_cpu - from.load_cpu) * 1e5 / came);
  print_latency("latency", &counts.latency);
  printf(",\"memory_kb\":%ld}\n", memory_of(options.pid));
}
