/* The sensor and actuator bridge: what it says and understands stands in ../PROTOCOL.md.
 *
 * Outputs are at rest from the first instructions, and go to their safe levels when the host has said nothing for a while;
 * the watchdog of the chip resets it when the main loop stands still for 250 ms, and a reset is safe again. */
#include <avr/io.h>
#include <avr/eeprom.h>
#include <avr/interrupt.h>
#include <avr/pgmspace.h>
#include <avr/sleep.h>
#include <avr/wdt.h>

#define UART_BAUD 250000UL
#define UART_IN 128
#define UART_OUT 128
#define SERVOS_MAX 2
#include "../../device/boot.h"
#include "../../device/cbor.h"
#include "../../device/clock.h"
#include "../../device/servo.h"
#include "../../device/uart.h"
#include "../../framing/device/framing.h"
#if defined(__AVR_ATmega2560__)
#include "board-atmega2560.h"
#else
#include "board-atmega328p.h"
#endif

#define VERSION_MIN 1
#define VERSION_MAX 1
#ifndef FIRMWARE_VERSION
#define FIRMWARE_VERSION 1, 1, 0
#endif

#define GUARD_MS_DEFAULT 1000
#define GUARD_MS_MIN 100
#define GUARD_MS_MAX 10000
#define PERIOD_MS_MIN 5
#define PERIOD_MS_MAX 60000
/* A switch that does not move is told this often, so that a lost frame heals. */
#define SWITCH_REPEAT_MS 1000
/* A refusal of what was not understood is sent at most this often; all are counted. */
#define REFUSAL_MS_MIN 10
/* Bytes of the host between two looks at everything else. Answers are longer than requests: a host that asks without a
 * pause would have all of our time, and the watchdog would take us for hung. Five answers take 6 ms. */
#define TURN_BYTES 32
#define WATCHDOG_TEST 0x5afe

enum request { ASK_HELLO = 1, ASK_DESCRIBE, ASK_PING, ASK_SET, ASK_SUBSCRIBE, ASK_GUARD, ASK_SAFE, ASK_TEST_WATCHDOG, ASK_REST };
enum answer { WELCOME = 129, DESCRIPTION, PONG, DONE, SAMPLE, WENT_SAFE, REFUSED = 255 };
enum refusal { BAD_FRAME = 1, BAD_SHAPE, NO_COMMON_VERSION, NO_SUCH_CHANNEL, UNKNOWN, NOT_WELCOMED, WRONG_KIND, OUT_OF_RANGE };
enum kind { ANALOG_IN = 1, SWITCH_IN, PWM_OUT, SERVO_OUT, ONOFF_OUT };
#define HOLD 0xffff

struct channel {
  uint8_t kind;
  char label[4];
  uint8_t mux_or_servo;
  volatile uint8_t *port;
  uint8_t mask;
  volatile uint8_t *level, *control;
  uint8_t connect;
};

