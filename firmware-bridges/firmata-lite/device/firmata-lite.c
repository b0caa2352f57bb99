/* A subset of the Firmata protocol, written from its description: ../PROTOCOL.md says which, and what is ours. */
#include <avr/io.h>
#include <avr/interrupt.h>
#include <avr/sleep.h>
#include <avr/wdt.h>
#include <string.h>

#define UART_BAUD 57600UL
#define UART_IN 128
#define UART_OUT 256
#define SERVOS_MAX 8
#include "../../device/boot.h"
#include "../../device/clock.h"
#include "../../device/servo.h"
#include "../../device/uart.h"
#include "board.h"
#include "i2c.h"
#include "stepper.h"

#ifndef FIRMWARE_VERSION
#define FIRMWARE_VERSION 1, 1, 0
#endif
static const uint8_t release[] = {FIRMWARE_VERSION};

enum message { DIGITAL = 0x90, REPORT_ANALOG = 0xc0, REPORT_DIGITAL = 0xd0, ANALOG = 0xe0, SYSEX = 0xf0, SET_MODE = 0xf4, SET_PIN, SYSEX_END = 0xf7, VERSION = 0xf9, RESET = 0xff };
enum sysex {
  GUARD = 0x01, STEPPER_STOP = 0x02, ANALOG_MAPPING_QUERY = 0x69, ANALOG_MAPPING, CAPABILITY_QUERY, CAPABILITY, PIN_STATE_QUERY, PIN_STATE,
  EXTENDED_ANALOG, SERVO_CONFIG, STRING, STEPPER, I2C_REQUEST = 0x76, I2C_REPLY, I2C_CONFIG, FIRMWARE, SAMPLING = 0x7a
};
enum mode { MODE_INPUT = 0, MODE_OUTPUT, MODE_ANALOG, MODE_PWM, MODE_SERVO, MODE_I2C = 6, MODE_STEPPER = 8, MODE_PULLUP = 11, MODE_UNSET = 126, MODE_NONE = 127 };

#define SYSEX_MAX 64
#define SAMPLING_MS_DEFAULT 19
#define SAMPLING_MS_MIN 10
#define I2C_BYTES_MAX 32
#define I2C_QUERIES_MAX 4
#define SERVO_US_LEAST 544
#define SERVO_US_MOST 2400
/* The shortest and the longest pulse that a servo is given. A smaller number is degrees. */
#define SERVO_US_FLOOR 500
#define SERVO_US_CEILING 2500
#define PORTS ((PINS + 7) / 8)
#define NO_REGISTER 0xffff

static uint8_t modes[PINS];
static uint16_t values[PINS];
static uint8_t servo_pins[SERVOS_MAX];
static uint16_t servo_least[SERVOS_MAX], servo_most[SERVOS_MAX];
static uint16_t analog_reports;
static uint8_t port_reports[PORTS], port_levels[PORTS];
static uint16_t sampling_ms;
static uint32_t sampled_ms, heard_ms;
static uint16_t guard_ms;

static struct i2c_query {
  uint8_t address, length;
  uint16_t reg;
} queries[I2C_QUERIES_MAX];

static void send_pair(uint16_t value) {
  uart_send(value & 0x7f);
  uart_send((uint8_t)(value >> 7) & 0x7f);
}

static void begin_sysex(uint8_t kind) {
  uart_send(SYSEX);
  uart_send(kind);
}

static void end_sysex(void) { uart_send(SYSEX_END); }

static void send_string(const char *text) {
  begin_sysex(STRING);
  while (*text) send_pair((uint8_t)*text++);
  end_sysex();
}

static void send_version(void) {
  uart_send(VERSION);
  uart_send(2);
  uart_send(6);
}

static void send_firmware(void) {
  begin_sysex(FIRMWARE);
  uart_send(release[0]);
  uart_send(release[1]);
  for (const char *name = "firmata-lite"; *name; name++) send_pair((uint8_t)*name);
  end_sysex();
}

