// Regular expressions in RE2's syntax, as an automaton of all states at a time (Thompson, 1968):
// the time is that of the text times that of the expression, whatever they are.

#include "Elements.h"

using namespace dlc::ops;

namespace {
struct Instruction {
  enum Kind : uint8_t { character, split, jump, textBegin, textEnd, boundary, noBoundary, match };
  Kind kind;
  uint32_t to = 0, or_ = 0; // where to go on; of a character the place of its text in the pattern
};

constexpr uint32_t noCharacter = ~0u;

/// Takes a code point of UTF-8; a byte that begins none stands for itself.
uint32_t takeCharacter(dlc_string text, uint64_t &at) {
  uint8_t lead = uint8_t(text.data[at++]);
  uint32_t more = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : lead >= 0xc0 ? 1 : 0;
  if (more == 0 || at + more > text.size)
    return lead;
  uint32_t code = lead & (0x3fu >> more);
  for (uint32_t i = 0; i < more; ++i)
    code = code << 6 | (uint8_t(text.data[at++]) & 0x3f);
  return code;
}

bool isDigit(uint32_t c) { return c >= '0' && c <= '9'; }
bool isSpace(uint32_t c) { return c == ' ' || (c >= '\t' && c <= '\r' && c != '\v'); }
bool isWord(uint32_t c) {
  return isDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/// Reads a pattern and appends its instructions; without room for any it counts them.
class Compiler {
public:
  Compiler(OpCall &call, dlc_string pattern) : call(call), pattern(pattern) {}

  bool compile(Instruction *room);
  uint32_t size() const { return count; }
  /// Whether the character at a place of the pattern, or the class that begins there, has this one.
  bool contains(uint64_t place, uint32_t code) const;

private:
  static constexpr uint32_t most = 1 << 16, deepest = 100, mostSteps = 1 << 20;

  bool isAt(char c) const { return at < pattern.size && pattern.data[at] == c; }
  bool take(char c) { return isAt(c) && (++at, true); }
  bool fail(const char *what) {
    call.fail("regular expression '%.*s': %s", int(pattern.size < 80 ? pattern.size : 80),
              pattern.data, what);
    return false;
  }
  uint32_t emit(Instruction::Kind kind, uint32_t to = 0, uint32_t or_ = 0) {
    if (instructions && count < most)
      instructions[count] = {kind, to, or_};
    return count++;
  }
  void setTarget(uint32_t index, uint32_t to, uint32_t or_) {
    if (instructions && index < most)
      instructions[index].to = to, instructions[index].or_ = or_;
  }
  bool readAlternatives(uint32_t depth);
  bool readRepeated(uint32_t depth);
  bool readAtom(uint32_t depth);
  bool skipAtom();
  bool readEscape();
  bool skipClass();
  bool readCounts(int32_t &least, int32_t &largest);
  bool takeElement(uint64_t &place, uint32_t &code, char &kind) const;

  OpCall &call;
  dlc_string pattern;
  uint64_t at = 0;
  uint32_t count = 0, steps = 0;
  Instruction *instructions = nullptr;
};
} // namespace

bool Compiler::compile(Instruction *room) {
  instructions = room;
  at = count = steps = 0;
  if (!readAlternatives(0))
    return false;
  if (at < pattern.size)
    return fail("a ')' without its '('");
  emit(Instruction::match);
  return count <= most || fail("it is too large");
}

/// Sequences between '|'.
bool Compiler::readAlternatives(uint32_t depth) {
  if (depth > deepest)
    return fail("it is too deep");
  uint64_t begin = at;
  while (at < pattern.size && !isAt('|') && !isAt(')'))
    if (!skipAtom())
      return false;
  bool isLast = !isAt('|'); // before what another follows a split must be
  at = begin;
  uint32_t fork = isLast ? 0 : emit(Instruction::split);
  while (at < pattern.size && !isAt('|') && !isAt(')'))
    if (!readRepeated(depth))
      return false;
  if (isLast)
    return true;
  uint32_t leave = emit(Instruction::jump);
  setTarget(fork, fork + 1, count);
  ++at;
  if (!readAlternatives(depth + 1))
    return false;
  setTarget(leave, count, 0);
  return true;
}

/// Reads the numbers of '{2,5}' behind the brace; -1 stands for any number.
bool Compiler::readCounts(int32_t &least, int32_t &largest) {
  auto number = [&](int32_t &value) {
    value = -1;
    for (; at < pattern.size && isDigit(uint8_t(pattern.data[at])); ++at) {
      value = (value < 0 ? 0 : value) * 10 + (pattern.data[at] - '0');
      if (value > 1000)
        return false;
    }
    return true;
  };
  if (!number(least) || least < 0)
    return false;
  largest = least;
  if (take(',') && !number(largest))
    return false;
  return take('}') && (largest < 0 || largest >= least);
}

/// An atom and how often: the atom is read again for each time that it is emitted.
bool Compiler::readRepeated(uint32_t depth) {
  uint64_t begin = at;
  if (!skipAtom())
    return false;
  int32_t least = 1, largest = 1;
  uint64_t behind = at;
  if (take('*'))
    least = 0, largest = -1;
  else if (take('+'))
    largest = -1;
  else if (take('?'))
    least = 0;
  else if (take('{') && !readCounts(least, largest))
    least = largest = 1, at = behind; // a brace that stands for itself
  uint64_t end = at;
  if (end != behind)
    end += isAt('?'); // which of several matches there is does not matter
  auto again = [&] { return at = begin, readAtom(depth); };
  for (int32_t i = 0; i < least; ++i)
    if (count > most || !again())
      return count <= most ? false : fail("it is too large");
  if (largest < 0) {
    uint32_t fork = emit(Instruction::split);
    if (!again())
      return false;
    emit(Instruction::jump, fork);
    setTarget(fork, fork + 1, count);
  }
  for (int32_t i = least; i < largest; ++i) {
    uint32_t fork = emit(Instruction::split);
    if (count > most || !again())
      return count <= most ? false : fail("it is too large");
    setTarget(fork, fork + 1, count);
  }
  at = end;
  return true;
}

/// Goes behind an atom, however deep groups lie in it.
bool Compiler::skipAtom() {
  uint32_t open = 0;
  do {
    if (at == pattern.size)
      return fail("a '(' without its ')'");
    if (isAt('[')) {
      if (!skipClass())
        return false;
      continue;
    }
    open += isAt('(');
    open -= open && isAt(')');
    if (take('\\') && at == pattern.size)
      return fail("it ends with '\\'");
    takeCharacter(pattern, at);
  } while (open);
  return true;
}

bool Compiler::readAtom(uint32_t depth) {
  uint64_t place = at;
  if (++steps > mostSteps)
    return fail("it is too large");
  if (take('(')) {
    if (take('?') && !take(':'))
      return fail("of groups that begin with '(?' only '(?:' is known");
    if (!readAlternatives(depth + 1))
      return false;
    return take(')') || fail("a '(' without its ')'");
  }
  if (take('^'))
    return emit(Instruction::textBegin), true;
  if (take('$'))
    return emit(Instruction::textEnd), true;
  if (isAt('*') || isAt('+') || isAt('?'))
    return fail("nothing to repeat");
  if (isAt('\\'))
    return readEscape();
  if (isAt('['))
    return skipClass() && (emit(Instruction::character, uint32_t(place)), true);
  takeCharacter(pattern, at);
  emit(Instruction::character, uint32_t(place));
  return true;
}

bool Compiler::readEscape() {
  uint64_t place = at++;
  if (at == pattern.size)
    return fail("it ends with '\\'");
  switch (pattern.data[at]) {
  case 'b':
    return ++at, emit(Instruction::boundary), true;
  case 'B':
    return ++at, emit(Instruction::noBoundary), true;
  case 'A':
    return ++at, emit(Instruction::textBegin), true;
  case 'z':
    return ++at, emit(Instruction::textEnd), true;
  }
  uint64_t end = place;
  uint32_t code;
  char kind;
  if (!takeElement(end, code, kind))
    return fail("an escape that is not known");
  at = end;
  emit(Instruction::character, uint32_t(place));
  return true;
}

/// A class from its '[' to behind its ']'.
bool Compiler::skipClass() {
  ++at;
  take('^');
  for (bool isFirst = true; at < pattern.size && (isFirst || !isAt(']')); isFirst = false) {
    uint32_t code;
    char kind;
    if (!takeElement(at, code, kind))
      return fail("a class with an escape or name that is not known");
  }
  return take(']') || fail("a '[' without its ']'");
}

static bool isNamed(char kind, uint32_t code) {
  switch (kind) {
  case 'd':
    return isDigit(code);
  case 's':
    return isSpace(code);
  case 'w':
    return isWord(code);
  case 'D':
    return !isDigit(code);
  case 'S':
    return !isSpace(code);
  case 'W':
    return !isWord(code);
  case 'a':
    return isWord(code) && !isDigit(code) && code != '_';
  case 'n':
    return isWord(code) && code != '_';
  case 'u':
    return code >= 'A' && code <= 'Z';
  case 'l':
    return code >= 'a' && code <= 'z';
  }
  return (code >= '!' && code <= '/') || (code >= ':' && code <= '@') ||
         (code >= '[' && code <= '`') || (code >= '{' && code <= '~');
}

/// A character, or the kind of a named class ('\0' for none), at a place of the pattern.
bool Compiler::takeElement(uint64_t &place, uint32_t &code, char &kind) const {
  kind = 0;
  static constexpr struct {
    char name[10];
    char kind;
  } names[] = {{"[:alpha:]", 'a'}, {"[:digit:]", 'd'}, {"[:alnum:]", 'n'}, {"[:space:]", 's'},
               {"[:upper:]", 'u'}, {"[:lower:]", 'l'}, {"[:word:]", 'w'},  {"[:punct:]", 'p'}};
  for (const auto &each : names) {
    dlc_string text = stringOf(each.name);
    if (pattern.size - place >= text.size && equals({pattern.data + place, text.size}, text))
      return place += text.size, kind = each.kind, true;
  }
  if (pattern.data[place] != '\\')
    return code = takeCharacter(pattern, place), true;
  if (++place == pattern.size)
    return false;
  code = takeCharacter(pattern, place);
  switch (code) {
  case 'd':
  case 's':
  case 'w':
  case 'D':
  case 'S':
  case 'W':
    return kind = char(code), true;
  case 'n':
    return code = '\n', true;
  case 'r':
    return code = '\r', true;
  case 't':
    return code = '\t', true;
  case 'f':
    return code = '\f', true;
  case 'v':
    return code = '\v', true;
  }
  return !isWord(code); // punctuation stands for itself
}

bool Compiler::contains(uint64_t place, uint32_t code) const {
  uint32_t from, to;
  char kind;
  if (pattern.data[place] == '.')
    return code != '\n';
  if (pattern.data[place] != '[') {
    takeElement(place, from, kind);
    return kind ? isNamed(kind, code) : code == from;
  }
  bool isNegated = pattern.data[++place] == '^', found = false;
  place += isNegated;
  for (bool isFirst = true; isFirst || pattern.data[place] != ']'; isFirst = false) {
    takeElement(place, from, kind);
    if (kind) {
      found |= isNamed(kind, code);
      continue;
    }
    to = from;
    if (pattern.data[place] == '-' && pattern.data[place + 1] != ']') {
      ++place;
      takeElement(place, to, kind);
    }
    found |= code >= from && code <= to;
  }
  return found != isNegated;
}

namespace {
/// The states in which the automaton is between two characters.
class Automaton {
public:
  bool reserve(OpCall &call, uint32_t size) {
    program = call.scratch<Instruction>(size);
    threads = call.scratch<uint32_t>(size);
    next = call.scratch<uint32_t>(size);
    pending = call.scratch<uint32_t>(2 * int64_t(size) + 2);
    seen = call.scratch<uint64_t>(size);
    if (!program || !threads || !next || !pending || !seen)
      return false;
    memset(seen, 0, size * sizeof(uint64_t));
    return true;
  }

