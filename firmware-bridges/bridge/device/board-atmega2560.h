/* Mega 2560: which channel is which pin. */
#define BOARD_NAME "mega2560"

#define BOARD_EARLY()            \
  DDRE = _BV(3) | _BV(4);        \
  DDRH = _BV(3) | _BV(4);        \
  DDRB = _BV(5) | _BV(6)

#define BOARD_PWM_START()                    \
  TCCR3A = _BV(WGM30);                       \
  TCCR3B = _BV(WGM32) | _BV(CS31) | _BV(CS30); \
  TCCR4A = _BV(WGM40);                       \
  TCCR4B = _BV(WGM42) | _BV(CS41) | _BV(CS40)

#define BOARD_CHANNELS                        \
  ANALOG("A0", 0), ANALOG("A1", 1), ANALOG("A2", 2), ANALOG("A3", 3), ANALOG("A4", 4), ANALOG("A5", 5), \
  ANALOG("A6", 6), ANALOG("A7", 7),                                                                     \
  SWITCH("D22", A, 0), SWITCH("D23", A, 1), SWITCH("D24", A, 2), SWITCH("D25", A, 3),                   \
  PWM("D5", E, 3, OCR3AL, TCCR3A, COM3A1), PWM("D2", E, 4, OCR3BL, TCCR3A, COM3B1),                     \
  PWM("D6", H, 3, OCR4AL, TCCR4A, COM4A1), PWM("D7", H, 4, OCR4BL, TCCR4A, COM4B1),                     \
  SERVO("D11", B, 5, 0), SERVO("D12", B, 6, 1),                                                         \
  ONOFF("D13", B, 7), ONOFF("D30", C, 7), ONOFF("D31", C, 6), ONOFF("D32", C, 5), ONOFF("D33", C, 4)
