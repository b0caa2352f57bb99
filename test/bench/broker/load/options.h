/*
 * What is asked of the generator.
 */
#pragma once

#include <getopt.h>

#include "client.h"

struct options {
  const char *mode, *user, *password, *prefix, *site, *birth, *batch;
  uint16_t port;
  pid_t pid;
  int publishers, subscribers, clients, stalled, qos, burst, window, in_flight, filters, receive_buffer, addresses;
  long payload, sequence_at;
  double rate, seconds, warm, timeout;
};

static struct options options = {
    .prefix = "bench", .site = "bench", .publishers = 100, .subscribers = 1, .clients = 1000, .stalled = 1, .burst = 8,
    .window = 2000, .in_flight = 64, .filters = 1000, .addresses = 1, .payload = 120, .seconds = 2, .warm = 0.5,
    .timeout = 30,
};

static const char usage[] =
    "load MODE --port PORT [options]: puts MQTT 3.1.1 load on a broker on 127.0.0.1, prints one line of JSON\n"
    "  fan-in       publishers to subscribers that all hear everything\n"
    "  pairs        each publisher to a subscriber of its own\n"
    "  fan-out      one publisher to all subscribers\n"
    "  wildcards    as many filters with a plus as --filters, spread over the subscribers\n"
    "  ingest       agents of --site whose batches the hub takes itself: --birth, --batch and --sequence-at\n"
    "  stall        fan-out at a --rate of deliveries, where the last --stalled subscribers never read\n"
    "  connections  --clients that stay\n"
    "  storm        --clients at a time that connect, say goodbye and begin again\n"
    "  relay        is no load but the least a broker could be, to see what the generator can do\n"
    "\n"
    "  --publishers N --subscribers N --filters N --payload BYTES --qos 0|1 --prefix TOPIC\n"
    "  --rate N           spaced: so many deliveries a second in all, each publish a write of its own\n"
    "  --window N         otherwise: at most so many deliveries on their way,\n"
    "  --burst N          up to so many publishes in a write\n"
    "  --in-flight N      QoS 1 publishes of one client that are not confirmed\n"
    "  --warm S --seconds S   how long before it is measured, and how long it is\n"
    "  --timeout S        for connecting, and for what is still on its way at the end\n"
    "  --pid PID          the broker, for its CPU time and memory\n"
    "  --receive-buffer BYTES of a stalled subscriber; --addresses N to connect from: 127.0.0.1 and those after it\n"
    "  --user NAME --password TEXT\n"
    "Ends with 2 bad usage, 3 cannot connect, 4 the broker ended a connection, 5 too late, 6 it does not speak MQTT.\n"
    "Loss is no bad end: it stands in the line as \"lost\".\n";

static double number_in(const char *name, const char *text, double least, double most) {
  char *end;
  double value = strtod(text, &end);
  if (*text == 0 || *end != 0 || !(value >= least && value <= most))
    fail(BAD_USAGE, "--%s takes a number from %g to %g, not \"%s\"", name, least, most, text);
  return value;
}

enum option_name {
  PORT = 256, PID, PUBLISHERS, SUBSCRIBERS, CLIENTS, STALLED, QOS, BURST, WINDOW, IN_FLIGHT, FILTERS, RECEIVE_BUFFER,
  ADDRESSES, PAYLOAD, SEQUENCE_AT, RATE, SECONDS, WARM, TIMEOUT, USER, PASSWORD, PREFIX, SITE, BIRTH, BATCH
};

static const struct option option_names[] = {
    {"port", 1, NULL, PORT},         {"pid", 1, NULL, PID},           {"publishers", 1, NULL, PUBLISHERS},
    {"subscribers", 1, NULL, SUBSCRIBERS}, {"clients", 1, NULL, CLIENTS}, {"stalled", 1, NULL, STALLED},
    {"qos", 1, NULL, QOS},           {"burst", 1, NULL, BURST},       {"window", 1, NULL, WINDOW},
    {"in-flight", 1, NULL, IN_FLIGHT}, {"filters", 1, NULL, FILTERS}, {"receive-buffer", 1, NULL, RECEIVE_BUFFER},
    {"addresses", 1, NULL, ADDRESSES}, {"payload", 1, NULL, PAYLOAD}, {"sequence-at", 1, NULL, SEQUENCE_AT},
    {"rate", 1, NULL, RATE},         {"seconds", 1, NULL, SECONDS},   {"warm", 1, NULL, WARM},
    {"timeout", 1, NULL, TIMEOUT},   {"user", 1, NULL, USER},         {"password", 1, NULL, PASSWORD},
    {"prefix", 1, NULL, PREFIX},     {"site", 1, NULL, SITE},         {"birth", 1, NULL, BIRTH},
    {"batch", 1, NULL, BATCH},       {NULL, 0, NULL, 0},
};

/* Texts go into topics and client ids, which have TOPIC_MAX bytes. */
static const char *text_in(const char *name, const char *text) {
  if (strlen(text) > TOPIC_MAX / 4) fail(BAD_USAGE, "--%s takes at most %d bytes", name, TOPIC_MAX / 4);
  return text;
}

static void take_option(int option, const char *name, const char *text) {
  switch (option) {
    case PORT: options.port = (uint16_t)number_in(name, text, 0, 65535); break;
    case PID: options.pid = (pid_t)number_in(name, text, 1, 1 << 30); break;
    case PUBLISHERS: options.publishers = (int)number_in(name, text, 1, 10000); break;
    case SUBSCRIBERS: options.subscribers = (int)number_in(name, text, 1, 10000); break;
    case CLIENTS: options.clients = (int)number_in(name, text, 1, 100000); break;
    case STALLED: options.stalled = (int)number_in(name, text, 0, 10000); break;
    case QOS: options.qos = (int)number_in(name, text, 0, 1); break;
    case BURST: options.burst = (int)number_in(name, text, 1, 1000); break;
    case WINDOW: options.window = (int)number_in(name, text, 1, 1000000); break;
    case IN_FLIGHT: options.in_flight = (int)number_in(name, text, 1, IN_FLIGHT_MAX); break;
    case FILTERS: options.filters = (int)number_in(name, text, 1, 10000); break;
    case RECEIVE_BUFFER: options.receive_buffer = (int)number_in(name, text, 0, 1 << 30); break;
    case ADDRESSES: options.addresses = (int)number_in(name, text, 1, 250); break;
    case PAYLOAD: options.payload = (long)number_in(name, text, 24, 200000); break;
    case SEQUENCE_AT: options.sequence_at = (long)number_in(name, text, 0, 200000); break;
    case RATE: options.rate = number_in(name, text, 1, 10000000); break;
    case SECONDS: options.seconds = number_in(name, text, 0.01, 86400); break;
    case WARM: options.warm = number_in(name, text, 0, 3600); break;
    case TIMEOUT: options.timeout = number_in(name, text, 0.1, 3600); break;
    case USER: options.user = text_in(name, text); break;
    case PASSWORD: options.password = text_in(name, text); break;
    case PREFIX: options.prefix = text_in(name, text); break;
    case SITE: options.site = text_in(name, text); break;
    case BIRTH: options.birth = text; break;
    case BATCH: options.batch = text; break;
    default: fail(BAD_USAGE, "see load --help");
  }
}

static void read_options(int count, char **texts) {
  int option, index = 0;
  while ((option = getopt_long(count, texts, "", option_names, &index)) >= 0)
    take_option(option, option == '?' ? "" : option_names[index].name, optarg);
  if (optind != count - 1) fail(BAD_USAGE, "one MODE is needed, %d were given; see load --help", count - optind);
  options.mode = texts[optind];
}