  bool matches(const Compiler &compiler, dlc_string text);

  Instruction *program = nullptr;

private:
  /// Follows what takes no character, from `start` on, between these two.
  void add(uint32_t start, uint32_t before, uint32_t after);

  uint32_t *threads, *next, *pending;
  uint64_t *seen, round = 0; // the last round in which an instruction was reached
  uint32_t numNext = 0;
  bool hasMatched = false;
};
} // namespace

void Automaton::add(uint32_t start, uint32_t before, uint32_t after) {
  uint32_t numPending = 0;
  pending[numPending++] = start;
  bool isBoundary =
      (before != noCharacter && isWord(before)) != (after != noCharacter && isWord(after));
  while (numPending) {
    uint32_t at = pending[--numPending];
    if (seen[at] == round)
      continue;
    seen[at] = round;
    const Instruction &each = program[at];
    bool holds = each.kind == Instruction::textBegin    ? before == noCharacter
                 : each.kind == Instruction::textEnd    ? after == noCharacter
                 : each.kind == Instruction::boundary   ? isBoundary
                 : each.kind == Instruction::noBoundary ? !isBoundary
                                                        : false;
    if (each.kind == Instruction::character) {
      next[numNext++] = at;
    } else if (each.kind == Instruction::match) {
      hasMatched |= after == noCharacter;
    } else if (each.kind == Instruction::split) {
      pending[numPending++] = each.or_;
      pending[numPending++] = each.to;
    } else if (each.kind == Instruction::jump) {
      pending[numPending++] = each.to;
    } else if (holds) {
      pending[numPending++] = at + 1;
    }
  }
}

bool Automaton::matches(const Compiler &compiler, dlc_string text) {
  uint64_t at = 0;
  auto take = [&] { return at < text.size ? takeCharacter(text, at) : noCharacter; };
  uint32_t before = noCharacter, current = take();
  hasMatched = false;
  numNext = 0;
  ++round;
  add(0, before, current);
  while (current != noCharacter && numNext) {
    uint32_t numThreads = numNext, *swapped = threads;
    threads = next;
    next = swapped;
    numNext = 0;
    before = current;
    uint32_t code = current;
    current = take();
    ++round;
    for (uint32_t i = 0; i < numThreads; ++i)
      if (compiler.contains(program[threads[i]].to, code))
        add(threads[i] + 1, before, current);
  }
  return hasMatched;
}

/// Whether all of each string matches the pattern.
DLC_LIBRARY_OP(regex_full_match) {
  const dlc_value *input = call.tensor(0, strings);
  if (!input)
    return stopped;
  Compiler compiler(call, call.stringAttribute("pattern", ""));
  Automaton automaton;
  if (!compiler.compile(nullptr) || !automaton.reserve(call, compiler.size()) ||
      !compiler.compile(automaton.program))
    return stopped;
  dlc_value *result = call.output(0, DLC_DTYPE_BOOL, Dims(input));
  if (!result)
    return stopped;
  for (uint64_t i = 0; i < input->count; ++i)
    storeInteger(result, i, automaton.matches(compiler, stringAt(input, i)));
  return done;
}
