/* Modes of ValueProgram.c that misbehave. */
#ifndef DLC_TEST_VALUEMODES_H
#define DLC_TEST_VALUEMODES_H

enum {
  FIRST_FAULT = 1000,
  FAILING_OP = FIRST_FAULT, /* reports what is wrong, with an output made */
  SILENT_OP,                /* fails without a word */
  FORGOTTEN_OUTPUT,
  FORGOTTEN_ELEMENT, /* of a sequence */
  OVERFLOWING_OP,    /* asks for more than 63 bits and does not see the refusal */
  WAITING_OP,        /* until somebody writes 2 to the first element of x */
  GUARD,
  GUARD_IN_PLAN,
  NEGATIVE_DIM,
  WRONG_KIND,
  WRONG_TYPE,
  WRONG_RANK,
  WRONG_DIM,
  ENDLESS_LOOP,
  INDEX_OUT_OF_RANGE, /* in a kernel */
  HELD_OBJECTS,       /* ends well, with references of its own */
  WRONG_VALUE,        /* for an output */
  NO_VALUE,
  UNKNOWN_VERSION
};

#endif
