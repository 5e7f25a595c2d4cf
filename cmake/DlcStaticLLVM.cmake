# dlc_static_llvm: LLVM, MLIR and LLD from their archives, so that a tool needs libc and libm alone.
#
# Debian's exported targets of MLIR and LLD name the shared library `LLVM` and shared zlib and zstd as what they link.
# Left so, a tool would load libLLVM.so beside its own copy of LLVM; the loop below replaces these names.

find_library(DLC_ZLIB_ARCHIVE libz.a REQUIRED)

# lldELF initializes all of LLVM's targets, and libstdc++ wants a function of newer C libraries: empty stand-ins.
add_library(DlcStaticStubs STATIC ${PROJECT_SOURCE_DIR}/lib/Support/StaticStubs.cpp)

llvm_map_components_to_libnames(dlc_llvm_archives
  passes irreader linker lto dtlto option textapi x86codegen x86asmparser nvptxcodegen)
add_library(dlc_llvm_archives INTERFACE)
target_link_libraries(dlc_llvm_archives INTERFACE ${dlc_llvm_archives} DlcStaticStubs)

foreach(library IN LISTS MLIR_EXPORTED_TARGETS LLVM_AVAILABLE_LIBS ITEMS lldELF lldCommon)
  if(NOT TARGET ${library})
    continue()
  endif()
  get_target_property(links ${library} INTERFACE_LINK_LIBRARIES)
  if(links)
    list(FILTER links EXCLUDE REGEX "libz3\\.so$")
    list(TRANSFORM links REPLACE "^LLVM$" dlc_llvm_archives)
    list(TRANSFORM links REPLACE "LINK_ONLY:LLVM>" "LINK_ONLY:dlc_llvm_archives>")
    list(TRANSFORM links REPLACE "^ZLIB::ZLIB$" "${DLC_ZLIB_ARCHIVE}")
    list(TRANSFORM links REPLACE "libzstd_shared" "libzstd_static")
    set_property(TARGET ${library} PROPERTY INTERFACE_LINK_LIBRARIES "${links}")
  endif()
endforeach()

# What the compiler uses of MLIR; their own dependencies come along.
add_library(dlc_static_llvm INTERFACE)
target_link_libraries(dlc_static_llvm INTERFACE
  MLIRArithDialect
  MLIRArithToLLVM
  MLIRArithTransforms
  MLIRBuiltinToLLVMIRTranslation
  MLIRControlFlowDialect
  MLIRControlFlowToLLVM
  MLIRFuncDialect
  MLIRFuncToLLVM
  MLIRFuncTransforms
  MLIRIndexToLLVM
  MLIRLLVMDialect
  MLIRLLVMIRTransforms
  MLIRLLVMToLLVMIRTranslation
  MLIRMathDialect
  MLIRMathToLLVM
  MLIRMathTransforms
  MLIRMemRefToLLVM
  MLIRNVVMDialect
  MLIRNVVMToLLVMIRTranslation
  MLIROptLib
  MLIRParser
  MLIRPass
  MLIRReconcileUnrealizedCasts
  MLIRSCFDialect
  MLIRSCFToControlFlow
  MLIRSCFTransforms
  MLIRTargetLLVMIRExport
  MLIRTransforms
  MLIRUBDialect
  MLIRUBToLLVM
  MLIRVectorDialect
  MLIRVectorToLLVM
  MLIRVectorToLLVMPass
  MLIRVectorToSCF
  MLIRVectorTransforms
  dlc_llvm_archives)
