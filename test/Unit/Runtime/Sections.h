/* The sections of an artifact that are no code: the note, and room for 12 bytes of weights. */
#ifndef DLC_TEST_UNIT_RUNTIME_SECTIONS_H
#define DLC_TEST_UNIT_RUNTIME_SECTIONS_H

#include "dlc/ABI/Artifact.h"

/* Takes no bytes in the linked file and lies in a segment of its own. */
__asm__(".pushsection .ldlc_weights,\"awl\",@nobits\n"
        ".balign 4096\n"
        ".hidden dlc_weights\n"
        ".globl dlc_weights\n"
        "dlc_weights: .zero 12\n"
        ".popsection\n");
extern const char dlc_weights[];

__attribute__((section(".note.dlc"), used, aligned(4))) static const struct {
  uint32_t name_size, descriptor_size, type;
  char name[4];
  dlc_note note;
} note = {4, sizeof(dlc_note), DLC_NOTE_TYPE, DLC_NOTE_NAME, {.struct_size = sizeof(dlc_note)}};

#endif
