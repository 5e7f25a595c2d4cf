// Stand-ins that keep the static tools small and their C library old; see
// cmake/DlcStaticLLVM.cmake.

#include <sys/random.h>

// LLD's driver initializes every target of LLVM for link-time optimization. dlc links objects of
// one machine and never optimizes while it links: without these, twenty unused code generators
// would be part of each tool.
#define DLC_NO_TARGET(name)                                                                        \
  extern "C" void LLVMInitialize##name##Target() {}                                                \
  extern "C" void LLVMInitialize##name##TargetInfo() {}                                            \
  extern "C" void LLVMInitialize##name##TargetMC() {}
#define DLC_NO_PRINTER(name)                                                                       \
  extern "C" void LLVMInitialize##name##AsmPrinter() {}
#define DLC_NO_PARSER(name)                                                                        \
  extern "C" void LLVMInitialize##name##AsmParser() {}
#define DLC_NO_BACKEND(name) DLC_NO_TARGET(name) DLC_NO_PRINTER(name) DLC_NO_PARSER(name)

DLC_NO_BACKEND(AArch64)
DLC_NO_BACKEND(AMDGPU)
DLC_NO_BACKEND(ARM)
DLC_NO_BACKEND(AVR)
DLC_NO_BACKEND(BPF)
DLC_NO_BACKEND(Hexagon)
DLC_NO_BACKEND(Lanai)
DLC_NO_BACKEND(LoongArch)
DLC_NO_BACKEND(M68k)
DLC_NO_BACKEND(MSP430)
DLC_NO_BACKEND(Mips)
DLC_NO_BACKEND(PowerPC)
DLC_NO_BACKEND(RISCV)
DLC_NO_BACKEND(Sparc)
DLC_NO_BACKEND(SystemZ)
DLC_NO_BACKEND(VE)
DLC_NO_BACKEND(WebAssembly)
DLC_NO_BACKEND(Xtensa)
DLC_NO_TARGET(SPIRV)
DLC_NO_PRINTER(SPIRV)
DLC_NO_TARGET(XCore)
DLC_NO_PRINTER(XCore)

// Of glibc 2.36; libstdc++'s random_device is its only caller.
extern "C" unsigned arc4random() {
  unsigned value = 0;
  while (getrandom(&value, sizeof(value), 0) != static_cast<ssize_t>(sizeof(value)))
    ;
  return value;
}
