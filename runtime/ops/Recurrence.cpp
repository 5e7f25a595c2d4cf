// RNN, GRU and LSTM, step by step, from the products of the inputs.

#include "Elements.h"

#include <math.h>

using namespace dlc::ops;

namespace {
enum Function : uint32_t {
  affine,
  elu,
  hardSigmoid,
  leakyRelu,
  relu,
  scaledTanh,
  sigmoid,
  softplus,
  softsign,
  tanhOf,
  thresholdedRelu
};

struct Activation {
  Function function;
  double alpha, beta, clip; // clip: a bound of the sum that it is applied to

  double operator()(double x) const;
};

constexpr uint32_t maxActivations = 6;

/// A call, and the memory of one sequence.
struct Recurrence {
  enum Cell : uint32_t { rnn, gru, lstm };

  uint32_t cell, direction;
  int64_t steps, batch, directions, gates, size;
  bool inputForget, linearBeforeReset;
  const dlc_value *products, *weights, *bias, *lengths, *initialH, *initialC, *peepholes;
  Activation activations[maxActivations];
  double *h, *c, *recurrent, *sums; // size, size, gates * size, gates * size

  bool read(OpCall &call);
  bool readActivations(OpCall &call);
  bool checkDims(OpCall &call);
  void step(int64_t direction, int64_t place);

private:
  void multiply(int64_t direction, int64_t firstRow, int64_t lastRow, const double *state);
  const Activation &activation(int64_t direction, uint32_t index) const {
    return activations[direction * (cell == rnn ? 1 : cell == gru ? 2 : 3) + index];
  }
  void stepGru(int64_t direction);
  void stepLstm(int64_t direction);
};
} // namespace

double Activation::operator()(double x) const {
  x = x > clip ? clip : x < -clip ? -clip : x;
  switch (function) {
  case affine:
    return alpha * x + beta;
  case elu:
    return x < 0 ? alpha * (exp(x) - 1) : x;
  case hardSigmoid: {
    double y = alpha * x + beta;
    return y > 1 ? 1 : y < 0 ? 0 : y;
  }
  case leakyRelu:
    return x < 0 ? alpha * x : x;
  case relu:
    return x < 0 ? 0 : x;
  case scaledTanh:
    return alpha * tanh(beta * x);
  case sigmoid:
    return 1 / (1 + exp(-x));
  case softplus:
    return (x > 0 ? x : 0) + log(1 + exp(-fabs(x)));
  case softsign:
    return x / (1 + fabs(x));
  case tanhOf:
    return tanh(x);
  case thresholdedRelu:
    return x >= alpha ? x : 0;
  }
  return x;
}

bool Recurrence::readActivations(OpCall &call) {
  static const char *const names[] = {"Affine",   "Elu",        "HardSigmoid",    "LeakyRelu",
                                      "Relu",     "ScaledTanh", "Sigmoid",        "Softplus",
                                      "Softsign", "Tanh",       "ThresholdedRelu"};
  List<dlc_string> functions = call.stringsAttribute("activations");
  List<double> alphas = call.floatsAttribute("alphas"), betas = call.floatsAttribute("betas");
  uint64_t count = directions * (cell == rnn ? 1 : cell == gru ? 2 : 3);
  if (functions.count != count || alphas.count != count || betas.count != count)
    return call.fail("expected %ld activations, alphas and betas", long(count)), false;
  double clip = call.floatAttribute("clip", HUGE_VAL);
  for (uint64_t i = 0; i < count; ++i) {
    uint32_t known = 0;
    while (known < sizeof(names) / sizeof(*names) && !equals(functions[i], stringOf(names[known])))
      ++known;
    if (known == sizeof(names) / sizeof(*names))
      return call.fail("unknown activation '%.*s'", int(functions[i].size), functions[i].data),
             false;
    bool isOfCell = cell == lstm && i % 3 == 2;
    activations[i] = {Function(known), alphas[i], betas[i], isOfCell ? HUGE_VAL : clip};
  }
  return true;
}

/// Reads an operand that must have these dims.
static bool readOperand(OpCall &call, uint32_t i, const dlc_value *like, const Dims &dims,
                        const dlc_value *&operand) {
  operand = nullptr;
  if (!call.input(i))
    return true;
  operand = like ? call.tensorLike(i, like) : call.tensor(i, indices);
  if (operand && !(Dims(operand) == dims))
    return call.fail("expected operand %u to have dims %s, found %s", i, DimsText(dims).text,
                     DimsText(Dims(operand)).text),
           false;
  return operand != nullptr;
}

static Dims makeDims(int64_t first, int64_t second) {
  Dims dims;
  dims.push(first);
  dims.push(second);
  return dims;
}

bool Recurrence::checkDims(OpCall &call) {
  Dims product = makeDims(steps, batch), matrix = makeDims(directions, gates * size);
  Dims vector(1, batch), state = makeDims(directions, batch), row = matrix;
  product.push(directions * gates * size);
  matrix.push(size);
  state.push(size);
  if (!readOperand(call, 0, products, product, products) ||
      !readOperand(call, 1, products, matrix, weights) ||
      !readOperand(call, 2, products, row, bias) ||
      !readOperand(call, 3, nullptr, vector, lengths) ||
      !readOperand(call, 4, products, state, initialH) ||
      !readOperand(call, 5, products, state, initialC) ||
      !readOperand(call, 6, products, makeDims(directions, 3 * size), peepholes))
    return false;
  return true;
}

