#!/usr/bin/env python3
"""Every version from opset 7 on of the operators in opset_cases.py, over every element type that its schema allows.

    opsets.py [--only Add,Cast] [--opset 13 14] [--all]

ONNX's schemas say which versions and types there are. Each opset is one model, compiled once: it has the nodes of all
types where a version of an operator begins, and one type where it ends. With --all it has all types in every opset and all pairs
of types. What is constant in most models (axes, shapes, bounds) is an initializer in even opsets, and an input in odd ones.

The reference is ONNX's evaluator of the same node, in f64 where the node computes with floats. Integers, bools, strings and
what only moves elements must be equal; other floats are within some units of their type of the largest magnitude.
Exit status 1 where one differs or does not compile, or where a schema has a type that no case covers.
"""

import argparse
import sys
import tempfile
import warnings
from pathlib import Path

import ml_dtypes
import numpy
import onnx
from onnx import TensorProto, defs, helper
from onnx.reference import ReferenceEvaluator

import opset_cases
from compare import run_tool
from opset_cases import dtype_of, make_value
from session import RunError, Session

OPSETS = range(7, 29)
PREFERRED = ["float", "int64", "bool", "int32", "string"]


class Test:
    """A node of one operator, with the types that its schema's variables have."""

    def __init__(self, schema, opset, case, binding, name):
        self.schema, self.opset, self.case, self.binding, self.name = schema, opset, case, binding, name
        generator = numpy.random.default_rng(len(schema.name))
        self.types = [self.bind(self.get_formal(i).type_str) for i in range(len(case.inputs))]
        self.values = [None if spec is None else make_value(spec, each, generator)
                       for spec, each in zip(case.inputs, self.types)]

    def __str__(self):
        types = ", ".join(f"{name} = {each}" for name, each in self.binding.items())
        return f"{self.schema.name} of opset {self.opset} ({types}) {self.case.text}".rstrip()

    def get_formal(self, index):
        return self.schema.inputs[min(index, len(self.schema.inputs) - 1)]

    def bind(self, text):
        return self.binding.get(text, text)

    def make_node(self, binding, prefix):
        inputs = ["" if value is None else f"{prefix}x{i}" for i, value in enumerate(self.values)]
        outputs = [f"{prefix}y{i}" if used else "" for i, used in enumerate(self.case.outputs)]
        attributes = self.case.make_attributes(binding, self.opset)
        return helper.make_node(self.schema.name, inputs, outputs, name=prefix, **attributes)

    def get_feeds(self):
        return {f"{self.name}x{i}": value for i, value in enumerate(self.values) if value is not None}

    def get_outputs(self):
        return [f"{self.name}y{i}" for i, used in enumerate(self.case.outputs) if used]

    def compute(self):
        """The outputs as the specification has them, in wider floats where the node computes with some."""
        wide = {name: widen(each, self) for name, each in self.binding.items()} if self.case.computes else self.binding
        node = self.make_node(wide, "r")
        types = [wide.get(self.get_formal(i).type_str, self.get_formal(i).type_str) for i in range(len(self.values))]
        ports = [helper.make_value_info(f"rx{i}", opset_cases.make_type(each))
                 for i, (each, value) in enumerate(zip(types, self.values)) if value is not None]
        results = [onnx.ValueInfoProto(name=name) for name in node.output if name]
        graph = helper.make_graph([node], "g", ports, results)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)])
        feeds = {f"rx{i}": opset_cases.convert(value, each)
                 for i, (each, value) in enumerate(zip(types, self.values)) if value is not None}
        if self.case.reference:  # of the inputs that are there
            return self.case.reference(*feeds.values(), **self.case.make_attributes(wide, self.opset))
        with warnings.catch_warnings(), numpy.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            return ReferenceEvaluator(model).run(None, feeds)


def widen(each, test):
    """f64, or f32 where the schema has none, in place of a small float."""
    if each not in ("tensor(float16)", "tensor(bfloat16)", "tensor(float)"):
        return each
    for constraint in test.schema.type_constraints:
        if test.binding.get(constraint.type_param_str) == each and "tensor(double)" in constraint.allowed_type_strs:
            return "tensor(double)"
    return "tensor(float)"


#===-- What there is to test ---------------------------------------------------------------------===#

def get_versions():
    """(operator, opset) -> its schema, for each opset."""
    found = {}
    for schema in sorted(defs.get_all_schemas_with_history(), key=lambda each: each.since_version):
        if schema.domain == "":
            for opset in OPSETS:
                if schema.since_version <= opset:
                    found[schema.name, opset] = schema
    return found


