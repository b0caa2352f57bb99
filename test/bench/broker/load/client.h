/*
 * Many MQTT clients in one thread: sockets that never block, one epoll, and buffers that grow when they must.
 * What a packet means is decided by `on_packet`, which whoever includes this sets.
 */
#pragma once

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "measure.h"
#include "packets.h"

/* QoS 1 messages of one client on their way: the time of each is kept under its number modulo this. */
#define IN_FLIGHT_MAX 1024
#define EVENTS_AT_ONCE 1024
#define FIRST_BUFFER 512
/* A read takes at most this much, so that one client with a lot to say does not hold up the others. */
#define READ_MAX 65536
/* Our own backlog to or from one peer; a peer that lets it grow further is beyond measuring. */
#define BUFFER_MAX (64u << 20)

struct buffer {
  uint8_t *bytes;
  size_t start, end, size;
};

enum client_state { OPENING, GREETING, READY, CLOSED };

struct client {
  int socket;
  int index;
  enum client_state state;
  bool is_subscriber;
  bool never_reads; /* from now on */
  bool may_close;   /* its end is a finding and not a failure */
  bool wants_write;
  struct buffer in, out;
  char id[TOPIC_MAX];
  uint16_t next_id;
  int in_flight;    /* QoS 1 publishes not confirmed yet */
  int subscribing;  /* SUBACKs not here yet */
  uint64_t sequence; /* of its last publish */
  uint64_t *last_seen; /* of each publisher, for a subscriber */
  uint64_t *sent_at;   /* of each publish in flight */
  uint64_t received, opened_at, closed_at;
  struct client *next; /* in a list of those that are to be freed */
};

static int poller = -1;
static void (*on_packet)(struct client *, struct packet);
static void (*on_opened)(struct client *); /* the socket is connected: say CONNECT */
static void (*on_closed)(struct client *); /* only of those that may close */
static void (*on_knock)(void);             /* somebody connects to our own listener, if there is one */

static size_t waiting(const struct buffer *buffer) { return buffer->end - buffer->start; }

/* Makes room for `more` bytes behind what waits. */
static void reserve(struct buffer *buffer, size_t more) {
  if (buffer->end + more <= buffer->size) return;
  memmove(buffer->bytes, buffer->bytes + buffer->start, waiting(buffer));
  buffer->end -= buffer->start;
  buffer->start = 0;
  size_t size = buffer->size > 0 ? buffer->size : FIRST_BUFFER;
  while (buffer->end + more > size) size *= 2;
  if (size > BUFFER_MAX) fail(TOO_LATE, "a peer is %u MB behind", BUFFER_MAX >> 20);
  if (size == buffer->size) return;
  buffer->bytes = realloc(buffer->bytes, size);
  buffer->size = size;
}

static void append(struct client *client, const void *bytes, size_t size) {
  reserve(&client->out, size);
  memcpy(client->out.bytes + client->out.end, bytes, size);
  client->out.end += size;
}

static void watch(struct client *client, int operation) {
  uint32_t reads = client->never_reads ? 0 : EPOLLIN | EPOLLRDHUP;
  struct epoll_event event = {.events = reads | (client->wants_write ? EPOLLOUT : 0), .data.ptr = client};
  epoll_ctl(poller, operation, client->socket, &event);
}

static void close_client(struct client *client) {
  if (client->state == CLOSED) return;
  close(client->socket);
  client->state = CLOSED;
  client->closed_at = now();
  client->out.start = client->out.end = client->in.start = client->in.end = 0;
}

/* The other side ended it. */
static void lost(struct client *client, const char *how) {
  if (client->state == OPENING && !client->may_close) fail(CANNOT_CONNECT, "cannot connect %s: %s", client->id, how);
  if (!client->may_close) fail(PEER_CLOSED, "the broker closed the connection of %s: %s", client->id, how);
  close_client(client);
  if (on_closed != NULL) on_closed(client);
}