#define ANALOG(label, mux) {ANALOG_IN, label, mux, 0, 0, 0, 0, 0}
#define SWITCH(label, letter, bit) {SWITCH_IN, label, 0, &PORT##letter, _BV(bit), 0, 0, 0}
#define PWM(label, letter, bit, level, control, connect) \
  {PWM_OUT, label, 0, &PORT##letter, _BV(bit), &level, &control, _BV(connect)}
#define SERVO(label, letter, bit, servo) {SERVO_OUT, label, servo, &PORT##letter, _BV(bit), 0, 0, 0}
#define ONOFF(label, letter, bit) {ONOFF_OUT, label, 0, &PORT##letter, _BV(bit), 0, 0, 0}

static const struct channel channels[] PROGMEM = {BOARD_CHANNELS};
#define CHANNELS ((uint8_t)(sizeof channels / sizeof channels[0]))

static struct {
  uint16_t safe;      /* of an output; HOLD: as it is */
  uint16_t period_ms; /* 0: nobody wants it */
  uint32_t due_ms;
  uint16_t number;
  uint16_t level; /* of a switch: what was told last, and what may come next */
  uint16_t next_level;
  uint32_t told_ms;
} states[CHANNELS];

static uint16_t guard_ms = GUARD_MS_DEFAULT;
static uint32_t heard_ms, refused_ms;
static uint8_t is_welcomed, reason_of_boot;
static uint32_t frames_good, frames_bad, samples_lost;

static uint8_t content[FRAME_CONTENT_MAX + 2];
static struct cbor_writer writer = {content, 0};

/* The first thing that runs: the pins that dim and turn something are outputs and low. Only constants go into registers
 * here; there is no stack and no zero register yet. */
void outputs_early(void) __attribute__((naked, used, section(".init0")));
void outputs_early(void) { BOARD_EARLY(); }

/* The levels at rest of the outputs that switch on and off, a bit each in their order, as the EEPROM keeps them: a mark,
 * the levels, and their CRC. Whatever else it holds, as that of a new chip does, is low. */
#define REST_MARK 0xb1
#define REST_BYTES 4
static uint8_t rest_levels __attribute__((section(".noinit")));

static void seal_rest(uint8_t *bytes, uint8_t levels) {
  bytes[0] = REST_MARK;
  bytes[1] = levels;
  uint16_t crc = crc16_of(bytes, 2);
  bytes[2] = (uint8_t)(crc >> 8);
  bytes[3] = (uint8_t)crc;
}

static uint8_t read_rest(void) {
  uint8_t kept[REST_BYTES], sealed[REST_BYTES];
  for (uint8_t i = 0; i < REST_BYTES; i++) kept[i] = eeprom_read_byte((const uint8_t *)(uint16_t)i);
  seal_rest(sealed, kept[1]);
  for (uint8_t i = 0; i < REST_BYTES; i++)
    if (kept[i] != sealed[i]) return 0;
  return kept[1];
}

/* A byte takes 3.4 ms. Written is what changes, for it can be written 100,000 times only. */
static void keep_rest(uint8_t levels) {
  uint8_t sealed[REST_BYTES];
  if (levels == rest_levels) return;
  seal_rest(sealed, levels);
  for (uint8_t i = 0; i < REST_BYTES; i++) eeprom_update_byte((uint8_t *)(uint16_t)i, sealed[i]);
  rest_levels = levels;
}

static void read_channel(uint8_t index, struct channel *channel) { memcpy_P(channel, &channels[index], sizeof *channel); }

static uint8_t rest_bit(uint8_t index) {
  uint8_t bit = 1;
  for (uint8_t i = 0; i < index; i++)
    if (pgm_read_byte(&channels[i].kind) == ONOFF_OUT) bit = (uint8_t)(bit << 1);
  return bit;
}

/* A relay that is off when its input is high must not see it low for a moment: first the level, then it drives. */
static void __attribute__((noinline)) rest_outputs(void) {
  struct channel channel;
  uint8_t bit = 1;
  rest_levels = read_rest();
  for (uint8_t i = 0; i < CHANNELS; i++) {
    if (pgm_read_byte(&channels[i].kind) != ONOFF_OUT) continue;
    read_channel(i, &channel);
    if (rest_levels & bit) *channel.port |= channel.mask;
    *(channel.port - 1) |= channel.mask;
    bit = (uint8_t)(bit << 1);
  }
}

/* As soon as there are a stack and a zero register; memory is not set up yet. */
void rest_early(void) __attribute__((naked, used, section(".init3")));
void rest_early(void) { rest_outputs(); }

static void begin(uint8_t items, uint8_t answer) {
  writer.length = 0;
  cbor_head(&writer, CBOR_ARRAY, items);
  cbor_unsigned(&writer, answer);
}

static void send(void) { frame_send(content, writer.length, uart_send); }

static void refuse(uint32_t number, uint8_t why) {
  begin(3, REFUSED);
  cbor_unsigned(&writer, number);
  cbor_unsigned(&writer, why);
  send();
}

static void done(uint32_t number) {
  begin(2, DONE);
  cbor_unsigned(&writer, number);
  send();
}

/* After a boot with number and version 0, else as the answer to a hello. */
static void welcome(uint32_t number, uint8_t version) {
  static const uint8_t release[] = {FIRMWARE_VERSION};
  begin(9, WELCOME);
  cbor_unsigned(&writer, number);
  cbor_unsigned(&writer, version);
  cbor_text(&writer, "bridge");
  cbor_head(&writer, CBOR_ARRAY, 3);
  for (uint8_t i = 0; i < 3; i++) cbor_unsigned(&writer, release[i]);
  cbor_unsigned(&writer, reason_of_boot);
  cbor_unsigned(&writer, now_ms());
  cbor_text(&writer, BOARD_NAME);
  cbor_unsigned(&writer, CHANNELS);
  send();
}

static uint16_t most_of(uint8_t kind) {
  switch (kind) {
    case ANALOG_IN: return 1023;
    case PWM_OUT: return 255;
    case SERVO_OUT: return 2500;
    default: return 1;
  }
}

static void describe(uint32_t number, uint8_t index, const struct channel *channel) {
  begin(6, DESCRIPTION);
  cbor_unsigned(&writer, number);
  cbor_unsigned(&writer, index);
  cbor_unsigned(&writer, channel->kind);
  cbor_text(&writer, channel->label);
  cbor_unsigned(&writer, most_of(channel->kind));
  send();
}

static uint8_t is_output(const struct channel *channel) { return channel->kind >= PWM_OUT; }

static void put(const struct channel *channel, uint16_t level) {
  uint8_t status = SREG;
  cli();
  switch (channel->kind) {
    case SERVO_OUT:
      servo_write(channel->mux_or_servo, level);
      break;
    case PWM_OUT:
      if (level > 0 && level < 255) {
        *channel->level = (uint8_t)level;
        *channel->control |= channel->connect;
        break;
      }
      /* A timer cannot do quite off and quite on. */
      *channel->control &= (uint8_t)~channel->connect;
      /* fall through */
    default:
      if (level) *channel->port |= channel->mask;
      else *channel->port &= (uint8_t)~channel->mask;
  }
  SREG = status;
}

static void end_subscriptions(void) {
  for (uint8_t i = 0; i < CHANNELS; i++) states[i].period_ms = 0;
}

static void go_safe(void) {
  struct channel channel;
  is_welcomed = 0;
  end_subscriptions();
  for (uint8_t i = 0; i < CHANNELS; i++) {
    read_channel(i, &channel);
    if (is_output(&channel) && states[i].safe != HOLD) put(&channel, states[i].safe);
  }
  begin(2, WENT_SAFE);
  cbor_unsigned(&writer, now_ms());
  send();
}

static void say_hello(uint32_t number, uint32_t least, uint32_t most) {
  uint8_t version = most > VERSION_MAX ? VERSION_MAX : (uint8_t)most;
  if (version < VERSION_MIN || version < least) {
    refuse(number, NO_COMMON_VERSION);
    return;
  }
  is_welcomed = 1;
  guard_ms = GUARD_MS_DEFAULT;
  end_subscriptions();
  welcome(number, version);
}

static void say_pong(uint32_t number) {
  begin(7, PONG);
  cbor_unsigned(&writer, number);
  cbor_unsigned(&writer, now_ms());
  cbor_unsigned(&writer, frames_good);
  cbor_unsigned(&writer, frames_bad);
  cbor_unsigned(&writer, uart_lost);
  cbor_unsigned(&writer, samples_lost);
  send();
}

static uint8_t is_level(const struct channel *channel, uint32_t level) {
  if (channel->kind == SERVO_OUT && level > 0 && level < 500) return 0;
  return level <= most_of(channel->kind);
}

static void serve_channel(uint8_t request, uint32_t number, uint32_t index, uint32_t value) {
  struct channel channel;
  if (index >= CHANNELS) return refuse(number, NO_SUCH_CHANNEL);
  read_channel((uint8_t)index, &channel);
  switch (request) {
    case ASK_DESCRIBE:
      return describe(number, (uint8_t)index, &channel);
    case ASK_SUBSCRIBE:
      if (is_output(&channel)) return refuse(number, WRONG_KIND);
      if (value != 0 && (value < PERIOD_MS_MIN || value > PERIOD_MS_MAX)) return refuse(number, OUT_OF_RANGE);
      states[index].period_ms = (uint16_t)value;
      states[index].due_ms = states[index].told_ms = now_ms();
      states[index].level = HOLD;
      break;
    case ASK_REST:
      if (channel.kind != ONOFF_OUT) return refuse(number, WRONG_KIND);
      if (value > 1) return refuse(number, OUT_OF_RANGE);
      if (value) keep_rest(rest_levels | rest_bit((uint8_t)index));
      else keep_rest(rest_levels & (uint8_t)~rest_bit((uint8_t)index));
      break;
    default:
      if (!is_output(&channel)) return refuse(number, WRONG_KIND);
      if (request == ASK_SAFE && value == HOLD) states[index].safe = HOLD;
      else if (!is_level(&channel, value)) return refuse(number, OUT_OF_RANGE);
      else if (request == ASK_SAFE) states[index].safe = (uint16_t)value;
      else put(&channel, (uint16_t)value);
  }
  done(number);
}

static void hang(void) {
  cli();
  for (;;);
}

static void serve(const uint8_t *bytes, uint8_t length) {
  struct cbor_reader reader = {bytes, bytes + length};
  uint8_t major;
  uint32_t items, words[4] = {0};
  if (!cbor_read(&reader, &major, &items) || major != CBOR_ARRAY || items < 2) return refuse(0, BAD_SHAPE);
  /* What comes after the words we know is a later version's. */
  uint8_t known = items > 4 ? 4 : (uint8_t)items;
  for (uint8_t i = 0; i < known; i++)
    if (!cbor_read(&reader, &major, &words[i]) || major != CBOR_UNSIGNED) return refuse(i > 1 ? words[1] : 0, BAD_SHAPE);
  static const uint8_t words_of[] PROGMEM = {0, 4, 3, 2, 4, 4, 3, 4, 3, 4};
  uint32_t request = words[0], number = words[1];
  if (request == 0 || request > ASK_REST) return refuse(number, UNKNOWN);
  if (known < pgm_read_byte(&words_of[request])) return refuse(number, BAD_SHAPE);
  if (request == ASK_HELLO) {
    heard_ms = now_ms();
    return say_hello(number, words[2], words[3]);
  }
  if (!is_welcomed) return refuse(number, NOT_WELCOMED);
  heard_ms = now_ms();
  switch (request) {
    case ASK_PING:
      return say_pong(number);
    case ASK_GUARD:
      if (words[2] < GUARD_MS_MIN || words[2] > GUARD_MS_MAX) return refuse(number, OUT_OF_RANGE);
      guard_ms = (uint16_t)words[2];
      return done(number);
    case ASK_TEST_WATCHDOG:
      if (words[2] != WATCHDOG_TEST) return refuse(number, OUT_OF_RANGE);
      hang();
      return;
    default:
      serve_channel((uint8_t)request, number, words[2], words[3]);
  }
}

static void take_byte(uint8_t byte) {
  static struct frame_reader reader;
  int8_t outcome = frame_take(&reader, byte);
  if (outcome < 0) return;
  if (outcome == 0) {
    frames_good++;
    serve(reader.bytes, reader.length);
    return;
  }
  frames_bad++;
  uint32_t now = now_ms();
  if (now - refused_ms < REFUSAL_MS_MIN) return;
  refused_ms = now;
  refuse(0, BAD_FRAME);
}

static uint16_t convert(uint8_t mux) {
  ADMUX = _BV(REFS0) | mux;
  ADCSRA |= _BV(ADSC);
  while (ADCSRA & _BV(ADSC));
  return ADC;
}

static void tell(uint8_t index, uint16_t value, uint32_t now) {
  uint16_t number = states[index].number++;
  /* The longest is 20 bytes. What finds no room is missed by its number. */
  if (uart_room() < 24) {
    samples_lost++;
    return;
  }
  begin(5, SAMPLE);
  cbor_unsigned(&writer, number);
  cbor_unsigned(&writer, index);
  cbor_unsigned(&writer, value);
  cbor_unsigned(&writer, now);
  send();
}

/* A level counts when it has held for the period: that is what debounces a switch. */
static void watch_switch(uint8_t index, const struct channel *channel, uint32_t now) {
  /* The register to read a port by lies two below the one to write it. */
  uint16_t level = (*(channel->port - 2) & channel->mask) != 0;
  if (states[index].level == HOLD) {
    states[index].next_level = level;
    states[index].due_ms = now - states[index].period_ms;
  }
  if (level != states[index].next_level) {
    states[index].next_level = level;
    states[index].due_ms = now;
  }
  uint8_t is_new = level != states[index].level && now - states[index].due_ms >= states[index].period_ms;
  if (!is_new && (states[index].level == HOLD || now - states[index].told_ms < SWITCH_REPEAT_MS)) return;
  if (is_new) states[index].level = level;
  states[index].told_ms = now;
  tell(index, states[index].level, now);
}

static void sample(uint32_t now) {
  struct channel channel;
  for (uint8_t i = 0; i < CHANNELS; i++) {
    if (states[i].period_ms == 0) continue;
    read_channel(i, &channel);
    if (channel.kind == SWITCH_IN) {
      watch_switch(i, &channel, now);
      continue;
    }
    if ((int32_t)(now - states[i].due_ms) < 0) continue;
    states[i].due_ms += states[i].period_ms;
    tell(i, convert(channel.mux_or_servo), now);
  }
}

static void start_channels(void) {
  struct channel channel;
  for (uint8_t i = 0; i < CHANNELS; i++) {
    read_channel(i, &channel);
    /* A switch closes to ground. */
    if (channel.kind == SWITCH_IN) *channel.port |= channel.mask;
    if (channel.kind == ONOFF_OUT) states[i].safe = (rest_levels & rest_bit(i)) != 0;
    if (channel.kind == SERVO_OUT) {
      servos[channel.mux_or_servo].port = channel.port;
      servos[channel.mux_or_servo].mask = channel.mask;
    }
  }
}

int main(void) {
  reason_of_boot = boot_reason();
  wdt_enable(WDTO_250MS);
  start_channels();
  clock_start();
  BOARD_PWM_START();
  servo_start();
  ADCSRA = _BV(ADEN) | 7;
  uart_start();
  sei();
  uart_send(0);
  welcome(0, 0);
  uint32_t sampled_ms = 0;
  for (;;) {
    wdt_reset();
    for (uint8_t taken = 0; taken < TURN_BYTES && uart_has_byte(); taken++) take_byte(uart_take());
    uint32_t now = now_ms();
    if (is_welcomed && now - heard_ms > guard_ms) go_safe();
    if (now != sampled_ms) sample(now);
    sampled_ms = now;
    /* An interrupt between the look and the sleep would be slept over until the next tick, 1 ms at the most. */
    if (!uart_has_byte()) sleep_mode();
  }
}
