# The CMake functions of dlc. Compiler libraries and tools see LLVM and MLIR and share one precompiled header;
# the runtime's targets do not go through here.

# Links LLVM, MLIR and LLD into `target`: shared libraries in development, archives in releases.
function(dlc_link_llvm target)
  if(DLC_STATIC_LLVM)
    target_link_libraries(${target} PUBLIC dlc_static_llvm)
  else()
    target_link_libraries(${target} PUBLIC MLIR LLVM)
  endif()
endfunction()

function(dlc_use_llvm_headers target)
  target_include_directories(${target} PUBLIC ${PROJECT_SOURCE_DIR}/include ${PROJECT_BINARY_DIR}/include)
  target_include_directories(${target} SYSTEM PUBLIC ${LLVM_INCLUDE_DIRS} ${MLIR_INCLUDE_DIRS})
  target_compile_options(${target} PRIVATE -fno-exceptions)
  add_dependencies(${target} dlc-tablegen)
  if(${target} STREQUAL DlcPrecompiled)
    target_precompile_headers(${target} PRIVATE ${PROJECT_SOURCE_DIR}/include/dlc/Precompiled.h)
  else()
    target_precompile_headers(${target} REUSE_FROM DlcPrecompiled)
  endif()
endfunction()

# dlc_add_library(DlcGraph SOURCES a.cpp b.cpp LINKS DlcIR)
function(dlc_add_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINKS" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  dlc_use_llvm_headers(${name})
  target_link_libraries(${name} PUBLIC ${ARG_LINKS})
  dlc_link_llvm(${name})
endfunction()

# dlc_add_tool(dlc-opt SOURCES dlc-opt.cpp LINKS DlcPipeline)
function(dlc_add_tool name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINKS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  # The shared precompiled header is -fPIC, where CMake would say -fPIE.
  set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
  target_compile_options(${name} PRIVATE -fPIC)
  dlc_use_llvm_headers(${name})
  target_link_libraries(${name} PRIVATE ${ARG_LINKS})
  dlc_link_llvm(${name})
  if(DLC_STATIC_LLVM)
    target_link_options(${name} PRIVATE -static-libstdc++ -static-libgcc)
  endif()
endfunction()

# dlc_add_unittest(IRTests SOURCES IR/ExprTest.cpp LINKS DlcIR): a compiler test, registered with ctest under its name
function(dlc_add_unittest name)
  dlc_add_tool(${name} ${ARGN})
  target_link_libraries(${name} PRIVATE GTest::gtest_main)
  add_test(NAME ${name} COMMAND ${name})
endfunction()