static int8_t pwm_of(uint8_t pin, struct pwm *pwm) {
  for (uint8_t i = 0; i < PWMS; i++) {
    memcpy_P(pwm, &pwms[i], sizeof *pwm);
    if (pwm->pin == pin) return 1;
  }
  return 0;
}

static uint8_t is_analog(uint8_t pin) { return pin >= FIRST_ANALOG && pin < FIRST_ANALOG + ANALOGS; }

static uint8_t can(uint8_t pin, uint8_t mode) {
  struct pwm pwm;
  if (pin < FIRST_PIN || pin >= PINS) return 0;
  switch (mode) {
    case MODE_ANALOG:
      return is_analog(pin);
    case MODE_PWM:
      return pwm_of(pin, &pwm) != 0;
    case MODE_I2C:
      return pin == PIN_SDA || pin == PIN_SCL;
    case MODE_SERVO:
    case MODE_STEPPER:
      return pin < FIRST_ANALOG;
    default:
      return mode == MODE_INPUT || mode == MODE_OUTPUT || mode == MODE_PULLUP;
  }
}

static void send_capabilities(void) {
  static const uint8_t offered[][2] = {{MODE_INPUT, 1}, {MODE_PULLUP, 1}, {MODE_OUTPUT, 1},  {MODE_ANALOG, 10},
                                       {MODE_PWM, 8},   {MODE_SERVO, 14}, {MODE_I2C, 1},     {MODE_STEPPER, 21}};
  begin_sysex(CAPABILITY);
  for (uint8_t pin = 0; pin < PINS; pin++) {
    for (uint8_t i = 0; i < sizeof offered / 2; i++) {
      if (!can(pin, offered[i][0])) continue;
      uart_send(offered[i][0]);
      uart_send(offered[i][1]);
    }
    uart_send(MODE_NONE);
  }
  end_sysex();
}

static void send_analog_mapping(void) {
  begin_sysex(ANALOG_MAPPING);
  for (uint8_t pin = 0; pin < PINS; pin++) uart_send(is_analog(pin) ? pin - FIRST_ANALOG : MODE_NONE);
  end_sysex();
}

static void send_pin_state(uint8_t pin) {
  if (pin >= PINS) return;
  begin_sysex(PIN_STATE);
  uart_send(pin);
  uart_send(modes[pin] == MODE_UNSET ? MODE_OUTPUT : modes[pin]);
  send_pair(values[pin]);
  end_sysex();
}

/* Only what stands on the port; of the mode nothing is known here. */
static void write_pin(uint8_t pin, uint8_t level) {
  volatile uint8_t *port = port_of(pin);
  uint8_t mask = mask_of(pin), status = SREG;
  cli();
  if (level) *port |= mask;
  else *port &= (uint8_t)~mask;
  SREG = status;
}

static void direct_pin(uint8_t pin, uint8_t is_output) {
  volatile uint8_t *direction = port_of(pin) - 1;
  uint8_t mask = mask_of(pin), status = SREG;
  cli();
  if (is_output) *direction |= mask;
  else *direction &= (uint8_t)~mask;
  SREG = status;
}

static int8_t servo_of(uint8_t pin) {
  for (int8_t i = 0; i < SERVOS_MAX; i++)
    if (servo_pins[i] == pin) return i;
  return -1;
}

/* Gives the servo of a pin, a free one when it has none, -1 when all are taken. */
static int8_t take_servo(uint8_t pin) {
  int8_t index = servo_of(pin);
  if (index < 0) index = servo_of(0);
  if (index < 0 || servo_pins[index] == pin) return index;
  servo_write((uint8_t)index, 0);
  uint8_t status = SREG;
  cli();
  servos[index].port = port_of(pin);
  servos[index].mask = mask_of(pin);
  SREG = status;
  servo_pins[index] = pin;
  servo_least[index] = SERVO_US_LEAST;
  servo_most[index] = SERVO_US_MOST;
  return index;
}

static void leave_mode(uint8_t pin) {
  struct pwm pwm;
  int8_t servo = servo_of(pin);
  if (servo >= 0) {
    servo_write((uint8_t)servo, 0);
    servo_pins[servo] = 0;
  }
  if (modes[pin] == MODE_PWM && pwm_of(pin, &pwm)) *pwm.control &= (uint8_t)~pwm.connect;
}

