# DLC_SANITIZE=address,undefined or thread: what -fsanitize= gets, for C++ alone. The few C files are test programs that
# become artifacts, which may need nothing but libc and libm.

include(CheckCXXSourceCompiles)

set(CMAKE_REQUIRED_FLAGS -fsanitize=${DLC_SANITIZE})
check_cxx_source_compiles("int main() { return 0; }" DLC_SANITIZER_LINKS)
unset(CMAKE_REQUIRED_FLAGS)
if(NOT DLC_SANITIZER_LINKS)
  # The answer is not kept: the next configuration may find the package installed.
  unset(DLC_SANITIZER_LINKS CACHE)
  message(FATAL_ERROR "a program with -fsanitize=${DLC_SANITIZE} does not link; the sanitizers' libraries are in "
                      "Debian's package libclang-rt-22-dev: apt-get install libclang-rt-22-dev")
endif()

add_compile_options(
  "$<$<COMPILE_LANGUAGE:CXX>:-fsanitize=${DLC_SANITIZE};-fno-sanitize-recover=all;-fno-omit-frame-pointer>")
add_link_options(-fsanitize=${DLC_SANITIZE})