def get_bindings(schema, case, is_full):
    """The types of all variables: one varies at a time, or two."""
    allowed = {each.type_param_str: sorted(t for t in each.allowed_type_strs if case.allows(t))
               for each in schema.type_constraints}
    preferred = [f"tensor({name})" for name in PREFERRED]
    default = {name: next((t for t in preferred if t in types), types[0]) for name, types in allowed.items() if types}
    bindings = [default | {name: each} for name in default for each in allowed[name]]
    if is_full:
        bindings += [default | {a: s, b: t} for a in default for b in default if a < b for s in allowed[a] for t in allowed[b]]
    unique = []
    for binding in map(case.restrict, bindings):
        if binding and binding not in unique:
            unique.append(binding)
    return unique


def make_tests(opset, versions, arguments):
    tests = []
    for operator, cases in opset_cases.CASES.items():
        schema = versions.get((operator, opset))
        if not schema or arguments.only and operator not in arguments.only:
            continue
        begins = opset == max(schema.since_version, OPSETS[0]) or arguments.all
        if not begins and versions.get((operator, opset + 1)) is schema:
            continue  # neither the first opset of the version nor the last
        for case in cases:
            if not case.first <= opset <= case.last:
                continue
            bindings = get_bindings(schema, case, arguments.all)
            for binding in bindings if begins and case.varies else bindings[:1]:
                tests.append(Test(schema, opset, case, binding, f"n{len(tests)}"))
    return tests


#===-- Running it --------------------------------------------------------------------------------===#

def make_model(tests, opset, constants):
    graph = onnx.GraphProto(name="g")
    for test in tests:
        graph.node.append(test.make_node(test.binding, test.name))
        for index, (value, each) in enumerate(zip(test.values, test.types)):
            name = f"{test.name}x{index}"
            if value is None:
                continue
            if constants and index in test.case.constants:
                graph.initializer.append(opset_cases.make_tensor(name, value, each))
            else:
                graph.input.append(helper.make_value_info(name, opset_cases.make_type(each)))
                opset_cases.state_shape(graph.input[-1], value)
        graph.output.extend(onnx.ValueInfoProto(name=name) for name in test.get_outputs())
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)


def compile_and_run(tests, opset, constants, folder):
    """name -> array, or a string that says what is wrong."""
    path, artifact = str(folder / "m.onnx"), str(folder / "m.so")
    onnx.save(make_model(tests, opset, constants), path)
    compiled = run_tool("", "dlc-compile", path, "-o", artifact)
    if compiled.returncode:
        return compiled.stderr or compiled.stdout
    initial = {value.name for value in onnx.load(path).graph.initializer}
    feeds = {name: value for test in tests for name, value in test.get_feeds().items() if name not in initial}
    try:
        found = Session(artifact).make_context(2).run(feeds)
    except RunError as error:
        return str(error)
    return dict(zip([name for test in tests for name in test.get_outputs()], found))


def run_tests(tests, opset, constants, folder):
    """(outputs, faults): where one node spoils a model, the halves are tried."""
    found = compile_and_run(tests, opset, constants, folder)
    if not isinstance(found, str):
        return found, []
    if len(tests) == 1:
        return {}, [f"{tests[0]}: {found.strip().splitlines()[0]}"]
    # What the importer refuses it names, all at once.
    named = {name for line in found.splitlines() for name in line.split("'")[1:2]}
    bad = [test for test in tests if test.name in named]
    middle = len(tests) // 2
    parts = [*([each] for each in bad), [t for t in tests if t not in bad]] if bad else [tests[:middle], tests[middle:]]
    outputs, faults = {}, []
    for part in filter(None, parts):
        more, wrong = run_tests(part, opset, constants, folder)
        outputs.update(more)
        faults += wrong
    return outputs, faults


def find_fault(test, outputs):
    try:
        expected = test.compute()
    except Exception as error:  # pylint: disable=broad-except
        return f"{test}: no reference: {type(error).__name__}: {str(error)[:200]}"
    for index, (name, wanted) in enumerate(zip(test.get_outputs(), expected)):
        formal = test.schema.outputs[min(index, len(test.schema.outputs) - 1)]
        problem = opset_cases.find_difference(outputs[name], wanted, test.bind(formal.type_str), test.case)
        if problem:
            return f"{test}: output {index}: {problem}"
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", type=lambda text: text.split(","))
    parser.add_argument("--opset", type=int, nargs="+", default=OPSETS)
    parser.add_argument("--all", action="store_true")
    arguments = parser.parse_args()
    versions, faults, count = get_versions(), [], 0
    with tempfile.TemporaryDirectory() as folder:
        for opset in arguments.opset:
            tests = make_tests(opset, versions, arguments)
            count += len(tests)
            for constants in (True, False) if arguments.all else (opset % 2 == 0,):
                outputs, wrong = run_tests(tests, opset, constants, Path(folder)) if tests else ({}, [])
                checked = [find_fault(test, outputs) for test in tests if test.get_outputs()[0] in outputs]
                faults += wrong + [fault for fault in checked if fault]
    print(*faults, f"{count} nodes, {len(faults)} faults", sep="\n")
    return 1 if faults or not count else 0


if __name__ == "__main__":
    sys.exit(main())