static void set_mode(uint8_t pin, uint8_t mode) {
  if (!can(pin, mode)) return;
  leave_mode(pin);
  modes[pin] = mode;
  values[pin] = 0;
  if (mode == MODE_I2C) return;
  uint8_t is_output = mode == MODE_OUTPUT || mode == MODE_PWM || mode == MODE_SERVO || mode == MODE_STEPPER;
  /* Low before it drives, and no pull-up before it is one. */
  write_pin(pin, mode == MODE_PULLUP);
  direct_pin(pin, is_output);
  if (mode == MODE_SERVO && take_servo(pin) < 0) send_string("no more servos");
}

static void write_analog(uint8_t pin, uint16_t value) {
  struct pwm pwm;
  int8_t servo;
  if (pin >= PINS) return;
  values[pin] = value;
  if (modes[pin] == MODE_SERVO && (servo = servo_of(pin)) >= 0) {
    uint16_t us = value;
    if (us < SERVO_US_FLOOR) {
      uint16_t degrees = us > 180 ? 180 : us;
      us = servo_least[servo] + (uint16_t)((uint32_t)degrees * (servo_most[servo] - servo_least[servo]) / 180);
    }
    servo_write((uint8_t)servo, us > SERVO_US_CEILING ? SERVO_US_CEILING : us);
    return;
  }
  if (modes[pin] != MODE_PWM || !pwm_of(pin, &pwm)) return;
  uint8_t status = SREG;
  cli();
  if (value > 0 && value < 255) {
    *pwm.level = (uint8_t)value;
    *pwm.control |= pwm.connect;
  } else {
    *pwm.control &= (uint8_t)~pwm.connect;
    write_pin(pin, value > 0);
  }
  SREG = status;
}

/* Hosts count on pins being outputs from the start. Ours drive nothing until a host wants one high. */
static void write_digital(uint8_t pin, uint8_t level) {
  if (pin >= PINS) return;
  if (modes[pin] == MODE_UNSET && level) set_mode(pin, MODE_OUTPUT);
  if (modes[pin] != MODE_OUTPUT) return;
  values[pin] = level;
  write_pin(pin, level);
}

static uint8_t read_port(uint8_t port) {
  uint8_t levels = 0;
  for (uint8_t i = 0; i < 8; i++) {
    uint8_t pin = (uint8_t)(port * 8 + i);
    if (pin < FIRST_PIN || pin >= PINS || (modes[pin] != MODE_INPUT && modes[pin] != MODE_PULLUP)) continue;
    if (*(port_of(pin) - 2) & mask_of(pin)) levels |= (uint8_t)(1 << i);
  }
  return levels;
}

static void report_port(uint8_t port) {
  uart_send((uint8_t)(DIGITAL | port));
  send_pair(port_levels[port]);
}

static uint16_t convert(uint8_t channel) {
#if defined(MUX5)
  ADCSRB = channel > 7 ? _BV(MUX5) : 0;
#endif
  ADMUX = (uint8_t)(_BV(REFS0) | (channel & 7));
  ADCSRA |= _BV(ADSC);
  while (ADCSRA & _BV(ADSC));
  return ADC;
}

static void report_analog(uint8_t channel) {
  uart_send((uint8_t)(ANALOG | channel));
  send_pair(convert(channel));
}

static void run_query(const struct i2c_query *query) {
  uint8_t bytes[I2C_BYTES_MAX], is_read;
  if (query->reg == NO_REGISTER) is_read = i2c_read(query->address, bytes, query->length);
  else {
    /* No stop between the register and what is read from it. */
    is_read = i2c_call(query->address, 0) && i2c_send((uint8_t)query->reg) == I2C_BYTE_TAKEN;
    if (is_read) is_read = i2c_read(query->address, bytes, query->length);
    else i2c_stop();
  }
  if (!is_read) {
    send_string("I2C: no answer");
    return;
  }
  begin_sysex(I2C_REPLY);
  send_pair(query->address);
  send_pair(query->reg == NO_REGISTER ? 0 : query->reg);
  for (uint8_t i = 0; i < query->length; i++) send_pair(bytes[i]);
  end_sysex();
}