static void flush(struct client *client) {
  if (client->state == CLOSED || client->state == OPENING) return;
  while (waiting(&client->out) > 0) {
    ssize_t wrote = send(client->socket, client->out.bytes + client->out.start, waiting(&client->out), MSG_NOSIGNAL);
    if (wrote < 0 && errno != EAGAIN) return lost(client, strerror(errno));
    if (wrote < 0) break;
    client->out.start += (size_t)wrote;
  }
  if (waiting(&client->out) == 0) client->out.start = client->out.end = 0;
  bool wants_write = waiting(&client->out) > 0;
  if (wants_write == client->wants_write) return;
  client->wants_write = wants_write;
  watch(client, EPOLL_CTL_MOD);
}

static struct sockaddr_in address(uint32_t host, uint16_t port) {
  return (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(host)};
}

/* Begins to connect; `on_opened` says when it is done. `receive_buffer`: 0 is the system's own. */
static void open_client(struct client *client, uint16_t port, uint32_t from, int receive_buffer) {
  const int yes = 1;
  struct sockaddr_in there = address(INADDR_LOOPBACK, port), here = address(from, 0);
  client->socket = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (client->socket < 0) fail(CANNOT_CONNECT, "no socket for %s: %s", client->id, strerror(errno));
  setsockopt(client->socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  setsockopt(client->socket, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof yes);
  if (receive_buffer > 0) setsockopt(client->socket, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
  if (bind(client->socket, (void *)&here, sizeof here) < 0) fail(CANNOT_CONNECT, "bind: %s", strerror(errno));
  if (connect(client->socket, (void *)&there, sizeof there) < 0 && errno != EINPROGRESS)
    fail(CANNOT_CONNECT, "cannot connect %s: %s", client->id, strerror(errno));
  client->state = OPENING;
  client->wants_write = true;
  client->opened_at = now();
  watch(client, EPOLL_CTL_ADD);
}

static void take_packets(struct client *client) {
  struct packet packet;
  size_t size;
  while (client->state != CLOSED &&
         (size = read_packet(client->in.bytes + client->in.start, waiting(&client->in), &packet)) > 0) {
    client->in.start += size;
    on_packet(client, packet);
  }
  if (waiting(&client->in) == 0) client->in.start = client->in.end = 0;
}

static void receive(struct client *client) {
  /* A busy client's buffer doubles up to READ_MAX and a packet; ten thousand quiet ones keep their first. */
  struct buffer *in = &client->in;
  if (in->size - in->end < FIRST_BUFFER / 2) reserve(in, in->size < READ_MAX ? in->size + FIRST_BUFFER : READ_MAX);
  ssize_t got = recv(client->socket, in->bytes + in->end, in->size - in->end, 0);
  if (got < 0 && errno == EAGAIN) return;
  if (got < 0) return lost(client, strerror(errno));
  if (got == 0) return lost(client, "end of stream");
  in->end += (size_t)got;
  take_packets(client);
  flush(client);
}

static void opened(struct client *client) {
  int problem = 0;
  socklen_t size = sizeof problem;
  getsockopt(client->socket, SOL_SOCKET, SO_ERROR, &problem, &size);
  if (problem != 0) return lost(client, strerror(problem));
  client->state = GREETING;
  client->wants_write = false;
  watch(client, EPOLL_CTL_MOD);
  on_opened(client);
  flush(client);
}

static void serve(struct client *client, uint32_t events) {
  if (client->state == CLOSED) return;
  if (client->state == OPENING) return opened(client);
  if (events & EPOLLOUT) flush(client);
  if (client->state != CLOSED && events & EPOLLIN) return receive(client);
  if (client->state != CLOSED && events & (EPOLLERR | EPOLLHUP)) lost(client, "reset");
}

/* Waits for at most `nanos` and serves what came. */
static void serve_all(uint64_t nanos) {
  static struct epoll_event events[EVENTS_AT_ONCE];
  struct timespec wait = {(time_t)(nanos / NANOS_PER_SECOND), (long)(nanos % NANOS_PER_SECOND)};
  int count = epoll_pwait2(poller, events, EVENTS_AT_ONCE, &wait, NULL);
  for (int index = 0; index < count; index++) {
    if (events[index].data.ptr == NULL) on_knock();
    else serve(events[index].data.ptr, events[index].events);
  }
}

static uint16_t new_id(struct client *client) {
  if (++client->next_id == 0) client->next_id = 1;
  return client->next_id;
}
