/*
 * The least that could stand where a broker does: it takes every client, remembers who listens to which topic, and
 * copies. It keeps no session, checks nothing and repeats nothing. Under it the generator shows what it can do.
 */
#pragma once

#include "run.h"

#define FILTERS_MAX 20000
#define TOPICS_MAX 32768 /* a power of two, more than twice the topics of any load */
#define LISTENERS_MAX 10000

struct filter {
  char text[TOPIC_MAX];
  struct client *client;
  int qos;
};

struct topic {
  char text[TOPIC_MAX];
  struct filter **listeners;
  int count;
};

static struct filter filters[FILTERS_MAX];
static struct topic topics[TOPICS_MAX];
static int filter_count, topic_count;
static struct client *touched[LISTENERS_MAX];
static int touched_count, listener, open_count;
static struct client *finished;

/* Level by level; a plus takes one level, and there is no other wildcard in our loads. */
static bool matches(const char *filter, const char *topic) {
  while (*filter != 0 && *topic != 0) {
    if (*filter == '+') {
      filter++;
      topic += strcspn(topic, "/");
    } else if (*filter++ != *topic++) {
      return false;
    }
  }
  return *filter == *topic;
}

static void find_listeners(struct topic *topic) {
  int count = 0;
  for (int index = 0; index < filter_count; index++)
    if (matches(filters[index].text, topic->text)) count++;
  topic->listeners = calloc((size_t)count + 1, sizeof *topic->listeners);
  for (int index = 0; index < filter_count; index++)
    if (matches(filters[index].text, topic->text)) topic->listeners[topic->count++] = &filters[index];
}

/* By hash, FNV-1a; a new one takes the next free place. */
static struct topic *topic_named(const uint8_t *text, size_t length) {
  uint32_t place = 2166136261u;
  for (size_t index = 0; index < length; index++) place = (place ^ text[index]) * 16777619u;
  for (place &= TOPICS_MAX - 1; topics[place].text[0] != 0; place = (place + 1) & (TOPICS_MAX - 1))
    if (memcmp(topics[place].text, text, length) == 0 && topics[place].text[length] == 0) return &topics[place];
  if (++topic_count == TOPICS_MAX) fail(TOO_LATE, "the relay knows at most %d topics", TOPICS_MAX);
  memcpy(topics[place].text, text, length);
  find_listeners(&topics[place]);
  return &topics[place];
}

static void touch(struct client *client) {
  if (waiting(&client->out) == 0 && touched_count < LISTENERS_MAX) touched[touched_count++] = client;
}

static void relay_publish(struct client *client, struct packet packet) {
  size_t length = get_16(packet.body), head = 2 + length + (qos_of(packet) > 0 ? 2 : 0);
  uint8_t bytes[2 * TOPIC_MAX];
  if (length == 0 || length >= TOPIC_MAX || head > packet.length)
    fail(NOT_AS_IT_SHOULD, "a PUBLISH that the relay cannot take");
  struct topic *topic = topic_named(packet.body + 2, length);
  for (int index = 0; index < topic->count; index++) {
    struct filter *to = topic->listeners[index];
    if (to->client->state == CLOSED) continue;
    int qos = qos_of(packet) < to->qos ? qos_of(packet) : to->qos;
    touch(to->client);
    uint16_t id = qos > 0 ? new_id(to->client) : 0;
    append(to->client, bytes, put_publish(bytes, topic->text, qos, id, packet.length - head));
    append(to->client, packet.body + head, packet.length - head);
  }
  if (qos_of(packet) == 0) return;
  touch(client);
  append(client, bytes, put_puback(bytes, get_16(packet.body + 2 + length)));
}

static void relay_subscribe(struct client *client, struct packet packet) {
  size_t length = get_16(packet.body + 2);
  if (filter_count == FILTERS_MAX || length >= TOPIC_MAX)
    fail(TOO_LATE, "the relay takes at most %d filters", FILTERS_MAX);
  struct filter *filter = &filters[filter_count++];
  memset(filter->text, 0, sizeof filter->text);
  memcpy(filter->text, packet.body + 4, length);
  filter->client = client;
  filter->qos = packet.body[4 + length];
  const uint8_t answer[5] = {SUBACK << 4, 3, packet.body[0], packet.body[1], (uint8_t)filter->qos};
  append(client, answer, sizeof answer);
}

static void finish(struct client *client) {
  open_count--;
  client->next = finished;
  finished = client;
}

static void leave(struct client *client) {
  close_client(client);
  finish(client);
}

static void relay_packet(struct client *client, struct packet packet) {
  static const uint8_t welcome[4] = {CONNACK << 4, 2, 0, 0}, pong[2] = {PINGRESP << 4, 0};
  switch (type_of(packet)) {
    case CONNECT: return append(client, welcome, sizeof welcome);
    case PUBLISH: return relay_publish(client, packet);
    case SUBSCRIBE: return relay_subscribe(client, packet);
    case PINGREQ: return append(client, pong, sizeof pong);
    case PUBACK: return;
    case DISCONNECT: return leave(client);
    default: fail(NOT_AS_IT_SHOULD, "the relay does not know packets of type %d", type_of(packet));
  }
}

/* A run ends with all its clients: what they asked for ends with them, and a new run begins with nothing. */
static void forget_everything(void) {
  for (int place = 0; place < TOPICS_MAX; place++) free(topics[place].listeners);
  memset(topics, 0, sizeof topics);
  topic_count = filter_count = 0;
}

/* Not while a filter or an event of this round may still point at them. */
static void free_finished(void) {
  if (open_count == 0) forget_everything();
  while (finished != NULL && filter_count == 0) {
    struct client *client = finished;
    finished = client->next;
    free(client->in.bytes);
    free(client->out.bytes);
    free(client);
  }
}

static void take_newcomers(void) {
  const int yes = 1;
  int socket;
  while ((socket = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
    struct client *client = calloc(1, sizeof *client);
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    client->socket = socket;
    client->state = READY;
    client->may_close = true;
    open_count++;
    watch(client, EPOLL_CTL_ADD);
  }
}

static uint16_t listen_somewhere(void) {
  struct sockaddr_in here = address(INADDR_LOOPBACK, options.port);
  socklen_t size = sizeof here;
  listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (bind(listener, (void *)&here, sizeof here) < 0 || listen(listener, SOMAXCONN) < 0)
    fail(CANNOT_CONNECT, "the relay cannot listen: %s", strerror(errno));
  getsockname(listener, (void *)&here, &size);
  return ntohs(here.sin_port);
}

/* Runs until somebody ends it. */
static void run_relay(void) {
  poller = epoll_create1(EPOLL_CLOEXEC);
  on_packet = relay_packet;
  on_closed = finish;
  on_knock = take_newcomers;
  printf("ready %d\n", listen_somewhere());
  fflush(stdout);
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
  epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event);
  for (;;) {
    serve_all(NANOS_PER_SECOND);
    for (int index = 0; index < touched_count; index++) flush(touched[index]);
    touched_count = 0;
    free_finished();
  }
}