static void keep_query(const struct i2c_query *query) {
  struct i2c_query *free = 0;
  for (uint8_t i = 0; i < I2C_QUERIES_MAX; i++) {
    if (queries[i].length == 0) {
      if (!free) free = &queries[i];
    } else if (queries[i].address == query->address && queries[i].reg == query->reg) {
      free = &queries[i];
      break;
    }
  }
  if (free) *free = *query;
  else send_string("I2C: no more readers");
}

static uint16_t pair(const uint8_t *bytes) { return (uint16_t)(bytes[0] | bytes[1] << 7); }

static void serve_i2c(const uint8_t *bytes, uint8_t length) {
  struct i2c_query query = {bytes[0], 0, NO_REGISTER};
  uint8_t kind = (bytes[1] >> 3) & 3, pairs = (uint8_t)((length - 2) / 2);
  bytes += 2;
  if (kind == 0) {
    uint8_t out[I2C_BYTES_MAX];
    if (pairs > I2C_BYTES_MAX) return;
    for (uint8_t i = 0; i < pairs; i++) out[i] = (uint8_t)pair(bytes + 2 * i);
    if (!i2c_write(query.address, out, pairs)) send_string("I2C: no answer");
    return;
  }
  if (kind == 3) {
    for (uint8_t i = 0; i < I2C_QUERIES_MAX; i++)
      if (queries[i].address == query.address) queries[i].length = 0;
    return;
  }
  if (pairs == 0) return;
  if (pairs > 1) query.reg = pair(bytes);
  uint16_t wanted = pair(bytes + 2 * (pairs - 1));
  if (pairs > 1) wanted = pair(bytes + 2);
  if (wanted == 0 || wanted > I2C_BYTES_MAX) return;
  query.length = (uint8_t)wanted;
  if (kind == 1) run_query(&query);
  else keep_query(&query);
}

static void serve_stepper(const uint8_t *bytes, uint8_t length) {
  if (length < 3) return;
  if (bytes[1] >= STEPPERS_MAX) {
    if (bytes[0] == 0) send_string("no more steppers");
    return;
  }
  struct stepper *stepper = &steppers[bytes[1]];
  if (bytes[0] == 0) {
    uint8_t wires = bytes[2] == WIRES_DRIVER ? 2 : bytes[2];
    if ((wires != 2 && wires != 4) || length < 5 + wires) return;
    memset(stepper, 0, sizeof *stepper);
    stepper->steps_per_turn = pair(bytes + 3);
    for (uint8_t i = 0; i < wires; i++) {
      if (!can(bytes[5 + i], MODE_STEPPER)) return;
      stepper->pins[i] = bytes[5 + i];
    }
    for (uint8_t i = 0; i < wires; i++) set_mode(stepper->pins[i], MODE_STEPPER);
    stepper->wires = bytes[2];
    return;
  }
  if (bytes[0] != 1 || length < 8 || !stepper->wires) return;
  stepper->is_forward = bytes[2];
  uint16_t accelerations[] = {0, 0};
  if (length >= 12) {
    accelerations[0] = pair(bytes + 8);
    accelerations[1] = pair(bytes + 10);
  }
  stepper_go(stepper, pair(bytes + 3) | (uint32_t)bytes[5] << 14, pair(bytes + 6), accelerations);
}

static void say_arrived(uint8_t index) {
  begin_sysex(STEPPER);
  uart_send(index);
  end_sysex();
}

/* Says what will not be done of the way; that it is at rest it says as always. One that rests says nothing: its word is
 * already under way. */
static void stop_stepper(uint8_t index) {
  if (index >= STEPPERS_MAX || steppers[index].left == 0) return;
  uint32_t spared = stepper_stop(&steppers[index]);
  begin_sysex(STEPPER_STOP);
  uart_send(index);
  send_pair((uint16_t)spared & 0x3fff);
  uart_send((uint8_t)(spared >> 14) & 0x7f);
  end_sysex();
  if (steppers[index].left == 0) say_arrived(index);
}

