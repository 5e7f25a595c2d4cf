// The bytes of the archive of library ops; OpLibrary.h declares them.
        .section .rodata
        .balign 16
        .globl dlc_op_library, dlc_op_library_end
        .hidden dlc_op_library, dlc_op_library_end
dlc_op_library:
        .incbin DLC_OP_ARCHIVE
dlc_op_library_end:

        .section .note.GNU-stack, "", @progbits