bool Recurrence::read(OpCall &call) {
  if (!call.keyword("cell", "rnn", "rnn gru lstm", cell) ||
      !call.keyword("direction", "forward", "forward reverse bidirectional", direction))
    return false;
  directions = direction == 2 ? 2 : 1;
  gates = cell == rnn ? 1 : cell == gru ? 3 : 4;
  inputForget = call.flag("input_forget");
  linearBeforeReset = call.flag("linear_before_reset");
  products = call.tensor(0, floats);
  weights = products ? call.tensorLike(1, products) : nullptr;
  if (!weights || !call.expectRank(0, products, 3) || !call.expectRank(1, weights, 3))
    return false;
  steps = products->dims[0], batch = products->dims[1], size = weights->dims[2];
  if (!checkDims(call) || !readActivations(call))
    return false;
  h = call.scratch<double>(size);
  c = call.scratch<double>(size);
  recurrent = call.scratch<double>(gates * size);
  sums = call.scratch<double>(gates * size);
  return h && c && recurrent && sums;
}

/// recurrent = state * weights^T + bias, for some rows of the weights.
void Recurrence::multiply(int64_t direction, int64_t firstRow, int64_t lastRow,
                          const double *state) {
  for (int64_t i = firstRow; i < lastRow; ++i) {
    int64_t row = direction * gates * size + i;
    double sum = bias ? loadReal(bias, row) : 0;
    for (int64_t k = 0; k < size; ++k)
      sum += loadReal(weights, row * size + k) * state[k];
    recurrent[i] = sum;
  }
}

void Recurrence::stepGru(int64_t direction) {
  const Activation &f = activation(direction, 0), &g = activation(direction, 1);
  double *update = sums, *reset = sums + size, *hidden = sums + 2 * size;
  for (int64_t j = 0; j < size; ++j) {
    update[j] = f(update[j] + recurrent[j]);
    reset[j] = f(reset[j] + recurrent[size + j]);
  }
  if (linearBeforeReset) {
    for (int64_t j = 0; j < size; ++j)
      recurrent[2 * size + j] *= reset[j];
  } else {
    for (int64_t j = 0; j < size; ++j)
      reset[j] *= h[j];
    multiply(direction, 2 * size, 3 * size, reset);
  }
  for (int64_t j = 0; j < size; ++j)
    h[j] = (1 - update[j]) * g(hidden[j] + recurrent[2 * size + j]) + update[j] * h[j];
}

void Recurrence::stepLstm(int64_t direction) {
  const Activation &f = activation(direction, 0), &g = activation(direction, 1);
  const Activation &last = activation(direction, 2);
  auto peep = [&](int64_t gate, int64_t j) {
    return peepholes ? loadReal(peepholes, (direction * 3 + gate) * size + j) : 0;
  };
  auto sum = [&](int64_t gate, int64_t j) {
    return sums[gate * size + j] + recurrent[gate * size + j];
  };
  for (int64_t j = 0; j < size; ++j) {
    double input = f(sum(0, j) + peep(0, j) * c[j]);
    double forget = inputForget ? 1 - input : f(sum(2, j) + peep(2, j) * c[j]);
    c[j] = forget * c[j] + input * g(sum(3, j));
    h[j] = f(sum(1, j) + peep(1, j) * c[j]) * last(c[j]);
  }
}

/// `place` is the row of the products, all directions in one.
void Recurrence::step(int64_t direction, int64_t place) {
  for (int64_t i = 0; i < gates * size; ++i)
    sums[i] = loadReal(products, (place * directions + direction) * gates * size + i);
  multiply(direction, 0, gates * size, h);
  if (cell == gru)
    return stepGru(direction);
  if (cell == lstm)
    return stepLstm(direction);
  for (int64_t j = 0; j < size; ++j)
    h[j] = activation(direction, 0)(sums[j] + recurrent[j]);
}

/// Outputs: the state after each step, the last state, and of an LSTM the last cell.
DLC_LIBRARY_OP(recurrence) {
  Recurrence it;
  if (!it.read(call))
    return stopped;
  int64_t steps = it.steps, batch = it.batch, size = it.size;
  Dims all = makeDims(steps, it.directions), last = makeDims(it.directions, batch);
  all.push(batch);
  all.push(size);
  last.push(size);
  dlc_value *states = call.output(0, it.products->dtype, all), *lasts[2] = {};
  if (!states)
    return stopped;
  for (uint32_t i = 0; i < 2; ++i)
    if (call.wants(i + 1) && !(lasts[i] = call.output(i + 1, it.products->dtype, last)))
      return stopped;
  for (int64_t sequence = 0; sequence < it.directions * batch; ++sequence) {
    int64_t direction = sequence / batch, b = sequence % batch;
    int64_t length = it.lengths ? loadInteger(it.lengths, b) : steps;
    length = length > steps ? steps : length; // none below 0 either
    for (int64_t j = 0; j < size; ++j) {
      it.h[j] = it.initialH ? loadReal(it.initialH, sequence * size + j) : 0;
      it.c[j] = it.initialC ? loadReal(it.initialC, sequence * size + j) : 0;
    }
    for (int64_t i = 0; i < steps; ++i) {
      bool isBackward = it.direction == 1 || direction == 1, exists = i < length;
      int64_t t = isBackward && exists ? length - 1 - i : i;
      if (exists)
        it.step(direction, t * batch + b);
      for (int64_t j = 0; j < size; ++j)
        storeReal(states, ((t * it.directions + direction) * batch + b) * size + j,
                  exists ? it.h[j] : 0);
    }
    for (int64_t j = 0; j < size; ++j) {
      if (lasts[0])
        storeReal(lasts[0], sequence * size + j, it.h[j]);
      if (lasts[1])
        storeReal(lasts[1], sequence * size + j, it.c[j]);
    }
  }
  return done;
}