static void configure_servo(const uint8_t *bytes) {
  uint16_t least = pair(bytes + 1), most = pair(bytes + 3);
  if (!can(bytes[0], MODE_SERVO)) return;
  if (modes[bytes[0]] != MODE_SERVO) set_mode(bytes[0], MODE_SERVO);
  int8_t servo = servo_of(bytes[0]);
  if (servo < 0) return;
  if (least < SERVO_US_FLOOR || most > SERVO_US_CEILING || least >= most) {
    send_string("servo: no such pulses");
    return;
  }
  servo_least[servo] = least;
  servo_most[servo] = most;
}

static void serve_sysex(const uint8_t *bytes, uint8_t length) {
  uint8_t kind = *bytes++;
  length--;
  switch (kind) {
    case FIRMWARE:
      return send_firmware();
    case CAPABILITY_QUERY:
      return send_capabilities();
    case ANALOG_MAPPING_QUERY:
      return send_analog_mapping();
    case PIN_STATE_QUERY:
      if (length >= 1) send_pin_state(bytes[0]);
      return;
    case EXTENDED_ANALOG:
      if (length >= 3) write_analog(bytes[0], pair(bytes + 1));
      return;
    case SERVO_CONFIG:
      if (length >= 5) configure_servo(bytes);
      return;
    case SAMPLING:
      if (length >= 2) sampling_ms = pair(bytes) < SAMPLING_MS_MIN ? SAMPLING_MS_MIN : pair(bytes);
      return;
    case I2C_CONFIG:
      modes[PIN_SDA] = modes[PIN_SCL] = MODE_I2C;
      i2c_pull_up();
      return i2c_start();
    case I2C_REQUEST:
      if (length >= 2) serve_i2c(bytes, length);
      return;
    case STEPPER:
      return serve_stepper(bytes, length);
    case STEPPER_STOP:
      if (length >= 1) stop_stepper(bytes[0]);
      return;
    case GUARD:
      if (length >= 2) guard_ms = pair(bytes);
      return;
  }
}

/* As after a start: nothing drives, nothing is told. */
static void reset_all(void) {
  for (uint8_t pin = FIRST_PIN; pin < PINS; pin++) {
    leave_mode(pin);
    modes[pin] = is_analog(pin) ? MODE_ANALOG : MODE_UNSET;
    values[pin] = 0;
    write_pin(pin, 0);
    direct_pin(pin, 0);
  }
  memset(steppers, 0, sizeof steppers);
  memset(queries, 0, sizeof queries);
  memset(port_reports, 0, sizeof port_reports);
  analog_reports = 0;
  sampling_ms = SAMPLING_MS_DEFAULT;
  guard_ms = 0;
}

/* The host is gone: outputs low, servos and steppers still. Their modes stay, and so does what is told. */
static void go_safe(void) {
  for (uint8_t pin = FIRST_PIN; pin < PINS; pin++) {
    uint8_t mode = modes[pin];
    if (mode == MODE_OUTPUT) write_digital(pin, 0);
    if (mode == MODE_PWM) write_analog(pin, 0);
    if (mode == MODE_SERVO && servo_of(pin) >= 0) servo_write((uint8_t)servo_of(pin), 0);
    if (mode == MODE_STEPPER) write_pin(pin, 0);
  }
  for (uint8_t i = 0; i < STEPPERS_MAX; i++) steppers[i].left = 0;
  send_string("guard: outputs are off");
}

static void set_port(uint8_t port, uint16_t levels) {
  for (uint8_t i = 0; i < 8; i++) write_digital((uint8_t)(port * 8 + i), (levels >> i) & 1);
}

static void serve_short(uint8_t message, const uint8_t *bytes) {
  uint8_t low = message & 0x0f;
  switch (message & 0xf0) {
    case DIGITAL:
      if (low < PORTS) set_port(low, pair(bytes));
      return;
    case ANALOG:
      return write_analog(low, pair(bytes));
    case REPORT_ANALOG:
      if (low >= ANALOGS) return;
      if (!bytes[0]) analog_reports &= (uint16_t)~(1U << low);
      else analog_reports |= (uint16_t)(1U << low);
      return;
    case REPORT_DIGITAL:
      if (low >= PORTS) return;
      port_reports[low] = bytes[0];
      port_levels[low] = read_port(low);
      if (bytes[0]) report_port(low);
      return;
  }
  if (message == SET_MODE) set_mode(bytes[0], bytes[1]);
  if (message == SET_PIN) write_digital(bytes[0], bytes[1]);
}

/* How many bytes follow. */
static uint8_t words_of(uint8_t message) {
  uint8_t kind = message & 0xf0;
  if (kind == REPORT_ANALOG || kind == REPORT_DIGITAL) return 1;
  return kind == DIGITAL || kind == ANALOG || message == SET_MODE || message == SET_PIN ? 2 : 0;
}

static void take_byte(uint8_t byte) {
  static uint8_t message, bytes[SYSEX_MAX], length;
  if (byte < 0x80) {
    if (message == 0) return;
    if (length < SYSEX_MAX) bytes[length] = byte;
    if (length < 0xff) length++;
    if (message == SYSEX || length < words_of(message)) return;
    serve_short(message, bytes);
    message = 0;
    return;
  }
  /* What is too long to be kept is none of ours. */
  if (byte == SYSEX_END && message == SYSEX && length > 0 && length <= SYSEX_MAX) serve_sysex(bytes, length);
  length = 0;
  message = byte == SYSEX || words_of(byte) > 0 ? byte : 0;
  if (byte == VERSION) send_version();
  if (byte == RESET) reset_all();
}

/* Before the interrupt of the timer was served, its overflow counts too. */
static uint32_t now_us(void) {
  static uint32_t turns;
  static uint8_t before;
  uint8_t count = TCNT0;
  /* Called more often than the timer turns round while a stepper moves; else it does not matter. */
  if (count < before) turns++;
  before = count;
  return turns * 1024 + (uint32_t)count * 4;
}

static uint8_t run_steppers(void) {
  uint8_t is_moving = 0;
  uint32_t now = now_us();
  for (uint8_t i = 0; i < STEPPERS_MAX; i++) {
    struct stepper *stepper = &steppers[i];
    if (stepper->left == 0) {
      stepper->stepped_us = now;
      continue;
    }
    is_moving = 1;
    if (now - stepper->stepped_us < stepper->interval_us) continue;
    stepper->stepped_us += stepper->interval_us;
    stepper_step(stepper, write_pin);
    if (stepper->left == 0) say_arrived(i);
  }
  return is_moving;
}

static void sample(uint32_t now) {
  for (uint8_t port = 0; port < PORTS; port++) {
    if (!port_reports[port]) continue;
    uint8_t levels = read_port(port);
    if (levels == port_levels[port]) continue;
    port_levels[port] = levels;
    report_port(port);
  }
  if (now - sampled_ms < sampling_ms) return;
  sampled_ms = now;
  for (uint8_t channel = 0; channel < ANALOGS; channel++)
    if (analog_reports & (1U << channel)) report_analog(channel);
  for (uint8_t i = 0; i < I2C_QUERIES_MAX; i++)
    if (queries[i].length > 0) run_query(&queries[i]);
}

int main(void) {
  boot_reason();
  wdt_enable(WDTO_250MS);
  reset_all();
  clock_start();
  pwm_start();
  for (uint8_t i = 0; i < SERVOS_MAX; i++) servos[i].port = &PORTB;
  servo_start();
  ADCSRA = _BV(ADEN) | 7;
  i2c_start();
  uart_start();
  sei();
  send_version();
  send_firmware();
  for (;;) {
    wdt_reset();
    uint32_t now = now_ms();
    if (uart_has_byte()) {
      heard_ms = now;
      take_byte(uart_take());
    }
    if (guard_ms && now - heard_ms > guard_ms) {
      guard_ms = 0;
      go_safe();
    }
    sample(now);
    if (!run_steppers() && !uart_has_byte()) sleep_mode();
  }
}
